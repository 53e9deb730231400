// SPDX-License-Identifier: MIT
// CIFAR-10's own files by path: the folder cifar-10-batches-bin, the folder above it, or one file.
#include "datasets/cifar.hpp"

#include <algorithm>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "datasets/array_set.hpp"
#include "datasets/paths.hpp"
#include "datasets/split.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {
namespace {

constexpr std::string_view kPickled = "cifar-10-batches-py";

bool is_batch(const fs::path& path) {
  const std::string name = in_lower_case(path.filename().string());
  return name.ends_with(".bin") && (name.starts_with("data_batch") || name == "test_batch.bin");
}

std::vector<fs::path> batches_in(const fs::path& folder, const std::string& split) {
  std::vector<fs::path> found;
  for (const fs::path& path : entries(folder)) {
    const bool test = in_lower_case(path.filename().string()) == "test_batch.bin";
    if (is_batch(path) && (split.empty() || test == (split == "test"))) found.push_back(path);
  }
  return found;
}

std::optional<fs::path> folder_of(const fs::path& path) {
  for (const fs::path& folder : {path, path / "cifar-10-batches-bin"}) {
    if (is_folder(folder) && !batches_in(folder, "").empty()) return folder;
  }
  return std::nullopt;
}

bool is_pickled(const fs::path& path) {
  return is_folder(path / kPickled) || path.filename() == kPickled ||
         (path.has_parent_path() && !path.has_filename() &&
          path.parent_path().filename() == kPickled);
}

Dataset load_cifar_path(const fs::path& path, const Request& request) {
  require_split(path.string(), request.split);
  const auto folder = folder_of(path);
  if (!folder && is_folder(path)) {
    fail_input(
        "{}: has the version of CIFAR-10 for Python, pickled objects that are never unpickled; "
        "allowed is the binary version, cifar-10-batches-bin; run `gibbon data fetch cifar10`",
        path.string());
  }
  const std::vector<fs::path> files =
      folder ? batches_in(*folder, request.split) : std::vector{path};
  constexpr std::size_t kTrainFiles = 5;
  const std::size_t wanted = folder && request.split == "train" ? kTrainFiles : 1;
  if (files.size() != wanted) {
    fail_input(
        "{}: has {} of the {} files of the split '{}', {}; add the others, or give the path "
        "of one file",
        folder->string(), files.size(), wanted, request.split,
        request.split == "train" ? "data_batch_1.bin … data_batch_5.bin" : "test_batch.bin");
  }
  Dataset data = read_cifar10(files);
  data.name = path.string();
  data.split = request.split;
  if (!folder) note_one_set(data);
  return data;
}

}  // namespace

const FormatInfo& cifar_info() {
  static constexpr FormatInfo kInfo{
      .name = "cifar-10-batches-bin",
      .summary = "CIFAR-10's files data_batch_1.bin … data_batch_5.bin and test_batch.bin",
      .recognises =
          [](const fs::path& path) {
            return is_batch(path) || folder_of(path) || is_pickled(path) ? FormatInfo::Fit::kYes
                                                                         : FormatInfo::Fit::kNo;
          },
      .load = &load_cifar_path};
  return kInfo;
}

}  // namespace gibbon::datasets
