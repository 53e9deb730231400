// SPDX-License-Identifier: MIT
// One array of NumPy, with its labels in another file beside it.
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "datasets/array_set.hpp"
#include "datasets/paths.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {
namespace {

/// With the first `from` of the name, in whichever case, put as `to`.
std::optional<fs::path> renamed(const fs::path& path, const std::string& from,
                                const std::string& to) {
  std::string stem = path.stem().string();
  const std::size_t at = in_lower_case(stem).find(from);
  if (at == std::string::npos) return std::nullopt;
  stem.replace(at, from.size(), to);
  return path.parent_path() / (stem + path.extension().string());
}

/// Where the labels of `path` may be, the likeliest first.
std::vector<fs::path> label_files(const fs::path& path) {
  std::vector<fs::path> files;
  const std::string extension = path.extension().string();
  files.push_back(path.parent_path() / (path.stem().string() + "_labels" + extension));
  for (const char* samples : {"images", "image", "samples", "data"}) {
    for (const char* labels : {"labels", "targets", "target"}) {
      if (auto file = renamed(path, samples, labels)) files.push_back(*file);
    }
  }
  const std::string stem = in_lower_case(path.stem().string());
  if (stem == "x" || stem.starts_with("x_") || stem.ends_with("_x")) {
    for (const char* label : {"y", "Y"}) {
      if (auto file = renamed(path, "x", label); file && *file != path) files.push_back(*file);
    }
  }
  for (const char* name : {"labels", "y", "targets"})
    files.push_back(path.parent_path() / (name + extension));
  return files;
}

fs::path find_labels(const fs::path& path) {
  std::vector<std::string> tried;
  for (const fs::path& file : label_files(path)) {
    if (file != path && is_there(file)) return file;
    if (file != path) tried.push_back(file.filename().string());
  }
  fail_input(
      "{}: has samples and no labels, and none of {} is beside it; save the labels under one of "
      "these names, or both with numpy.savez(FILE, x=…, y=…)",
      path.string(), fmt::join(tried, ", "));
}

Dataset load_npy(const fs::path& path, const Request& request) {
  const fs::path labels_path = find_labels(path);
  const arrays::NpyArray x = arrays::parse_npy(read_file(path), path.string());
  const arrays::NpyArray labels = arrays::parse_npy(read_file(labels_path), labels_path.string());
  Dataset data = array_set(
      path,
      {.x = x, .labels = labels, .x_where = path.string(), .labels_where = labels_path.string()},
      std::nullopt, request);
  data.notes.insert(data.notes.begin(), fmt::format("The labels of {} are those in {}.",
                                                    path.string(), labels_path.string()));
  return data;
}

}  // namespace

const FormatInfo& npy_info() {
  static constexpr FormatInfo kInfo{
      .name = "FILE.npy",
      .summary = "a NumPy array, with labels in FILE_labels.npy, labels.npy or y.npy beside it",
      .recognises =
          [](const fs::path& path) {
            return lower_extension(path) == ".npy" ? FormatInfo::Fit::kYes : FormatInfo::Fit::kNo;
          },
      .load = &load_npy};
  return kInfo;
}

}  // namespace gibbon::datasets
