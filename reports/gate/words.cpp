// SPDX-License-Identifier: MIT
#include "reports/gate/words.hpp"

#include <fmt/format.h>

#include "reports/record/text.hpp"

namespace gibbon::reports::gate {

std::string title_of(const Snapshot& snapshot) {
  const auto data = snapshot.conditions.find("data");
  const bool known = data != snapshot.conditions.end() && data->is_string();
  return fmt::format("{} on {}, n = {}", printable(snapshot.model),
                     known ? printable(data->get<std::string>()) : "unnamed data",
                     record::grouped(snapshot.ids.size()));
}

std::string rate_text(std::uint64_t correct, std::uint64_t n) {
  return fmt::format("{:.2f} %", 100.0 * static_cast<double>(correct) / static_cast<double>(n));
}

std::string points_text(const PointResult& point) {
  // Minus zero would show as "-0.00".
  const auto risen = [](double drop) { return 0.0 - 100.0 * drop; };
  return fmt::format("{:+.2f} [{:+.2f}, {:+.2f}]", risen(point.paired.drop()),
                     risen(point.drop.high), risen(point.drop.low));
}

std::string change_text(const PointResult& point) {
  const Paired& paired = point.paired;
  return fmt::format(
      "{} -> {}, {:+.2f} points (95 % interval {:+.2f} to {:+.2f}; {} lost, {} gained "
      "of {})",
      rate_text(point.before, paired.n), rate_text(point.now, paired.n),
      0.0 - 100.0 * paired.drop(), 0.0 - 100.0 * point.drop.high, 0.0 - 100.0 * point.drop.low,
      record::grouped(paired.lost), record::grouped(paired.gained), record::grouped(paired.n));
}

std::string p_text(double adjusted) { return fmt::format("adjusted p = {:.2g}", adjusted); }

std::string needed_text(const PointResult& point) {
  if (point.needed)
    return fmt::format("about {} samples would tell", record::grouped(*point.needed));
  return "the change is as large as the margin, so no number of samples would tell";
}

std::string rule_text(const GateResult& result) {
  return fmt::format(
      "Sample by sample: exact McNemar test and Tango's score test against a margin of ±{} points, "
      "Holm over {} points, alpha = {}.",
      record::compact(100.0 * result.criteria.margin), result.points.size(),
      record::compact(result.criteria.alpha));
}

}  // namespace gibbon::reports::gate
