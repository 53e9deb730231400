// SPDX-License-Identifier: MIT
#include "eval/verify/property.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"

namespace gibbon::eval::verify {
namespace {

struct Interval {
  double lower;
  double upper;
};

/// The doubles between two bounds as written.
Interval doubles(const Decimal& lower, const Decimal& upper) {
  if (lower.high <= upper.low) return {lower.high, upper.low};
  return {lower.nearest, lower.nearest};
}

/// The negation: left - right > 0.
Requirement negated(const HalfSpace& space, std::size_t outputs) {
  Requirement out{.weights = std::vector<double>(outputs), .constant = 0.0};
  if (space.left.output) {
    out.weights[*space.left.output] += 1.0;
  } else {
    out.constant = space.left.number.low;
  }
  if (space.right.output) {
    out.weights[*space.right.output] -= 1.0;
  } else {
    out.constant = -space.right.number.high;
  }
  return out;
}

bool holds(const HalfSpace& space, std::span<const double> y) {
  if (!space.left.output) return y[*space.right.output] >= space.left.number.high;
  const double right = space.right.output ? y[*space.right.output] : space.right.number.low;
  return y[*space.left.output] <= right;
}

}  // namespace

Query to_query(const UnsafeSet& set, std::size_t outputs) {
  Query query;
  for (const Decimal& bound : set.box.lower) query.lower.push_back(bound.low);
  for (const Decimal& bound : set.box.upper) query.upper.push_back(bound.high);
  for (const auto& conjunction : set.conjunctions) {
    Clause& clause = query.clauses.emplace_back();
    for (const HalfSpace& space : conjunction) clause.push_back(negated(space, outputs));
  }
  return query;
}

bool contains(const InputBox& box, std::span<const double> point) {
  if (point.size() != box.lower.size()) return false;
  for (std::size_t d = 0; d < point.size(); ++d) {
    const auto [lower, upper] = doubles(box.lower[d], box.upper[d]);
    if (!(point[d] >= lower && point[d] <= upper)) return false;
  }
  return true;
}

std::vector<double> moved_inside(const InputBox& box, std::span<const double> point) {
  std::vector<double> out(point.begin(), point.end());
  for (std::size_t d = 0; d < out.size(); ++d) {
    const auto [lower, upper] = doubles(box.lower[d], box.upper[d]);
    out[d] = std::clamp(out[d], lower, upper);
  }
  return out;
}

std::optional<std::vector<float>> moved_inside(const InputBox& box, std::span<const float> point) {
  constexpr float kMost = std::numeric_limits<float>::infinity();
  std::vector<float> out(point.begin(), point.end());
  for (std::size_t d = 0; d < out.size(); ++d) {
    const auto [lower, upper] = doubles(box.lower[d], box.upper[d]);
    const auto inside = [&, low = lower, high = upper](float value) {
      return static_cast<double>(value) >= low && static_cast<double>(value) <= high;
    };
    if (inside(out[d])) continue;
    // The nearest float32 numbers to the bounds may lie outside by a step.
    const float towards = static_cast<double>(out[d]) < lower ? kMost : -kMost;
    out[d] = static_cast<float>(towards > 0.0F ? lower : upper);
    if (!inside(out[d])) out[d] = std::nextafter(out[d], towards);
    if (!inside(out[d])) return std::nullopt;
  }
  return out;
}

bool is_unsafe(const UnsafeSet& set, std::span<const double> outputs) {
  return std::ranges::any_of(set.conjunctions, [&](const std::vector<HalfSpace>& conjunction) {
    return std::ranges::all_of(conjunction,
                               [&](const HalfSpace& space) { return holds(space, outputs); });
  });
}

void require_fit(const Property& property, const std::string& property_name, std::size_t inputs,
                 std::size_t outputs, const std::string& network_name) {
  const auto check = [&](std::string_view what, std::size_t declared, std::size_t network) {
    if (declared == network) return;
    fail_usage("{}: declares {} {}, but {} has {}; property and network must agree in size",
               property_name, declared, what, network_name, network);
  };
  check("inputs X", property.inputs, inputs);
  check("outputs Y", property.outputs, outputs);
}

}  // namespace gibbon::eval::verify
