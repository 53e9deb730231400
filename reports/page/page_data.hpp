// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include "reports/page/changes.hpp"
#include "reports/record/record.hpp"

namespace gibbon::reports::page {

/// A run as it comes onto a page. Both must live as long as the page is made.
struct PageRun {
  const record::Run* run = nullptr;
  const record::Gallery* gallery = nullptr;  ///< null: no pictures
};

/// What a run is called on a page: its model; of several runs "A: model", "B: model", …
[[nodiscard]] std::string run_name(std::span<const PageRun> runs, std::size_t index);

/// What the scripts of report.html (reports/page/) draw from.
///
///   {"runs": [{"name", "data", "n", "units", "classes", "series": [...], "walks": [...]}],
///    "sides": [name, name],
///    "changes": [{"attack", "norm", "e", "lost": [[id, label, answer, answer]], "gained": [...]}]}
///
/// Runs have the names of run_name(). "sides" and "changes" are there for two that are compared; an
/// answer is [class, confidence], or null where none was recorded.
/// series: attack, the name people read, norm, kind and per ε what curve.csv has (n, correct,
/// Wilson's ends, correct per class) plus, where the run has its records, who became whom ([true,
/// says, count], the most frequent first) and confidences in 20 bins; and the smallest distances as
/// a histogram. A band is the series of kind "certified": k samples are, of the others some are
/// attacked, the rest is undecided; with searched radii also how many may be and are broken within
/// a distance. walks: pictured samples, one PNG each with all their frames below each other;
/// each_value: ε bounds the change of every value. `left_out` counts walks for which the page had
/// no room (kMostWalkBytes).
[[nodiscard]] nlohmann::ordered_json page_data(std::span<const PageRun> runs,
                                               const Comparison& comparison = {});

/// The JSON as text that may stand inside <script>: no "<", ">" or "&" in it.
[[nodiscard]] std::string to_script_json(const nlohmann::ordered_json& data);

/// Bytes of pictures, as base64, that a page holds at most.
inline constexpr std::size_t kMostWalkBytes = 2'500'000;

}  // namespace gibbon::reports::page
