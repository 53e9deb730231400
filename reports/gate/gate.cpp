// SPDX-License-Identifier: MIT
#include "reports/gate/gate.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

#include "reports/gate/words.hpp"
#include "reports/record/error.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::gate {
namespace {

using Level = Finding::Level;

/// Collects what is found; the gravest go first in the end.
class Findings {
 public:
  void add(Level level, std::string subject, std::string what, std::string text) {
    add({level, std::move(subject), std::move(what), std::move(text)});
  }
  void add(Finding finding) { all_.push_back(std::move(finding)); }
  [[nodiscard]] std::vector<Finding> sorted() && {
    std::ranges::stable_sort(all_, {}, &Finding::level);
    return std::move(all_);
  }

 private:
  std::vector<Finding> all_;
};

/// What the verdict on a point means, and of which samples it speaks.
Finding finding_of(const PointResult& point, bool same_model, bool strict) {
  const bool proved = point.kind == record::RowKind::kCertified;
  if (point.verdict == Verdict::kCannotTell)
    return {.level = strict ? Level::kFailure : Level::kWarning, .what = "cannot tell"};
  if (point.verdict == Verdict::kWorse) {
    return {.level = Level::kFailure,
            .what = proved ? "fewer certified" : "worse",
            .text = !same_model ? ""
                    : proved    ? "; the model is the same, so the proofs became weaker"
                                : "; the model is the same, so the attacks became stronger or the "
                                  "bench changed",
            .samples = samples_text(proved ? "no longer certified" : "newly broken", point.lost)};
  }
  if (same_model && !proved) {
    return {.level = Level::kFailure,
            .what = "attack weaker",
            .text = "; the model is the same, so the attack became weaker",
            .samples = samples_text("no longer broken", point.gained)};
  }
  return {.level = Level::kNote, .what = "better"};
}

void describe_point(const PointResult& point, bool same_model, const Demands& demands,
                    Findings& findings) {
  // One row, one finding.
  if (point.verdict == Verdict::kUnchanged || !point.repeats.empty()) return;
  Finding finding = finding_of(point, same_model, demands.strict);
  finding.subject = point.name;
  finding.text = fmt::format("{}; {}{}", change_text(point), p_text(point.adjusted), finding.text);
  finding.group = point.entry;
  finding.size = std::abs(point.paired.drop());
  if (point.verdict == Verdict::kCannotTell) {
    finding.group = kOpenPoints;
    finding.text += fmt::format(
        "; neither a change beyond ±{} points nor its absence is significant at n = {}; {}",
        record::compact(100.0 * demands.criteria.margin), record::grouped(point.paired.n),
        needed_text(point));
  }
  findings.add(std::move(finding));
}

void describe_strength(const std::vector<StrengthResult>& results, Findings& findings) {
  for (const StrengthResult& r : results) {
    if (r.verdict == StrengthResult::Verdict::kAsBefore) continue;
    const bool weaker = r.verdict == StrengthResult::Verdict::kWeaker;
    findings.add(
        {.level = weaker ? Level::kFailure : Level::kWarning,
         .subject = r.name,
         .what = weaker ? "attack weaker" : "attack stronger",
         .text = fmt::format("it is weaker on {} and stronger on {} of {} samples; {}{}", r.weaker,
                             r.stronger, r.n, p_text(r.adjusted),
                             weaker ? "; what looks like a better model is a weaker attack"
                                    : "; what looks like a worse model may be a stronger attack"),
         .group = r.entry,
         .size = static_cast<double>(std::max(r.weaker, r.stronger))});
  }
}

void describe_requirement(const RequirementResult& r, Findings& findings) {
  if (r.met()) return;
  findings.add(
      Level::kFailure, r.requirement.name(), "missed",
      fmt::format("{} of {} = {:.4f} (95 % interval {:.4f}-{:.4f})", record::grouped(r.correct),
                  record::grouped(r.n), static_cast<double>(r.correct) / static_cast<double>(r.n),
                  r.interval.low, r.interval.high));
}

void describe_speed(const SpeedResult& r, double limit, Findings& findings) {
  switch (r.verdict) {
    case SpeedResult::Verdict::kFine: return;
    case SpeedResult::Verdict::kSlower:
      findings.add(Level::kFailure, r.entry, "slower",
                   fmt::format("takes {:.2f} times as long per operation as in the baseline, "
                               "relative to the reference workload; at most {} is allowed",
                               r.slowdown, record::compact(limit)));
      return;
    case SpeedResult::Verdict::kTooShort:
      findings.add(Level::kNote, r.entry, "too short",
                   "ran for less than 0.5 s; its speed cannot be judged");
  }
}

/// Why outcomes may differ though model and data do not.
void describe_environment(const Snapshot& baseline, const Snapshot& now, Findings& findings) {
  for (const char* key : {"revision", "instruction_set", "kernels"}) {
    const auto value = [&](const Snapshot& s) {
      return s.environment.is_object() ? s.environment.value(key, nlohmann::ordered_json())
                                       : nlohmann::ordered_json();
    };
    if (value(baseline) == value(now)) continue;
    findings.add(Level::kNote, "environment", key,
                 fmt::format("{} in the baseline, {} in this run",
                             printable(value(baseline).dump()), printable(value(now).dump())));
  }
}

}  // namespace

bool GateResult::passed() const {
  return std::ranges::none_of(findings,
                              [](const Finding& f) { return f.level == Level::kFailure; });
}

std::string GateResult::verdict() const {
  if (passed()) return "PASS";
  std::vector<std::string> failed;
  for (const Finding& f : findings)
    if (f.level == Level::kFailure) failed.push_back(fmt::format("{} {}", f.subject, f.what));
  constexpr std::size_t kNamed = 3;
  if (failed.size() <= kNamed) return fmt::format("FAIL: {}", fmt::join(failed, ", "));
  const std::size_t more = failed.size() - kNamed;
  failed.resize(kNamed);
  return fmt::format("FAIL: {} and {} more", fmt::join(failed, ", "), more);
}

GateResult judge(const Snapshot* baseline, const Snapshot& now, const Demands& demands) {
  GateResult result{.title = title_of(now), .criteria = demands.criteria, .places = demands.places};
  Findings findings;
  for (const Requirement& requirement : demands.requirements) {
    result.requirements.push_back(measure(requirement, now));
    describe_requirement(result.requirements.back(), findings);
  }
  if (baseline == nullptr) {
    result.findings = std::move(findings).sorted();
    return result;
  }
  require_comparable(*baseline, now);
  result.baseline = printable(baseline->model);
  result.same_model = !now.model_sha256.empty() && now.model_sha256 == baseline->model_sha256;
  if (!now.model_sha256.empty() && !baseline->model_sha256.empty()) {
    constexpr std::size_t kDigits = 8;
    result.models = printable(fmt::format("sha256 {}… in the baseline, {}… in this run",
                                          baseline->model_sha256.substr(0, kDigits),
                                          now.model_sha256.substr(0, kDigits)));
  }
  result.points = compare_points(*baseline, now, demands.criteria);
  if (result.points.size() != baseline->points.size() || result.points.size() != now.points.size())
    throw record::Refusal(
        "not comparable: the points of the curve are not the same; make a new baseline");
  for (const PointResult& point : result.points)
    describe_point(point, result.same_model, demands, findings);
  if (baseline->strength.empty() || now.strength.empty()) {
    findings.add(Level::kWarning, "attack strength", "not measured",
                 fmt::format("{} has no results on the reference network, so a weaker attack may "
                             "pass as a better model",
                             now.strength.empty() ? "this run" : "the baseline"));
  } else {
    result.strength = compare_strength(*baseline, now, demands.criteria.alpha);
    describe_strength(result.strength, findings);
  }
  if (demands.max_slowdown > 0.0) {
    result.speed = compare_speed(*baseline, now, demands.max_slowdown);
    for (const SpeedResult& r : result.speed) describe_speed(r, demands.max_slowdown, findings);
  }
  describe_environment(*baseline, now, findings);
  result.findings = std::move(findings).sorted();
  return result;
}

}  // namespace gibbon::reports::gate
