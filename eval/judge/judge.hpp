// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "attacks/threat_model.hpp"
#include "models/classifier.hpp"
#include "models/loss.hpp"

namespace gibbon::eval::judge {

/// What the bench itself finds at a point: its own forward pass in double.
struct Finding {
  int label = -1;           ///< lowest index among the highest logits; -1 when a logit is NaN
  double confidence = 0.0;  ///< the model's probability of `label`
  double margin = 0.0;      ///< z_y - max_{j != y} z_j for the true label y
  int least_likely = -1;    ///< lowest index among the lowest logits
};

/// The bench's own eye: nothing here is taken from an attack or from the float32 model it attacked.
/// One per worker.
class Judge {
 public:
  Judge(const models::ClassifierOf<double>& model, models::Output output, std::size_t max_rows);

  /// findings[n] of x.row(n) with true label labels[n]; all of length N <= max_rows.
  void look(Rows x, Labels labels, std::span<Finding> findings);

  /// The model's probability of every class at one point.
  [[nodiscard]] std::vector<float> confidences(Row x);

 private:
  const models::ClassifierOf<double>& model_;
  models::Output output_;
  models::TapeOf<double> tape_;
  TensorOf<double> x_;
};

/// How far a candidate is from its origin, in double; a NaN in it makes all distances infinite.
[[nodiscard]] PerNorm measure(Row origin, Row candidate);

/// How far it is where feature d's move counts divided by scale[d] (D numbers; empty: as it is). A
/// feature of scale 0 that moved makes all distances infinite.
[[nodiscard]] PerNorm measure(Row origin, Row candidate, Row scale);

/// Every feature is the float32 nearest to a multiple of the step.
[[nodiscard]] bool on_lattice(double step, Row candidate);

/// Every feature lies in the box; NaN does not.
[[nodiscard]] bool inside(Box box, Row candidate);

}  // namespace gibbon::eval::judge
