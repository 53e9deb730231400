// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "attacks/threat_model.hpp"
#include "datasets/dataset.hpp"

namespace gibbon::attacks {

/// What an adversary may do beside ball and box. The ball is that of the moves (x' - x) / scale,
/// feature by feature.
struct Limits {
  /// D shares of the budget: at 2 a feature may go twice as far, at 0 it keeps its value, bit for
  /// bit. Empty: 1 for all.
  std::vector<float> scale;
  /// Features are multiples of it, as levels of 8 bits are multiples of 1/255; 0: any number.
  double lattice = 0.0;

  [[nodiscard]] bool any() const { return !scale.empty() || lattice > 0.0; }
};

/// Limits as a change of coordinates: attacks move z = x / scale of the features that are free, in
/// the plain ball and a box, and know nothing of limits; models see what widen() makes of z. So
/// every attack keeps to them.
class View {
 public:
  /// limits.scale: empty, or D numbers >= 0, some of them above 0.
  View(const Limits& limits, const datasets::Shape& shape, Box range);

  [[nodiscard]] std::size_t size() const { return free_.size(); }  ///< F, features that are free
  /// Of z: that of the data when all features are free, else F unordered ones.
  [[nodiscard]] const datasets::Shape& shape() const { return shape_; }
  /// A box around those of all features; widen() clips to each feature's own.
  [[nodiscard]] Box domain() const { return domain_; }

  /// z (F) of x (D).
  void narrow(Row x, MutableRow z) const;
  /// x' (D, overwritten) of z (F): `origin` where nothing is free, scale · z elsewhere, clipped,
  /// brought to the lattice. Inside the ball where z is. Bit-equal to the origin where z is. The
  /// origin lies on the lattice.
  void widen(const ThreatModel& threat, Row origin, Row z, MutableRow x) const;
  /// ∂J/∂z = scale · ∂J/∂x of the free features; the lattice is passed as if it were not there.
  void pull_back(Row dx, MutableRow dz) const;

 private:
  [[nodiscard]] float free_value(const ThreatModel& threat, float origin, float z,
                                 float scale) const;
  /// The multiple between the origin and `value` that is nearest to that.
  [[nodiscard]] float inner_multiple(float origin, float value) const;
  /// Of the move from the origin to value(k) in each free feature k, as z counts.
  template <class Value>
  [[nodiscard]] double length(Norm norm, Row origin, const Value& value) const;

  std::vector<std::uint32_t> free_;
  std::vector<float> scale_;  // of the free ones
  double lattice_;
  datasets::Shape shape_;
  Box range_;
  Box domain_;
};

}  // namespace gibbon::attacks
