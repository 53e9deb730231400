// SPDX-License-Identifier: MIT
#include "reports/gate/requirement.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>
#include <set>

#include "base/norm.hpp"
#include "base/suggest.hpp"
#include "reports/record/error.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::gate {
namespace {

[[noreturn]] void fail(std::string_view text, std::string_view what) {
  throw record::Refusal(fmt::format(
      "--require '{}': {}; allowed are 'clean >= 0.94', 'ATTACK NORM EPSILON > 20%' and 'class "
      "CLASS: …' with a rate in [0, 1] or in percent",
      printable(text), what));
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::optional<double> number(std::string_view text) {
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

/// "0.1" or "8/255".
std::optional<double> epsilon(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return number(text);
  const auto above = number(text.substr(0, slash));
  const auto below = number(text.substr(slash + 1));
  if (!above || !below || *below == 0.0) return std::nullopt;
  return *above / *below;
}

/// "0.94" or "94%" or "94 %".
std::optional<double> rate(std::string_view text) {
  const bool percent = text.ends_with('%');
  if (percent) text.remove_suffix(1);
  const auto value = number(trimmed(text));
  if (!value) return std::nullopt;
  const double share = percent ? *value / 100.0 : *value;
  return share >= 0.0 && share <= 1.0 ? std::optional(share) : std::nullopt;
}

/// Cuts the last word off.
std::string_view last_word(std::string_view& text) {
  const std::size_t space = text.rfind(' ');
  const std::string_view word = space == std::string_view::npos ? text : text.substr(space + 1);
  text = trimmed(text.substr(0, text.size() - word.size()));
  return word;
}

/// Cuts "class CLASS:" off the front and returns CLASS; nothing where there is none.
std::string_view first_class(std::string_view text, std::string_view& metric) {
  constexpr std::string_view kClass = "class ";
  if (!metric.starts_with(kClass)) return {};
  const std::size_t colon = metric.find(':');
  if (colon == std::string_view::npos) fail(text, "expected ':' after the class");
  const std::string_view label =
      trimmed(metric.substr(kClass.size(), std::max(colon, kClass.size()) - kClass.size()));
  if (label.empty()) fail(text, "expected a class before ':'");
  metric = trimmed(metric.substr(colon + 1));
  return label;
}

/// What stands before the sign, without the class.
void read_point(std::string_view text, std::string_view metric, Requirement& requirement) {
  if (metric == "clean") return;
  const auto at = epsilon(last_word(metric));
  if (!at) fail(text, "expected an ε before the sign");
  requirement.epsilon = *at;
  std::string_view attack = metric;
  const std::string_view word = last_word(attack);
  const auto norm =
      std::ranges::find_if(norms(), [&](const NormInfo& info) { return is_meant(info, word); });
  if (norm != norms().end()) {
    requirement.norm = norm->name;
    metric = attack;
  }
  if (metric.empty()) fail(text, "expected an attack before the ε");
  requirement.attack = metric;
}

bool is_at(const Requirement& requirement, const Point& point) {
  if (requirement.attack.empty()) return point.kind == record::RowKind::kClean;
  return point.kind != record::RowKind::kClean && is_called(point.attack, requirement.attack) &&
         (requirement.norm.empty() || requirement.norm == point.norm) &&
         std::abs(requirement.epsilon - point.epsilon) <= 1e-9;
}

[[noreturn]] void refuse(const Requirement& requirement, std::string_view what) {
  throw record::Refusal(fmt::format("--require '{}': {}", requirement.name(), what));
}

const Point& point_of(const Requirement& requirement, const Snapshot& now) {
  std::vector<std::string> known;
  std::vector<std::string> meant;
  const Point* found = nullptr;
  for (const Point& point : now.points) {
    known.push_back(point.name());
    if (!is_at(requirement, point)) continue;
    found = &point;
    meant.push_back(point.name());
  }
  if (found == nullptr) {
    refuse(requirement,
           fmt::format("this run has no such point; allowed are {}", fmt::join(known, ", ")));
  }
  if (meant.size() > 1)
    refuse(requirement, fmt::format("say which norm: {}", fmt::join(meant, " or ")));
  return *found;
}

/// Whether a class has this name, or this among its names: "tench, Tinca tinca".
bool is_class(std::string_view names, std::string_view typed) {
  if (is_called(names, typed)) return true;
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(','));
    if (is_called(trimmed(name), typed)) return true;
    names.remove_prefix(std::min(name.size() + 1, names.size()));
  }
  return false;
}

/// The label of the required class.
int label_of(const Requirement& requirement, const Snapshot& now) {
  const std::set<int> present(now.labels.begin(), now.labels.end());
  for (const int label : present) {
    const auto place = static_cast<std::size_t>(label);
    if (requirement.label == std::to_string(label) ||
        (place < now.class_names.size() && is_class(now.class_names[place], requirement.label)))
      return label;
  }
  std::vector<std::string> known;
  known.reserve(present.size());
  for (const int label : present)
    known.push_back(printable(record::class_name(now.class_names, label)));
  refuse(requirement, fmt::format("this run has no sample of class '{}'; its classes are {}",
                                  printable(requirement.label), fmt::join(known, ", ")));
}

}  // namespace

std::string Requirement::name() const {
  std::string text = label.empty() ? "" : fmt::format("class {}: ", printable(label));
  text += attack.empty() ? "clean" : printable(attack);
  if (!norm.empty()) text += " " + norm;
  if (!attack.empty()) text += " " + record::compact(epsilon);
  return fmt::format("{} {} {}", text, bound == Bound::kAtLeast ? ">=" : ">",
                     record::compact(rate));
}

bool RequirementResult::met() const {
  // Two shares of at most 10^9 samples differ by more, and 94.3 / 100 is not 0.943 to the last bit.
  constexpr double kRounding = 1e-12;
  const double share = static_cast<double>(correct) / static_cast<double>(n);
  return requirement.bound == Requirement::Bound::kAtLeast ? share >= requirement.rate - kRounding
                                                           : share > requirement.rate + kRounding;
}

Requirement parse_requirement(std::string_view text) {
  const std::size_t sign = text.rfind('>');
  if (sign == std::string_view::npos) fail(text, "expected '>=' or '>'");
  Requirement requirement;
  std::string_view right = text.substr(sign + 1);
  if (right.starts_with('=')) {
    right.remove_prefix(1);
  } else {
    requirement.bound = Requirement::Bound::kMoreThan;
  }
  const auto asked = rate(trimmed(right));
  if (!asked) fail(text, "the rate is not a number in [0, 1], nor a percentage as 94%");
  requirement.rate = *asked;
  std::string_view metric = trimmed(text.substr(0, sign));
  requirement.label = first_class(text, metric);
  read_point(text, metric, requirement);
  return requirement;
}

RequirementResult measure(const Requirement& requirement, const Snapshot& now) {
  const Point& point = point_of(requirement, now);
  RequirementResult result{.requirement = requirement};
  const int label = requirement.label.empty() ? -1 : label_of(requirement, now);
  for (std::size_t k = 0; k < point.right.size(); ++k) {
    if (label >= 0 && now.labels[k] != label) continue;
    ++result.n;
    result.correct += point.right[k];
  }
  result.interval = record::wilson95(result.correct, result.n);
  return result;
}

}  // namespace gibbon::reports::gate
