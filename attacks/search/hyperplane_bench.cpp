// SPDX-License-Identifier: MIT
// One projection onto hyperplane and box, 784 features.
#include <benchmark/benchmark.h>

#include "attacks/search/hyperplane.hpp"
#include "base/rng.hpp"

namespace gibbon::attacks::search {
namespace {

void project(benchmark::State& state, Norm norm) {
  constexpr std::size_t kPoints = 64;
  Tensor x(kPoints, 784);
  Tensor w(kPoints, 784);
  Tensor delta(1, 784);
  Rng rng(1, 0, "hyperplane-bench");
  // Like MNIST's: four pixels of five are black.
  for (float& value : x.flat()) value = std::max(0.0F, rng.uniform(-4.0F, 1.0F));
  for (float& value : w.flat()) value = static_cast<float>(rng.normal());
  std::size_t n = 0;
  for (auto _ : state) {
    n = (n + 1) % kPoints;
    benchmark::DoNotOptimize(
        towards_plane(norm, x.view().row(n), w.view().row(n), -10.0, {}, delta.view().row(0)));
  }
}
BENCHMARK_CAPTURE(project, linf, Norm::kLinf);
BENCHMARK_CAPTURE(project, l2, Norm::kL2);
BENCHMARK_CAPTURE(project, l1, Norm::kL1);

}  // namespace
}  // namespace gibbon::attacks::search

BENCHMARK_MAIN();
