// SPDX-License-Identifier: MIT
// What a bound and a node of the search cost: one step of optimised bounds (a backward and a
// forward pass of all rows) as a share of the double-precision FMA peak of one core, and whole
// decisions on one and two threads.

#include <memory>

#include <benchmark/benchmark.h>

#include "base/rng.hpp"
#include "datasets/dataset.hpp"
#include "eval/certify/certify.hpp"
#include "eval/verify/dual.hpp"
#include "models/kernels/peak.hpp"
#include "models/mlp.hpp"
#include "models/train/initialise.hpp"

namespace gibbon::eval::verify {
namespace {

models::Network network_of(std::string_view activation, const std::vector<std::size_t>& widths) {
  return models::train::make_network(widths, models::make_activation(activation),
                                     models::Output::kSoftmax,
                                     models::train::find_initialiser("xavier"), 1);
}

const std::vector<std::vector<std::size_t>>& architectures() {
  static const std::vector<std::vector<std::size_t>> all{
      {784, 16, 16, 10}, {784, 104, 104, 10}, {784, 256, 256, 10}, {784, 256, 256, 256, 256, 10}};
  return all;
}

/// A step of `rows` rows: 2 multiply-adds per weight, forward and backward.
void step(benchmark::State& state, std::string_view activation) {
  const std::vector<std::size_t>& widths =
      architectures()[static_cast<std::size_t>(state.range(0))];
  const auto rows = static_cast<std::size_t>(state.range(1));
  const models::Network network = network_of(activation, widths);
  const models::bounds::Bounder bounder(network);
  models::bounds::BoundTape tape = bounder.make_tape(1);
  // Wide enough that no neuron is dead: the products have their full size.
  const std::vector<double> lower(widths[0], -1.0);
  const std::vector<double> upper(widths[0], 1.0);
  bounder.enclose(models::bounds::BoxRegion{.lower = lower, .upper = upper}, tape);
  const LocalNetwork local(bounder, tape);
  Intervals intervals;
  double weights = 0.0;
  for (const LocalLayer& layer : local.layers) {
    intervals.lower.insert(intervals.lower.end(), layer.lower.begin(), layer.lower.end());
    intervals.upper.insert(intervals.upper.end(), layer.upper.begin(), layer.upper.end());
    weights += static_cast<double>(layer.weight.flat().size());
  }
  const Enclosure enclosure(local, std::move(intervals));
  const Form form = local.form({.weights = {1, -1, 0, 0, 0, 0, 0, 0, 0, 0}});
  DualBatch batch(local, rows);
  constexpr int kSteps = 20;
  for (auto _ : state) {
    batch.clear();
    for (std::size_t r = 0; r < rows; ++r) batch.add(form, enclosure, {}, {}, HUGE_VAL);
    batch.optimise({.iterations = kSteps - 1});
    benchmark::DoNotOptimize(batch.bound(0));
  }
  const double steps = static_cast<double>(state.iterations()) * kSteps * static_cast<double>(rows);
  state.counters["steps/s"] = benchmark::Counter(steps, benchmark::Counter::kIsRate);
  state.counters["of_peak"] = benchmark::Counter(
      4.0 * weights * steps / (0.5 * models::kernels::measure_peak()), benchmark::Counter::kIsRate);
}

datasets::Dataset images(std::size_t count) {
  datasets::Dataset data;
  data.images = Tensor(count, 784);
  Rng rng(1, 0, "verify-bench");
  for (float& x : data.images.flat()) x = rng.uniform(0.0F, 1.0F);
  data.shape = {.height = 28, .width = 28, .channels = 1};
  for (int c = 0; c < 10; ++c) data.class_names.push_back(std::to_string(c));
  return data;
}

/// Whole decisions about random images, which every thread count answers alike.
void decisions(benchmark::State& state) {
  const models::Network network = network_of("relu", {784, 64, 64, 10});
  datasets::Dataset data = images(400);
  const models::MlpOf<double> model(network);
  models::TapeOf<double> tape = model.make_tape(1);
  TensorOf<double> x(1, 784);
  for (std::size_t n = 0; n < data.images.rows(); ++n) {
    std::ranges::copy(data.images.row(n), x.flat().begin());
    const auto y = model.forward(std::as_const(x).view(), tape).row(0);
    data.labels.push_back(static_cast<int>(std::ranges::max_element(y) - y.begin()));
    data.ids.push_back(n);
  }
  const certify::CertifyPlan plan{.epsilons = {0.002, 0.004, 0.006, 0.008},
                                  .threads = static_cast<std::size_t>(state.range(0))};
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        certify::certify(network, data, plan, [](std::size_t, std::size_t) {}));
  }
  state.counters["images/s"] = benchmark::Counter(static_cast<double>(state.iterations()) * 400,
                                                  benchmark::Counter::kIsRate);
}

BENCHMARK_CAPTURE(step, relu, "relu")
    ->ArgsProduct({{0, 1, 2, 3}, {8, 32}})
    ->ArgNames({"net", "rows"});
BENCHMARK_CAPTURE(step, sigmoid, "sigmoid")
    ->ArgsProduct({{0, 2}, {8, 32}})
    ->ArgNames({"net", "rows"});
BENCHMARK(decisions)->Arg(1)->Arg(2)->ArgName("threads")->UseRealTime()->Unit(
    benchmark::kMillisecond);

}  // namespace
}  // namespace gibbon::eval::verify

BENCHMARK_MAIN();
