// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/tensor.hpp"

namespace gibbon::datasets {

/// Layout of one sample: row-major, channels last (RGB for 3). {1, D, 1} and `image == false` for
/// points that are not pictures.
struct Shape {
  std::size_t height = 1;
  std::size_t width = 1;
  std::size_t channels = 1;
  bool image = false;
  [[nodiscard]] std::size_t size() const { return height * width * channels; }
  bool operator==(const Shape&) const = default;
};

/// Labelled samples in input units. Pixels are k / 255 in [0, 1]; normalisation is a model's
/// business.
struct Dataset {
  std::string name;
  std::string split;                     ///< "train" or "test"
  Tensor images;                         ///< N × D
  std::vector<int> labels;               ///< N, each in 0 … class_names.size() - 1
  std::vector<std::uint64_t> ids;        ///< N, position in the whole split: keys of randomness
  Shape shape;                           ///< shape.size() == D
  std::vector<std::string> class_names;  ///< C
  Box range;                             ///< valid range of every feature
  std::string sha256;  ///< of the uncompressed content of the split, images + labels
  /// What a reader has to know of how these came out of their files: what was converted, left out
  /// or assumed. Whole sentences.
  std::vector<std::string> notes;
  bool named_by_folders = false;  ///< labels are places in the order of folder names

  [[nodiscard]] std::size_t size() const { return labels.size(); }
};

/// Where to look and what to load.
struct Request {
  std::string split = "test";
  std::filesystem::path data_dir;  ///< --data-dir; empty: not given
};

/// Progress of a download: bytes so far, bytes in total (0: unknown).
using Progress =
    std::function<void(std::string_view file, std::uint64_t done, std::uint64_t total)>;

/// A data set known by name. One file in datasets/sources/ each.
struct SourceInfo {
  std::string_view name;     ///< key on the command line: [a-z0-9-]
  std::string_view summary;  ///< one sentence: what, how many, which shape
  std::string_view source;   ///< authors, year, licence or address
  Dataset (*load)(const Request&);
  /// Brings the files into `folder`; null when nothing needs to be fetched or nobody may.
  void (*fetch)(const std::filesystem::path& folder, const Progress&) = nullptr;
};

/// All data sets compiled in, ordered by name.
[[nodiscard]] std::span<const SourceInfo> sources();

/// Loads a data set by name, or a folder of `class-name/*.png|jpg` when `name` is an existing
/// folder (folder/train/… and folder/test/… when there are such). Throws Error.
[[nodiscard]] Dataset load(const std::string& name, const Request& request);

/// Folders in search order: request.data_dir, $GIBBON_DATA, cache_folder(). A given data_dir is the
/// only one searched.
[[nodiscard]] std::vector<std::filesystem::path> search_path(const Request& request);

/// The rows `chosen`, in this order; they keep their ids.
[[nodiscard]] Dataset take_rows(Dataset whole, std::span<const std::size_t> chosen);

/// Which samples of a split: "0:1000" (a range), "500@7" (500 drawn without replacement with seed
/// 7, in rising order of id) or "all". Throws a usage Error for anything else, for an empty
/// selection and for more samples than there are.
[[nodiscard]] Dataset select(Dataset whole, std::string_view samples);

}  // namespace gibbon::datasets
