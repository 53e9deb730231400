// SPDX-License-Identifier: MIT
#include "reports/record/row_kind.hpp"

#include <algorithm>
#include <array>

namespace gibbon::reports::record {
namespace {

struct Named {
  RowKind kind;
  std::string_view name;
};
constexpr std::array kNames{Named{RowKind::kAttack, "attack"}, Named{RowKind::kControl, "control"},
                            Named{RowKind::kWorstCase, "worst-case"},
                            Named{RowKind::kClean, "clean"},
                            Named{RowKind::kCertified, "certified"}};

}  // namespace

std::string_view to_string(RowKind kind) {
  return std::ranges::find(kNames, kind, &Named::kind)->name;
}

std::optional<RowKind> row_kind_named(std::string_view name) {
  const auto* const found = std::ranges::find(kNames, name, &Named::name);
  if (found == kNames.end()) return std::nullopt;
  return found->kind;
}

void to_json(nlohmann::ordered_json& json, RowKind kind) { json = to_string(kind); }

}  // namespace gibbon::reports::record
