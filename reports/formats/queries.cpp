#include "reports/formats/queries.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>

#include "reports/formats/csv.hpp"

namespace gibbon::reports::formats {
namespace {

std::uint64_t passes(const record::SampleRecord& r) {
  return std::uint64_t{r.forwards} + std::uint64_t{r.backwards};
}

}  // namespace

std::vector<QueryPoint> query_curve(const record::Run& run, std::size_t row) {
  const auto samples = run.records(row);
  std::uint64_t most = 0;
  std::uint64_t correct = 0;
  std::vector<std::uint64_t> broken;  // after so many passes
  for (const record::SampleRecord& r : samples) {
    most = std::max(most, passes(r));
    if (r.clean_label != r.label) continue;
    ++correct;
    if (r.fooled != 0) broken.push_back(passes(r));
  }
  std::ranges::sort(broken);
  std::vector<QueryPoint> curve;
  if (most == 0) return curve;
  for (std::uint64_t decade = 1;; decade *= 10) {
    for (const std::uint64_t step : {1U, 2U, 5U}) {
      const std::uint64_t queries = step * decade;
      const auto by_then = std::ranges::upper_bound(broken, queries) - broken.begin();
      curve.push_back({queries, correct - static_cast<std::uint64_t>(by_then)});
      if (queries >= most) return curve;
    }
  }
}

std::string to_queries_csv(const record::Run& run) {
  std::string csv = "attack,norm,epsilon,queries,n,correct,accuracy\n";
  for (std::size_t row = 0; row < run.curve.size(); ++row) {
    const record::CurvePoint& point = run.curve[row];
    for (const QueryPoint& at : query_curve(run, row)) {
      csv += fmt::format("{},{},{},{},{},{},{}\n", csv_field(point.attack), csv_field(point.norm),
                         point.epsilon, at.queries, point.n, at.correct,
                         static_cast<double>(at.correct) / static_cast<double>(point.n));
    }
  }
  return csv;
}

std::string to_distances_csv(const record::Run& run) {
  std::string csv = "attack,norm,n,found,lower_quartile,median,upper_quartile\n";
  for (const record::DistanceSummary& d : run.distances) {
    csv += fmt::format("{},{},{},{},{},{},{}\n", csv_field(d.attack), csv_field(d.norm), d.n,
                       d.found, d.lower_quartile, d.median, d.upper_quartile);
  }
  return csv;
}

}  // namespace gibbon::reports::formats
