// SPDX-License-Identifier: MIT
#include "reports/gate/requirement.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>

#include "reports/record/error.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::gate {
namespace {

[[noreturn]] void fail(std::string_view text, std::string_view what) {
  throw record::Refusal(fmt::format(
      "--require '{}': {}; allowed are 'clean >= 0.94' and 'ATTACK NORM EPSILON >= 0.2' with a "
      "rate in [0, 1]",
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

/// Cuts the last word off.
std::string_view last_word(std::string_view& text) {
  const std::size_t space = text.rfind(' ');
  const std::string_view word = space == std::string_view::npos ? text : text.substr(space + 1);
  text = trimmed(text.substr(0, text.size() - word.size()));
  return word;
}

bool is_at(const Requirement& requirement, const Point& point) {
  return requirement.attack == point.attack && requirement.norm == point.norm &&
         std::abs(requirement.epsilon - point.epsilon) <= 1e-9;
}

}  // namespace

std::string Requirement::name() const {
  if (attack.empty()) return fmt::format("clean >= {}", record::compact(least));
  return fmt::format("{} {} {} >= {}", printable(attack), printable(norm), record::compact(epsilon),
                     record::compact(least));
}

bool RequirementResult::met() const {
  return static_cast<double>(correct) >= requirement.least * static_cast<double>(n);
}

Requirement parse_requirement(std::string_view text) {
  const std::size_t sign = text.rfind(">=");
  if (sign == std::string_view::npos) fail(text, "expected '>='");
  std::string_view metric = trimmed(text.substr(0, sign));
  const auto least = number(trimmed(text.substr(sign + 2)));
  if (!least || *least < 0.0 || *least > 1.0) fail(text, "the rate is not a number in [0, 1]");
  if (metric == "clean") return {.least = *least};
  const auto at = epsilon(last_word(metric));
  if (!at) fail(text, "expected an ε before '>='");
  const std::string_view norm = last_word(metric);
  if (metric.empty()) fail(text, "expected an attack, a norm and ε before '>='");
  return {
      .attack = std::string(metric), .norm = std::string(norm), .epsilon = *at, .least = *least};
}

RequirementResult measure(const Requirement& requirement, const Snapshot& now) {
  const auto found = std::ranges::find_if(
      now.points, [&](const Point& point) { return is_at(requirement, point); });
  if (found == now.points.end()) {
    std::vector<std::string> known;
    for (const Point& point : now.points) known.push_back(point.name());
    throw record::Refusal(fmt::format("--require '{}': this run has no such point; allowed are {}",
                                      requirement.name(), fmt::join(known, ", ")));
  }
  const std::uint64_t correct = found->correct();
  return {.requirement = requirement,
          .n = found->right.size(),
          .correct = correct,
          .interval = record::wilson95(correct, found->right.size())};
}

}  // namespace gibbon::reports::gate
