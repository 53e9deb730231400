// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "datasets/dataset.hpp"

namespace gibbon::datasets {

/// Loads pictures (PNG, JPEG) from one subfolder per class, classes and files in the order of their
/// names. With folder/train or folder/test the splits are these; otherwise each picture goes to
/// "test" (one in five) or "train" by a hash of its path below `folder`.
///
/// All pictures must have one size. Grey ones keep one channel unless one of the split has colour.
/// sha256 is that of the decoded pixels and the labels. Throws Error naming the folder or file.
[[nodiscard]] Dataset load_folder(const std::filesystem::path& folder, const Request& request);

}  // namespace gibbon::datasets
