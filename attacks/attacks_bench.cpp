// SPDX-License-Identifier: MIT
// Every attack of the catalogue on two networks, one thread: samples, gradient steps and passes per
// second, and which share of the core's FMA peak the matrix products of those passes are. Budgets
// are far too small to break anything, so that no attack stops early: this is what a robust sample
// costs. `of peak` counts every pass as a dense one; square does without most of the first layer,
// so there it says how fast a dense attack would have to be.
//
// ./attacks_bench --benchmark_filter=apgd
#include <fmt/format.h>

#include <benchmark/benchmark.h>

#include "attacks/attack.hpp"
#include "base/rng.hpp"
#include "models/kernels/peak.hpp"
#include "models/mlp.hpp"
#include "models/train/initialise.hpp"

namespace gibbon::attacks {
namespace {

constexpr double kBudget = 1e-5;
constexpr std::size_t kBlock = 256;
constexpr std::size_t kSmallBlock = 64;  // for attacks of more passes than kDear
constexpr double kDear = 3000.0;

/// Pictures like MNIST's, four pixels of five black, labelled with what the network says.
struct Scene {
  models::Network network;
  models::Mlp model;
  Tensor x{kBlock, 784};
  std::vector<int> labels;
  std::vector<std::uint64_t> ids;
  std::vector<double> budgets = std::vector<double>(kBlock, kBudget);
  double flops = 0.0;  ///< of one pass of one sample, either way

  explicit Scene(const std::vector<std::size_t>& widths)
      : network(models::train::make_network(widths, models::make_activation("relu"),
                                            models::Output::kSoftmax,
                                            models::train::find_initialiser("xavier"), 1)),
        model(network) {
    Rng rng(1, 0, "attacks-bench");
    for (float& value : x.flat()) value = std::max(0.0F, rng.uniform(-4.0F, 1.0F));
    auto tape = model.make_tape(kBlock);
    const Rows logits = model.forward(std::as_const(x).view(), tape);
    for (std::size_t n = 0; n < kBlock; ++n) {
      labels.push_back(predicted_class(logits.row(n)));
      ids.push_back(n);
    }
    for (const models::Dense& layer : network.layers) {
      flops += 2.0 * static_cast<double>(layer.weight.flat().size());
    }
  }

  [[nodiscard]] Problem problem(Norm norm, std::size_t count) const {
    return {.x = x.view().slice(0, count),
            .labels = Labels(labels).first(count),
            .ids = std::span(ids).first(count),
            .epsilons = std::span(budgets).first(count),
            .norm = norm,
            .shape = {28, 28, 1, true}};
  }
};

void run(benchmark::State& state, const Scene& scene, const AttackInfo& info, Norm norm,
         double peak) {
  const auto attack = info.make();
  const double cost = attack->passes(10);
  const std::size_t count = cost > kDear ? kSmallBlock : kBlock;
  std::vector<double> ones(count, 1.0);
  Problem problem = scene.problem(norm, count);
  if (info_of(norm).counts) problem.epsilons = ones;
  Oracle oracle(scene.model, Access::kGradients, count);
  Workspace work;
  Tensor candidate(count, 784);
  if (info.fitted) {
    oracle.begin(count, 0);
    attack->fit(oracle, problem, problem.epsilons.first(1), work);
  }
  std::uint64_t forwards = 0;
  std::uint64_t backwards = 0;
  for (auto _ : state) {
    attack->run(oracle, problem, work, candidate.view());
    for (const std::uint64_t passes : oracle.forwards()) forwards += passes;
    for (const std::uint64_t passes : oracle.backwards()) backwards += passes;
  }
  using benchmark::Counter;
  const double samples = static_cast<double>(state.iterations()) * static_cast<double>(count);
  state.counters["samples/s"] = Counter(samples, Counter::kIsRate);
  state.counters["gradients/s"] = Counter(static_cast<double>(backwards), Counter::kIsRate);
  state.counters["passes/s"] = Counter(static_cast<double>(forwards + backwards), Counter::kIsRate);
  state.counters["of peak"] =
      Counter(static_cast<double>(forwards + backwards) * scene.flops / peak, Counter::kIsRate);
}

int bench(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  const double peak = models::kernels::measure_peak();
  fmt::print("{}: {:.1f} GFLOP/s on one core\n", models::kernels::peak_instructions(), peak * 1e-9);
  const std::vector<std::unique_ptr<Scene>> scenes = [] {
    std::vector<std::unique_ptr<Scene>> out;
    out.push_back(std::make_unique<Scene>(std::vector<std::size_t>{784, 16, 16, 10}));
    out.push_back(std::make_unique<Scene>(std::vector<std::size_t>{784, 256, 256, 10}));
    return out;
  }();
  for (const AttackInfo& info : catalog()) {
    for (const auto& scene : scenes) {
      for (const Norm norm : info.norms) {
        const std::string name =
            fmt::format("{}/{}/{}", info.name, to_string(norm), scene->network.architecture());
        const Scene& where = *scene;
        auto* row = benchmark::RegisterBenchmark(
            name.c_str(), [&where, &info, norm, peak](benchmark::State& state) {
              run(state, where, info, norm, peak);
            });
        row->Unit(benchmark::kMillisecond);
        if (info.make()->passes(10) > kDear) row->Iterations(1);
      }
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace
}  // namespace gibbon::attacks

int main(int argc, char** argv) {
  try {
    return gibbon::attacks::bench(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
