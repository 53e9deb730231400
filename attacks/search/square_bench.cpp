// SPDX-License-Identifier: MIT
// Square with and without the incremental first layer: queries per second on samples that hold.
#include <fmt/format.h>
#include <stdexcept>

#include <benchmark/benchmark.h>

#include "attacks/attack.hpp"
#include "base/rng.hpp"
#include "models/mlp.hpp"
#include "models/train/initialise.hpp"

namespace gibbon::attacks::search {
namespace {

constexpr std::size_t kBlock = 64;

/// The same model without a front.
class Dense final : public models::Classifier {
 public:
  explicit Dense(const models::Network& network) : model_(network) {}
  std::size_t input_dim() const override { return model_.input_dim(); }
  std::size_t num_classes() const override { return model_.num_classes(); }
  models::Tape make_tape(std::size_t rows) const override { return model_.make_tape(rows); }
  Rows forward(Rows x, models::Tape& tape) const override { return model_.forward(x, tape); }
  void backward(models::Tape& tape, Rows dlogits, MutableRows dx) const override {
    model_.backward(tape, dlogits, dx);
  }

 private:
  models::Mlp model_;
};

void run(benchmark::State& state, const models::Classifier& model, Norm norm) {
  Tensor x(kBlock, 784);
  Rng rng(1, 0, "square-bench");
  // Like MNIST's: four pixels of five are black.
  for (float& value : x.flat()) value = std::max(0.0F, rng.uniform(-4.0F, 1.0F));
  models::Tape tape = model.make_tape(kBlock);
  std::vector<int> labels;
  std::vector<std::uint64_t> ids;
  const Rows logits = model.forward(x.view(), tape);
  for (std::size_t n = 0; n < kBlock; ++n) {
    labels.push_back(predicted_class(logits.row(n)));
    ids.push_back(n);
  }
  // Too little to break any, so that every block stays full.
  const std::vector<double> budgets(kBlock, norm == Norm::kLinf ? 1e-5 : 1e-3);
  const Problem problem{.x = x.view(),
                        .labels = labels,
                        .ids = ids,
                        .epsilons = budgets,
                        .norm = norm,
                        .shape = {28, 28, 1, true}};
  const auto attack = find("square").make();
  Oracle oracle(model, Access::kScores, kBlock);
  Workspace work;
  Tensor out(kBlock, 784);
  double queries = 0.0;
  for (auto _ : state) {
    attack->run(oracle, problem, work, out.view());
    for (const std::uint64_t spent : oracle.forwards()) queries += static_cast<double>(spent);
  }
  state.counters["queries/s"] = benchmark::Counter(queries, benchmark::Counter::kIsRate);
}

void add(const models::Network& network, Norm norm) {
  const std::string name = fmt::format("square/{}/{}", network.architecture(), to_string(norm));
  benchmark::RegisterBenchmark((name + "/incremental").c_str(), [=](benchmark::State& state) {
    run(state, models::Mlp(network), norm);
  })->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark((name + "/dense").c_str(), [=](benchmark::State& state) {
    run(state, Dense(network), norm);
  })->Unit(benchmark::kMillisecond);
}

}  // namespace
}  // namespace gibbon::attacks::search

int main(int argc, char** argv) {
  using namespace gibbon;
  using attacks::search::add;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  for (const std::vector<std::size_t>& widths :
       {std::vector<std::size_t>{784, 16, 16, 10}, std::vector<std::size_t>{784, 256, 256, 10}}) {
    const models::Network network = models::train::make_network(
        widths, models::make_activation("relu"), models::Output::kSoftmax,
        models::train::find_initialiser("xavier"), 1);
    for (const attacks::Norm norm : {attacks::Norm::kLinf, attacks::Norm::kL2}) {
      add(network, norm);
    }
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
