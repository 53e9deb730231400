// SPDX-License-Identifier: MIT
// MNIST's own files by path: a folder of them, such as torchvision's MNIST/raw, the folder above
// it, or one file of images with its labels beside it.
#include <algorithm>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "datasets/array_set.hpp"
#include "datasets/idx_source.hpp"
#include "datasets/paths.hpp"
#include "datasets/split.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {
namespace {

bool is_kind(const fs::path& path, std::string_view what, std::string_view axes) {
  const std::string name = plain_name(path);
  return name.ends_with(fmt::format("{}-{}-ubyte", what, axes)) ||
         name.ends_with(fmt::format("{}.{}-ubyte", what, axes));
}
bool is_images(const fs::path& path) { return is_kind(path, "images", "idx3"); }
bool is_labels(const fs::path& path) { return is_kind(path, "labels", "idx1"); }

/// The labels of t10k-images-idx3-ubyte.gz: …-labels-idx1-ubyte, with or without .gz.
fs::path labels_of(const fs::path& images) {
  std::string name = images.filename().string();
  const auto swap = [&](std::string_view from, std::string_view to) {
    name.replace(in_lower_case(name).rfind(from), from.size(), to);
  };
  swap("images", "labels");
  swap("idx3", "idx1");
  const fs::path beside = images.parent_path() / name;
  const bool packed = plain_name(beside) != in_lower_case(name);
  const fs::path other =
      packed ? fs::path(beside).replace_extension() : fs::path(beside.string() + ".gz");
  if (is_there(beside)) return beside;
  if (is_there(other)) return other;
  fail_input("{}: its labels are missing: neither {} nor {} is there; put them beside it",
             images.string(), beside.string(), other.filename().string());
}

std::vector<fs::path> image_files(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const fs::path& path : entries(folder)) {
    if (!is_images(path) || is_folder(path)) continue;
    // Packed and unpacked, as torchvision leaves them, are one file.
    if (!found.empty() && plain_name(found.back()) == plain_name(path)) continue;
    found.push_back(path);
  }
  return found;
}

/// The folder itself, or one in it that has the files: MNIST/raw, raw.
std::optional<fs::path> folder_of(const fs::path& path) {
  if (!is_folder(path)) return std::nullopt;
  if (!image_files(path).empty()) return path;
  for (const char* below : {"raw", "MNIST/raw"}) {
    if (is_folder(path / below) && !image_files(path / below).empty()) return path / below;
  }
  return std::nullopt;
}

bool is_of(const fs::path& images, std::string_view split) {
  const std::string name = plain_name(images);
  if (split == "train") return name.find("train") != std::string::npos;
  return name.find("t10k") != std::string::npos || name.find("test") != std::string::npos;
}

/// The file of the split; any where the folder has a single one.
fs::path choose(const fs::path& folder, const std::vector<fs::path>& files,
                const std::string& split) {
  std::vector<std::string> fitting;
  for (const fs::path& file : files)
    if (is_of(file, split)) fitting.push_back(file.string());
  if (fitting.size() == 1) return fitting[0];
  std::vector<std::string> names;
  for (const fs::path& file : files) names.push_back(file.filename().string());
  fail_input(
      "{}: has {} files of images of the split '{}' ({}); allowed is one; give the path of the "
      "file",
      folder.string(), fitting.size(), split, fmt::join(names, ", "));
}

Dataset load_idx_path(const fs::path& path, const Request& request) {
  require_split(path.string(), request.split);
  if (is_labels(path)) {
    fail_input("{}: is a file of labels; allowed is the file of images beside it", path.string());
  }
  const auto folder = folder_of(path);
  const std::vector<fs::path> files = folder ? image_files(*folder) : std::vector{path};
  const bool one_set =
      files.size() == 1 && (!folder || !(is_of(files[0], "train") || is_of(files[0], "test")));
  const fs::path images = one_set ? files[0] : choose(*folder, files, request.split);
  const bool columns = plain_name(images).find("emnist") != std::string::npos;
  Dataset data = read_idx({.images = images, .labels = labels_of(images)},
                          columns ? PixelOrder::kColumns : PixelOrder::kRows, {});
  data.name = path.string();
  data.split = request.split;
  if (columns) {
    data.notes.push_back(fmt::format(
        "{}: the files of EMNIST store pictures column by column; they are turned upright.",
        images.string()));
  }
  if (one_set) note_one_set(data);
  return data;
}

}  // namespace

const FormatInfo& idx_info() {
  static constexpr FormatInfo kInfo{
      .name = "MNIST/raw",
      .summary = "MNIST's files *-images-idx3-ubyte and *-labels-idx1-ubyte, a folder or one pair",
      .recognises =
          [](const fs::path& path) {
            return is_images(path) || is_labels(path) || folder_of(path) ? FormatInfo::Fit::kYes
                                                                         : FormatInfo::Fit::kNo;
          },
      .load = &load_idx_path};
  return kInfo;
}

}  // namespace gibbon::datasets
