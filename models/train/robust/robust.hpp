// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "models/graph.hpp"
#include "models/loss.hpp"
#include "models/network.hpp"

// Training that looks at the worst input within ε of each sample, not at the sample alone:
//
//   J = κ · J(f(x), y) + (1 - κ) · J(worst f(x'), y),   |x' - x| <= ε
namespace gibbon::models::train::robust {

/// Where the worst logits come from: a point that an adversary found, or bounds that none can beat.
enum class Worst { kNone, kAdversary, kIntervals, kLines };

/// One way to train robustly.
struct RobustInfo {
  std::string_view name;     ///< key on the command line
  std::string_view formula;  ///< the worst logits
  std::string_view source;
  Worst worst;
  double usual_kappa;  ///< κ at the end of the ramp when none was chosen
};

[[nodiscard]] std::span<const RobustInfo> robust_methods();
/// Throws a usage Error with "did you mean" for an unknown name.
[[nodiscard]] const RobustInfo& find_robust(std::string_view name);

/// How a training step weighs the worst case.
struct RobustPoint {
  double epsilon = 0.0;  ///< linf, in input units
  double kappa = 1.0;    ///< share of the loss at the sample itself
  double beta = 0.0;  ///< share of the backward linear bounds in the margins, the rest: intervals
};

struct RobustSettings {
  const RobustInfo* method = nullptr;  ///< null: ordinary training
  double epsilon = 0.0;                ///< at the end of the ramp
  double kappa = 0.5;                  ///< likewise
  double beta = 0.0;                   ///< likewise, from 1
  double warm_up = 0.0;                ///< part of the run before the ramp, with ε = 0 and κ = 1
  double ramp = 0.0;      ///< part of the run in which ε and κ go linearly to their ends
  std::size_t steps = 7;  ///< of the adversary
  Box clip;               ///< worst inputs stay in it; train() takes the range of the data

  /// Whether the worst case comes from bounds, which are there for multilayer perceptrons alone.
  [[nodiscard]] bool bounds() const {
    return worst() == Worst::kIntervals || worst() == Worst::kLines;
  }
  [[nodiscard]] Worst worst() const { return method == nullptr ? Worst::kNone : method->worst; }
  /// `progress`: finished part of the run, 0 … 1.
  [[nodiscard]] RobustPoint at(double progress) const;
  [[nodiscard]] bool ramp_is_over(double progress) const { return progress >= warm_up + ramp; }
};

/// Throws a usage Error naming layer and activation when the method's bounds do not hold for the
/// network, and for any loss but cross-entropy, which alone rises when a margin falls.
void require_robust_trainable(const Network& network, const Loss& loss,
                              const RobustSettings& settings);
/// Graphs: the adversary alone; the bounds of layers are not trained through.
void require_robust_trainable(const Graph& graph, const Loss& loss, const RobustSettings& settings);

}  // namespace gibbon::models::train::robust
