// SPDX-License-Identifier: MIT
#include "attacks/search/starts.hpp"

#include <fmt/format.h>
#include <stdexcept>

#include "base/noise.hpp"

namespace gibbon::attacks::search {
namespace {

[[noreturn]] void refuse(std::string_view what, Norm norm) {
  throw std::logic_error(fmt::format("{}: not for {}", what, to_string(norm)));
}

}  // namespace

Rng run_rng(const Problem& problem, std::size_t sample, std::string_view purpose, int run) {
  Rng keys(problem.seed, problem.ids[sample], purpose);
  std::uint64_t key = keys.bits();
  for (int k = 0; k < run; ++k) key = keys.bits();
  return {key, problem.ids[sample], purpose};
}

void add_ball_noise(Norm norm, double epsilon, Rng& rng, MutableRow row) {
  const NormInfo& info = info_of(norm);
  if (info.ball_noise == nullptr) refuse("add_ball_noise", norm);
  info.ball_noise(epsilon, rng, row);
}

void add_gaussian_noise(Norm norm, double epsilon, Rng& rng, MutableRow row) {
  const NormInfo& info = info_of(norm);
  if (info.length == nullptr) refuse("add_gaussian_noise", norm);
  add_scaled_noise(
      row, [&] { return rng.normal(); },
      [&](std::span<const double> noise) { return epsilon / info.length(noise); });
}

void add_full_noise(Norm norm, double epsilon, Rng& rng, MutableRow row) {
  if (norm == Norm::kLinf) {
    return add_scaled_noise(
        row, [&] { return 2.0 * rng.unit() - 1.0; },
        [&](std::span<const double> noise) { return epsilon / info_of(norm).length(noise); });
  }
  if (norm == Norm::kL2) return add_gaussian_noise(norm, epsilon, rng, row);
  if (norm != Norm::kL1) refuse("add_full_noise", norm);
  for (float& value : row) add_noise(value, rng.normal());
}

}  // namespace gibbon::attacks::search
