// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/dataset.hpp"

// CIFAR's binary version: records of one label and 32 × 32 pixels, all red ones row by row, then
// all green ones, then all blue ones.
namespace gibbon::datasets {

inline constexpr std::size_t kCifarSide = 32;

struct CifarRecords {
  std::string pixels;  ///< channels last, as data sets have them
  std::vector<int> labels;
};

/// Appends the records of one file. Throws an input Error for a file that does not end with a
/// record and for labels from `classes` on.
void parse_cifar(std::string_view bytes, std::size_t classes, const std::filesystem::path& path,
                 CifarRecords& out);

/// "airplane" … "truck".
[[nodiscard]] std::vector<std::string> cifar10_names();

/// Reads the files one behind the other; ids are positions in all of them, sha256 is that of their
/// bytes. name and split are left empty. Throws an input Error.
[[nodiscard]] Dataset read_cifar10(const std::vector<std::filesystem::path>& files);

/// Unpacks the *.bin files of an archive into its own folder, by the program tar.
void unpack_cifar(const std::filesystem::path& archive);

}  // namespace gibbon::datasets
