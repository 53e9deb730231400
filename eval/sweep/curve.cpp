// SPDX-License-Identifier: MIT
#include "eval/sweep/curve.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace gibbon::eval::sweep {
namespace {

using reports::record::CurvePoint;
using reports::record::RowKind;
using reports::record::SampleRecord;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double median(std::vector<double>& values) {
  if (values.empty()) return kNan;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  if (values.size() % 2 == 1) return *middle;
  return 0.5 * (*middle + *std::max_element(values.begin(), middle));
}

/// Confidence and distances over the samples fooled at this very budget, and the targets reached.
void describe(std::span<const reports::record::SampleRecord> row,
              reports::record::CurvePoint& point) {
  std::vector<double> confidences;
  for (const reports::record::SampleRecord& r : row) {
    if (r.target >= 0 && r.label != r.target) {
      ++point.targeted_n;
      if (r.fooled != 0 && r.found_label == r.target) ++point.target_reached;
    }
    if (r.fooled == 0) continue;
    confidences.push_back(double{r.confidence});
    for (const Norm norm : kNorms) point.mean_distance[norm] += r.distances[norm];
  }
  const auto fooled = static_cast<double>(confidences.size());
  double sum = 0.0;
  for (const double c : confidences) sum += c;
  point.mean_wrong_confidence = confidences.empty() ? kNan : sum / fooled;
  for (double& mean : point.mean_distance.values) mean = confidences.empty() ? kNan : mean / fooled;
  point.median_wrong_confidence = median(confidences);
}

/// Counts of a row whose samples are out where `out[n]` is set.
void count(std::span<const reports::record::SampleRecord> row, std::span<const char> out,
           std::size_t classes, reports::record::CurvePoint& point) {
  point.n = row.size();
  point.class_n.assign(classes, 0);
  point.class_correct.assign(classes, 0);
  for (std::size_t n = 0; n < row.size(); ++n) {
    const auto label = static_cast<std::size_t>(row[n].label);
    ++point.class_n[label];
    if (row[n].clean_label == row[n].label) ++point.clean_correct;
    if (out[n] != 0) continue;
    ++point.correct;
    ++point.class_correct[label];
  }
}

std::uint64_t standing(std::span<const char> out) {
  return static_cast<std::uint64_t>(std::ranges::count(out, char{0}));
}

}  // namespace

std::vector<reports::record::CurvePoint> summarise(
    const PairInfo& pair, std::span<const double> epsilons, std::size_t classes, bool has_rounded,
    std::span<reports::record::SampleRecord> records) {
  if (records.size() % epsilons.size() != 0)
    throw std::logic_error("summarise: rows of unequal length");
  const std::size_t n = records.size() / epsilons.size();
  std::vector<reports::record::CurvePoint> points;
  std::vector<char> known(n, 0);     // broken at this or a smaller budget
  std::vector<char> previous(n, 0);  // out in the row before
  std::vector<char> rounded_previous(n, 0);
  for (std::size_t e = 0; e < epsilons.size(); ++e) {
    const std::span<reports::record::SampleRecord> row = records.subspan(e * n, n);
    std::vector<char> out(n, 0);
    std::vector<char> rounded_out(n, 0);
    for (std::size_t k = 0; k < n; ++k) {
      const bool wrong = row[k].clean_label != row[k].label;
      out[k] = wrong || row[k].fooled != 0 ? 1 : 0;
      rounded_out[k] = wrong || (row[k].fooled != 0 && row[k].rounded_label >= 0 &&
                                 row[k].rounded_label != row[k].label)
                           ? 1
                           : 0;
      known[k] = known[k] != 0 || out[k] != 0 ? 1 : 0;
      row[k].broken = known[k] != 0 ? 1 : 0;
    }
    reports::record::CurvePoint point{.attack = pair.attack,
                                      .norm = pair.norm,
                                      .kind = pair.kind,
                                      .epsilon = epsilons[e],
                                      .has_rounded = has_rounded};
    // More samples would stand than at the budget below: whoever may use this budget may use that
    // one.
    const auto carry = [&](std::vector<char>& now, const std::vector<char>& before) {
      if (e == 0 || standing(now) <= standing(before)) return;
      for (std::size_t k = 0; k < n; ++k) now[k] = now[k] != 0 || before[k] != 0 ? 1 : 0;
    };
    const std::uint64_t own = standing(out);
    carry(out, previous);
    carry(rounded_out, rounded_previous);
    point.carried = own - standing(out);
    point.correct_rounded = standing(rounded_out);
    count(row, out, classes, point);
    describe(row, point);
    points.push_back(std::move(point));
    previous = std::move(out);
    rounded_previous = std::move(rounded_out);
  }
  return points;
}

std::vector<reports::record::CurvePoint> worst_case(
    const std::string& norm, std::span<const double> epsilons, std::size_t classes,
    std::span<const std::span<const reports::record::SampleRecord>> blocks) {
  const std::size_t n = blocks.front().size() / epsilons.size();
  std::vector<reports::record::CurvePoint> points;
  for (std::size_t e = 0; e < epsilons.size(); ++e) {
    std::vector<char> out(n, 0);
    for (const auto& block : blocks) {
      for (std::size_t k = 0; k < n; ++k) {
        if (block[e * n + k].broken != 0) out[k] = 1;
      }
    }
    reports::record::CurvePoint& point = points.emplace_back(
        reports::record::CurvePoint{.attack = std::string(to_string(RowKind::kWorstCase)),
                                    .norm = norm,
                                    .kind = RowKind::kWorstCase,
                                    .epsilon = epsilons[e],
                                    .mean_wrong_confidence = kNan,
                                    .median_wrong_confidence = kNan});
    point.mean_distance.values.fill(kNan);
    count(blocks.front().subspan(e * n, n), out, classes, point);
  }
  return points;
}

reports::record::DistanceSummary summarise_distances(
    const PairInfo& pair, std::span<const std::span<const reports::record::SampleRecord>> rows) {
  std::vector<double> nearest;
  for (std::size_t n = 0; n < rows.front().size(); ++n) {
    double best = std::numeric_limits<double>::infinity();
    for (const auto& row : rows) best = std::min(best, row[n].nearest);
    nearest.push_back(best);
  }
  std::ranges::sort(nearest);
  return {.attack = pair.attack,
          .norm = pair.norm,
          .kind = pair.kind,
          .n = nearest.size(),
          .found = static_cast<std::uint64_t>(
              std::ranges::count_if(nearest, [](double d) { return std::isfinite(d); })),
          .lower_quartile = reports::record::quantile(nearest, 0.25),
          .median = reports::record::quantile(nearest, 0.5),
          .upper_quartile = reports::record::quantile(nearest, 0.75)};
}

}  // namespace gibbon::eval::sweep
