// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "reports/gate/snapshot.hpp"

namespace gibbon::reports::gate {

/// The version of baseline files this program writes and reads.
inline constexpr int kBaselineSchema = 1;

/// A snapshot as a file: JSON with outcomes as base64 bits and a checksum over everything else.
[[nodiscard]] std::string to_baseline_json(const Snapshot& snapshot);

/// What to_baseline_json() wrote. Throws Refusal for another schema, Error naming `file` for what
/// is no baseline, was cut off or edited.
[[nodiscard]] Snapshot read_baseline(std::string_view text, const std::string& file);

}  // namespace gibbon::reports::gate
