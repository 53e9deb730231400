// SPDX-License-Identifier: MIT
#include "models/train/robust/robust.hpp"

#include <algorithm>
#include <array>

#include "base/suggest.hpp"
#include "models/train/robust/line_pass.hpp"

namespace gibbon::models::train::robust {
namespace {

constexpr std::array<RobustInfo, 3> kMethods{{
    {"crown-ibp", "z_t - z_y <= β · backward linear bound + (1 - β) · interval bound, β: 1 → 0",
     "Zhang et al. 2020, arXiv:1906.06316", Worst::kLines, 0.0},
    {"ibp", "z_t - z_y <= (W_t - W_y) m + |W_t - W_y| r, m and r by interval arithmetic",
     "Gowal et al. 2018, arXiv:1810.12715", Worst::kIntervals, 0.0},
    {"pgd", "f(x'), x' by signed gradient steps in the ball from a random start",
     "Madry et al. 2018, arXiv:1706.06083", Worst::kAdversary, 0.0},
}};

void require_activation(const Activation& activation, std::size_t layer, const RobustInfo& method) {
  const bool hinge = method.worst == Worst::kLines;
  const bool fits = hinge ? hinge_slope(activation) >= 0.0
                          : activation.info->growth != Growth::kAny && activation.alpha >= 0.0;
  if (fits) return;
  std::string known;
  for (const ActivationInfo& info : activations()) {
    if (!info.trainable || info.growth == Growth::kAny) continue;
    if (hinge && info.growth != Growth::kHinge) continue;
    known += (known.empty() ? "" : ", ") + std::string(info.name);
  }
  fail_usage("--robust {}: layer {}: its bounds do not hold for activation {}; allowed are {}",
             method.name, layer + 1, activation.info->name, known);
}

void require_loss(const Loss& loss, const RobustInfo& method) {
  if (loss.info->name == "cross-entropy") return;
  fail_usage(
      "--robust {}: loss {} need not rise when a margin falls, so it has no worst case at the "
      "worst logits; allowed is cross-entropy",
      method.name, loss.info->name);
}

}  // namespace

std::span<const RobustInfo> robust_methods() { return kMethods; }

const RobustInfo& find_robust(std::string_view name) {
  return find_entry("robust training", kMethods, name);
}

RobustPoint RobustSettings::at(double progress) const {
  if (method == nullptr) return {};
  const double along = ramp > 0.0 ? std::clamp((progress - warm_up) / ramp, 0.0, 1.0)
                                  : (progress < warm_up ? 0.0 : 1.0);
  return {.epsilon = along * epsilon,
          .kappa = 1.0 - along * (1.0 - kappa),
          .beta = method->worst == Worst::kLines ? 1.0 - along * (1.0 - beta) : 0.0};
}

void require_robust_trainable(const Graph& graph, const Loss& loss,
                              const RobustSettings& settings) {
  if (settings.method == nullptr) return;
  require_loss(loss, *settings.method);
  if (!settings.bounds()) return;
  fail_usage(
      "--robust {}: its bounds are there for multilayer perceptrons such as 784-100-10, and this "
      "network has {} ({}); allowed is --robust pgd",
      settings.method->name, graph.nodes.front().name, graph.nodes.front().layer->describe());
}

void require_robust_trainable(const Network& network, const Loss& loss,
                              const RobustSettings& settings) {
  if (settings.method == nullptr) return;
  const RobustInfo& method = *settings.method;
  require_loss(loss, method);
  if (method.worst == Worst::kAdversary) return;
  if (!network.normalisation.shift.empty()) {
    fail_usage("--robust {}: the network normalises its inputs; allowed are networks that do not",
               method.name);
  }
  const Dense& last = network.layers.back();
  if (last.activation.info->name != "identity") {
    fail_usage("--robust {}: the last layer has activation {}; allowed is identity", method.name,
               last.activation.info->name);
  }
  for (std::size_t l = 0; l + 1 < network.layers.size(); ++l) {
    require_activation(network.layers[l].activation, l, method);
  }
}

}  // namespace gibbon::models::train::robust
