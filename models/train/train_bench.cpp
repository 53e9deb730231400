// SPDX-License-Identifier: MIT
// An epoch of robust training beside an ordinary one: 4,096 samples, batch 64, one thread, with ε,
// κ and β in the middle of the ramp.
//
// ./train_bench
#include <benchmark/benchmark.h>

#include "base/rng.hpp"
#include "models/train/initialise.hpp"
#include "models/train/stepper.hpp"

namespace gibbon::models::train {
namespace {

constexpr std::size_t kSamples = 4096;
constexpr std::size_t kBatch = 64;

struct Samples {
  Tensor x{kSamples, 784};
  std::vector<int> labels;
  std::vector<std::uint32_t> order;
  Samples() {
    Rng rng(1, 0, "train-bench");
    for (float& value : x.flat()) value = std::max(0.0F, rng.uniform(-4.0F, 1.0F));
    for (std::size_t n = 0; n < kSamples; ++n) {
      labels.push_back(static_cast<int>(rng.below(10)));
      order.push_back(static_cast<std::uint32_t>(n));
    }
  }
};

/// `method`: null for ordinary training.
void run_epochs(benchmark::State& state, const robust::RobustInfo* method) {
  static const Samples samples;
  const std::vector<std::size_t> widths{784, 256, 256, 10};
  TrainableMlp model(
      make_network(widths, make_activation("relu"), Output::kSoftmax, find_initialiser("he"), 1));
  StepSettings settings{.loss = make_loss("cross-entropy", Output::kSoftmax),
                        .optimizer = &find_optimizer("adam")};
  settings.robust = {.method = method, .epsilon = 0.1, .ramp = 1.0};
  const robust::RobustPoint at = settings.robust.at(0.5);
  Stepper stepper(model, settings);
  for (auto _ : state) {
    for (std::size_t n = 0; n < kSamples; n += kBatch) {
      stepper.step(samples.x.view(), samples.labels, std::span(samples.order).subspan(n, kBatch),
                   1e-4, at);
    }
  }
  state.counters["images/s"] =
      benchmark::Counter(static_cast<double>(state.iterations()) * static_cast<double>(kSamples),
                         benchmark::Counter::kIsRate);
}

int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  const auto add = [](const std::string& name, const robust::RobustInfo* method) {
    benchmark::RegisterBenchmark(name.c_str(), run_epochs, method)->Unit(benchmark::kMillisecond);
  };
  add("epoch/ordinary", nullptr);
  for (const robust::RobustInfo& info : robust::robust_methods())
    add("epoch/" + std::string(info.name), &info);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace
}  // namespace gibbon::models::train

int main(int argc, char** argv) { return gibbon::models::train::run(argc, argv); }
