// SPDX-License-Identifier: MIT
// How long a large finished run takes to become a page: 10,000 samples, 31 budgets, 6 attacks.

#include <sstream>

#include <benchmark/benchmark.h>

#include "reports/formats/npy.hpp"
#include "reports/page/html.hpp"

namespace gibbon::reports::page {
namespace {

constexpr std::size_t kSamples = 10'000;
constexpr std::size_t kBudgets = 31;
constexpr std::size_t kAttacks = 6;

record::Run large_run() {
  record::Run run;
  for (std::size_t a = 0; a < kAttacks; ++a) {
    const std::string attack = "attack-" + std::to_string(a);
    for (std::size_t e = 0; e < kBudgets; ++e) {
      record::CurvePoint point{.attack = attack,
                               .norm = "linf",
                               .kind = record::RowKind::kAttack,
                               .epsilon = 0.01 * static_cast<double>(e),
                               .n = kSamples,
                               .clean_correct = kSamples,
                               .class_n = std::vector<std::uint64_t>(10, kSamples / 10),
                               .class_correct = std::vector<std::uint64_t>(10, 0)};
      for (std::size_t k = 0; k < kSamples; ++k) {
        const double distance = 0.001 * static_cast<double>(1 + (k * 7919) % 400);
        const bool broken = distance <= point.epsilon;
        const auto label = static_cast<std::int16_t>(k % 10);
        point.correct += broken ? 0 : 1;
        point.class_correct[k % 10] += broken ? 0 : 1;
        run.samples.push_back(
            {.curve_row = static_cast<std::uint32_t>(run.curve.size()),
             .id = k,
             .label = label,
             .clean_label = label,
             .found_label = broken ? static_cast<std::int16_t>((k / 10) % 10) : label,
             .fooled = static_cast<std::uint8_t>(broken ? 1 : 0),
             .broken = static_cast<std::uint8_t>(broken ? 1 : 0),
             .confidence = static_cast<float>(k % 97) / 97.0F,
             .forwards = static_cast<std::uint32_t>(k % 50),
             .nearest = distance});
      }
      run.curve.push_back(std::move(point));
    }
    run.distances.push_back(
        {.attack = attack, .norm = "linf", .kind = record::RowKind::kAttack, .n = kSamples});
  }
  return run;
}

void read_records(benchmark::State& state) {
  const std::string bytes = formats::to_npy(large_run().samples);
  for (auto _ : state) {
    std::istringstream file(bytes);
    benchmark::DoNotOptimize(formats::from_npy(file).data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(read_records)->Unit(benchmark::kMillisecond);

void draw_page(benchmark::State& state) {
  const record::Run run = large_run();
  const PageRun page{.run = &run};
  for (auto _ : state) benchmark::DoNotOptimize(to_html({&page, 1}, {}).data());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(run.samples.size()));
}
BENCHMARK(draw_page)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace gibbon::reports::page

BENCHMARK_MAIN();
