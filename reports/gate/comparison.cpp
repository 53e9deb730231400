// SPDX-License-Identifier: MIT
#include "reports/gate/comparison.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

#include "reports/record/error.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::gate {
namespace {

using Json = nlohmann::ordered_json;

/// What decides whether outcomes can be paired.
constexpr std::array kSampleKeys{"data", "data sha256", "sample ids", "labels sha256"};

/// A value for an error message: long lists of samples are cut.
std::string brief(const Json& value) {
  constexpr std::size_t kLongest = 100;
  const std::string text =
      printable(value.is_string() ? value.get<std::string>()
                                  : value.dump(-1, ' ', false, Json::error_handler_t::replace));
  return record::display_width(text) <= kLongest
             ? text
             : text.substr(0, text.find_last_of(", ", kLongest)) + " …";
}

/// Empty when there is none.
std::string difference(const Snapshot& first, const Snapshot& second, const std::string& key,
                       const Names& names) {
  const Json one = first.conditions.value(key, Json());
  const Json other = second.conditions.value(key, Json());
  if (one == other) return {};
  return fmt::format("{}: {} in {}, {} in {}", printable(key), brief(one), names.first,
                     brief(other), names.second);
}

using Pair = std::pair<const Point*, const Point*>;

/// The points that both have.
std::vector<Pair> shared(const Snapshot& before, const Snapshot& now) {
  std::vector<Pair> pairs;
  for (const Point& then : before.points) {
    const auto found =
        std::ranges::find_if(now.points, [&](const Point& p) { return p.same_as(then); });
    if (found != now.points.end()) pairs.emplace_back(&then, &*found);
  }
  return pairs;
}

/// Whether a row of the curve says nothing beyond another at its ε. What is proved is another kind
/// of evidence than what attacks have found, and the clean accuracy is a row of its own.
bool repeats(const Pair& later, const Pair& earlier) {
  const Point& point = *later.first;
  const Point& other = *earlier.first;
  const auto is_row = [](const Point& p) {
    return p.kind != record::RowKind::kClean && p.kind != record::RowKind::kCertified;
  };
  return is_row(point) && is_row(other) && point.norm == other.norm &&
         point.epsilon == other.epsilon && point.right == other.right &&
         later.second->right == earlier.second->right;
}

/// Fills in what the point is and which samples changed.
void name_samples(const Pair& pair, std::span<const std::uint64_t> ids, PointResult& result) {
  const auto& [then, is] = pair;
  result.name = then->name();
  result.entry = then->entry();
  result.kind = then->kind;
  result.before = then->correct();
  result.now = is->correct();
  for (std::size_t n = 0; n < ids.size(); ++n) {
    if (then->right[n] == is->right[n]) continue;
    (is->right[n] == 0 ? result.lost : result.gained).push_back(ids[n]);
  }
}

}  // namespace

std::string to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUnchanged: return "unchanged";
    case Verdict::kBetter: return "better";
    case Verdict::kWorse: return "worse";
    case Verdict::kCannotTell: break;
  }
  return "cannot tell";
}

std::vector<PointResult> judge_points(std::span<const Paired> points, const Criteria& criteria) {
  std::vector<double> p;
  for (const Paired& paired : points) p.push_back(change_p(paired, criteria.margin));
  const std::vector<double> adjusted = holm(p);
  std::vector<PointResult> results;
  for (std::size_t k = 0; k < points.size(); ++k) {
    PointResult& result = results.emplace_back(PointResult{
        .paired = points[k], .drop = drop_interval(points[k]), .p = p[k], .adjusted = adjusted[k]});
    if (result.adjusted <= criteria.alpha) {
      result.verdict = points[k].drop() > 0.0 ? Verdict::kWorse : Verdict::kBetter;
    } else if (points[k].changed() > 0.0 &&
               (result.drop.low < -criteria.margin || result.drop.high > criteria.margin)) {
      result.verdict = Verdict::kCannotTell;
      result.needed = needed_samples(points[k], criteria.margin, criteria.alpha, points.size());
    }
  }
  return results;
}

std::vector<PointResult> compare_points(const Snapshot& before, const Snapshot& now,
                                        const Criteria& criteria) {
  const auto pairs = shared(before, now);
  std::vector<Paired> counts;        // of the rows that repeat no other
  std::vector<std::size_t> firsts;   // their places in pairs
  std::vector<std::size_t> counted;  // by pair: its place in counts
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    const auto same =
        std::ranges::find_if(firsts, [&](std::size_t f) { return repeats(pairs[k], pairs[f]); });
    counted.push_back(static_cast<std::size_t>(same - firsts.begin()));
    if (same != firsts.end()) continue;
    firsts.push_back(k);
    counts.push_back(count_paired(pairs[k].first->right, pairs[k].second->right));
  }
  const std::vector<PointResult> judged = judge_points(counts, criteria);
  std::vector<PointResult> results;
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    PointResult& result = results.emplace_back(judged[counted[k]]);
    name_samples(pairs[k], before.ids, result);
    const std::size_t first = firsts[counted[k]];
    if (first != k) result.repeats = pairs[first].first->name();
  }
  return results;
}

std::vector<std::string> differences(const Snapshot& first, const Snapshot& second,
                                     const Names& names) {
  std::vector<std::string> keys;
  for (const Snapshot* side : {&first, &second}) {
    for (const auto& [key, value] : side->conditions.items())
      if (std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
  }
  std::vector<std::string> all;
  for (const std::string& key : keys) {
    if (std::string text = difference(first, second, key, names); !text.empty())
      all.push_back(std::move(text));
  }
  return all;
}

void require_comparable(const Snapshot& baseline, const Snapshot& now) {
  const std::vector<std::string> all = differences(baseline, now, {});
  if (all.empty()) return;
  throw record::Refusal(
      fmt::format("not comparable: {}; all of these have to be the same; repeat the run as the "
                  "baseline's was made, or make a new baseline with 'gibbon baseline'",
                  fmt::join(all, "; ")));
}

void require_same_samples(const Snapshot& first, const Snapshot& second) {
  std::vector<std::string> all;
  for (const char* key : kSampleKeys) {
    if (std::string text = difference(first, second, key, {"one run", "the other"}); !text.empty())
      all.push_back(std::move(text));
  }
  if (all.empty()) return;
  throw record::Refusal(
      fmt::format("not the same samples: {}; outcomes are compared sample by sample; repeat one of "
                  "the runs on the samples of the other",
                  fmt::join(all, "; ")));
}

}  // namespace gibbon::reports::gate
