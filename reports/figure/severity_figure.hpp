// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "reports/record/corrupted.hpp"

namespace gibbon::reports::figure {

/// Accuracy in % over severity, a panel per group of corruptions: a line with its 95 % Wilson band
/// per corruption from the clean accuracy on; and a panel with the mean over all and with what is
/// correct under all. Same record, same bytes. Throws Error when there is no corruption, or gnuplot
/// is missing or fails.
[[nodiscard]] std::string to_severity_svg(const record::Corrupted& all);

}  // namespace gibbon::reports::figure
