// SPDX-License-Identifier: MIT
#include <cmath>
#include <numeric>
#include <vector>

#include "base/norm.hpp"
#include "base/row_math.hpp"

namespace gibbon {
namespace {

double l0_distance(Row a, Row b) {
  std::size_t changed = 0;
  for (std::size_t d = 0; d < a.size(); ++d) changed += a[d] != b[d] ? 1U : 0U;
  return static_cast<double>(changed);
}

void project_l0(double epsilon, Box box, Row origin, MutableRow candidate) {
  clip(box, candidate);
  if (epsilon >= static_cast<double>(origin.size())) return;
  const auto kept = static_cast<std::size_t>(epsilon);
  thread_local std::vector<std::size_t> order;
  order.resize(origin.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::nth_element(
      order, order.begin() + static_cast<std::ptrdiff_t>(kept), [&](std::size_t a, std::size_t b) {
        const double change_a = std::abs(double{candidate[a]} - double{origin[a]});
        const double change_b = std::abs(double{candidate[b]} - double{origin[b]});
        return change_a != change_b ? change_a > change_b : a < b;
      });
  for (std::size_t k = kept; k < order.size(); ++k) candidate[order[k]] = origin[order[k]];
}

constexpr std::array kUsualBudgets{1.0, 2.0, 4.0};

double diameter(double side, std::size_t features) {
  return side > 0.0 ? static_cast<double>(features) : 0.0;
}

double usual_step(std::size_t features) {
  return std::max(1.0, std::round(std::sqrt(static_cast<double>(features)) / 14.0));
}

}  // namespace

const NormInfo& l0_info() {
  static const NormInfo info{
      .norm = Norm::kL0,
      .name = "l0",
      .aliases = "l-0 0",
      .symbol = "l₀",
      .latex = "\\ell_0",
      .summary = "how many values change, by whatever amount; no norm, but called so",
      .ball = "|{ i : x'_i ≠ x_i }| ≤ ε",
      .steepest = "changes the values with the largest |∂J/∂x_i|",
      .unit = "changed input values",
      .counts = true,
      .usual_budgets = kUsualBudgets,
      .usual_step = usual_step,
      .distance = l0_distance,
      .dual_length = linf_length,
      .diameter = diameter,
      .project = project_l0,
      .steepest_step = step_along_largest,
  };
  return info;
}

}  // namespace gibbon
