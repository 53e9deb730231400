// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
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

/// What the labels of a data set go by.
enum class Naming {
  kNumbers,  ///< class numbers; names are names of these
  kFolders,  ///< names of folders: a label is the place of its name among them
  kTexts,    ///< texts in a file: likewise
};

/// A column of a table, and the interval that becomes [0, 1].
struct Feature {
  std::string name;
  double lower = 0.0;
  double upper = 1.0;
};

/// Labelled samples in input units. Pixels are k / 255 in [0, 1]; normalisation is a model's
/// business.
struct Dataset {
  std::string name;
  std::string split;                     ///< "train", "test", or "all" of a file with one set
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
  Naming naming = Naming::kNumbers;
  std::vector<Feature> features;  ///< D of a table; empty for others
  bool one_set = false;           ///< the file has one set of samples, which serves as every split

  [[nodiscard]] std::size_t size() const { return labels.size(); }
};

/// What the axes of an array of samples are.
enum class Layout {
  kByShape,        ///< told by their sizes, where these leave no doubt
  kPoints,         ///< nd: every number is a feature, in the order of the file
  kGrey,           ///< nhw: rows, columns
  kChannelsFirst,  ///< nchw: channels, rows, columns
  kChannelsLast,   ///< nhwc: rows, columns, channels
};

/// The numbers of a file that mean 0 and 1.
struct Interval {
  double lower = 0.0;
  double upper = 1.0;
};

/// What stands behind transparent pixels.
enum class Background { kBlack, kWhite };

/// Where to look and what to load.
struct Request {
  std::string split = "test";
  std::filesystem::path data_dir;  ///< --data-dir; empty: not given
  Layout layout = Layout::kByShape;
  std::optional<Interval> range;  ///< none: told by type and values, where these leave no doubt
  Background background = Background::kBlack;
};

/// "nd", "nhw", "nchw", "nhwc", or "" for kByShape; a usage Error for others.
[[nodiscard]] Layout parse_layout(std::string_view text);

/// "0,255", or "" for none; a usage Error for anything but two rising finite numbers.
[[nodiscard]] std::optional<Interval> parse_range(std::string_view text);

/// "black" or "white"; a usage Error for others.
[[nodiscard]] Background parse_background(std::string_view text);

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

/// A kind of files or folders that people have data in. One file in datasets/formats/ each.
struct FormatInfo {
  /// How sure a format is that a path is of its kind; the surest one reads it.
  enum class Fit { kNo, kPerhaps, kYes };
  std::string_view name;     ///< as messages have it: "x.npz", "a folder of class-name/*.png"
  std::string_view summary;  ///< one sentence: what is in it, and how it is laid out
  Fit (*recognises)(const std::filesystem::path&);
  Dataset (*load)(const std::filesystem::path&, const Request&);
};

/// All formats compiled in, ordered by name.
[[nodiscard]] std::span<const FormatInfo> formats();

/// Loads a data set by name, or from a file or folder of a known format when `name` is the path of
/// one. Throws Error.
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
