// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace gibbon::reports::page {

/// What follows the chosen attack and ε, drawn by scripts and hidden without them: the bar that
/// chooses, then pictures, samples that changed, accuracy per class and the confusion matrix; then,
/// below `diagnosis` (HTML, always shown), confidences and distances.
[[nodiscard]] std::string explore_section(const std::string& diagnosis);

}  // namespace gibbon::reports::page
