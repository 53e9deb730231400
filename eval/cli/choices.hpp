// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gibbon::eval::cli {

/// The words an option ("--attack") or an argument ("TOPIC" of "list") may be, as far as the
/// program knows them: what a shell completes. Empty for numbers, files and free text.
[[nodiscard]] std::vector<std::string> choices(std::string_view command, std::string_view option);

/// The topics of 'gibbon list'.
[[nodiscard]] std::vector<std::string> list_topics();

/// What 'gibbon list' says of a name; empty when it is in none of the lists.
[[nodiscard]] std::string listed_entry(const std::string& name);

}  // namespace gibbon::eval::cli
