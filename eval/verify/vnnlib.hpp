// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "eval/verify/property.hpp"

namespace gibbon::eval::verify {

/// A property in the VNN-LIB format of the verification competitions: (declare-const X_i Real) for
/// inputs, Y_j for outputs, and assertions that together state the *unsafe* set, of <= and >=
/// between two outputs, an output and a number, or an input and a number, joined by and, or. Unions
/// of input boxes come out as one UnsafeSet per distinct box; the tightest of several bounds
/// counts.
///
/// Throws an input Error "file:line:column: …" for everything else: an input without two bounds,
/// names that are not declared, a box without a point, comparisons between an input and an output.
[[nodiscard]] Property parse_vnnlib(std::string_view text, const std::string& name);

/// Reads it from a file, plain or .gz.
[[nodiscard]] Property read_vnnlib(const std::filesystem::path& path);

}  // namespace gibbon::eval::verify
