// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <vector>

#include "datasets/arrays/array.hpp"
#include "datasets/dataset.hpp"

namespace gibbon::datasets {

/// Labels of a file, and what their classes are called.
struct ClassLabels {
  std::vector<int> labels;
  std::vector<std::string> class_names;  ///< "0", "1", … to the largest label, or the texts
  Naming naming = Naming::kNumbers;
};

/// Whole numbers 0 … 1023. Throws an input Error that begins with `where` and names the first
/// other one; notes labels that seem to count from 1.
[[nodiscard]] ClassLabels number_labels(std::span<const double> numbers, const std::string& where,
                                        std::vector<std::string>& notes);

/// Texts: the classes in the order of class_before(), noted unless they are 0, 1, …
[[nodiscard]] ClassLabels text_labels(std::span<const std::string> texts, const std::string& where,
                                      std::vector<std::string>& notes);

/// Of `count` samples: numbers (N or N × 1), one-hot rows (N × C), or texts.
[[nodiscard]] ClassLabels array_labels(const arrays::NpyArray& array, std::size_t count,
                                       const std::string& where, std::vector<std::string>& notes);

}  // namespace gibbon::datasets
