// SPDX-License-Identifier: MIT
// Pictures in one folder per class.
#include "datasets/folder.hpp"
#include "datasets/paths.hpp"

namespace gibbon::datasets {

const FormatInfo& class_folder_info() {
  static constexpr FormatInfo kInfo{
      .name = "class-name/*.png",
      .summary = "pictures in one folder per class, below train/ and test/ or without these",
      .recognises =
          [](const std::filesystem::path& path) {
            return is_folder(path) ? FormatInfo::Fit::kPerhaps : FormatInfo::Fit::kNo;
          },
      .load = &load_folder};
  return kInfo;
}

}  // namespace gibbon::datasets
