// SPDX-License-Identifier: MIT
#include "eval/runs/reference.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/parallel.hpp"
#include "base/phase.hpp"
#include "base/rng.hpp"
#include "models/kernels/gemm.hpp"
#include "models/mlp.hpp"

namespace gibbon::eval::runs {
namespace {

constexpr std::size_t kSamples = 64;
constexpr std::size_t kSide = 8;
constexpr std::size_t kHidden = 32;

/// He's initial weights.
models::Dense make_layer(std::size_t inputs, std::size_t outputs, std::string_view activation) {
  models::Dense layer{.weight = {outputs, inputs},
                      .bias = std::vector<float>(outputs, 0.0F),
                      .activation = models::make_activation(activation)};
  Rng rng(0, inputs, "reference network");
  const double spread = std::sqrt(2.0 / static_cast<double>(inputs));
  for (float& weight : layer.weight.flat()) weight = static_cast<float>(spread * rng.normal());
  return layer;
}

/// Keyed pictures, labelled by the network. `first`: the number of the first.
datasets::Dataset make_pictures(const models::Network& network, std::uint64_t first) {
  datasets::Dataset data{.name = "reference",
                         .split = "test",
                         .images = {kSamples, kSide * kSide},
                         .shape = {kSide, kSide, 1, true}};
  for (std::size_t n = 0; n < kSamples; ++n) {
    data.ids.push_back(first + n);
    Rng rng(0, first + n, "reference picture");
    for (float& value : data.images.row(n)) value = static_cast<float>(rng.below(256)) / 255.0F;
  }
  for (std::size_t c = 0; c < network.num_classes(); ++c)
    data.class_names.push_back(std::to_string(c));
  const models::Mlp model(network);
  auto tape = model.make_tape(kSamples);
  const Rows logits = model.forward(std::as_const(data.images).view(), tape);
  for (std::size_t n = 0; n < kSamples; ++n)
    data.labels.push_back(attacks::predicted_class(logits.row(n)));
  return data;
}

/// The entries of the plan that can run in `norm`, made anew: fitted attacks keep what they
/// learned.
sweep::SweepPlan plan_in(attacks::Norm norm, const sweep::SweepPlan& plan) {
  sweep::SweepPlan out{.norms = {norm},
                       .epsilons = reference_epsilons(norm),
                       .max_queries = plan.max_queries,
                       .exhaustive = plan.exhaustive,
                       .threads = plan.threads};
  for (const sweep::Entry& entry : plan.attacks) {
    if (!entry.supports(norm)) continue;
    sweep::Entry& made = out.attacks.emplace_back(sweep::parse_entry(entry.text));
    // A name is one of the plan's classes, which are not those of the reference network.
    for (std::size_t k = 0; k < entry.members.size(); ++k)
      for (std::size_t m = 0; m < entry.members[k].size(); ++m)
        made.members[k][m].target = entry.members[k][m].target;
  }
  return out;
}

void add_strengths(const sweep::SweepResult& result, const sweep::SweepPlan& plan,
                   std::vector<reports::gate::Strength>& strengths) {
  const std::size_t budgets = plan.epsilons.size();
  for (std::size_t p = 0; p < result.pairs.size(); ++p) {
    reports::gate::Strength strength{.attack = result.pairs[p].entry->text,
                                     .norm = std::string(attacks::to_string(result.pairs[p].norm)),
                                     .epsilons = plan.epsilons};
    const auto records = std::span(result.samples).subspan(p * budgets * kSamples);
    for (std::size_t k = 0; k < budgets; ++k) {
      auto& broken = strength.broken.emplace_back();
      for (const auto& r : records.subspan(k * kSamples, kSamples)) broken.push_back(r.broken);
    }
    for (const auto& r : records.first(kSamples)) strength.nearest.push_back(r.nearest);
    strengths.push_back(std::move(strength));
  }
}

}  // namespace

ReferenceBench make_reference_bench(std::size_t classes) {
  ReferenceBench bench;
  bench.network.layers.push_back(make_layer(kSide * kSide, kHidden, "relu"));
  bench.network.layers.push_back(
      make_layer(kHidden, std::max<std::size_t>(10, classes), "identity"));
  bench.data = make_pictures(bench.network, 0);
  return bench;
}

std::vector<double> reference_epsilons(attacks::Norm norm) {
  const std::span<const double> budgets = info_of(norm).usual_budgets;
  return {budgets.begin(), budgets.end()};
}

std::vector<reports::gate::Strength> measure_strength(const sweep::SweepPlan& plan,
                                                      std::size_t classes) {
  const Phase phase("attacks on the reference network");
  const ReferenceBench bench = make_reference_bench(classes);
  std::vector<reports::gate::Strength> strengths;
  for (const attacks::Norm norm : plan.norms) {
    sweep::SweepPlan own = plan_in(norm, plan);
    if (own.attacks.empty()) continue;
    own.training = make_pictures(bench.network, kSamples);
    const sweep::SweepResult result =
        sweep::sweep(bench.network, bench.data, own, [](const sweep::SweepStatus&) {});
    if (result.finished < kSamples) return {};
    add_strengths(result, own, strengths);
  }
  return strengths;
}

double measure_reference_gflops() {
  constexpr std::size_t kRows = 64;
  constexpr std::size_t kWidth = 256;
  constexpr int kProducts = 4;  // in a round
  constexpr int kFewestRounds = 3;
  constexpr double kSeconds = 0.01;
  Tensor a(kRows, kWidth);
  Tensor b(kWidth, kWidth);
  Tensor c(kRows, kWidth);
  Rng rng(0, 0, "reference workload");
  for (float& value : a.flat()) value = rng.uniform(-1.0F, 1.0F);
  for (float& value : b.flat()) value = rng.uniform(-1.0F, 1.0F);
  double fastest = 0.0;
  double spent = 0.0;
  for (int round = 0; round < kFewestRounds || spent < kSeconds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    for (int k = 0; k < kProducts; ++k)
      models::kernels::multiply(std::as_const(a).view(), std::as_const(b).view(), c.view());
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    spent += seconds;
    fastest = std::max(fastest, 2.0 * kProducts * kRows * kWidth * kWidth / seconds / 1e9);
  }
  return fastest;
}

}  // namespace gibbon::eval::runs
