// SPDX-License-Identifier: MIT
// Tables: one sample a row, a header with the names of the columns, one of them the label.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fmt/ranges.h>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/printable.hpp"
#include "datasets/array_set.hpp"
#include "datasets/classes.hpp"
#include "datasets/csv_rows.hpp"
#include "datasets/labels.hpp"
#include "datasets/layout.hpp"
#include "datasets/paths.hpp"
#include "datasets/split.hpp"
#include "datasets/units.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {
namespace {

constexpr std::array<std::string_view, 5> kLabelNames{"label", "labels", "class", "target",
                                                      "species"};

std::optional<double> number_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// How spreadsheets and pandas write that a value is not known.
bool is_missing(std::string_view text) {
  static const std::set<std::string> kWords{"", "na", "n/a", "nan", "null", "none", "?", "-"};
  return kWords.contains(in_lower_case(std::string(text)));
}

/// A table as it stands in its file.
struct Table {
  std::vector<std::string> columns;
  std::vector<double> values;         ///< rows × columns, without the label's
  std::vector<std::string> labels;    ///< one a row
  std::size_t label_column = 0;       ///< of the file
  std::vector<std::string> features;  ///< names of the columns of values
};

/// Reads one file.
class TableReader {
 public:
  explicit TableReader(const fs::path& path)
      : path_(path), text_(read_file(path)), rows_(text_, path) {}

  Table read(std::vector<std::string>& notes) {
    Table table;
    read_header(table, notes);
    const std::size_t count = table.columns.size();
    std::vector<std::string> fields;
    while (rows_.next(fields)) {
      if (fields.size() != count) {
        fail_input(
            "{}: line {}: has {} columns, the header {}; every row needs all of them; mend or "
            "remove it",
            path_.string(), rows_.line(), fields.size(), count);
      }
      for (std::size_t c = 0; c < count; ++c) {
        if (c == table.label_column) {
          table.labels.push_back(label_in(fields[c], table.columns[c]));
        } else {
          table.values.push_back(number_in_column(fields[c], table.columns[c]));
        }
      }
    }
    if (table.labels.empty()) {
      fail_input("{}: has a header and no rows; allowed is a sample a line; add some",
                 path_.string());
    }
    return table;
  }

 private:
  void read_header(Table& table, std::vector<std::string>& notes) {
    if (!rows_.next(table.columns)) {
      fail_input("{}: is empty; allowed is a header, then a sample a line", path_.string());
    }
    const std::vector<std::string>& names = table.columns;
    if (std::ranges::all_of(names, [](const auto& n) { return number_of(n).has_value(); }) &&
        !counts_up(names)) {
      fail_input(
          "{}: the first line is numbers ({}, …); allowed is a header that names the columns, one "
          "of them 'label'; put such a line first",
          path_.string(), names.front());
    }
    std::set<std::string> seen;
    for (const std::string& name : names) {
      if (!seen.insert(name).second) {
        fail_input("{}: two columns are called '{}'; allowed is each name once; rename one",
                   path_.string(), printable(name));
      }
    }
    if (names.size() < 2) {
      fail_input(
          "{}: has one column, '{}'; allowed are features and a label, between commas, "
          "semicolons or tabs",
          path_.string(), printable(names.front()));
    }
    choose_label(table, notes);
    for (std::size_t c = 0; c < names.size(); ++c) {
      if (c != table.label_column) table.features.push_back(names[c]);
    }
  }

  /// "0", "1", "2", …: how pandas calls columns without names. The label's comes first or last.
  static bool counts_up(const std::vector<std::string>& names) {
    for (std::size_t c = 0; c < names.size(); ++c)
      if (number_of(names[c]) != static_cast<double>(c)) return false;
    return true;
  }

  static std::vector<std::size_t> columns_called(const Table& table,
                                                 std::span<const std::string_view> names) {
    std::vector<std::size_t> found;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      if (std::ranges::count(names, in_lower_case(table.columns[c])) > 0) found.push_back(c);
    }
    return found;
  }

  void choose_label(Table& table, std::vector<std::string>& notes) const {
    const std::vector<std::size_t> by_y = columns_called(table, std::array{std::string_view("y")});
    std::vector<std::size_t> found = columns_called(table, kLabelNames);
    if (found.empty()) found = by_y;  // beside x, y is a coordinate
    if (found.size() > 1) {
      fail_input(
          "{}: the columns '{}' and '{}' may both be the label; allowed is one of {}; rename the "
          "other",
          path_.string(), printable(table.columns[found[0]]), printable(table.columns[found[1]]),
          fmt::join(kLabelNames, ", "));
    }
    if (found.empty() && counts_up(table.columns)) {
      fail_input("{}: the columns are numbered and none is called 'label'; name the one that is",
                 path_.string());
    }
    table.label_column = found.empty() ? table.columns.size() - 1 : found[0];
    notes.push_back(fmt::format("{}: the label is the column '{}'{}.", path_.string(),
                                table.columns[table.label_column],
                                found.empty() ? ", the last one" : ""));
  }

  [[nodiscard]] std::string label_in(const std::string& field, const std::string& column) const {
    if (!is_missing(field)) return field;
    fail_input("{}: line {}, column '{}': the label is missing ('{}'); leave the row out",
               path_.string(), rows_.line(), printable(column), field);
  }

  [[nodiscard]] double number_in_column(const std::string& field, const std::string& column) const {
    const std::optional<double> number = number_of(field);
    if (number && std::isfinite(*number)) return *number;
    const std::string where =
        fmt::format("{}: line {}, column '{}'", path_.string(), rows_.line(), printable(column));
    if (is_missing(field) || number) {
      fail_input(
          "{}: the value is missing ('{}'); allowed are numbers; fill it or leave the row out",
          where, printable(field));
    }
    fail_input(
        "{}: '{}' is not a number; allowed are numbers with a decimal point; encode the column as "
        "numbers or leave it out",
        where, printable(field));
  }

  fs::path path_;
  std::string text_;
  CsvRows rows_;
};

/// A column of row numbers, as pandas writes its index, is no feature.
void drop_index(Table& table, const fs::path& path, std::vector<std::string>& notes) {
  const std::size_t width = table.features.size();
  const std::string name = in_lower_case(table.features[0]);
  if (width < 2 || !(name.empty() || name == "unnamed: 0" || name == "id" || name == "index"))
    return;
  const double first = table.values[0];
  for (std::size_t n = 0; n < table.labels.size(); ++n)
    if (table.values[n * width] != first + static_cast<double>(n)) return;
  std::vector<double> kept;
  kept.reserve(table.values.size() - table.labels.size());
  for (std::size_t k = 0; k < table.values.size(); ++k)
    if (k % width != 0) kept.push_back(table.values[k]);
  notes.push_back(fmt::format("{}: the first column, '{}', numbers the rows and is left out.",
                              path.string(), table.features[0]));
  table.values = std::move(kept);
  table.features.erase(table.features.begin());
}

/// pixel0, pixel1, …, or 1x1, 1x2, …: names that differ in their numbers only.
bool are_pixels(const std::vector<std::string>& names) {
  const auto letters = [](const std::string& name) {
    std::string out;
    for (const char c : name)
      if (c < '0' || c > '9') out += c;
    return out;
  };
  return std::ranges::all_of(names, [&](const std::string& name) {
    return letters(name).size() < name.size() && letters(name) == letters(names[0]);
  });
}

std::vector<Feature> own_ranges(const Table& table) {
  const std::size_t width = table.features.size();
  std::vector<Feature> out;
  for (std::size_t d = 0; d < width; ++d)
    out.push_back({table.features[d], table.values[d], table.values[d]});
  for (std::size_t k = 0; k < table.values.size(); ++k) {
    Feature& feature = out[k % width];
    feature.lower = std::min(feature.lower, table.values[k]);
    feature.upper = std::max(feature.upper, table.values[k]);
  }
  return out;
}

/// data.csv has data.ranges.csv, with or without .gz.
fs::path ranges_file(const fs::path& path) {
  fs::path plain = path;
  if (lower_extension(plain) == ".gz") plain.replace_extension();
  return plain.replace_extension(".ranges.csv");
}

/// name,min,max of every feature.
std::vector<Feature> stated_ranges(const fs::path& file, const std::vector<std::string>& names) {
  const std::string text = read_file(file);
  CsvRows rows(text, file);
  std::vector<std::string> fields;
  std::vector<Feature> stated;
  bool header = true;
  while (rows.next(fields)) {
    const auto fail = [&](const std::string& what) {
      fail_input(
          "{}: line {}: {}; allowed is a header name,min,max, then a feature a line with "
          "min < max",
          file.string(), rows.line(), what);
    };
    if (fields.size() != 3) fail(fmt::format("has {} columns", fields.size()));
    if (std::exchange(header, false)) {
      if (fields != std::vector<std::string>{"name", "min", "max"}) fail("is not that header");
      continue;
    }
    const auto lower = number_of(fields[1]);
    const auto upper = number_of(fields[2]);
    if (!lower || !upper || !(*lower < *upper) || !std::isfinite(*upper - *lower))
      fail(fmt::format("'{}' to '{}' is not a range", printable(fields[1]), printable(fields[2])));
    if (std::ranges::count(names, fields[0]) == 0)
      fail(fmt::format("'{}' is not a feature of the table", printable(fields[0])));
    if (std::ranges::count(stated, fields[0], &Feature::name) > 0)
      fail(fmt::format("'{}' stands there twice", printable(fields[0])));
    stated.push_back({fields[0], *lower, *upper});
  }
  std::vector<Feature> out;
  for (const std::string& name : names) {
    const auto found = std::ranges::find(stated, name, &Feature::name);
    if (found == stated.end()) {
      fail_input("{}: has no range of '{}'; allowed is one of every feature; add it", file.string(),
                 printable(name));
    }
    out.push_back(*found);
  }
  return out;
}

/// Every feature from its range to [0, 1]; one that does not vary becomes 0.
std::vector<float> scaled(const Table& table, const std::vector<Feature>& ranges,
                          const fs::path& stated_in) {
  const std::size_t width = ranges.size();
  std::vector<float> out(table.values.size());
  for (std::size_t k = 0; k < out.size(); ++k) {
    const Feature& feature = ranges[k % width];
    const double value = table.values[k];
    if (value < feature.lower || value > feature.upper) {
      fail_input(
          "{}: '{}' is {:g} in sample {}, outside of [{:g}, {:g}]; give a range that holds all "
          "values",
          stated_in.string(), printable(feature.name), value, k / width, feature.lower,
          feature.upper);
    }
    const double span = feature.upper - feature.lower;
    out[k] = span > 0.0 ? static_cast<float>((value - feature.lower) / span) : 0.0F;
  }
  return out;
}

/// What becomes of the features, and how ε is to be read then.
void note_ranges(const fs::path& path, const fs::path& sidecar, bool stated,
                 const std::vector<Feature>& ranges, std::vector<std::string>& notes) {
  const auto widest =
      std::ranges::max_element(ranges, {}, [](const Feature& f) { return f.upper - f.lower; });
  notes.push_back(fmt::format(
      "{}: every feature was taken from its range to [0, 1]: ε is a share of the range of each "
      "feature, 0.1 moves '{}' ({:g} … {:g}) by up to {:g}.",
      path.string(), widest->name, widest->lower, widest->upper,
      0.1 * (widest->upper - widest->lower)));
  if (stated) {
    notes.push_back(
        fmt::format("{}: the ranges are those in {}.", path.string(), sidecar.string()));
    return;
  }
  notes.push_back(fmt::format(
      "{}: the ranges are the smallest and largest values of this file. Another file of the same "
      "table has others: to use both with one model, write name,min,max of every feature to {} for "
      "each of them.",
      path.string(), sidecar.string()));
  const auto constant =
      std::ranges::count_if(ranges, [](const Feature& f) { return f.lower == f.upper; });
  if (constant > 0) {
    notes.push_back(fmt::format(
        "{}: {} of {} features have one value in all samples, e.g. '{}'.", path.string(), constant,
        ranges.size(),
        std::ranges::find_if(ranges, [](const Feature& f) { return f.lower == f.upper; })->name));
  }
}

ClassLabels labels_of(const Table& table, const fs::path& path, std::vector<std::string>& notes) {
  const std::string where =
      fmt::format("{}: {}", path.string(), printable(table.columns[table.label_column]));
  std::vector<double> numbers;
  for (const std::string& label : table.labels) {
    const std::optional<double> number = number_of(label);
    if (!number) return text_labels(table.labels, where, notes);
    numbers.push_back(*number);
  }
  return number_labels(numbers, where, notes);
}

Dataset load_csv(const fs::path& path, const Request& request) {
  require_split(path.string(), request.split);
  Dataset data{.name = path.string(), .split = "all"};
  Table table = TableReader(path).read(data.notes);
  drop_index(table, path, data.notes);
  ClassLabels classes = labels_of(table, path, data.notes);
  data.labels = std::move(classes.labels);
  data.class_names = std::move(classes.class_names);
  data.naming = classes.naming;
  const std::size_t width = table.features.size();
  const std::size_t side = square_side(width);
  const fs::path sidecar = ranges_file(path);
  const bool stated = is_there(sidecar);
  const bool pixels = request.layout != Layout::kPoints && side > 0 && are_pixels(table.features);
  data.shape = {1, width, 1, false};
  std::vector<Feature> ranges = own_ranges(table);
  std::vector<float> values(table.values.begin(), table.values.end());
  if (pixels || request.range || request.layout == Layout::kGrey) {
    const std::array sizes{table.labels.size(), width};
    data.shape =
        arrange(sizes, pixels ? Layout::kGrey : request.layout, path.string(), values, data.notes);
    to_unit(values, {.where = path.string(), .kind = 'f', .each = width, .image = data.shape.image},
            request.range, data.notes);
    const Interval all = request.range.value_or(Interval{});
    for (Feature& feature : ranges) feature = {feature.name, all.lower, all.upper};
  } else if (stated) {
    ranges = stated_ranges(sidecar, table.features);
    values = scaled(table, ranges, sidecar);
    note_ranges(path, sidecar, true, ranges, data.notes);
  } else if (std::ranges::any_of(ranges,
                                 [](const Feature& f) { return f.lower < 0.0 || f.upper > 1.0; })) {
    values = scaled(table, ranges, path);
    note_ranges(path, sidecar, false, ranges, data.notes);
  } else {
    for (Feature& feature : ranges) feature = {feature.name, 0.0, 1.0};
  }
  if (!data.shape.image) data.features = std::move(ranges);
  take_samples(data, values);
  note_one_set(data);
  return data;
}

}  // namespace

const FormatInfo& csv_info() {
  static constexpr FormatInfo kInfo{
      .name = "FILE.csv",
      .summary = "a table with a header: a sample a row, features and a column 'label'",
      .recognises =
          [](const fs::path& path) {
            const std::string name = plain_name(path);
            return name.ends_with(".csv") || name.ends_with(".tsv") ? FormatInfo::Fit::kYes
                                                                    : FormatInfo::Fit::kNo;
          },
      .load = &load_csv};
  return kInfo;
}

}  // namespace gibbon::datasets
