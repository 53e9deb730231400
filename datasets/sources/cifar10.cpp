// SPDX-License-Identifier: MIT
// CIFAR-10, binary version: small photographs of ten kinds of things.
//
// Source    Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html
// Hash      of the archive, as listed by Red Datasets and by TensorFlow Datasets
#include <algorithm>
#include <fmt/ranges.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "datasets/cifar.hpp"
#include "datasets/dataset.hpp"
#include "datasets/fetch.hpp"
#include "datasets/split.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {
namespace {

constexpr std::string_view kName = "cifar10";

const RemoteFile& archive() {
  static const RemoteFile file{
      .set = std::string(kName),
      .name = "cifar-10-binary.tar.gz",
      .mirrors = {"https://www.cs.toronto.edu/~kriz/",
                  "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/"},
      .sha256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
      .hash_of = HashOf::kFile};
  return file;
}

/// The folder with the split's files, as unpacked by us or by others.
std::vector<fs::path> find_files(const Request& request) {
  std::vector<std::string> names{"test_batch.bin"};
  if (request.split == "train") {
    names.clear();
    for (int k = 1; k <= 5; ++k) names.push_back(fmt::format("data_batch_{}.bin", k));
  }
  std::vector<std::string> tried;
  for (const fs::path& folder : search_path(request)) {
    for (const fs::path& inside : {folder / kName, folder / kName / "cifar-10-batches-bin"}) {
      std::vector<fs::path> paths;
      for (const std::string& name : names) paths.push_back(inside / name);
      const auto missing = std::ranges::find_if_not(paths, is_there);
      if (missing == paths.end()) return paths;
      tried.push_back(missing->string());
    }
  }
  fail_input(
      "{}: no files of the split '{}'; not found:\n  {}\nrun `gibbon data fetch {}`, or set "
      "--data-dir or $GIBBON_DATA to the folder that contains {}/",
      kName, request.split, fmt::join(tried, "\n  "), kName, kName);
}

Dataset load_cifar10(const Request& request) {
  require_split(kName, request.split);
  Dataset result = read_cifar10(find_files(request));
  result.name = kName;
  result.split = request.split;
  return result;
}

void fetch_cifar10(const fs::path& folder, const Progress& progress) {
  fetch_file(archive(), folder, progress);
  unpack_cifar(folder / archive().set / archive().name);
}

}  // namespace

const SourceInfo& cifar10_info() {
  static constexpr SourceInfo kInfo{
      .name = kName,
      .summary = "small photographs, 50000 train and 10000 test, 32 x 32 in colour, 10 classes",
      .source = "Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html",
      .load = &load_cifar10,
      .fetch = &fetch_cifar10};
  return kInfo;
}

}  // namespace gibbon::datasets
