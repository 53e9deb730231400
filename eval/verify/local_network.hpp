// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "eval/verify/query.hpp"
#include "models/bounds/bounder.hpp"

namespace gibbon::eval::verify {

/// One layer z = W a + b, a' = σ(z), without the neurons that are 0 in the whole region. Its width
/// is rounded up to a multiple of 8 by neurons that are 0, so that products have no rest.
struct LocalLayer {
  std::size_t first = 0;           ///< of its neurons among those of all layers
  std::vector<std::size_t> alive;  ///< which neurons of the network these are
  TensorOf<double> weight;         ///< W, width × inputs
  TensorOf<double> turned;         ///< W^T, inputs × width
  std::vector<double> bias;        ///< width, as those below
  std::vector<double> lower;       ///< z in the whole region
  std::vector<double> upper;
  std::vector<double> rounding;  ///< what a unit of coefficient before z adds to the error
  models::Activation activation;

  [[nodiscard]] std::size_t width() const { return bias.size(); }
  /// Where the lines around σ leave a choice: split or not, these neurons are what is open.
  [[nodiscard]] bool bends(double l, double u) const {
    return activation.info->line != nullptr &&
           (activation.info->follow != nullptr || (l < 0.0 && u > 0.0));
  }
};

/// A linear form over the outputs of the first `layers` layers, with the rounding of making it.
struct Form {
  std::size_t layers = 0;
  std::vector<double> coefficients;  ///< width of the last of these layers
  double constant = 0.0;
  double magnitude = 0.0;  ///< sum of the absolute values of what was added to `constant`
  double error = 0.0;
};

/// The network as it is in one region, which is in the tape of the last Bounder::enclose(): bounds
/// of all neurons, and nothing that is dead there. Every layer has its activation; a last one
/// without is folded into the forms.
struct LocalNetwork {
  LocalNetwork(const models::bounds::Bounder& bounder, const models::bounds::BoundTape& tape);

  /// Σ_c weights_c y_c + constant.
  [[nodiscard]] Form form(const Requirement& requirement) const;
  /// sign · z of a neuron of a layer that is not the first.
  [[nodiscard]] Form neuron(std::size_t layer, std::size_t index, double sign) const;

  /// γ_n of all that is added up for one bound.
  double summation = 0.0;
  std::vector<double> lower;      ///< the box, normalised; rounded up to a multiple of 8 by zeros
  std::vector<double> upper;      ///< likewise
  std::vector<double> centre;     ///< likewise, of the ball
  std::vector<double> magnitude;  ///< likewise: largest |x_j|
  std::vector<double> stretch;    ///< likewise, filled up by ones: of the ball, as in BoundTape
  Norm ball = Norm::kLinf;
  double radius = 0.0;
  std::vector<LocalLayer> layers;
  std::size_t neurons = 0;  ///< of all layers

 private:
  bool folded_ = false;  // the last layer has no activation
  TensorOf<double> last_;
  std::vector<double> last_bias_;
  std::vector<double> last_size_;  // largest |a_j| of what enters it
};

}  // namespace gibbon::eval::verify
