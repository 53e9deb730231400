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

/// What the classes of a model are called, in the order of their numbers; empty: not known.
struct ClassNames {
  std::vector<std::string> names;
  std::string source;  ///< of them, for messages: a file, or the model
};

/// The classes that `text` names, in the strictest reading that fits any: the whole name; one of
/// its synonyms ("tench" of "tench, Tinca tinca"); either without regard to case and with _ for a
/// blank.
[[nodiscard]] std::vector<std::size_t> classes_called(std::string_view text,
                                                      std::span<const std::string> names);

/// The class that a user means: its name, its number, or # and its number, which no name can be
/// mistaken for. Throws a usage Error that begins with `what` and names the near ones, or all that
/// an ambiguous name may mean.
[[nodiscard]] int find_class(std::string_view what, std::string_view text,
                             std::span<const std::string> names);

/// Labels 1 … C, of a model with C classes, become 0 … C - 1, and that is noted. Does nothing to
/// others.
void count_from_zero(Dataset& data, std::size_t classes);

/// Calls the classes of the data what the model calls them, and notes where a label changes by
/// that: class folders that are called as the model's classes are these, whatever their order.
/// Throws an input Error for folders of which only some are, and a logic_error unless there are as
/// many names as the model has classes, at least as many as the data.
void name_classes(Dataset& data, const ClassNames& names);

/// Gives data of fewer classes those of a model, which has `classes` of them, and notes it. Folders
/// whose names are numbers are the classes of these numbers then; other folder names do not say
/// which class is missing: an input Error. Does nothing where the data have as many classes, or
/// more.
void take_classes(Dataset& data, std::size_t classes);

}  // namespace gibbon::datasets
