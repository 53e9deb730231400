// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/tensor.hpp"

namespace gibbon {

class Rng;

/// In the order of every list of norms. kL0, which is no norm, counts the input values that differ.
enum class Norm { kLinf, kL2, kL1, kL0 };
inline constexpr std::array kNorms{Norm::kLinf, Norm::kL2, Norm::kL1, Norm::kL0};

/// The order of their distances in files, where new norms come last; the first ones are what files
/// have that know no later norm.
inline constexpr std::array kStoredNorms{Norm::kL0, Norm::kL1, Norm::kL2, Norm::kLinf};
inline constexpr std::size_t kFirstStored = 4;
static_assert(kStoredNorms.size() == kNorms.size());

/// A number for every norm, e.g. how far apart two points are.
struct PerNorm {
  std::array<double, kStoredNorms.size()> values{};  ///< as kStoredNorms

  [[nodiscard]] constexpr double& operator[](Norm norm) { return values[place(norm)]; }
  [[nodiscard]] constexpr double operator[](Norm norm) const { return values[place(norm)]; }

 private:
  static constexpr std::size_t place(Norm norm) {
    return static_cast<std::size_t>(std::ranges::find(kStoredNorms, norm) - kStoredNorms.begin());
  }
};

/// A norm, one file in base/norms/ each. Its ball: { x' : distance(x, x') <= epsilon }, and x' in
/// the box that x lies in.
struct NormInfo {
  Norm norm;
  std::string_view name;      ///< key on the command line and in files
  std::string_view aliases;   ///< what else people type for it, separated by blanks
  std::string_view symbol;    ///< in text
  std::string_view latex;     ///< in mathematics
  std::string_view summary;   ///< what it measures
  std::string_view ball;      ///< what is in it, as a formula
  std::string_view steepest;  ///< steepest_step(), likewise
  std::string_view unit;      ///< of distances; empty: that of the inputs
  bool counts = false;        ///< distances are whole numbers, and so are budgets
  bool each_value = false;    ///< the ball is a box: every input value has the budget to itself
  /// Budgets that tell attacks apart, of inputs in [0, 1].
  std::span<const double> usual_budgets;
  /// Twelve steps of about this length lead from where classifiers of so many features, in [0, 1],
  /// are right to where they are not, as the literature has it: linf 0.3 for MNIST, l2 0.5 for
  /// CIFAR-10.
  double (*usual_step)(std::size_t features);
  /// A point counts as inside up to epsilon · (1 + rounding), where float32 points cannot always
  /// lie on the sphere.
  double rounding = 0.0;

  /// In double.
  double (*distance)(Row origin, Row candidate);
  /// Of a move, in double. Null where it counts.
  double (*length)(std::span<const double> move) = nullptr;
  /// Length in the dual norm: the slope of the loss per unit of the steepest step.
  double (*dual_length)(Row gradient);
  /// The farthest that two points of a cube of so many features can be apart.
  double (*diameter)(double side, std::size_t features);
  /// Moves `candidate` into ball and box, within the rounding.
  void (*project)(double epsilon, Box box, Row origin, MutableRow candidate);
  /// candidate += size · argmax_{||d|| <= 1} <gradient, d>, ties shared. A zero gradient moves
  /// nothing.
  void (*steepest_step)(Row gradient, double size, MutableRow candidate);
  /// candidate, a copy of the origin, += direction (1 or -1) · argmax <gradient, d> over ball and
  /// box exactly. The gradient is not zero. Null: not known.
  void (*boxed_step)(double epsilon, Box box, Row origin, Row gradient, double direction,
                     MutableRow candidate) = nullptr;

  /// row += a vector drawn evenly from the ball (not projected). Null where it counts.
  void (*ball_noise)(double epsilon, Rng& rng, MutableRow row) = nullptr;

  // steepest_step() and project() in one pass over memory, as attacks/threat_model.hpp describes
  // them. Null: one after the other is as good.
  void (*ascend)(double epsilon, Box box, Row origin, Row gradient, double size,
                 MutableRow candidate) = nullptr;
  void (*ascend_from_origin)(double epsilon, Box box, Row origin, Row gradient, double size,
                             MutableRow candidate) = nullptr;
  void (*ascend_with_momentum)(double epsilon, Box box, Row origin, Row x, Row gradient,
                               double size, double pull, MutableRow previous) = nullptr;
};

/// All of them, in the order of the enum.
[[nodiscard]] std::span<const NormInfo> norms();
[[nodiscard]] const NormInfo& info_of(Norm norm);

[[nodiscard]] std::string_view to_string(Norm norm);
/// "linf, l2 or l1", for people; `last` instead of "or".
[[nodiscard]] std::string listed(std::span<const Norm> norms, std::string_view last = "or");
/// Throws a usage Error with "did you mean".
[[nodiscard]] Norm find_norm(std::string_view name);
/// Of a name in a file, which may be another program's: null when there is no such norm.
[[nodiscard]] const NormInfo* known_norm(std::string_view name);

}  // namespace gibbon
