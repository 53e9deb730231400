// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "attacks/limits.hpp"

namespace gibbon::eval::runs {

/// Limits of the adversary as a user gives them, empty texts being none. `mask`: where 0 stands,
/// nothing may change; a grey picture as large as the data's, a text of numbers separated by
/// commas, blanks or lines, or an .npz with an array of that name; `scale`: how far each number may
/// go, in shares of ε, as text or .npz. `lattice`: a step, "1/255". Throws usage and input Errors
/// that name the file.
[[nodiscard]] attacks::Limits read_limits(const std::filesystem::path& mask,
                                          const std::filesystem::path& scale,
                                          const std::string& lattice);

}  // namespace gibbon::eval::runs
