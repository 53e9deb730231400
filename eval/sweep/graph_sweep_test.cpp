// SPDX-License-Identifier: MIT
// A convolutional network is swept like any other: the same bits for any batch and any threads.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/rng.hpp"
#include "eval/sweep/sweep.hpp"
#include "models/graph.hpp"
#include "reports/formats/npy.hpp"

namespace gibbon::eval::sweep {
namespace {

/// 6 × 6 grey pixels, a convolution that branches, a pool and three classes.
models::Graph small_graph() {
  Rng rng(3, 0, "graph-sweep-test");
  const auto drawn = [&](std::size_t rows, std::size_t cols) {
    Tensor out(rows, cols);
    for (float& w : out.flat()) w = rng.uniform(-1.0F, 1.0F);
    return out;
  };
  models::Graph graph{.input = {6, 6, 1}};
  const models::Window window{
      .height = 3, .width = 3, .top = 1, .bottom = 1, .left = 1, .right = 1};
  const auto zeros = [](std::size_t count) { return std::vector<float>(count); };
  graph.nodes.push_back({"a", models::conv2d(window, 1, drawn(4, 9), zeros(4)), {0}});
  graph.nodes.push_back({"b", models::activate(models::make_activation("relu")), {1}});
  graph.nodes.push_back({"c", models::conv2d(window, 2, drawn(4, 18), zeros(4)), {2}});
  graph.nodes.push_back({"d", models::add(), {2, 3}});
  graph.nodes.push_back({"e", models::concat(), {4, 1}});
  graph.nodes.push_back(
      {"f", models::max_pool({.height = 2, .width = 2, .stride_y = 2, .stride_x = 2}), {5}});
  graph.nodes.push_back({"g", models::dense(drawn(3, 72), zeros(3)), {6}});
  return graph;
}

datasets::Dataset pictures(const models::Target& target) {
  constexpr std::size_t kSamples = 70;
  datasets::Dataset data{.name = "noise", .split = "test", .shape = {6, 6, 1, true}};
  data.images = Tensor(kSamples, 36);
  Rng rng(4, 0, "graph-sweep-test");
  for (float& value : data.images.flat()) value = rng.uniform(0.0F, 1.0F);
  models::Tape tape = target.fast->make_tape(kSamples);
  const Rows logits = target.fast->forward(data.images.view(), tape);
  for (std::size_t n = 0; n < kSamples; ++n) {
    const Row z = logits.row(n);
    data.ids.push_back(n);
    data.labels.push_back(static_cast<int>(std::ranges::max_element(z) - z.begin()));
  }
  data.class_names = {"x", "y", "z"};
  return data;
}

SweepResult run(const models::Target& target, const datasets::Dataset& data, std::size_t batch,
                std::size_t threads) {
  SweepPlan plan{.norms = {attacks::Norm::kLinf, attacks::Norm::kL2},
                 .epsilons = {0.0, 0.02, 0.1},
                 .threads = threads,
                 .batch = batch};
  for (const char* attack : {"fgsm", "pgd:steps=5", "apgd-dlr:steps=10"})
    plan.attacks.push_back(parse_entry(attack));
  return sweep(target, data, plan, [](const SweepStatus&) {});
}

TEST(GraphSweep, SameBitsForAnyBatchAndThreads) {
  const models::Target target(small_graph());
  const datasets::Dataset data = pictures(target);
  const SweepResult whole = run(target, data, 256, 1);
  ASSERT_EQ(whole.finished, data.size());
  EXPECT_LT(whole.curve.back().correct, data.size());
  const std::string bits = reports::formats::to_npy(whole.samples);
  EXPECT_EQ(reports::formats::to_npy(run(target, data, 256, 2).samples), bits);
  EXPECT_EQ(reports::formats::to_npy(run(target, data, 7, 2).samples), bits);
  EXPECT_EQ(reports::formats::to_npy(run(target, data, 1, 1).samples), bits);
}

TEST(GraphSweep, PicturesOfAnotherShapeAreRefused) {
  const models::Target target(small_graph());
  datasets::Dataset data = pictures(target);
  data.shape = {4, 9, 1, true};
  try {
    static_cast<void>(run(target, data, 8, 1));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("takes images of 6×6×1"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace gibbon::eval::sweep
