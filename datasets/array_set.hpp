// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "datasets/arrays/array.hpp"
#include "datasets/dataset.hpp"

namespace gibbon::datasets {

/// One set of samples as two arrays.
struct ArrayPair {
  const arrays::NpyArray& x;
  const arrays::NpyArray& labels;
  std::string x_where;  ///< "file.npz: x", for messages
  std::string labels_where;
};

/// The samples as request.layout and request.range have them. `split`: none for a file with one
/// set. sha256 is that of the float32 values and the labels. Throws input Errors that name file and
/// array.
[[nodiscard]] Dataset array_set(const std::filesystem::path& path, const ArrayPair& arrays,
                                const std::optional<std::string>& split, const Request& request);

/// Says that the file has one set, whichever split was asked for, and marks the data so.
void note_one_set(Dataset& data);

/// Takes values (N · D), N = labels.size(), as the samples, with ids and sha256.
void take_samples(Dataset& data, std::span<const float> values);

}  // namespace gibbon::datasets
