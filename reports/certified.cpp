#include "reports/certified.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <iterator>

#include "reports/csv.hpp"
#include "reports/text.hpp"

namespace gibbon::reports {
namespace {

using Rows = std::vector<std::vector<std::string>>;

double share(std::uint64_t k, std::uint64_t n) {
  return n == 0 ? 0.0 : static_cast<double>(k) / static_cast<double>(n);
}

/// Widths make the numbers line up below each other.
std::string text_cell(std::uint64_t k, std::uint64_t n) {
  const Interval interval = wilson95(k, n);
  return fmt::format("{}  {}  [{}, {}]", percent(share(k, n)),
                     pad_left(fmt::format("{}/{}", k, n), fmt::formatted_size("{0}/{0}", n)),
                     pad_left(low_end(interval.low), 5), pad_left(high_end(interval.high), 5));
}

std::string markdown_cell(std::uint64_t k, std::uint64_t n) {
  const Interval interval = wilson95(k, n);
  return fmt::format("**{}** {}/{} [{}, {}]", percent(share(k, n)), k, n, low_end(interval.low),
                     high_end(interval.high));
}

/// ε and the cells of the three counts.
Rows band_rows(const Certificates& certificates,
               std::string (*cell)(std::uint64_t k, std::uint64_t n)) {
  Rows rows{{"ε"}};
  rows.front().insert(rows.front().end(), kVerdicts.begin(), kVerdicts.end());
  for (const CertifiedPoint& point : certificates.curve) {
    auto& row = rows.emplace_back(1, epsilon_text(point.epsilon));
    for (const std::uint64_t k : counts_of(point)) row.push_back(cell(k, point.n));
    if (point.exact()) row.back() = "0, exact";
  }
  return rows;
}

Rows radius_rows(const Certificates& certificates) {
  Rows rows;
  for (const RadiusSummary& summary : radius_summaries(certificates)) {
    if (rows.empty())
      rows.push_back(
          {"smallest distance", "known/n", "lower quartile", "median", "upper quartile"});
    auto& row = rows.emplace_back(1, summary.end);
    row.push_back(fmt::format("{}/{}", summary.known, summary.n));
    for (const double quartile : summary.quartiles)
      row.push_back(std::isinf(quartile) ? "not found" : compact(quartile));
  }
  return rows;
}

std::string text_table(const Rows& rows) {
  if (rows.empty()) return {};
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c)
      widths[c] = std::max(widths[c], display_width(row[c]));
  std::string text = "\n";
  for (const auto& row : rows) {
    text += pad_right(row[0], widths[0]);
    for (std::size_t c = 1; c < row.size(); ++c) text += "   " + pad_left(row[c], widths[c]);
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

/// One end of all samples, in order.
RadiusSummary summarise(const Certificates& certificates, std::string end, double unknown,
                        double (*value)(const CertifiedSample&)) {
  RadiusSummary summary{.end = std::move(end), .n = certificates.samples.size()};
  std::vector<double> values;
  for (const CertifiedSample& sample : certificates.samples) values.push_back(value(sample));
  std::ranges::sort(values);
  summary.known = summary.n - static_cast<std::uint64_t>(std::ranges::count(values, unknown));
  for (std::size_t q = 0; q < 3; ++q)
    summary.quartiles.at(q) = quantile(values, 0.25 * static_cast<double>(q + 1));
  return summary;
}

}  // namespace

std::array<std::uint64_t, 3> counts_of(const CertifiedPoint& point) {
  return {point.certified, point.attacked, point.undecided()};
}

std::string to_certified_csv(const Run& run) {
  std::string csv = "norm,epsilon,n,certified,attacked,undecided,clean_correct";
  for (const char* name : kVerdicts) csv += fmt::format(",{0}_share,{0}_low,{0}_high", name);
  csv += '\n';
  for (const Certificates& certificates : run.certificates) {
    for (const CertifiedPoint& point : certificates.curve) {
      csv += fmt::format("{},{},{},{},{},{},{}", csv_field(certificates.norm), point.epsilon,
                         point.n, point.certified, point.attacked, point.undecided(),
                         certificates.clean_correct);
      for (const std::uint64_t k : counts_of(point)) {
        const Interval interval = wilson95(k, point.n);
        csv += fmt::format(",{},{},{}", share(k, point.n), interval.low, interval.high);
      }
      csv += '\n';
    }
  }
  return csv;
}

std::string to_radii_csv(const Run& run) {
  std::string csv = "norm,id,label,predicted,certified,attacked,method,reason\n";
  for (const Certificates& certificates : run.certificates) {
    for (const CertifiedSample& s : certificates.samples) {
      csv += fmt::format("{},{},{},{},{},{},{},{}\n", csv_field(certificates.norm), s.id, s.label,
                         s.predicted, s.certified < 0.0 ? "" : fmt::format("{}", s.certified),
                         std::isinf(s.attacked) ? "" : fmt::format("{}", s.attacked),
                         csv_field(s.method), csv_field(s.reason));
    }
  }
  return csv;
}

std::vector<RadiusSummary> radius_summaries(const Certificates& certificates) {
  if (!certificates.with_radius || certificates.samples.empty()) return {};
  return {summarise(certificates, "certified, at least", 0.0,
                    [](const CertifiedSample& s) { return std::max(0.0, s.certified); }),
          summarise(certificates, "attacked, at most", std::numeric_limits<double>::infinity(),
                    [](const CertifiedSample& s) { return s.attacked; })};
}

std::string to_certified_table(const Certificates& certificates) {
  return fmt::format(
      "certified in {}: no input within ε changes the answer, a lower bound of robust accuracy\n"
      "attacked: one is known that does, or wrong without attack; {} of {} are right\n"
      "share   count/n   [95 % Wilson interval in %]\n{}{}\nsoundness {}\n",
      norm_symbol(certificates.norm), certificates.clean_correct, certificates.curve.front().n,
      text_table(band_rows(certificates, text_cell)), text_table(radius_rows(certificates)),
      certificates.level);
}

std::string to_certified_markdown(const Certificates& certificates) {
  const Rows radii = radius_rows(certificates);
  return fmt::format(
      "{}\nCells: share, count/n, 95 % Wilson interval in %. Certified: no input within ε changes "
      "the answer; attacked: one is known that does, or wrong without attack. Soundness: {}.\n{}",
      markdown_table(band_rows(certificates, markdown_cell)), escape_markdown(certificates.level),
      radii.empty() ? "" : "\n" + markdown_table(radii));
}

std::string certified_answer(const Certificates& certificates) {
  const CertifiedPoint& point = *std::ranges::min_element(
      certificates.curve, {},
      [](const CertifiedPoint& p) { return std::abs(share(p.certified, p.n) - 0.5); });
  const auto rate = [&](std::uint64_t k) {
    const Interval interval = wilson95(k, point.n);
    return fmt::format("{} ({} of {}; 95 % interval {}–{} %)", percent(share(k, point.n)),
                       grouped(k), grouped(point.n), low_end(interval.low),
                       high_end(interval.high));
  };
  const std::string where =
      fmt::format("At ε = {} ({})", epsilon_text(point.epsilon), norm_symbol(certificates.norm));
  if (point.exact())
    return fmt::format("{} {} keep the right answer under every perturbation: exact, 0 undecided.",
                       where, rate(point.certified));
  return fmt::format(
      "{} at least {} are proved to keep the right answer under every perturbation, and at most {} "
      "do; {} are undecided.",
      where, rate(point.certified), rate(point.standing()), grouped(point.undecided()));
}

}  // namespace gibbon::reports
