// SPDX-License-Identifier: MIT
#include "reports/figure/figure_band.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "reports/figure/gnuplot.hpp"
#include "reports/record/record.hpp"

namespace gibbon::reports::figure {
namespace {

// Like no attack's: violet, which Okabe and Ito's colours leave free.
constexpr std::string_view kColour = "6A3D9A";
constexpr const char* kCertified = "certified";
constexpr const char* kStanding = "not falsified";
constexpr const char* kUndecided = "undecided between";
constexpr const char* kExact = "exact (0 undecided)";

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

}  // namespace

std::vector<std::string> band_names(const record::Certificates& certificates) {
  if (all_exact(certificates)) return {kExact};
  std::vector<std::string> names{kUndecided, kStanding, kCertified};
  if (any_exact(certificates)) names.emplace_back(kExact);
  return names;
}

std::string band_blocks(const record::Certificates& certificates) {
  std::string band = "$band << END\n";
  std::string exact = "$exact << END\n";
  for (const record::CertifiedPoint& point : points_from_zero(certificates)) {
    band += data_line(point);
    exact += point.exact() ? data_line(point) : "\n";  // a line breaks there
  }
  return band + "END\n" + exact + "END\n";
}

std::vector<std::string> band_areas(const record::Certificates& certificates) {
  std::vector<std::string> areas;
  if (!all_exact(certificates))
    areas.push_back(
        fmt::format("$band using 1:2:5 with filledcurves fs transparent solid 0.3 noborder lc rgb "
                    "'#{}' title {}",
                    kColour, gnuplot_quoted(kUndecided)));
  areas.push_back(
      fmt::format("$band using 1:3:4 with filledcurves fs transparent solid 0.18 noborder lc rgb "
                  "'#{}' notitle",
                  kColour));
  return areas;
}

std::vector<std::string> band_lines(const record::Certificates& certificates) {
  std::vector<std::string> lines;
  if (!all_exact(certificates)) {
    lines.push_back(fmt::format("$band using 1:5 with lines lc rgb '#{}' dt 1 lw 1.2 title {}",
                                kColour, gnuplot_quoted(kStanding)));
    lines.push_back(fmt::format("$band using 1:2 with lines lc rgb '#{}' dt 2 lw 2.4 title {}",
                                kColour, gnuplot_quoted(kCertified)));
  }
  if (any_exact(certificates))
    lines.push_back(
        fmt::format("$exact using 1:2 with linespoints lc rgb '#{}' dt 1 lw 2.8 pt 7 ps 0.6 "
                    "title {}",
                    kColour, gnuplot_quoted(kExact)));
  return lines;
}

}  // namespace gibbon::reports::figure
