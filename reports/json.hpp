#pragma once

#include <string>
#include <string_view>

#include "reports/record.hpp"

namespace gibbon::reports {

/// The version of run.json this program writes and reads, the value of its first key "schema".
inline constexpr int kSchema = 1;

/// run.json: the provenance as it is, then "curve", one line per point (accuracy and its Wilson
/// interval added, NaN as null), then "diagnosis". Throws Error when the provenance lacks
/// "schema": 1.
[[nodiscard]] std::string to_run_json(const Run& run);

/// The run that to_run_json and to_npy wrote; empty `samples_npy` leaves the samples out. Throws
/// Error naming the path of the key that is missing or of the wrong type.
[[nodiscard]] Run read_run(std::string_view run_json, std::string_view samples_npy);

}  // namespace gibbon::reports
