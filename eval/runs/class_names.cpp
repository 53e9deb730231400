// SPDX-License-Identifier: MIT
#include "eval/runs/class_names.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/printable.hpp"
#include "reports/formats/parse_json.hpp"
#include "reports/record/error.hpp"

namespace gibbon::eval::runs {
namespace {

constexpr std::string_view kRemedy =
    "not names of classes; allowed are one name a line, a JSON list of names, or a JSON object "
    "{\"0\": name, …}";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// What Python prints of lists and dicts, as JSON: texts in double quotes, numbers as keys in such,
/// too. JSON stays as it is.
std::string as_json(std::string_view text) {
  std::string out;
  for (std::size_t k = 0; k < text.size(); ++k) {
    const char quote = text[k];
    if (quote == '"' || quote == '\'') {
      out += '"';
      for (++k; k < text.size() && text[k] != quote; ++k) {
        if (text[k] == '\\' && k + 1 < text.size()) {
          if (text[++k] != '\'') out += '\\';
        } else if (text[k] == '"') {
          out += '\\';
        }
        out += text[k];
      }
      out += '"';
      continue;
    }
    std::size_t end = k;
    while (end < text.size() && is_digit(text[end])) ++end;
    std::size_t colon = end;
    while (colon < text.size() && is_blank(text[colon])) ++colon;
    if (end > k && colon < text.size() && text[colon] == ':') {
      out.append("\"").append(text.substr(k, end - k)).append("\"");
      k = end - 1;
    } else {
      out += quote;
    }
  }
  return out;
}

std::vector<std::string> from_json(std::string_view text, const std::string& where) {
  const nlohmann::ordered_json json = reports::formats::parse_json(as_json(text), where, kRemedy);
  const reports::formats::JsonPart root(json, where, kRemedy);
  if (json.is_array()) return root.as<std::vector<std::string>>();
  if (!json.is_object()) root.fail("is neither a list nor an object");
  std::vector<std::string> names;
  for (std::size_t c = 0; c < json.size(); ++c) {
    const reports::formats::JsonPart value = root[std::to_string(c).c_str()];
    names.push_back(value.json().is_array() && value.size() > 0
                        ? value[value.size() - 1].as<std::string>()
                        : value.as<std::string>());
  }
  return names;
}

/// "n01440764 tench": n, eight digits and a blank.
bool has_wordnet_id(std::string_view line) {
  constexpr std::size_t kLength = 9;
  return line.size() > kLength + 1 && line[0] == 'n' && is_blank(line[kLength]) &&
         std::ranges::all_of(line.substr(1, kLength - 1), is_digit);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (is_blank(text.front()) || text.front() == '\r')) text.remove_prefix(1);
  while (!text.empty() && (is_blank(text.back()) || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::vector<std::string> from_lines(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    names.emplace_back(trimmed(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (std::ranges::all_of(names, has_wordnet_id)) {
    for (std::string& name : names) name = trimmed(std::string_view(name).substr(10));
  }
  return names;
}

bool is_list(std::string_view text) { return text.starts_with('[') || text.starts_with('{'); }

}  // namespace

std::vector<std::string> parse_class_names(std::string_view text, const std::string& where) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::size_t first = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  std::vector<std::string> names;
  try {
    names = is_list(text.substr(first)) ? from_json(text, where) : from_lines(text);
  } catch (const reports::record::Error& error) {
    fail_input("{}", error.what());
  }
  if (names.empty()) fail_input("{}: {}", where, kRemedy);
  for (std::size_t c = 0; c < names.size(); ++c) {
    if (names[c].empty())
      fail_input("{}: class {} has an empty name; every class needs one", where, c);
    if (printable(names[c]) != names[c]) {
      fail_input("{}: the name of class {}, '{}', is not UTF-8 text or holds control characters",
                 where, c, printable(names[c]));
    }
  }
  return names;
}

datasets::ClassNames class_names(const std::filesystem::path& file, const models::Target& target,
                                 std::vector<std::string>& notes) {
  const std::size_t classes = target.num_classes();
  if (!file.empty()) {
    datasets::ClassNames out{.names = parse_class_names(read_file(file), file.string()),
                             .source = file.string()};
    if (out.names.size() != classes) {
      fail_input(
          "{}: {} names, but {} has {} classes; give one name for each class, in their order",
          file.string(), out.names.size(), target.architecture, classes);
    }
    return out;
  }
  for (const char* key : {"names", "classes"}) {
    const auto entry = target.metadata.find(key);
    if (entry == target.metadata.end() || !is_list(entry->second)) continue;
    const std::string where = fmt::format("the model's metadata '{}'", key);
    try {
      datasets::ClassNames out{.names = parse_class_names(entry->second, where), .source = where};
      if (out.names.size() == classes) return out;
      notes.push_back(
          fmt::format("The model's metadata '{}' hold {} names, but it has {} classes: "
                      "they are not used.",
                      key, out.names.size(), classes));
    } catch (const Error& error) {
      notes.push_back(
          fmt::format("The names in the model's metadata are not used: {}.", error.what()));
    }
  }
  return {};
}

}  // namespace gibbon::eval::runs
