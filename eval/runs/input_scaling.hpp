// SPDX-License-Identifier: MIT
#pragma once

#include "eval/runs/options.hpp"
#include "models/input_scaling.hpp"

namespace gibbon::eval::runs {

/// What the options say. Throws a usage Error that names the option and the number that is not
/// allowed.
[[nodiscard]] models::InputScaling input_scaling(const InputOptions& options);

}  // namespace gibbon::eval::runs
