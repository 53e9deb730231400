// SPDX-License-Identifier: MIT
#include "reports/figure/figure_band.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "reports/figure/gnuplot.hpp"
#include "reports/record/record.hpp"

namespace gibbon::reports::figure {
namespace {

constexpr std::string_view kCertified = "certified";
constexpr std::string_view kStanding = "not falsified";
constexpr std::string_view kUndecided = "undecided between";
constexpr std::string_view kExact = "exact (0 undecided)";

std::vector<record::CertifiedPoint> points_from_zero(const record::Certificates& certificates) {
  std::vector<record::CertifiedPoint> points = certificates.curve;
  const record::CertifiedPoint& first = points.front();
  if (first.epsilon > 0.0)
    points.insert(points.begin(), {.epsilon = 0.0,
                                   .n = first.n,
                                   .certified = certificates.clean_correct,
                                   .attacked = first.n - certificates.clean_correct});
  return points;
}

bool any_exact(const record::Certificates& certificates) {
  return std::ranges::any_of(certificates.curve, &record::CertifiedPoint::exact);
}

bool all_exact(const record::Certificates& certificates) {
  return std::ranges::all_of(certificates.curve, &record::CertifiedPoint::exact);
}

std::string data_line(const record::CertifiedPoint& point) {
  const auto percent = [&](std::uint64_t k) {
    return 100.0 * static_cast<double>(k) / static_cast<double>(point.n);
  };
  const record::Interval interval = record::wilson95(point.certified, point.n);
  return fmt::format("{} {} {} {} {}\n", point.epsilon, percent(point.certified),
                     100.0 * interval.low, 100.0 * interval.high, percent(point.standing()));
}

std::string named(const Band& band, std::string_view what) {
  return band.name.empty() ? std::string(what) : fmt::format("{} · {}", band.name, what);
}

}  // namespace

std::vector<std::string> band_names(const Band& band) {
  if (all_exact(*band.certificates)) return {named(band, kExact)};
  std::vector<std::string> names{named(band, kUndecided), named(band, kStanding),
                                 named(band, kCertified)};
  if (any_exact(*band.certificates)) names.push_back(named(band, kExact));
  return names;
}

std::string band_blocks(const Band& band, std::size_t index) {
  std::string edges = fmt::format("$band{} << END\n", index);
  std::string exact = fmt::format("$exact{} << END\n", index);
  for (const record::CertifiedPoint& point : points_from_zero(*band.certificates)) {
    edges += data_line(point);
    exact += point.exact() ? data_line(point) : "\n";  // a line breaks there
  }
  return edges + "END\n" + exact + "END\n";
}

std::vector<std::string> band_areas(const Band& band, std::size_t index) {
  std::vector<std::string> areas;
  if (!all_exact(*band.certificates))
    areas.push_back(
        fmt::format("$band{} using 1:2:5 with filledcurves fs transparent solid 0.3 noborder lc "
                    "rgb '#{}' title {}",
                    index, band.colour, gnuplot_quoted(named(band, kUndecided))));
  areas.push_back(
      fmt::format("$band{} using 1:3:4 with filledcurves fs transparent solid 0.12 noborder lc rgb "
                  "'#{}' notitle",
                  index, band.colour));
  return areas;
}

std::vector<std::string> band_lines(const Band& band, std::size_t index) {
  std::vector<std::string> lines;
  if (!all_exact(*band.certificates)) {
    lines.push_back(fmt::format("$band{} using 1:5 with lines lc rgb '#{}' dt 1 lw 1.2 title {}",
                                index, band.colour, gnuplot_quoted(named(band, kStanding))));
    lines.push_back(fmt::format("$band{} using 1:2 with lines lc rgb '#{}' dt 2 lw 2.4 title {}",
                                index, band.colour, gnuplot_quoted(named(band, kCertified))));
  }
  if (any_exact(*band.certificates))
    lines.push_back(
        fmt::format("$exact{} using 1:2 with linespoints lc rgb '#{}' dt 1 lw 2.8 pt 7 ps 0.6 "
                    "title {}",
                    index, band.colour, gnuplot_quoted(named(band, kExact))));
  return lines;
}

}  // namespace gibbon::reports::figure
