// SPDX-License-Identifier: MIT
#include "datasets/idx_source.hpp"

#include <algorithm>
#include <fmt/ranges.h>
#include <future>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/sha256.hpp"
#include "datasets/idx.hpp"
#include "datasets/split.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {
namespace {

/// The file with or without .gz; what is not there is added to `tried`.
std::optional<fs::path> find_file(const fs::path& path, std::vector<std::string>& tried) {
  for (const fs::path& candidate : {path, fs::path(path.string() + ".gz")}) {
    std::error_code unreachable;
    if (fs::exists(candidate, unreachable)) return candidate;
    tried.push_back(candidate.string());
  }
  return std::nullopt;
}

IdxPair find_split(const IdxSource& source, const Request& request) {
  const std::string& prefix = request.split == "train" ? source.train_prefix : source.test_prefix;
  std::vector<std::string> tried;
  for (const fs::path& folder : search_path(request)) {
    const fs::path stem = folder / source.name / prefix;
    const auto images = find_file(stem.string() + "-images-idx3-ubyte", tried);
    const auto labels = find_file(stem.string() + "-labels-idx1-ubyte", tried);
    if (images && labels) return {*images, *labels};
  }
  fail_input(
      "{}: no files of the split '{}'; not found:\n  {}\n{}, or set --data-dir or $GIBBON_DATA to "
      "the folder that contains {}/",
      source.name, request.split, fmt::join(tried, "\n  "), source.remedy, source.name);
}

/// Exchanges rows and columns of every image.
std::string transposed(const IdxImages& images) {
  std::string result(images.pixels.size(), '\0');
  const std::size_t size = images.height * images.width;
  for (std::size_t n = 0; n < images.count; ++n) {
    const Bytes from = images.pixels.subspan(n * size, size);
    char* to = result.data() + n * size;
    for (std::size_t row = 0; row < images.height; ++row) {
      for (std::size_t col = 0; col < images.width; ++col) {
        to[col * images.height + row] = static_cast<char>(from[row * images.width + col]);
      }
    }
  }
  return result;
}

}  // namespace

std::vector<std::string> digit_names() {
  return {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
}

std::vector<RemoteFile> idx_files(const std::string& name, const std::vector<std::string>& mirrors,
                                  const std::array<std::string_view, 4>& sha256, HashOf hash_of) {
  constexpr std::array<std::string_view, 4> kNames{
      "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz",
      "t10k-labels-idx1-ubyte.gz"};
  std::vector<RemoteFile> files;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    files.push_back({.set = name,
                     .name = std::string(kNames.at(i)),
                     .mirrors = mirrors,
                     .sha256 = std::string(sha256.at(i)),
                     .hash_of = hash_of});
  }
  return files;
}

Dataset read_idx(const IdxPair& files, PixelOrder order, std::vector<std::string> class_names) {
  constexpr std::size_t kMost = 256;  // that a byte can tell apart
  const std::string image_file = read_file(files.images);
  const std::string label_file = read_file(files.labels);
  // Hashing takes as long as all the rest: beside it.
  auto hash = std::async(std::launch::async,
                         [&] { return Sha256().update(image_file).update(label_file).hex(); });
  const IdxImages images = parse_idx_images(image_file, files.images);
  std::vector<int> labels =
      parse_idx_labels(label_file, class_names.empty() ? kMost : class_names.size(), files.labels);
  if (labels.size() != images.count) {
    fail_input("{}: {} labels for the {} images in {}; both counts must agree; fetch both again",
               files.labels.string(), labels.size(), images.count, files.images.string());
  }
  if (class_names.empty()) {
    const int most = *std::max_element(labels.begin(), labels.end());
    for (int c = 0; c <= most; ++c) class_names.push_back(std::to_string(c));
  }
  const bool columns = order == PixelOrder::kColumns;
  const std::string upright = columns ? transposed(images) : std::string();
  Dataset result{.images = to_unit_range(columns ? to_bytes(upright) : images.pixels, images.count),
                 .labels = std::move(labels),
                 .ids = positions(images.count),
                 .shape = {.height = columns ? images.width : images.height,
                           .width = columns ? images.height : images.width,
                           .channels = 1,
                           .image = true},
                 .class_names = std::move(class_names)};
  result.sha256 = hash.get();
  return result;
}

Dataset load_idx(const IdxSource& source, const Request& request) {
  require_split(source.name, request.split);
  Dataset result = read_idx(find_split(source, request), source.order, source.class_names);
  result.name = source.name;
  result.split = request.split;
  return result;
}

void fetch_idx(const IdxSource& source, const fs::path& folder, const Progress& progress) {
  for (const RemoteFile& file : source.remote_files) fetch_file(file, folder, progress);
}

}  // namespace gibbon::datasets
