// SPDX-License-Identifier: MIT
#include "datasets/labels.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.hpp"
#include "base/printable.hpp"
#include "datasets/classes.hpp"
#include "datasets/layout.hpp"

namespace gibbon::datasets {
namespace {

constexpr std::size_t kMostClasses = 1024;

/// The place of the 1 among 0s in every row of `classes` numbers.
std::vector<double> one_hot_places(std::span<const double> rows, std::size_t classes,
                                   const std::string& where) {
  std::vector<double> places;
  for (std::size_t at = 0; at < rows.size(); at += classes) {
    const std::span<const double> row = rows.subspan(at, classes);
    const auto ones = std::ranges::count(row, 1.0);
    const auto zeros = std::ranges::count(row, 0.0);
    if (ones != 1 || zeros != static_cast<std::ptrdiff_t>(classes) - 1) {
      fail_input(
          "{}: row {} is not one-hot: {} ones and {} zeros among {} numbers; allowed are class "
          "numbers and rows with a single 1; save the class numbers, e.g. labels.argmax(axis=1)",
          where, at / classes, ones, zeros, classes);
    }
    places.push_back(static_cast<double>(std::ranges::find(row, 1.0) - row.begin()));
  }
  return places;
}

}  // namespace

ClassLabels number_labels(std::span<const double> numbers, const std::string& where,
                          std::vector<std::string>& notes) {
  ClassLabels out;
  int least = static_cast<int>(kMostClasses);
  int most = 0;
  for (std::size_t n = 0; n < numbers.size(); ++n) {
    const double number = numbers[n];
    if (!(number >= 0.0 && number < double{kMostClasses} && number == std::floor(number))) {
      fail_input(
          "{}: label {:g} of sample {} is not a class; allowed are the whole numbers 0 to {}; give "
          "class numbers, and leave out samples without a class",
          where, number, n, kMostClasses - 1);
    }
    out.labels.push_back(static_cast<int>(number));
    least = std::min(least, out.labels.back());
    most = std::max(most, out.labels.back());
  }
  for (int c = 0; c <= most; ++c) out.class_names.push_back(std::to_string(c));
  if (least == 1 && most > 1 &&
      std::set(out.labels.begin(), out.labels.end()).size() == static_cast<std::size_t>(most)) {
    notes.push_back(fmt::format(
        "{}: labels are 1 … {} and none is 0. They are counted from 1 for a model of {} classes; "
        "otherwise class 0 has no samples.",
        where, most, most));
  }
  return out;
}

ClassLabels text_labels(std::span<const std::string> texts, const std::string& where,
                        std::vector<std::string>& notes) {
  std::vector<std::string> names(texts.begin(), texts.end());
  std::ranges::sort(names, class_before);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (names.size() > kMostClasses) {
    fail_input("{}: has {} different labels; allowed are at most {} classes; name another column",
               where, names.size(), kMostClasses);
  }
  ClassLabels out{.labels = {}, .class_names = names, .naming = Naming::kTexts};
  for (std::size_t n = 0; n < texts.size(); ++n) {
    if (texts[n].empty()) {
      fail_input("{}: the label of sample {} is empty; allowed are names of classes; mend it",
                 where, n);
    }
    const auto place = std::ranges::lower_bound(names, texts[n], class_before);
    out.labels.push_back(static_cast<int>(place - names.begin()));
  }
  bool numbered = true;
  for (std::size_t c = 0; c < names.size(); ++c) numbered = numbered && number_in(names[c]) == c;
  if (!numbered) {
    notes.push_back(fmt::format(
        "{}: labels are texts, classes in their order: {}. A model trained with another order is "
        "judged wrongly.",
        where, class_order(names)));
  }
  return out;
}

ClassLabels array_labels(const arrays::NpyArray& array, std::size_t count, const std::string& where,
                         std::vector<std::string>& notes) {
  const std::vector<std::size_t>& shape = array.shape;
  const bool flat = shape.size() == 1 || (shape.size() == 2 && shape[1] == 1);
  const bool rows = shape.size() == 2 && shape[1] > 1;
  if (!flat && !rows) {
    fail_input("{}: is {}; allowed are N labels, N × 1 labels or N × C one-hot rows; reshape it",
               where, shape.empty() ? std::string("one number") : times(shape));
  }
  if (shape[0] != count) {
    fail_input("{}: has {} labels for {} samples; both counts must agree; save them together",
               where, shape[0], count);
  }
  if (array.kind() == 'U' || array.kind() == 'S') {
    if (rows) fail_input("{}: is {} texts; allowed is one a sample", where, times(shape));
    return text_labels(arrays::texts(array, where), where, notes);
  }
  const std::vector<double> numbers = arrays::numbers(array, where);
  if (flat) return number_labels(numbers, where, notes);
  if (shape[1] > kMostClasses) {
    fail_input("{}: is {}; allowed are one-hot rows of at most {} classes", where, times(shape),
               kMostClasses);
  }
  ClassLabels out = number_labels(one_hot_places(numbers, shape[1], where), where, notes);
  for (std::size_t c = out.class_names.size(); c < shape[1]; ++c)
    out.class_names.push_back(std::to_string(c));
  notes.push_back(fmt::format("{} is {}: one-hot labels.", where, times(shape)));
  return out;
}

}  // namespace gibbon::datasets
