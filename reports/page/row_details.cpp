// SPDX-License-Identifier: MIT
#include "reports/page/row_details.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <string>

namespace gibbon::reports::page {
namespace {

constexpr std::int16_t kRight = -1;

std::size_t bin_of(float confidence) {
  const double bin = std::floor(double{confidence} * kConfidenceBins);
  return static_cast<std::size_t>(std::clamp(bin, 0.0, kConfidenceBins - 1.0));
}

/// What the rows of one norm have said so far of every sample.
struct Memory {
  std::vector<char> out;           ///< not correct in the row before
  std::vector<std::int16_t> said;  ///< at the last ε that fooled
};

/// The norm's worst case: per ε what the first attack said that broke a sample.
using WorstCase = std::map<double, std::vector<std::int16_t>>;

void note(const record::SampleRecord& r, bool out, std::int16_t said, RowDetails& details) {
  if (out) ++details.became[{r.label, said}];
  if (r.fooled != 0) ++details.fooled.at(bin_of(r.confidence));
  if (!out) ++details.right.at(bin_of(r.confidence));
}

/// The rule of the curve: a sample is out where it is wrong when clean or fooled at this ε; where
/// the row carries samples, also where the row before had it out.
RowDetails details_of(const record::CurvePoint& point,
                      std::span<const record::SampleRecord> records, Memory& memory,
                      std::vector<std::int16_t>& worst) {
  RowDetails details{.known = true, .became = {}, .has_confidence = true};
  worst.resize(records.size(), kRight);
  for (std::size_t k = 0; k < records.size(); ++k) {
    const record::SampleRecord& r = records[k];
    const bool wrong = r.clean_label != r.label;
    if (wrong) memory.said[k] = r.clean_label;
    if (r.fooled != 0) memory.said[k] = r.found_label;
    const bool out = wrong || r.fooled != 0 || (point.carried > 0 && memory.out[k] != 0);
    note(r, out, memory.said[k], details);
    memory.out[k] = out ? 1 : 0;
    if (r.broken != 0 && worst[k] == kRight) worst[k] = memory.said[k];
  }
  return details;
}

RowDetails worst_details(std::span<const record::SampleRecord> any_row,
                         const std::vector<std::int16_t>& worst) {
  RowDetails details{.known = true, .became = {}};
  for (std::size_t k = 0; k < any_row.size(); ++k)
    if (worst[k] != kRight) ++details.became[{any_row[k].label, worst[k]}];
  return details;
}

}  // namespace

std::vector<RowDetails> row_details(const record::Run& run) {
  std::vector<RowDetails> all(run.curve.size());
  std::map<std::string, WorstCase> worst;  // per norm
  std::map<std::string, std::span<const record::SampleRecord>>
      any;  // a row of the norm: ids and labels
  Memory memory;
  for (std::size_t row = 0; row < run.curve.size(); ++row) {
    const record::CurvePoint& point = run.curve[row];
    if (point.kind == record::RowKind::kWorstCase) {
      if (any.contains(point.norm))
        all[row] = worst_details(any[point.norm], worst[point.norm][point.epsilon]);
      continue;
    }
    const auto records = run.records(row);
    if (records.empty() || records.size() != point.n) continue;
    const bool same = row > 0 && run.curve[row - 1].attack == point.attack &&
                      run.curve[row - 1].norm == point.norm && memory.out.size() == point.n;
    if (!same) memory = {std::vector<char>(point.n, 0), std::vector<std::int16_t>(point.n, kRight)};
    all[row] = details_of(point, records, memory, worst[point.norm][point.epsilon]);
    any[point.norm] = records;
  }
  return all;
}

std::vector<DistanceHistogram> distance_histograms(const record::Run& run, std::size_t bins) {
  std::vector<DistanceHistogram> all;
  for (const record::DistanceSummary& summary : run.distances) {
    DistanceHistogram& histogram = all.emplace_back();
    std::vector<double> nearest;
    double largest = 0.0;
    for (std::size_t row = 0; row < run.curve.size(); ++row) {
      const record::CurvePoint& point = run.curve[row];
      if (point.norm != summary.norm) continue;
      largest = std::max(largest, point.epsilon);
      const bool counts =
          summary.kind == record::RowKind::kWorstCase || point.attack == summary.attack;
      // Every row of an attack repeats its distances: the first is enough.
      if (!counts || (row > 0 && run.curve[row - 1].attack == point.attack &&
                      run.curve[row - 1].norm == point.norm))
        continue;
      const auto records = run.records(row);
      if (records.size() != summary.n) continue;
      nearest.resize(records.size(), std::numeric_limits<double>::infinity());
      for (std::size_t k = 0; k < records.size(); ++k)
        nearest[k] = std::min(nearest[k], records[k].nearest);
    }
    if (nearest.empty() || largest == 0.0) continue;
    histogram.known = true;
    histogram.bin_width = largest / static_cast<double>(bins);
    histogram.counts.assign(bins, 0);
    for (const double distance : nearest) {
      if (distance == 0.0) {
        ++histogram.wrong_when_clean;
      } else if (std::isinf(distance)) {
        ++histogram.never;
      } else if (distance > largest * (1.0 + 1e-6)) {
        ++histogram.beyond;
      } else {
        const auto bin = static_cast<std::size_t>(distance / histogram.bin_width);
        ++histogram.counts[std::min(bin, bins - 1)];
      }
    }
  }
  return all;
}

}  // namespace gibbon::reports::page
