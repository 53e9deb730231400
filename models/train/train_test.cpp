// SPDX-License-Identifier: MIT
#include "models/train/train.hpp"

#include <cmath>
#include <gmock/gmock.h>
#include <numbers>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/rng.hpp"
#include "models/train/initialise.hpp"

namespace gibbon::models::train {
namespace {

using testing::ElementsAre;
using testing::ThrowsMessage;

datasets::Dataset empty_dataset(const std::string& name, std::size_t count, std::size_t features,
                                std::size_t classes) {
  return {.name = name,
          .split = "train",
          .images = {count, features},
          .labels = std::vector<int>(count),
          .ids = std::vector<std::uint64_t>(count),
          .shape = {.height = 1, .width = features, .channels = 1},
          .class_names = std::vector<std::string>(classes, "class")};
}

/// Two half circles that reach into each other.
datasets::Dataset moons(std::size_t count = 400) {
  datasets::Dataset data = empty_dataset("moons", count, 2, 2);
  for (std::size_t n = 0; n < count; ++n) {
    Rng rng(1, n, "train-test");
    const int label = static_cast<int>(n % 2);
    const double angle = std::numbers::pi * rng.unit();
    const double x = label == 0 ? std::cos(angle) : 1.0 - std::cos(angle);
    const double y = label == 0 ? std::sin(angle) : 0.5 - std::sin(angle);
    data.images.row(n)[0] = static_cast<float>(x + 0.1 * rng.normal());
    data.images.row(n)[1] = static_cast<float>(y + 0.1 * rng.normal());
    data.labels[n] = label;
    data.ids[n] = n;
  }
  return data;
}

/// Sample n is the n-th unit vector: column n of a first layer's weights moves only if it is
/// trained on.
datasets::Dataset unit_vectors(std::size_t count) {
  datasets::Dataset data = empty_dataset("unit vectors", count, count, 2);
  for (std::size_t n = 0; n < count; ++n) {
    data.images.row(n)[n] = 1.0F;
    data.labels[n] = static_cast<int>(n % 3 == 0);
  }
  return data;
}

Network network_for(const datasets::Dataset& data, std::vector<std::size_t> hidden = {16},
                    std::string_view activation = "tanh") {
  hidden.insert(hidden.begin(), data.shape.size());
  hidden.push_back(data.class_names.size());
  return make_network(hidden, make_activation(activation), Output::kSoftmax,
                      find_initialiser("xavier"), 3);
}

TrainSettings settings_of(std::string_view optimizer) {
  const OptimizerInfo& info = find_optimizer(optimizer);
  return {.step = {.loss = make_loss("cross-entropy", Output::kSoftmax), .optimizer = &info},
          .schedule = &find_schedule("constant"),
          .learning_rate = info.usual_learning_rate,
          .epochs = 5,
          .batch = 32,
          .validation = 0.1,
          .seed = 9};
}

std::vector<float> parameters_of(const Network& network) {
  std::vector<float> out;
  for (const Dense& layer : network.layers) {
    out.insert(out.end(), layer.weight.flat().begin(), layer.weight.flat().end());
    out.insert(out.end(), layer.bias.begin(), layer.bias.end());
  }
  return out;
}

std::vector<std::uint32_t> everything(const datasets::Dataset& data) {
  std::vector<std::uint32_t> out(data.size());
  std::iota(out.begin(), out.end(), 0U);
  return out;
}

/// gibbon::interrupted, put back at the end.
struct Interruption {
  ~Interruption() { interrupted = false; }
};

TEST(Train, LearnsMoonsWithEveryOptimizer) {
  const datasets::Dataset data = moons();
  for (const OptimizerInfo& info : optimizers()) {
    Network network = network_for(data);
    TrainSettings settings = settings_of(info.name);
    settings.epochs = info.full_batch ? 300 : 60;
    settings.learning_rate *= info.name == "adam" ? 5.0 : 1.0;
    const TrainResult result = train(network, data, settings, {});
    EXPECT_EQ(result.end, TrainEnd::kFinished);
    const Evaluation judged = evaluate(network, settings.step.loss, data, everything(data), 1);
    EXPECT_GE(judged.accuracy(), 0.95) << info.name;
    EXPECT_LT(result.history.back().loss, 0.5 * result.history.front().loss) << info.name;
  }
}

TEST(Train, ThreadsChangeNoBitAndSeedsDo) {
  const datasets::Dataset data = moons();
  const auto trained = [&](std::size_t threads, std::uint64_t seed) {
    Network network = network_for(data);
    TrainSettings settings = settings_of("momentum");
    settings.step.threads = threads;
    settings.batch = 200;
    settings.seed = seed;
    const TrainResult result = train(network, data, settings, {});
    return std::pair(parameters_of(network), to_history_csv(result.history, robust::Worst::kNone));
  };
  const auto one = trained(1, 9);
  EXPECT_EQ(trained(1, 9), one);
  EXPECT_EQ(trained(2, 9), one);
  EXPECT_EQ(trained(4, 9), one);
  EXPECT_NE(trained(1, 10).first, one.first);
}

TEST(Train, GradientDescentTakesOneStepAnEpochOverAllSamples) {
  const datasets::Dataset data = moons(150);
  Network network = network_for(data);
  TrainableMlpOf<float> model(network);
  TrainSettings settings = settings_of("gd");
  settings.validation = 0.0;
  settings.epochs = 3;
  Stepper stepper(model, settings.step);
  for (int k = 0; k < 3; ++k) {
    stepper.step(data.images.view(), data.labels, everything(data), settings.learning_rate);
  }
  std::size_t steps = 0;
  train(network, data, settings, {.on_progress = [&](const TrainProgress& p) {
          ++steps;
          EXPECT_EQ(p.samples, 150U);
        }});
  EXPECT_EQ(steps, 3U);
  EXPECT_EQ(parameters_of(network),
            std::vector<float>(model.parameters().begin(), model.parameters().end()));
}

// Batches of 32 out of 360: eleven whole ones and 8 left over.
TEST(Train, AnEpochSeesEverySampleOnceAndReportsIt) {
  const datasets::Dataset data = moons();
  Network network = network_for(data);
  std::vector<std::size_t> seen;
  std::vector<std::size_t> epochs;
  const TrainSettings settings = settings_of("sgd");
  const TrainResult result =
      train(network, data, settings,
            {.on_progress =
                 [&](const TrainProgress& p) {
                   seen.push_back(p.samples);
                   EXPECT_EQ(p.samples_per_epoch, 360U);
                   EXPECT_EQ(p.epochs, 5U);
                 },
             .on_epoch = [&](const EpochRecord& r) { epochs.push_back(r.epoch); }});
  ASSERT_EQ(seen.size(), 5U * 12U);
  EXPECT_EQ(seen[0], 32U);
  EXPECT_EQ(seen[11], 360U);
  EXPECT_THAT(epochs, ElementsAre(1U, 2U, 3U, 4U, 5U));
  EXPECT_EQ(result.train_samples, 360U);
  EXPECT_EQ(result.validation_samples, 40U);
}

/// Samples whose column in the first layer has moved.
std::set<std::uint32_t> touched(const Network& before, const Network& after) {
  std::set<std::uint32_t> out;
  const Tensor& a = before.layers[0].weight;
  const Tensor& b = after.layers[0].weight;
  for (std::uint32_t n = 0; n < a.cols(); ++n) {
    for (std::size_t o = 0; o < a.rows(); ++o) {
      if (a.row(o)[n] != b.row(o)[n]) out.insert(n);
    }
  }
  return out;
}

TEST(Train, HoldsOutSamplesItDoesNotTrainOn) {
  const datasets::Dataset data = unit_vectors(40);
  const auto trained_on = [&](std::uint64_t seed) {
    const Network before = network_for(data);
    Network network = before;
    TrainSettings settings = settings_of("sgd");
    settings.validation = 0.25;
    settings.seed = seed;
    settings.epochs = 1;
    const TrainResult result = train(network, data, settings, {});
    EXPECT_EQ(result.train_samples, 30U);
    EXPECT_EQ(result.validation_samples, 10U);
    const std::set<std::uint32_t> used = touched(before, network);
    EXPECT_EQ(used.size(), 30U);
    std::vector<std::uint32_t> held_out;
    for (const std::uint32_t n : everything(data)) {
      if (!used.contains(n)) held_out.push_back(n);
    }
    // The validation figures are those of exactly the others. Their order may change the last bits.
    const Evaluation judged = evaluate(network, settings.step.loss, data, held_out, 1);
    EXPECT_NEAR(result.history[0].validation.value().loss, judged.loss, 1e-12);
    EXPECT_EQ(result.history[0].validation.value().accuracy, judged.accuracy());
    return used;
  };
  EXPECT_EQ(trained_on(1), trained_on(1));
  EXPECT_NE(trained_on(1), trained_on(2));
}

// With a learning rate of 0 and batches of one, a sample keeps its loss, and the losses show the
// order.
TEST(Train, EveryEpochSeesAllSamplesInAnotherOrder) {
  const datasets::Dataset data = unit_vectors(40);
  TrainSettings settings = settings_of("sgd");
  settings.learning_rate = 0.0;
  settings.validation = 0.0;
  settings.batch = 1;
  settings.epochs = 2;
  Network network = network_for(data);
  std::array<std::vector<double>, 2> orders;
  double before = 0.0;
  train(network, data, settings, {.on_progress = [&](const TrainProgress& p) {
          const double sum = p.loss * static_cast<double>(p.samples);
          orders[p.epoch - 1].push_back(p.samples == 1 ? sum : sum - before);
          before = sum;
        }});
  const auto equal = [&] {
    return std::ranges::equal(orders[0], orders[1],
                              [](double a, double b) { return std::abs(a - b) < 1e-9; });
  };
  EXPECT_FALSE(equal());
  for (auto& order : orders) std::ranges::sort(order);
  EXPECT_TRUE(equal());
}

TEST(Train, KeepsTheParametersOfTheBestEpoch) {
  datasets::Dataset data = moons(200);
  for (std::size_t n = 0; n < data.size(); n += 3) data.labels[n] = 1 - data.labels[n];  // noise
  for (const double validation : {0.0, 0.3}) {
    TrainSettings settings = settings_of("momentum");
    settings.learning_rate = 1.5;  // too large on purpose: it gets worse than it was at first
    settings.validation = validation;
    settings.epochs = 12;
    Network network = network_for(data);
    const TrainResult result = train(network, data, settings, {});
    ASSERT_EQ(result.history.size(), 12U);
    if (validation == 0.0) {
      ASSERT_LT(result.best_epoch, 12U) << "nothing is tested";
    }
    const EpochRecord& best = result.history[result.best_epoch - 1];
    for (const EpochRecord& r : result.history) {
      if (validation == 0.0) {
        EXPECT_GE(r.loss, best.loss);
      } else {
        const Validation v = r.validation.value();
        const Validation b = best.validation.value();
        EXPECT_TRUE(v.accuracy < b.accuracy || (v.accuracy == b.accuracy && v.loss >= b.loss));
      }
    }
    // A run that ends with that epoch is the same up to there.
    Network shorter = network_for(data);
    settings.epochs = result.best_epoch;
    train(shorter, data, settings, {});
    EXPECT_EQ(parameters_of(network), parameters_of(shorter));
  }
}

TEST(Train, StopsEarlyWhenNothingGetsBetter) {
  const datasets::Dataset data = moons(100);
  Network network = network_for(data);
  TrainSettings settings = settings_of("sgd");
  settings.learning_rate = 0.0;
  settings.epochs = 20;
  settings.patience = 3;
  const TrainResult result = train(network, data, settings, {});
  EXPECT_EQ(result.end, TrainEnd::kStoppedEarly);
  EXPECT_EQ(result.best_epoch, 1U);
  EXPECT_EQ(result.history.size(), 4U);
  settings.patience = 0;
  EXPECT_EQ(train(network, data, settings, {}).history.size(), 20U);
}

TEST(Train, AnInterruptionKeepsTheBestSoFar) {
  const datasets::Dataset data = moons();
  const auto interrupted_at = [&](std::size_t epoch, std::size_t samples) {
    const Interruption guard;
    Network network = network_for(data);
    const TrainResult result =
        train(network, data, settings_of("sgd"), {.on_progress = [=](const TrainProgress& p) {
                if (p.epoch == epoch && p.samples == samples) interrupted = true;
              }});
    EXPECT_EQ(result.end, TrainEnd::kInterrupted);
    EXPECT_EQ(result.best_epoch, 1U);
    EXPECT_EQ(result.history.size(), 1U);
    return parameters_of(network);
  };
  Network one_epoch = network_for(data);
  TrainSettings settings = settings_of("sgd");
  settings.epochs = 1;
  train(one_epoch, data, settings, {});
  EXPECT_EQ(interrupted_at(2, 64), parameters_of(one_epoch));
  // The unfinished first epoch counts: two steps are better than none.
  Network two_steps = network_for(data);
  const std::vector<float> start = parameters_of(two_steps);
  const std::vector<float> partial = interrupted_at(1, 64);
  EXPECT_NE(partial, start);
  EXPECT_NE(partial, parameters_of(one_epoch));
}

TEST(Train, AnInterruptionBeforeTheFirstStepLeavesTheNetwork) {
  const Interruption guard;
  const datasets::Dataset data = moons(100);
  Network network = network_for(data);
  interrupted = true;
  const TrainResult result = train(network, data, settings_of("sgd"), {});
  EXPECT_EQ(result.end, TrainEnd::kInterrupted);
  EXPECT_EQ(result.best_epoch, 0U);
  EXPECT_TRUE(result.history.empty());
  EXPECT_EQ(parameters_of(network), parameters_of(network_for(data)));
}

TEST(Train, ADivergedRunIsSaidSoAndLeavesTheLastGoodParameters) {
  const datasets::Dataset data = moons();
  for (const std::string_view optimizer : {"sgd", "gd"}) {
    for (const double validation : {0.0, 0.1}) {
      Network network = network_for(data, {16, 16}, "relu");
      TrainSettings settings = settings_of(optimizer);
      settings.learning_rate = 1e39;  // the first step leaves float32, and gd has one an epoch
      settings.validation = validation;
      const TrainResult result =
          train(network, data, settings, {.on_progress = [](const TrainProgress& p) {
                  EXPECT_TRUE(std::isfinite(p.loss)) << "it should have ended by now";
                }});
      EXPECT_EQ(result.end, TrainEnd::kDiverged) << optimizer;
      EXPECT_EQ(result.best_epoch, 0U);
      EXPECT_EQ(parameters_of(network), parameters_of(network_for(data, {16, 16}, "relu")))
          << optimizer;
    }
  }
}

TEST(Train, TheScheduleScalesTheLearningRate) {
  const datasets::Dataset data = moons(64);
  TrainSettings settings = settings_of("sgd");
  settings.validation = 0.0;
  settings.learning_rate = 0.5;
  settings.epochs = 2;  // of two steps each: the last steps of the epochs are at 1/4 and 3/4
  settings.schedule = &find_schedule("linear");
  Network network = network_for(data);
  const TrainResult result = train(network, data, settings, {});
  EXPECT_EQ(result.history[0].learning_rate, 0.375);
  EXPECT_EQ(result.history[1].learning_rate, 0.125);
}

TEST(Train, RefusesWhatCannotBeTrained) {
  const datasets::Dataset data = moons(10);
  const auto refuses = [](Network network, const datasets::Dataset& with,
                          const std::string& message) {
    EXPECT_THAT([&] { train(network, with, settings_of("sgd"), {}); },
                ThrowsMessage<Error>(message));
  };
  refuses(network_for(data, {4, 4}, "step"), data,
          "activation step (layer 1): its derivative is 0 everywhere, so gradient descent cannot "
          "move a "
          "weight before it; use a smooth stand-in such as sigmoid");
  refuses(
      network_for(unit_vectors(3)), data,
      "model 3-16-2: takes 3 inputs, but moons has 2 (1 × 2 × 1); use an architecture that begins "
      "with 2, or other data");
  datasets::Dataset three = moons(10);
  three.class_names.emplace_back("third");
  refuses(network_for(data), three,
          "model 2-16-2: has 2 classes, but moons has 3; use an architecture that ends "
          "with 3, "
          "or other data");
  datasets::Dataset many = moons(10);
  many.class_names.resize(1025);
  refuses(network_for(many, {}), many, "model 2-1025: 1025 classes; at most 1024 are supported");
  refuses(network_for(data), moons(0), "training: no samples are left; choose more --samples");
}

TEST(Evaluate, CountsAndAveragesLikeAPlainLoop) {
  const datasets::Dataset data = moons(200);
  const Network network = network_for(data);
  const Loss loss = make_loss("mse", Output::kSoftmax);
  const std::vector<std::uint32_t> some{199, 3, 3, 70};
  const MlpOf<double> model(network);
  TapeOf<double> tape = model.make_tape(1);
  TensorOf<double> x(1, 2);
  std::vector<double> ignored(2);
  double total = 0.0;
  std::size_t correct = 0;
  for (const std::uint32_t n : some) {
    std::ranges::copy(data.images.row(n), x.row(0).begin());
    const auto z = model.forward(x.view(), tape).row(0);
    total += loss.evaluate(z, static_cast<std::size_t>(data.labels[n]), ignored);
    correct += (z[1] > z[0] ? 1 : 0) == data.labels[n] ? 1U : 0U;
  }
  const Evaluation got = evaluate(network, loss, data, some, 1);
  EXPECT_NEAR(got.loss, total / 4.0, 1e-6);
  EXPECT_EQ(got.correct, correct);
  EXPECT_EQ(got.n, 4U);
  EXPECT_EQ(got.accuracy(), static_cast<double>(correct) / 4.0);
  const Evaluation on_one = evaluate(network, loss, data, everything(data), 1);
  const Evaluation on_four = evaluate(network, loss, data, everything(data), 4);
  EXPECT_EQ(on_one.loss, on_four.loss);
  EXPECT_EQ(on_one.correct, on_four.correct);
  EXPECT_EQ(evaluate(network, loss, data, {}, 2).accuracy(), 0.0);
}

TEST(History, IsOneCsvLineAnEpoch) {
  const std::vector<EpochRecord> history{
      {1, 0.5, 0.25, 0.75, Validation{0.125, 1.0, {}}},
      {2, 0.1, 0.0625, 1.0, {}},
  };
  EXPECT_EQ(to_history_csv(history, robust::Worst::kNone),
            "epoch,learning_rate,train_loss,train_accuracy,validation_loss,validation_accuracy\n"
            "1,0.5,0.25,0.75,0.125,1\n"
            "2,0.1,0.0625,1,,\n");
}

}  // namespace
}  // namespace gibbon::models::train
