// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "datasets/dataset.hpp"

namespace gibbon::datasets {

/// Loads pictures of any format of image_io.hpp from one subfolder per class, classes and files in
/// the order of their names. With folder/train or folder/test the splits are these; otherwise each
/// picture goes to "test" (one in five) or "train" by a hash of its path below `folder`.
///
/// All pictures must have one size. They are grey unless one of the split has colour, also where
/// grey is stored as colour. Transparent ones are put on request.background; 16-bit levels stay
/// whole. sha256 is that of the decoded levels and the labels, with 16 bits that of float32 values.
/// Throws Error naming the folder or file.
[[nodiscard]] Dataset load_folder(const std::filesystem::path& folder, const Request& request);

}  // namespace gibbon::datasets
