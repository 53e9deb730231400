// SPDX-License-Identifier: MIT
#pragma once

#include <istream>
#include <string>
#include <string_view>

#include "reports/record/record.hpp"

namespace gibbon::reports::formats {

/// The version of run.json this program writes and reads, the value of its first key "schema".
inline constexpr int kSchema = 1;

/// run.json: the provenance as it is with a checksum of everything else (SHA-256) behind "schema",
/// then "curve", one line per point (accuracy and its Wilson interval added, NaN as null), then
/// "diagnosis". Throws Error when the provenance lacks "schema": 1.
[[nodiscard]] std::string to_run_json(const record::Run& run);

/// The run that to_run_json wrote, without its samples. Throws Error naming the path of the key
/// that is missing or of the wrong type, and when the checksum, where there is one, does not match.
[[nodiscard]] record::Run read_run(std::string_view run_json);

/// Adds the samples that to_npy wrote. Throws Error when they are not those of the run.
void read_samples(std::istream& samples_npy, record::Run& run);

}  // namespace gibbon::reports::formats
