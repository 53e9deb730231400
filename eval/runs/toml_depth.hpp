// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace gibbon::eval::runs {

/// Throws a usage Error for a key of more than kDeepestNesting parts, "a.b.c…": toml++ bounds how
/// deep values lie in one another, but not keys, and its tables are destroyed by recursion.
void require_shallow_keys(std::string_view toml, const std::string& name);

}  // namespace gibbon::eval::runs
