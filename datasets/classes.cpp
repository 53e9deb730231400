// SPDX-License-Identifier: MIT
#include "datasets/classes.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/error.hpp"

namespace gibbon::datasets {
namespace {

/// The numbers of all names, when each is one below `classes` and none comes twice.
std::optional<std::vector<std::size_t>> numbers_in(const std::vector<std::string>& names,
                                                   std::size_t classes) {
  std::vector<std::size_t> numbers;
  for (const std::string& name : names) {
    const std::optional<std::size_t> number = number_in(name);
    if (!number || *number >= classes) return std::nullopt;
    numbers.push_back(*number);
  }
  if (std::set(numbers.begin(), numbers.end()).size() != numbers.size()) return std::nullopt;
  return numbers;
}

/// Folders 0, 1, 2, 4: label 3 becomes 4.
void label_by_number(Dataset& data, std::size_t classes) {
  const auto numbers = numbers_in(data.class_names, classes);
  if (!numbers) {
    fail_input(
        "{}: has folders of {} classes ({}), the model {}; their names do not say which classes "
        "are missing; add an empty folder for each of these, or name the folders by class number",
        data.name, data.class_names.size(), class_order(data.class_names), classes);
  }
  data.notes.push_back(fmt::format(
      "{} has folders of {} of the model's {} classes: their names are taken as class numbers.",
      data.name, data.class_names.size(), classes));
  for (int& label : data.labels)
    label = static_cast<int>((*numbers)[static_cast<std::size_t>(label)]);
  data.class_names.clear();
}

}  // namespace

std::optional<std::size_t> number_in(std::string_view name) {
  constexpr std::size_t kDigits = 9;
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (name.empty() || name.size() > kDigits || error != std::errc{} ||
      end != name.data() + name.size()) {
    return std::nullopt;
  }
  return number;
}

bool class_before(const std::string& a, const std::string& b) {
  const std::optional<std::size_t> left = number_in(a);
  const std::optional<std::size_t> right = number_in(b);
  if (left.has_value() != right.has_value()) return left.has_value();
  if (left && *left != *right) return *left < *right;
  return a < b;
}

std::string class_order(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 10;
  std::string text;
  for (std::size_t c = 0; c < std::min(kShown, names.size()); ++c) {
    text += fmt::format("{}{} = {}", c == 0 ? "" : ", ", c, names[c]);
  }
  return names.size() > kShown ? text + ", …" : text;
}

void take_classes(Dataset& data, std::size_t classes) {
  if (data.class_names.size() >= classes) return;
  if (data.named_by_folders) {
    label_by_number(data, classes);
  } else {
    data.notes.push_back(fmt::format(
        "{} has {} classes, the model {}: labels are taken as the model's class numbers.",
        data.name, data.class_names.size(), classes));
  }
  for (std::size_t c = data.class_names.size(); c < classes; ++c) {
    data.class_names.push_back(std::to_string(c));
  }
}

}  // namespace gibbon::datasets
