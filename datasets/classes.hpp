// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/dataset.hpp"

namespace gibbon::datasets {

/// The number a name writes in digits alone, below 10^9; none for any other name.
[[nodiscard]] std::optional<std::size_t> number_in(std::string_view name);

/// The order of class folders: by number where both names are numbers (2 before 10), numbers before
/// other names, those byte by byte.
[[nodiscard]] bool class_before(const std::string& a, const std::string& b);

/// "0 = ant, 1 = cat, …": the first ten.
[[nodiscard]] std::string class_order(const std::vector<std::string>& names);

/// Gives data of fewer classes those of a model, which has `classes` of them, and notes it. Folders
/// whose names are numbers are the classes of these numbers then; other folder names do not say
/// which class is missing: an input Error. Does nothing where the data have as many classes, or
/// more.
void take_classes(Dataset& data, std::size_t classes);

}  // namespace gibbon::datasets
