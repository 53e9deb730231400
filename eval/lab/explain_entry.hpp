// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace gibbon::eval::lab {

/// What stands in a catalogue under this name: an attack, ensemble, norm, activation, loss or
/// optimizer, with its formula and numbers to check with a pencil, which its own code computes.
/// Throws a usage Error with "did you mean".
[[nodiscard]] std::string explain_entry(const std::string& name);

/// Whether it is one of these.
[[nodiscard]] bool is_explained(const std::string& name);

/// All the names.
[[nodiscard]] std::vector<std::string> explained_names();

}  // namespace gibbon::eval::lab
