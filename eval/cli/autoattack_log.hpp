// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "eval/sweep/sweep.hpp"

// The lines that users of the reference AutoAttack grep for, word for word.
namespace gibbon::eval::cli {

/// Whether these lines make sense: one entry, autoattack, at a single budget in a single norm.
[[nodiscard]] bool logs_autoattack(const sweep::SweepPlan& plan);

/// "apgd-ce - 1/20 - 19 out of 46 successfully perturbed".
[[nodiscard]] std::string autoattack_line(const sweep::SweepStatus& status);

/// From "setting parameters for standard version" to "robust accuracy: 52.00%". `seconds` of the
/// whole run; stages get their share of it.
[[nodiscard]] std::string autoattack_log(const sweep::SweepResult& result,
                                         const sweep::SweepPlan& plan, double seconds);

}  // namespace gibbon::eval::cli
