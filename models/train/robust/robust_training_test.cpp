// SPDX-License-Identifier: MIT
#include <cmath>
#include <fmt/format.h>
#include <numeric>

#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "models/train/initialise.hpp"
#include "models/train/robust/robust_evaluation.hpp"

namespace gibbon::models::train::robust {
namespace {

constexpr double kEpsilon = 0.1;

/// Two classes in the unit square. Left or right of 0.5 by at least 0.15 is the first feature's
/// business; the second tells them apart, too, but by 0.04 alone: what a robust network ignores.
datasets::Dataset strips(std::size_t count = 600) {
  datasets::Dataset data{.name = "strips",
                         .split = "train",
                         .images = {count, 2},
                         .labels = std::vector<int>(count),
                         .ids = std::vector<std::uint64_t>(count),
                         .shape = {.height = 1, .width = 2, .channels = 1},
                         .class_names = {"left", "right"}};
  for (std::size_t n = 0; n < count; ++n) {
    Rng rng(1, n, "strips");
    const int label = static_cast<int>(n % 2);
    const float side = label == 0 ? -1.0F : 1.0F;
    data.images.row(n)[0] = 0.5F + side * rng.uniform(0.15F, 0.4F);
    data.images.row(n)[1] = 0.5F + side * 0.02F;
    data.labels[n] = label;
    data.ids[n] = n;
  }
  return data;
}

Network fresh() {
  return make_network(std::vector<std::size_t>{2, 12, 8, 2}, make_activation("relu"),
                      Output::kSoftmax, find_initialiser("he"), 3);
}

TrainSettings settings_of(std::string_view method) {
  return {.step = {.loss = make_loss("cross-entropy", Output::kSoftmax),
                   .optimizer = &find_optimizer("adam"),
                   .robust = {.method = method.empty() ? nullptr : &find_robust(method),
                              .epsilon = kEpsilon,
                              .kappa = 0.0,
                              .warm_up = 0.1,
                              .ramp = 0.5}},
          .schedule = &find_schedule("constant"),
          .learning_rate = 0.01,
          .epochs = 40,
          .batch = 100,
          .validation = 0.1,
          .seed = 9};
}

double standing(const Network& network, std::string_view judge, const datasets::Dataset& data) {
  std::vector<std::uint32_t> all(data.size());
  std::iota(all.begin(), all.end(), 0U);
  RobustSettings robust{.method = &find_robust(judge), .epsilon = kEpsilon};
  return evaluate_robust(network, make_loss("cross-entropy", Output::kSoftmax), robust, data, all,
                         2)
      .accuracy();
}

TEST(RobustTraining, LearnsToStandWhereOrdinaryTrainingDoesNot) {
  const datasets::Dataset data = strips();
  Network ordinary = fresh();
  train(ordinary, data, settings_of(""), {});
  EXPECT_LT(standing(ordinary, "ibp", data), 0.95);
  for (const RobustInfo& info : robust_methods()) {
    Network network = fresh();
    const TrainResult result = train(network, data, settings_of(info.name), {});
    const std::string_view judge = info.worst == Worst::kAdversary ? "pgd" : "ibp";
    EXPECT_GE(standing(network, judge, data), 0.98) << info.name;
    EXPECT_EQ(result.history.back().epsilon, kEpsilon);
    EXPECT_EQ(result.history.front().epsilon, 0.0) << "warm-up";
    EXPECT_GE(result.history.back().standing, 0.9) << info.name;
  }
}

TEST(RobustTraining, ThreadsChangeNoBitAndSeedsDo) {
  const datasets::Dataset data = strips();
  const auto trained = [&](std::string_view method, std::size_t threads, std::uint64_t seed) {
    Network network = fresh();
    TrainSettings settings = settings_of(method);
    settings.epochs = 4;
    settings.batch = 200;
    settings.seed = settings.step.seed = seed;
    settings.step.threads = threads;
    const TrainResult result = train(network, data, settings, {});
    std::string bits = to_history_csv(result.history, settings.step.robust.worst());
    for (const float w : network.layers[1].weight.flat()) bits += fmt::format(" {}", w);
    return bits;
  };
  for (const RobustInfo& info : robust_methods()) {
    const std::string one = trained(info.name, 1, 9);
    EXPECT_EQ(trained(info.name, 2, 9), one) << info.name;
    EXPECT_EQ(trained(info.name, 5, 9), one) << info.name;
    EXPECT_NE(trained(info.name, 1, 10), one) << info.name;
  }
}

TEST(RobustTraining, KeepsTheEpochThatStandsBestAndPatienceWaitsForTheRamp) {
  const datasets::Dataset data = strips();
  Network network = fresh();
  TrainSettings settings = settings_of("ibp");
  settings.patience = 1;
  const TrainResult result = train(network, data, settings, {});
  EXPECT_GE(result.history.size(), 24U);  // the ramp ends after 0.6 of 40 epochs
  const EpochRecord& best = result.history[result.best_epoch - 1];
  for (const EpochRecord& r : result.history) {
    EXPECT_LE(r.validation->standing.value(), best.validation->standing.value()) << r.epoch;
  }
  settings.validation = 0.0;
  settings.patience = 0;
  settings.epochs = 6;
  Network last = fresh();
  EXPECT_EQ(train(last, data, settings, {}).best_epoch, 6U);
}

TEST(RobustTraining, HistoryHasTheRadiusAndWhatStands) {
  const std::vector<EpochRecord> history{
      {1, 0.5, 0.25, 0.75, Validation{0.125, 1.0, 0.25}, 0.05, 0.5},
      {2, 0.1, 0.0625, 1.0, {}, 0.1, 0.75}};
  EXPECT_EQ(to_history_csv(history, Worst::kIntervals),
            "epoch,learning_rate,train_loss,train_accuracy,validation_loss,validation_accuracy,"
            "epsilon,train_standing,validation_standing\n"
            "1,0.5,0.25,0.75,0.125,1,0.05,0.5,0.25\n"
            "2,0.1,0.0625,1,,,0.1,0.75,\n");
}

}  // namespace
}  // namespace gibbon::models::train::robust
