#include "reports/formats/csv.hpp"

#include <fmt/format.h>

namespace gibbon::reports::formats {

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

std::string to_curve_csv(const record::Run& run) {
  std::string csv =
      "attack,norm,epsilon,n,correct,accuracy,wilson_low,wilson_high,accuracy_on_clean_correct\n";
  for (const record::CurvePoint& point : run.curve) {
    const record::Interval interval = record::wilson95(point.correct, point.n);
    csv +=
        fmt::format("{},{},{},{},{},{},{},{},{}\n", csv_field(point.attack), csv_field(point.norm),
                    point.epsilon, point.n, point.correct, point.accuracy(), interval.low,
                    interval.high, point.accuracy_on_clean_correct());
  }
  return csv;
}

}  // namespace gibbon::reports::formats
