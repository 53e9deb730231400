// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "reports/record/corrupted.hpp"
#include "reports/table/render.hpp"

namespace gibbon::reports::table {

/// For a terminal: accuracy in % per corruption and severity; per severity the mean and the samples
/// correct under all; the searches over rotations and translations; each with its count and 95 %
/// interval but the first, whose intervals are in corruptions.csv.
[[nodiscard]] std::string to_corrupted_table(const record::Corrupted& all, const Screen& screen);

}  // namespace gibbon::reports::table
