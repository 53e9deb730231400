// SPDX-License-Identifier: MIT
#include <array>

#include "base/catalogue.hpp"
#include "base/suggest.hpp"
#include "models/activation.hpp"
#include "models/loss.hpp"
#include "models/optimizer.hpp"
#include "models/published_network.hpp"

namespace gibbon::models {

#define GIBBON_ENTRY(stem) extern const ActivationInfo& stem##_info();
#include "models/activations/entries.inc"
#undef GIBBON_ENTRY
#define GIBBON_ENTRY(stem) extern const LossInfo& stem##_info();
#include "models/losses/entries.inc"
#undef GIBBON_ENTRY
#define GIBBON_ENTRY(stem) extern const OptimizerInfo& stem##_info();
#include "models/optimizers/entries.inc"
#undef GIBBON_ENTRY
#define GIBBON_ENTRY(stem) extern const PublishedNetwork& stem##_info();
#include "models/published/entries.inc"
#undef GIBBON_ENTRY

#define GIBBON_ENTRY(stem) stem##_info(),

std::span<const ActivationInfo> activations() {
  static const auto all = sorted_by(&ActivationInfo::name, std::array{
#include "models/activations/entries.inc"
                                                           });
  return all;
}

std::span<const LossInfo> losses() {
  static const auto all = sorted_by(&LossInfo::name, std::array{
#include "models/losses/entries.inc"
                                                     });
  return all;
}

std::span<const OptimizerInfo> optimizers() {
  static const auto all = sorted_by(&OptimizerInfo::name, std::array{
#include "models/optimizers/entries.inc"
                                                          });
  return all;
}

std::span<const PublishedNetwork> published_networks() {
  static const auto all = sorted_by(&PublishedNetwork::name, std::array{
#include "models/published/entries.inc"
                                                             });
  return all;
}

#undef GIBBON_ENTRY

const ActivationInfo& find_activation(std::string_view name) {
  return find_entry("activation", activations(), name);
}
const LossInfo& find_loss(std::string_view name) { return find_entry("loss", losses(), name); }
const OptimizerInfo& find_optimizer(std::string_view name) {
  return find_entry("optimizer", optimizers(), name);
}

}  // namespace gibbon::models
