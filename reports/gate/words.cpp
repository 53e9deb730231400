// SPDX-License-Identifier: MIT
#include "reports/gate/words.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reports/record/text.hpp"

namespace gibbon::reports::gate {
namespace {

/// Of what is worse, or, where nothing is, of all; null where nothing changed.
const PointResult* largest_change(const GateResult& result) {
  const bool worse = std::ranges::find(result.points, Verdict::kWorse, &PointResult::verdict) !=
                     result.points.end();
  const PointResult* largest = nullptr;
  for (const PointResult& p : result.points) {
    if (worse && p.verdict != Verdict::kWorse) continue;
    const double change = std::abs(p.paired.drop());
    if (change > (largest == nullptr ? 0.0 : std::abs(largest->paired.drop()))) largest = &p;
  }
  return largest;
}

}  // namespace

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

std::string samples_text(std::string_view what, std::span<const std::uint64_t> ids) {
  if (ids.empty()) return "";
  constexpr std::size_t kShown = 10;
  const std::size_t shown = ids.size() > kShown + 1 ? kShown : ids.size();
  std::string text = fmt::format("{}: {} {}", what, ids.size() == 1 ? "sample" : "samples",
                                 fmt::join(ids.first(shown), ", "));
  if (shown < ids.size()) text += fmt::format(" and {} more", record::grouped(ids.size() - shown));
  return text;
}

std::uint64_t tested(const GateResult& result) {
  return static_cast<std::uint64_t>(std::ranges::count(result.points, "", &PointResult::repeats));
}

std::string summary(const GateResult& result) {
  std::vector<std::string> parts;
  for (const Verdict verdict :
       {Verdict::kWorse, Verdict::kBetter, Verdict::kCannotTell, Verdict::kUnchanged}) {
    const auto count = std::ranges::count_if(result.points, [&](const PointResult& p) {
      return p.verdict == verdict && p.repeats.empty();
    });
    if (count == 0) continue;
    const bool suspect = verdict == Verdict::kBetter && result.same_model;
    const std::string name = to_string(verdict) + (suspect ? " with the same model" : "");
    parts.push_back(parts.empty() ? fmt::format("{} of {} points {}", count, tested(result), name)
                                  : fmt::format("{} {}", count, name));
  }
  if (const PointResult* most = largest_change(result); most != nullptr) {
    parts.back() += fmt::format(" (largest change {:+.2f} points, {})",
                                0.0 - 100.0 * most->paired.drop(), most->name);
  }
  if (!result.requirements.empty()) {
    const auto met = std::ranges::count_if(result.requirements, &RequirementResult::met);
    parts.push_back(fmt::format("{} of {} requirements met", met, result.requirements.size()));
  }
  if (!result.strength.empty()) {
    const auto weaker = std::ranges::count(result.strength, StrengthResult::Verdict::kWeaker,
                                           &StrengthResult::verdict);
    parts.push_back(weaker == 0 ? "no attack weaker"
                                : fmt::format("attacks weaker in {} of {} comparisons", weaker,
                                              result.strength.size()));
  }
  if (!result.speed.empty()) {
    const auto slower =
        std::ranges::count(result.speed, SpeedResult::Verdict::kSlower, &SpeedResult::verdict);
    parts.push_back(fmt::format("{} of {} attacks slower", slower, result.speed.size()));
  }
  return fmt::format("{}: {}", result.passed() ? "PASS" : "FAIL", fmt::join(parts, ", "));
}

std::string rule_text(const GateResult& result) {
  return fmt::format(
      "Sample by sample: exact McNemar test and Tango's score test against a margin of ±{} points, "
      "Holm over {} points, alpha = {}.",
      record::compact(100.0 * result.criteria.margin), tested(result),
      record::compact(result.criteria.alpha));
}

}  // namespace gibbon::reports::gate
