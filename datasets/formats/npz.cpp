// SPDX-License-Identifier: MIT
// Archives of NumPy: arrays of samples and labels under the names that people give them, one set or
// one for each split.
#include "datasets/arrays/npz.hpp"

#include <algorithm>
#include <array>
#include <fmt/ranges.h>
#include <optional>

#include "base/error.hpp"
#include "datasets/array_set.hpp"
#include "datasets/labels.hpp"
#include "datasets/paths.hpp"
#include "datasets/split.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {
namespace {

constexpr std::array<std::string_view, 8> kSamples{"x",     "images", "image",   "data",
                                                   "input", "inputs", "samples", "arr_0"};
constexpr std::array<std::string_view, 6> kLabels{"y",      "labels",  "label",
                                                  "target", "targets", "arr_1"};

/// x_test or test_x; x alone for an empty split.
bool is_called(const std::string& name, std::string_view word, std::string_view split) {
  const std::string lower = in_lower_case(name);
  if (split.empty()) return lower == word;
  return lower == fmt::format("{}_{}", word, split) || lower == fmt::format("{}_{}", split, word) ||
         lower == fmt::format("{}{}", word, split);
}

/// The one array that has one of these names; none where there is none, an Error where two do.
std::optional<std::string> find_array(const arrays::NpzFile& file, const fs::path& path,
                                      std::span<const std::string_view> words,
                                      std::string_view split, std::string_view what) {
  std::vector<std::string> found;
  for (const std::string& name : file.names()) {
    if (std::ranges::any_of(words, [&](auto word) { return is_called(name, word, split); }))
      found.push_back(name);
  }
  if (found.size() > 1) {
    fail_input("{}: {} may be {}; allowed is one array of {}; save the file without the others",
               path.string(), fmt::join(found, " or "), what, what);
  }
  return found.empty() ? std::nullopt : std::optional(found[0]);
}

struct Names {
  std::string x;
  std::string labels;
};

/// Both arrays of a split; none where there is neither.
std::optional<Names> find_pair(const arrays::NpzFile& file, const fs::path& path,
                               std::string_view split) {
  const auto x = find_array(file, path, kSamples, split, "the samples");
  const auto labels = find_array(file, path, kLabels, split, "the labels");
  if (!x && !labels) return std::nullopt;
  if (!x || !labels) {
    fail_input(
        "{}: has {} and no array of {}; found {}; allowed are x and y, images and labels, x_train, "
        "y_train, x_test and y_test, …; save both",
        path.string(), x ? *x : *labels, x ? "labels" : "samples", fmt::join(file.names(), ", "));
  }
  return Names{*x, *labels};
}

/// Names of classes beside labels that are numbers.
void take_class_names(const arrays::NpzFile& file, const fs::path& path, Dataset& data) {
  for (const char* name : {"class_names", "target_names", "label_names"}) {
    if (!file.has(name) || data.naming != Naming::kNumbers) continue;
    const std::vector<std::string> names = file.texts(name);
    if (names.size() < data.class_names.size()) {
      fail_input("{}: {} names {} classes, but a label is {}; name all classes or none",
                 path.string(), name, names.size(), data.class_names.size() - 1);
    }
    data.class_names = names;
    return;
  }
}

Dataset load_npz(const fs::path& path, const Request& request) {
  require_split(path.string(), request.split);
  const arrays::NpzFile file(path);
  const auto train = find_pair(file, path, "train");
  const auto test = find_pair(file, path, "test");
  const bool divided = train || test;
  const auto pair = !divided ? find_pair(file, path, "") : request.split == "train" ? train : test;
  if (!pair) {
    fail_input("{}: has no arrays {}; found {}; allowed are x and y, images and labels, {}",
               path.string(),
               divided ? fmt::format("of the split '{0}', such as x_{0} and y_{0}", request.split)
                       : std::string("of samples and labels"),
               fmt::join(file.names(), ", "),
               divided ? "for one set; add them, or take the other --split"
                       : "x_train, y_train, x_test and y_test, …; save them under such names");
  }
  Dataset data = array_set(path,
                           {.x = file.at(pair->x),
                            .labels = file.at(pair->labels),
                            .x_where = file.where(pair->x),
                            .labels_where = file.where(pair->labels)},
                           divided ? std::optional(request.split) : std::nullopt, request);
  take_class_names(file, path, data);
  return data;
}

}  // namespace

const FormatInfo& npz_info() {
  static constexpr FormatInfo kInfo{
      .name = "FILE.npz",
      .summary = "NumPy arrays x and y, images and labels, or x_train, y_train, x_test and y_test",
      .recognises =
          [](const fs::path& path) {
            return lower_extension(path) == ".npz" ? FormatInfo::Fit::kYes : FormatInfo::Fit::kNo;
          },
      .load = &load_npz};
  return kInfo;
}

}  // namespace gibbon::datasets
