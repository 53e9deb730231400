// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

namespace gibbon::reports::record {

/// What a row of a run, or of what the gate compares, states.
enum class RowKind {
  kAttack,
  kControl,    ///< noise
  kWorstCase,  ///< of all attacks in a norm
  kClean,      ///< without attack; the gate's
  kCertified,  ///< the gate's
};

/// Its name in files.
[[nodiscard]] std::string_view to_string(RowKind kind);
[[nodiscard]] std::optional<RowKind> row_kind_named(std::string_view name);

void to_json(nlohmann::ordered_json& json, RowKind kind);

}  // namespace gibbon::reports::record
