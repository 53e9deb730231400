// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cmath>

#include "attacks/losses.hpp"

// The losses APGD climbs: value and derivative by the logits of one sample, values in double so
// that the schedule sees progress where float32 rounds it away.
namespace gibbon::attacks::search {

/// max_{j != y} z_j - z_y and Σ_{j != y} exp(z_j - max_{j != y} z_j), which is in [1, C - 1]:
/// everything cross-entropy consists of, without cancellation.
struct LogitGap {
  double gap;
  double sum;
};
template <class Float>
[[nodiscard]] LogitGap logit_gap(std::span<const Float> logits, int label) {
  const auto best = static_cast<double>(best_other(logits, label));
  LogitGap out{best - static_cast<double>(logits[static_cast<std::size_t>(label)]), 0.0};
  for (std::size_t j = 0; j < logits.size(); ++j) {
    if (j == static_cast<std::size_t>(label)) continue;
    out.sum += std::exp(static_cast<double>(logits[j]) - best);
  }
  return out;
}

/// -log softmax(z)_y. Positive down to a gap of -745.
[[nodiscard]] inline double cross_entropy(LogitGap z) {
  return z.gap <= 0.0 ? std::log1p(std::exp(z.gap) * z.sum)
                      : z.gap + std::log(std::exp(-z.gap) + z.sum);
}

/// log(cross_entropy()), finite at any confidence.
[[nodiscard]] inline double log_cross_entropy(LogitGap z) {
  return z.gap < -700.0 ? z.gap + std::log(z.sum) : std::log(cross_entropy(z));
}

/// Indices of the highest four logits, falling; the lower index first on a tie. Entries from the
/// number of classes on are unspecified.
template <class Float>
[[nodiscard]] std::array<std::size_t, 4> highest_four(std::span<const Float> logits) {
  std::array<std::size_t, 4> top{};
  std::size_t known = 0;
  for (std::size_t j = 0; j < logits.size(); ++j) {
    std::size_t place = known;
    while (place > 0 && logits[j] > logits[top[place - 1]]) --place;
    if (place == top.size()) continue;
    known = std::min(known + 1, top.size());
    for (std::size_t k = known - 1; k > place; --k) top[k] = top[k - 1];
    top[place] = j;
  }
  return top;
}

/// ratio = numerator / denominator, where numerator = z_o - z_y; dlogits = its derivative.
/// `spread` lists the logits that the denominator consists of, with their factors.
template <class Float>
double logit_ratio(std::span<const Float> logits, std::size_t y, std::size_t o,
                   std::initializer_list<std::pair<std::size_t, double>> spread,
                   std::span<Float> dlogits) {
  const auto z = [&](std::size_t j) { return static_cast<double>(logits[j]); };
  const double numerator = z(o) - z(y);
  double denominator = spread.size() == 0 ? 1.0 : 1e-12;
  for (const auto& [j, factor] : spread) denominator += factor * z(j);
  // Entries meet where a class plays two parts and then nearly cancel: they are added in double.
  const auto entry = [&](std::size_t j) {
    double out = (j == o ? 1.0 : 0.0) - (j == y ? 1.0 : 0.0);
    for (const auto& [k, factor] : spread) {
      if (k == j) out -= numerator / denominator * factor;
    }
    return static_cast<Float>(out / denominator);
  };
  std::ranges::fill(dlogits, Float{0});
  dlogits[y] = entry(y);
  dlogits[o] = entry(o);
  for (const auto& [j, factor] : spread) dlogits[j] = entry(j);
  return numerator / denominator;
}

/// Difference of logits ratio, -(z_y - max_{j != y} z_j) / (z_p1 - z_p3 + 1e-12), p sorting the
/// logits from the highest (Croce & Hein 2020, arXiv:2003.01690, equation 6). Two classes have no
/// third: the numerator alone.
template <class Float>
double dlr(std::span<const Float> logits, int label, std::span<Float> dlogits) {
  const auto y = static_cast<std::size_t>(label);
  const auto top = highest_four(logits);
  const std::size_t other = top[0] == y ? top[1] : top[0];
  if (logits.size() < 3) return logit_ratio<Float>(logits, y, other, {}, dlogits);
  return logit_ratio<Float>(logits, y, other, {{top[0], 1.0}, {top[2], -1.0}}, dlogits);
}

/// Targeted difference of logits ratio, -(z_y - z_t) / (z_p1 - (z_p3 + z_p4) / 2 + 1e-12) (ibid.,
/// equation 7). Three classes: over z_p1 - z_p3; two: the numerator alone.
template <class Float>
double targeted_dlr(std::span<const Float> logits, int label, int target,
                    std::span<Float> dlogits) {
  const auto y = static_cast<std::size_t>(label);
  const auto t = static_cast<std::size_t>(target);
  const auto top = highest_four(logits);
  if (logits.size() < 3) return logit_ratio<Float>(logits, y, t, {}, dlogits);
  if (logits.size() == 3) {
    return logit_ratio<Float>(logits, y, t, {{top[0], 1.0}, {top[2], -1.0}}, dlogits);
  }
  return logit_ratio<Float>(logits, y, t, {{top[0], 1.0}, {top[2], -0.5}, {top[3], -0.5}}, dlogits);
}

}  // namespace gibbon::attacks::search
