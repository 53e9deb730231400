// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "datasets/dataset.hpp"
#include "models/reference.hpp"

// The whole network core against LibTorch's automatic differentiation, number by number.
namespace gibbon::eval::lab {

struct CrosscheckSettings {
  /// Of the training runs, to be given; the gradients walk over all losses.
  models::Loss loss{nullptr, models::Output::kSoftmax};
  std::uint64_t seed = 0;     ///< draws the samples
  std::size_t samples = 256;  ///< at most
  std::size_t threads = 1;    ///< of our training steps
  std::size_t updates = 20;   ///< of every optimizer
};

/// One quantity in one precision.
struct CrosscheckLine {
  std::string name;
  models::Precision precision;
  double difference = 0.0;  ///< largest |ours - theirs|; NaN when either holds one
  double relative = 0.0;    ///< the same over the largest |theirs|
  double tolerance = 0.0;   ///< what `relative` may be
  bool ok = false;
  std::string note;  ///< what was left out, and why
};

struct CrosscheckReport {
  std::string engine;
  std::string architecture;
  std::string data;
  std::size_t samples = 0;   ///< compared
  std::size_t left_out = 0;  ///< drawn, but too near to a kink of an activation
  /// Of a graph's samples, those that a rounding sends through different branches of the engines:
  /// their losses and gradients are not compared. In float64, in float32.
  std::array<std::size_t, 2> other_branch{};
  std::vector<CrosscheckLine> lines;

  [[nodiscard]] bool ok() const;
};

/// Changes our results before they are compared, so that a test can see the check fail.
struct CrosscheckTamper {
  std::function<void(std::span<double> parameters)> parameter_gradient;
  std::function<void(RowsOf<double> dx)> input_gradient;
};

/// Compares a network in double and in float32 with LibTorch in float64 and float32: logits, every
/// loss that fits, all parameter and input gradients, FGSM images, and 20 updates of every
/// optimizer; of a graph every layer alone before them. Throws what open_reference() and
/// require_fit() throw, and a usage Error when all samples of a multilayer perceptron lie at kinks.
[[nodiscard]] CrosscheckReport crosscheck(const models::Network& network,
                                          const datasets::Dataset& data,
                                          const CrosscheckSettings& settings,
                                          const CrosscheckTamper& tamper = {});

[[nodiscard]] CrosscheckReport crosscheck(const models::Graph& graph, const datasets::Dataset& data,
                                          const CrosscheckSettings& settings,
                                          const CrosscheckTamper& tamper = {});

/// The report as an aligned table with its verdict.
[[nodiscard]] std::string to_text(const CrosscheckReport& report);

}  // namespace gibbon::eval::lab
