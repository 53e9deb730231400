// SPDX-License-Identifier: MIT
#include "models/reference.hpp"

#include "base/plugin.hpp"

namespace gibbon::models {
namespace {

constexpr Plugin kTorch{
    .engine = "LibTorch",
    .file = "gibbon_torch.so",
    .symbol = kReferenceSymbol,
    .environment = "GIBBON_TORCH_PLUGIN",
    .to_build = "build gibbon with -D GIBBON_WITH_TORCH=ON (package libtorch-dev)",
    .to_load = "libtorch1.13",
    .version = kReferenceVersion,
};

const ReferencePlugin& plugin() {
  static const auto& loaded = *static_cast<const ReferencePlugin*>(open_plugin(kTorch));
  return loaded;
}

}  // namespace

std::unique_ptr<Reference> open_reference(const Network& network, Precision precision) {
  network.check();
  return std::unique_ptr<Reference>(plugin().open(network, precision));
}

std::string reference_engine() { return plugin().engine; }

}  // namespace gibbon::models
