// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/classes.hpp"
#include "models/target.hpp"

namespace gibbon::eval::runs {

/// Names of classes in the order of their numbers. One a line, where lines may all begin with a
/// WordNet id ("n01440764 tench, Tinca tinca"), which is left out; or a list as JSON or Python
/// write it, ["tench", …]; or an object {"0": "tench", …} of all numbers from 0, whose values may
/// be lists that end with the name, ["n01440764", "tench"]. UTF-8. Throws an input Error that
/// begins with `where`.
[[nodiscard]] std::vector<std::string> parse_class_names(std::string_view text,
                                                         const std::string& where);

/// What the classes of `target` are called: by the file, where one is given, else by its metadata
/// (an entry "names" or "classes"); else not known. Throws an input Error for a file that cannot be
/// read or does not have one name for each class. Metadata that do not fit are left out, which
/// `notes` then say.
[[nodiscard]] datasets::ClassNames class_names(const std::filesystem::path& file,
                                               const models::Target& target,
                                               std::vector<std::string>& notes);

}  // namespace gibbon::eval::runs
