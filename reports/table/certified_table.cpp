#include "reports/table/certified_table.hpp"

#include <cmath>
#include <fmt/format.h>

#include "reports/record/certified.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::table {
namespace {

using Rows = std::vector<std::vector<std::string>>;

double share(std::uint64_t k, std::uint64_t n) {
  return n == 0 ? 0.0 : static_cast<double>(k) / static_cast<double>(n);
}

/// Widths make the numbers line up below each other.
std::string text_cell(std::uint64_t k, std::uint64_t n) {
  const record::Interval interval = record::wilson95(k, n);
  return fmt::format(
      "{}  {}  [{}, {}]", record::percent(share(k, n)),
      record::pad_left(fmt::format("{}/{}", k, n), fmt::formatted_size("{0}/{0}", n)),
      record::pad_left(record::low_end(interval.low), 5),
      record::pad_left(record::high_end(interval.high), 5));
}

std::string markdown_cell(std::uint64_t k, std::uint64_t n) {
  const record::Interval interval = record::wilson95(k, n);
  return fmt::format("**{}** {}/{} [{}, {}]", record::percent(share(k, n)), k, n,
                     record::low_end(interval.low), record::high_end(interval.high));
}

/// ε and the cells of the three counts.
Rows band_rows(const record::Certificates& certificates,
               std::string (*cell)(std::uint64_t k, std::uint64_t n)) {
  Rows rows{{"ε"}};
  rows.front().insert(rows.front().end(), record::kVerdicts.begin(), record::kVerdicts.end());
  for (const record::CertifiedPoint& point : certificates.curve) {
    auto& row = rows.emplace_back(1, record::epsilon_text(point.epsilon));
    for (const std::uint64_t k : record::counts_of(point)) row.push_back(cell(k, point.n));
    if (point.exact()) row.back() = "0, exact";
  }
  return rows;
}

Rows radius_rows(const record::Certificates& certificates) {
  Rows rows;
  for (const record::RadiusSummary& summary : record::radius_summaries(certificates)) {
    if (rows.empty())
      rows.push_back(
          {"smallest distance", "known/n", "lower quartile", "median", "upper quartile"});
    auto& row = rows.emplace_back(1, summary.end);
    row.push_back(fmt::format("{}/{}", summary.known, summary.n));
    for (const double quartile : summary.quartiles)
      row.push_back(std::isinf(quartile) ? "not found" : record::compact(quartile));
  }
  return rows;
}

std::string text_table(const Rows& rows) {
  if (rows.empty()) return {};
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c)
      widths[c] = std::max(widths[c], record::display_width(row[c]));
  std::string text = "\n";
  for (const auto& row : rows) {
    text += record::pad_right(row[0], widths[0]);
    for (std::size_t c = 1; c < row.size(); ++c)
      text += "   " + record::pad_left(row[c], widths[c]);
    text += "\n";
  }
  return text;
}

std::string markdown_table(const Rows& rows) {
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    text += fmt::format("| {} |\n", fmt::join(rows[r], " | "));
    if (r > 0) continue;
    text += "|---";
    for (std::size_t c = 1; c < rows[r].size(); ++c) text += "|---:";
    text += "|\n";
  }
  return text;
}

}  // namespace

std::string to_certified_table(const record::Certificates& certificates) {
  return fmt::format(
      "certified in {}: no input within ε changes the answer, a lower bound of robust accuracy\n"
      "attacked: one is known that does, or wrong without attack; {} of {} are right\n"
      "share   count/n   [95 % Wilson interval in %]\n{}{}\nsoundness {}\n",
      record::norm_symbol(certificates.norm), certificates.clean_correct,
      certificates.curve.front().n, text_table(band_rows(certificates, text_cell)),
      text_table(radius_rows(certificates)), certificates.level);
}

std::string to_certified_markdown(const record::Certificates& certificates) {
  const Rows radii = radius_rows(certificates);
  return fmt::format(
      "{}\nCells: share, count/n, 95 % Wilson interval in %. Certified: no input within ε changes "
      "the answer; attacked: one is known that does, or wrong without attack. Soundness: {}.\n{}",
      markdown_table(band_rows(certificates, markdown_cell)),
      record::escape_markdown(certificates.level),
      radii.empty() ? "" : "\n" + markdown_table(radii));
}

}  // namespace gibbon::reports::table
