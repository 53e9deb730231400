// SPDX-License-Identifier: MIT
#include "datasets/inspect.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string_view>
#include <unordered_map>

namespace gibbon::datasets {
namespace {

using Doubts = std::vector<std::string>;

std::string_view bytes_of(Row row) {
  return {reinterpret_cast<const char*>(row.data()), row.size_bytes()};
}

void doubt_constants(const Dataset& data, Doubts& doubts) {
  if (!data.shape.image) return;  // features of a table have scales of their own
  std::size_t count = 0;
  std::uint64_t first = 0;
  for (std::size_t n = 0; n < data.size(); ++n) {
    const Row row = data.images.row(n);
    if (row.size() < 2 || std::ranges::adjacent_find(row, std::ranges::not_equal_to{}) != row.end())
      continue;
    if (count++ == 0) first = data.ids[n];
  }
  if (count == 0) return;
  doubts.push_back(
      fmt::format("{} of {} samples have the same value everywhere, first sample {}: look whether "
                  "their files are "
                  "damaged or their ink was transparent, and leave them out with --samples.",
                  count, data.size(), first));
}

void doubt_duplicates(const Dataset& data, Doubts& doubts) {
  std::unordered_map<std::string_view, std::size_t> firsts;  // place of the first with these bytes
  std::size_t again = 0;
  std::size_t otherwise = 0;
  std::pair<std::uint64_t, std::uint64_t> example;
  std::pair<std::uint64_t, std::uint64_t> contradiction;
  for (std::size_t n = 0; n < data.size(); ++n) {
    const auto [place, fresh] = firsts.try_emplace(bytes_of(data.images.row(n)), n);
    if (fresh) continue;
    const std::pair both{data.ids[place->second], data.ids[n]};
    if (again++ == 0) example = both;
    if (data.labels[place->second] != data.labels[n] && otherwise++ == 0) contradiction = both;
  }
  if (again > 0) {
    doubts.push_back(
        fmt::format("{} of {} samples are equal to an earlier one, e.g. {} and {}: they count "
                    "twice, and are in "
                    "training and test if these are parts of the file.",
                    again, data.size(), example.first, example.second));
  }
  if (otherwise > 0) {
    doubts.push_back(
        fmt::format("{} of them have another label than the first, e.g. {} and {}: no model is "
                    "right about both; "
                    "mend the labels.",
                    otherwise, contradiction.first, contradiction.second));
  }
}

void doubt_classes(const Dataset& data, Doubts& doubts) {
  std::vector<std::size_t> counts(data.class_names.size());
  for (const int label : data.labels) ++counts[static_cast<std::size_t>(label)];
  std::vector<std::string> empty;
  std::size_t most = 0;
  std::size_t least = 0;
  std::size_t shown = 0;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    if (counts[c] == 0) {
      empty.push_back(data.class_names[c]);
      continue;
    }
    if (shown++ == 0) most = least = c;
    if (counts[c] > counts[most]) most = c;
    if (counts[c] < counts[least]) least = c;
  }
  if (shown == 1) {
    doubts.push_back(fmt::format(
        "All samples are of class {}: accuracy says how often a model answers that; take more "
        "samples, or leave out --samples.",
        data.class_names[most]));
    return;
  }
  if (!empty.empty()) {
    constexpr std::size_t kShown = 10;
    const std::size_t count = empty.size();
    if (count > kShown) empty.resize(kShown);
    doubts.push_back(
        fmt::format("{} of {} classes have no samples ({}{}): nothing is measured of them; check "
                    "the labels, or "
                    "add some.",
                    count, counts.size(), fmt::join(empty, ", "), count > kShown ? ", …" : ""));
  }
  constexpr std::size_t kTimes = 10;
  if (counts[most] >= kTimes * counts[least]) {
    doubts.push_back(
        fmt::format("Class {} has {} samples and class {} has {}: accuracy is nearly that of the "
                    "large classes; "
                    "look at the accuracy per class.",
                    data.class_names[most], counts[most], data.class_names[least], counts[least]));
  }
  constexpr std::size_t kFew = 3;  // classes that could be in order by chance
  if (shown >= kFew && data.size() >= 2 * shown && std::ranges::is_sorted(data.labels)) {
    const auto first =
        static_cast<std::size_t>(std::ranges::count(data.labels, data.labels.front()));
    doubts.push_back(fmt::format(
        "The samples are sorted by class: --samples 0:{} is of one class only; draw them, "
        "--samples {}@7.",
        first, std::min<std::size_t>(data.size(), 500)));
  }
}

void doubt_values(const Dataset& data, const Seen& seen, Doubts& doubts) {
  if (!data.shape.image) return;
  const double width = double{data.range.upper} - double{data.range.lower};
  if (seen.most > seen.least && double{seen.most} - double{seen.least} < width / 16.0) {
    doubts.push_back(fmt::format(
        "All values are in [{:.3g}, {:.3g}] of [{:g}, {:g}]: were they divided by 255 twice? "
        "--data-range says which numbers of a file mean 0 and 1.",
        seen.least, seen.most, data.range.lower, data.range.upper));
  }
  constexpr std::size_t kDigit = 28;  // MNIST and its kin are bright on black
  const bool digits = data.shape == Shape{kDigit, kDigit, 1, true};
  if (digits && seen.mean > 0.5 * (double{data.range.lower} + double{data.range.upper})) {
    doubts.push_back(
        fmt::format("The mean is {:.2f}: dark on bright, where models of MNIST expect bright on "
                    "black; invert the "
                    "pictures for these.",
                    seen.mean));
  }
}

}  // namespace

Seen seen_in(const Dataset& data) {
  const auto values = data.images.flat();
  if (values.empty()) return {};
  const auto [least, most] = std::ranges::minmax(values);
  double sum = 0.0;
  for (const float value : values) sum += double{value};
  return {least, most, sum / static_cast<double>(values.size())};
}

std::vector<std::string> doubts_about(const Dataset& data) {
  Doubts doubts;
  if (data.size() == 0) return doubts;
  doubt_constants(data, doubts);
  doubt_duplicates(data, doubts);
  doubt_classes(data, doubts);
  doubt_values(data, seen_in(data), doubts);
  return doubts;
}

}  // namespace gibbon::datasets
