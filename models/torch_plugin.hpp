// SPDX-License-Identifier: MIT
#pragma once

#include "base/plugin.hpp"

namespace gibbon::models {

/// gibbon_torch.so, for one of its tables.
[[nodiscard]] constexpr Plugin torch_plugin(const char* symbol, int version) {
  return {.engine = "LibTorch",
          .file = "gibbon_torch.so",
          .symbol = symbol,
          .environment = "GIBBON_TORCH_PLUGIN",
          .to_build = "build gibbon with -D GIBBON_WITH_TORCH=ON (package libtorch-dev)",
          .to_load = "libtorch1.13",
          .version = version};
}

}  // namespace gibbon::models
