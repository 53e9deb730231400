// SPDX-License-Identifier: MIT
#include "models/input_scaling.hpp"

#include <fmt/format.h>

namespace gibbon::models {

std::string InputScaling::text() const {
  return fmt::format("mean {}, std {}, input range {},{}", fmt::join(mean, ","),
                     fmt::join(deviation, ","), low, high);
}

}  // namespace gibbon::models
