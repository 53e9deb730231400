// SPDX-License-Identifier: MIT
#include "datasets/csv_rows.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace gibbon::datasets {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

CsvRows::CsvRows(std::string_view text, std::filesystem::path path)
    : rest_(text), path_(std::move(path)) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (rest_.starts_with(kMark)) rest_.remove_prefix(kMark.size());
  const std::string_view first = rest_.substr(0, rest_.find('\n'));
  auto most = std::ranges::count(first, ',');
  for (const char other : {';', '\t'}) {
    const auto count = std::ranges::count(first, other);
    if (count > most) separator_ = other;
    most = std::max(most, count);
  }
}

void CsvRows::take_quoted(std::string& field) {
  rest_.remove_prefix(1);
  while (true) {
    const std::size_t quote = rest_.find('"');
    if (quote == std::string_view::npos) {
      fail_input("{}: line {}: a quote is opened and not closed; close it", path_.string(), line_);
    }
    field += rest_.substr(0, quote);
    next_line_ += static_cast<std::size_t>(std::ranges::count(rest_.substr(0, quote), '\n'));
    rest_.remove_prefix(quote + 1);
    if (!rest_.starts_with('"')) return;
    field += '"';
    rest_.remove_prefix(1);
  }
}

bool CsvRows::next(std::vector<std::string>& fields) {
  while (rest_.starts_with('\n') || rest_.starts_with("\r\n")) {
    rest_.remove_prefix(rest_.find('\n') + 1);
    ++next_line_;
  }
  if (rest_.empty()) return false;
  line_ = next_line_;
  std::size_t count = 0;
  while (true) {
    if (fields.size() == count) fields.emplace_back();
    std::string& field = fields[count++];
    field.clear();
    const bool quoted = rest_.starts_with('"');
    if (quoted) take_quoted(field);
    const std::size_t end = std::min({rest_.find(separator_), rest_.find('\n'), rest_.size()});
    std::string_view plain = rest_.substr(0, end);
    if (plain.ends_with('\r')) plain.remove_suffix(1);
    plain = trimmed(plain);
    if (quoted && !plain.empty()) {
      fail_input("{}: line {}: '{}' stands behind a closing quote; put the whole field in quotes",
                 path_.string(), line_, plain);
    }
    if (!quoted) field = plain;
    const bool more = end < rest_.size() && rest_[end] == separator_;
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (more) continue;
    ++next_line_;
    fields.resize(count);
    return true;
  }
}

}  // namespace gibbon::datasets
