// SPDX-License-Identifier: MIT
#include "reports/gate/paired.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace gibbon::reports::gate {
namespace {

double normal_quantile(double p) { return boost::math::quantile(boost::math::normal(), p); }

/// P(Z >= z); the complement keeps its digits far out.
double normal_tail(double z) { return 0.5 * std::erfc(z / std::sqrt(2.0)); }

/// Tango's statistic for "the drop is `delta`", delta in [0, 1]: standard normal if it is.
///
/// T = (b - c - n Δ) / sqrt(n (2 q + Δ (1 - Δ))) with b lost, c gained and q the gain's maximum
/// likelihood under p_lost - p_gained = Δ, the larger root of
/// 2 n q² - (b + c - (2 n - b + c) Δ) q - c Δ (1 - Δ) = 0.
double score(double n, double b, double c, double delta) {
  const double half = 0.5 * (b + c - (2.0 * n - b + c) * delta);
  const double product = c * delta * (1.0 - delta);
  const double root = std::sqrt(half * half + 2.0 * n * product);
  // Of the two forms of the root the one without a difference of near numbers.
  const double q = half >= 0.0 ? (half + root) / (2.0 * n) : product / (root - half);
  const double above = b - c - n * delta;
  const double variance = n * (2.0 * q + delta * (1.0 - delta));
  if (variance > 0.0) return above / std::sqrt(variance);
  return above == 0.0 ? 0.0 : std::copysign(std::numeric_limits<double>::infinity(), above);
}

/// score() for delta in [-1, 1]: a negative drop is a gain.
double score_of(const Paired& paired, double delta) {
  const auto n = static_cast<double>(paired.n);
  const auto lost = static_cast<double>(paired.lost);
  const auto gained = static_cast<double>(paired.gained);
  return delta >= 0.0 ? score(n, lost, gained, delta) : -score(n, gained, lost, -delta);
}

/// The drop whose score is z: the score falls as the drop rises.
double drop_of_score(const Paired& paired, double z) {
  double low = -1.0;
  double high = 1.0;
  for (int k = 0; k < 60; ++k) {  // 2 / 2^60 is below a double's last bit of 1
    const double middle = 0.5 * (low + high);
    (score_of(paired, middle) > z ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

std::uint64_t two_digits_up(double value) {
  const double unit = std::pow(10.0, std::max(0.0, std::floor(std::log10(value)) - 1.0));
  return static_cast<std::uint64_t>(std::ceil(value / unit) * unit);
}

}  // namespace

double Paired::drop() const {
  return (static_cast<double>(lost) - static_cast<double>(gained)) / static_cast<double>(n);
}

double Paired::changed() const {
  return static_cast<double>(lost + gained) / static_cast<double>(n);
}

Paired count_paired(std::span<const std::uint8_t> before, std::span<const std::uint8_t> now) {
  if (before.size() != now.size()) throw std::logic_error("count_paired: lists of unequal length");
  Paired paired{.n = before.size()};
  for (std::size_t k = 0; k < before.size(); ++k) {
    if (before[k] != 0 && now[k] == 0) ++paired.lost;
    if (before[k] == 0 && now[k] != 0) ++paired.gained;
  }
  return paired;
}

double mcnemar_p(const Paired& paired) {
  const std::uint64_t changed = paired.lost + paired.gained;
  if (paired.lost == paired.gained) return 1.0;
  const boost::math::binomial coin(static_cast<double>(changed), 0.5);
  const auto fewer = static_cast<double>(std::min(paired.lost, paired.gained));
  return std::min(1.0, 2.0 * boost::math::cdf(coin, fewer));
}

double drop_above_p(const Paired& paired, double margin) {
  return normal_tail(score_of(paired, margin));
}

double change_p(const Paired& paired, double margin) {
  const Paired seen = paired.lost >= paired.gained
                          ? paired
                          : Paired{.n = paired.n, .lost = paired.gained, .gained = paired.lost};
  return std::max(mcnemar_p(paired), std::min(1.0, 2.0 * drop_above_p(seen, margin)));
}

record::Interval drop_interval(const Paired& paired) {
  const double z = normal_quantile(0.975);
  return {.low = drop_of_score(paired, z), .high = drop_of_score(paired, -z)};
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return p[i]; });
  std::vector<double> adjusted(p.size());
  double largest = 0.0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    largest = std::max(largest, std::min(1.0, static_cast<double>(p.size() - k) * p[order[k]]));
    adjusted[order[k]] = largest;
  }
  return adjusted;
}

std::optional<std::uint64_t> needed_samples(const Paired& paired, double margin, double alpha,
                                            std::size_t tests) {
  const double drop = std::abs(paired.drop());
  const double beyond = drop - margin;
  if (beyond == 0.0) return std::nullopt;
  const double z =
      beyond > 0.0
          ? normal_quantile(1.0 - alpha / (2.0 * static_cast<double>(tests))) + normal_quantile(0.9)
          : normal_quantile(0.975);
  const double enough = z * z * (paired.changed() - drop * drop) / (beyond * beyond);
  // A change of the margin but for rounding would ask for more samples than one can write.
  if (enough > 1e12) return std::nullopt;
  return two_digits_up(std::max(enough, static_cast<double>(paired.n + 1)));
}

}  // namespace gibbon::reports::gate
