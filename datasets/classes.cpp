// SPDX-License-Identifier: MIT
#include "datasets/classes.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <stdexcept>

#include "base/error.hpp"
#include "base/suggest.hpp"

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

/// Of ASCII: capitals and underscores are matters of taste.
std::string relaxed(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '_') c = ' ';
  }
  return out;
}

/// "tench, Tinca tinca" -> tench | Tinca tinca.
std::vector<std::string> synonyms(std::string_view name) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from <= name.size();) {
    const std::size_t comma = std::min(name.find(',', from), name.size());
    std::string_view part = name.substr(from, comma - from);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
    from = comma + 1;
  }
  return parts;
}

template <class Fits>
std::vector<std::size_t> all_that(std::span<const std::string> names, Fits fits) {
  std::vector<std::size_t> found;
  for (std::size_t c = 0; c < names.size(); ++c)
    if (fits(names[c])) found.push_back(c);
  return found;
}

[[noreturn]] void fail_unknown(std::string_view what, std::string_view text,
                               std::span<const std::string> names) {
  constexpr std::size_t kNear = 5;
  constexpr std::size_t kShown = 20;
  std::vector<std::string> known;
  for (const std::string& name : names)
    for (std::string& part : synonyms(name)) known.push_back(std::move(part));
  std::string hint = did_you_mean(relaxed(text), known, kNear);
  if (hint.empty()) hint = ";";
  const bool numbers = std::ranges::all_of(
      names, [](const std::string& name) { return number_in(name).has_value(); });
  if (numbers) {
    fail_usage("{}: unknown class '{}'{} allowed are class numbers 0 to {}", what, text, hint,
               names.size() - 1);
  }
  fail_usage("{}: unknown class '{}'{} allowed are class numbers 0 to {} and {}", what, text, hint,
             names.size() - 1,
             names.size() <= kShown ? fmt::format("{}", fmt::join(names, ", "))
                                    : std::string("the names of the classes"));
}

[[noreturn]] void fail_ambiguous(std::string_view what, std::string_view text,
                                 std::span<const std::size_t> meant,
                                 std::span<const std::string> names) {
  std::string list;
  for (const std::size_t c : meant)
    list += fmt::format("{}#{} ({})", list.empty() ? "" : ", ", c, names[c]);
  fail_usage("{}: class '{}' is ambiguous: it may be {}; give # and the number", what, text, list);
}

/// What has the names of the classes: "folder" or "label".
std::string_view bearer(const Dataset& data) {
  return data.naming == Naming::kTexts ? "label" : "folder";
}

/// The folders as the model's classes of the same names; none when no name is one of these.
std::optional<std::vector<int>> labels_by_name(const Dataset& data, const ClassNames& known) {
  std::vector<int> labels;
  std::string stranger;
  for (const std::string& folder : data.class_names) {
    const std::vector<std::size_t> meant = classes_called(folder, known.names);
    if (meant.empty()) {
      stranger = folder;
      continue;
    }
    if (meant.size() > 1) {
      fail_input("{}: the {} '{}' may be class {} or {} of {}; name the {}s by class number",
                 data.name, bearer(data), folder, meant[0], meant[1], known.source, bearer(data));
    }
    labels.push_back(static_cast<int>(meant[0]));
  }
  if (labels.empty()) return std::nullopt;
  if (labels.size() < data.class_names.size()) {
    fail_input(
        "{}: the {} '{}' is not called like a class of {}, but others are{}; name all {}s by class "
        "name, or all by class number",
        data.name, bearer(data), stranger, known.source, did_you_mean(stranger, known.names),
        bearer(data));
  }
  if (std::set(labels.begin(), labels.end()).size() < labels.size()) {
    fail_input("{}: two {}s are called like one class of {}; merge them", data.name, bearer(data),
               known.source);
  }
  return labels;
}

/// 0, 1, 2, …
bool numbered(const std::vector<std::string>& names) {
  for (std::size_t c = 0; c < names.size(); ++c)
    if (number_in(names[c]) != c) return false;
  return true;
}

/// Folders 0, 1, 2, 4: label 3 becomes 4.
void label_by_number(Dataset& data, std::size_t classes) {
  const auto numbers = numbers_in(data.class_names, classes);
  if (!numbers) {
    fail_input(
        "{}: has {}s of {} classes ({}), the model {}; their names do not say which classes are "
        "missing; {}name the {}s by class number, or give the names of all classes with --classes",
        data.name, bearer(data), data.class_names.size(), class_order(data.class_names), classes,
        data.naming == Naming::kFolders ? "add an empty folder for each of these, " : "",
        bearer(data));
  }
  data.notes.push_back(fmt::format(
      "{} has {}s of {} of the model's {} classes: their names are taken as class numbers.",
      data.name, bearer(data), data.class_names.size(), classes));
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

std::vector<std::size_t> classes_called(std::string_view text, std::span<const std::string> names) {
  const auto among = [](const std::vector<std::string>& parts, const std::string& part) {
    return std::ranges::count(parts, part) > 0;
  };
  const std::string whole(text);
  auto found = all_that(names, [&](const std::string& name) { return name == whole; });
  if (!found.empty()) return found;
  found = all_that(names, [&](const std::string& name) { return among(synonyms(name), whole); });
  if (!found.empty()) return found;
  const std::string plain = relaxed(text);
  return all_that(names, [&](const std::string& name) {
    const std::string other = relaxed(name);
    return other == plain || among(synonyms(other), plain);
  });
}

int find_class(std::string_view what, std::string_view text, std::span<const std::string> names) {
  const bool marked = text.starts_with('#');
  const std::optional<std::size_t> number = number_in(text.substr(marked ? 1 : 0));
  std::vector<std::size_t> meant;
  if (!marked) meant = classes_called(text, names);
  if (number && *number < names.size() && std::ranges::count(meant, *number) == 0) {
    meant.insert(meant.begin(), *number);
  }
  if (meant.empty()) fail_unknown(what, text, names);
  if (meant.size() > 1) fail_ambiguous(what, text, meant, names);
  return static_cast<int>(meant[0]);
}

void count_from_zero(Dataset& data, std::size_t classes) {
  if (data.naming != Naming::kNumbers || data.class_names.size() != classes + 1) return;
  if (data.labels.empty() || std::ranges::min(data.labels) < 1) return;
  data.notes.push_back(fmt::format(
      "{}: labels are 1 … {} and the model has {} classes: they count from 1, and label 1 is the "
      "model's class 0.",
      data.name, classes, classes));
  for (int& label : data.labels) --label;
  data.class_names.erase(data.class_names.begin());
}

void name_classes(Dataset& data, const ClassNames& names) {
  if (names.names.size() < data.class_names.size())
    throw std::logic_error("name_classes: fewer names than classes");
  if (data.naming != Naming::kNumbers) {
    if (const auto labels = labels_by_name(data, names)) {
      bool moved = false;
      for (int& label : data.labels) {
        const int named = (*labels)[static_cast<std::size_t>(label)];
        moved = moved || named != label;
        label = named;
      }
      if (moved) {
        data.notes.push_back(fmt::format("{}: each {} is the class of {} that has its name.",
                                         data.name, bearer(data), names.source));
      }
    } else if (data.class_names.size() < names.names.size()) {
      label_by_number(data, names.names.size());
    } else if (!numbered(data.class_names)) {
      data.notes.push_back(
          fmt::format("{}: no {} is called like a class of {}: they are taken in their order "
                      "({}).",
                      data.name, bearer(data), names.source, class_order(data.class_names)));
    }
    data.naming = Naming::kNumbers;
  } else if (data.class_names.size() < names.names.size()) {
    data.notes.push_back(fmt::format(
        "{} has {} classes, the model {}: labels are taken as the model's class numbers.",
        data.name, data.class_names.size(), names.names.size()));
  }
  data.class_names = names.names;
}

void take_classes(Dataset& data, std::size_t classes) {
  if (data.class_names.size() >= classes) return;
  if (data.naming != Naming::kNumbers) {
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
