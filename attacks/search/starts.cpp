// SPDX-License-Identifier: MIT
#include "attacks/search/starts.hpp"

#include <cmath>
#include <vector>

namespace gibbon::attacks::search {
namespace {

void add(float& value, double noise) { value = static_cast<float>(double{value} + noise); }

/// Draws one number per feature with draw(), adds scale(those numbers) times each to the row.
template <class Draw, class Scale>
void add_scaled(MutableRow row, Draw draw, Scale scale) {
  thread_local std::vector<double> noise;
  noise.resize(row.size());
  for (double& value : noise) value = draw();
  const double factor = scale(std::span<const double>(noise));
  for (std::size_t d = 0; d < row.size(); ++d) add(row[d], factor * noise[d]);
}

double length(std::span<const double> noise) {
  double squares = 0.0;
  for (const double value : noise) squares += value * value;
  return std::sqrt(squares);
}

double total(std::span<const double> noise) {
  double out = 0.0;
  for (const double value : noise) out += std::abs(value);
  return out;
}

double largest(std::span<const double> noise) {
  double out = 0.0;
  for (const double value : noise) out = std::max(out, std::abs(value));
  return out;
}

}  // namespace

Rng run_rng(const Problem& problem, std::size_t sample, std::string_view purpose, int run) {
  Rng keys(problem.seed, problem.ids[sample], purpose);
  std::uint64_t key = keys.bits();
  for (int k = 0; k < run; ++k) key = keys.bits();
  return {key, problem.ids[sample], purpose};
}

void add_ball_noise(Norm norm, double epsilon, Rng& rng, MutableRow row) {
  switch (norm) {
    case Norm::kLinf:
      for (float& value : row) add(value, epsilon * (2.0 * rng.unit() - 1.0));
      return;
    case Norm::kL2:
      return add_scaled(
          row, [&] { return rng.normal(); },
          [&](std::span<const double> noise) {
            const double radius = std::pow(rng.unit(), 1.0 / static_cast<double>(row.size()));
            return epsilon * radius / length(noise);
          });
    case Norm::kL1:
      return add_scaled(
          row,
          [&] {
            const double size = rng.exponential();
            return (rng.bits() & 1U) != 0 ? size : -size;
          },
          [&](std::span<const double> noise) {
            return epsilon / (total(noise) + rng.exponential());
          });
    case Norm::kL0: break;
  }
  throw std::logic_error("add_ball_noise: not for l0");
}

void add_gaussian_noise(Norm norm, double epsilon, Rng& rng, MutableRow row) {
  add_scaled(
      row, [&] { return rng.normal(); },
      [&](std::span<const double> noise) {
        switch (norm) {
          case Norm::kLinf: return epsilon / largest(noise);
          case Norm::kL2: return epsilon / length(noise);
          case Norm::kL1: return epsilon / total(noise);
          case Norm::kL0: break;
        }
        throw std::logic_error("add_gaussian_noise: not for l0");
      });
}

void add_full_noise(Norm norm, double epsilon, Rng& rng, MutableRow row) {
  switch (norm) {
    case Norm::kLinf:
      return add_scaled(
          row, [&] { return 2.0 * rng.unit() - 1.0; },
          [&](std::span<const double> noise) { return epsilon / largest(noise); });
    case Norm::kL2: return add_gaussian_noise(norm, epsilon, rng, row);
    case Norm::kL1:
      for (float& value : row) add(value, rng.normal());
      return;
    case Norm::kL0: break;
  }
  throw std::logic_error("add_full_noise: not for l0");
}

}  // namespace gibbon::attacks::search
