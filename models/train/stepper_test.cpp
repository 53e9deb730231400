// SPDX-License-Identifier: MIT
#include "models/train/stepper.hpp"

#include <cmath>
#include <functional>
#include <gmock/gmock.h>
#include <numeric>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/rng.hpp"
#include "models/train/initialise.hpp"

namespace gibbon::models::train {
namespace {

using testing::ThrowsMessage;

constexpr std::size_t kSamples =
    1300;  // a batch of all of them gives some of sixteen lanes two chunks
constexpr double kAlpha = 0.25;
constexpr double kMomentum = 0.9;

Network small_network() {
  return make_network(std::vector<std::size_t>{4, 6, 3}, make_activation("tanh"), Output::kSoftmax,
                      find_initialiser("normal"), 5);
}

class StepperTest : public testing::Test {
 protected:
  StepperTest() {
    Rng rng(3, 0, "stepper-test");
    for (float& value : images_.flat()) value = rng.uniform(-1.0F, 1.0F);
    for (int& label : labels_) label = static_cast<int>(rng.below(3));
  }

  static StepSettings settings(std::string_view optimizer, std::size_t threads = 1,
                               double decay = 0.0) {
    return {.loss = make_loss("cross-entropy", Output::kSoftmax),
            .optimizer = &find_optimizer(optimizer),
            .momentum = kMomentum,
            .weight_decay = decay,
            .threads = threads};
  }

  static std::vector<std::uint32_t> range(std::size_t first, std::size_t count) {
    std::vector<std::uint32_t> out(count);
    std::iota(out.begin(), out.end(), static_cast<std::uint32_t>(first));
    return out;
  }

  /// Mean gradient at `parameters`, one sample at a time.
  std::vector<double> mean_gradient(const std::vector<double>& parameters,
                                    std::span<const std::uint32_t> indices) const {
    TrainableMlpOf<double> model(small_network());
    std::ranges::copy(parameters, model.trainable_parameters().begin());
    TapeOf<double> tape = model.make_tape(1);
    TensorOf<double> x(1, 4);
    TensorOf<double> dlogits(1, 3);
    std::vector<double> one(parameters.size());
    std::vector<double> sum(parameters.size());
    for (const std::uint32_t n : indices) {
      std::ranges::copy(images_.row(n), x.row(0).begin());
      const auto logits = model.forward(x.view(), tape);
      settings("sgd").loss.evaluate(logits.row(0), static_cast<std::size_t>(labels_[n]),
                                    dlogits.row(0));
      model.backward_parameters(tape, dlogits.view(), one);
      for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += one[k];
    }
    for (double& value : sum) value /= static_cast<double>(indices.size());
    return sum;
  }

  static std::vector<double> initial() {
    const TrainableMlpOf<double> model(small_network());
    return {model.parameters().begin(), model.parameters().end()};
  }

  static void expect_near(std::span<const double> got, std::span<const double> want,
                          const std::string& what) {
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t k = 0; k < got.size(); ++k) {
      // sums of up to 1300 terms of order 1 in another order
      EXPECT_NEAR(got[k], want[k], 1e-13) << what << ", parameter " << k;
    }
  }

  Tensor images_{kSamples, 4};
  std::vector<int> labels_ = std::vector<int>(kSamples);
};

TEST_F(StepperTest, OneStepIsMinusAlphaTimesTheMeanGradient) {
  for (const std::size_t count : {1U, 64U, 65U, 1300U}) {
    TrainableMlpOf<double> model(small_network());
    StepperOf<double> stepper(model, settings("sgd"));
    const auto indices = range(kSamples - count, count);
    stepper.step(images_.view(), labels_, indices, kAlpha);
    const std::vector<double> gradient = mean_gradient(initial(), indices);
    expect_near(stepper.gradient(), gradient, "gradient");
    std::vector<double> want = initial();
    for (std::size_t k = 0; k < want.size(); ++k) want[k] -= kAlpha * gradient[k];
    expect_near(model.parameters(), want, "step");
  }
}

TEST_F(StepperTest, ReportsLossAndHitsBeforeTheUpdate) {
  TrainableMlpOf<double> model(small_network());
  TapeOf<double> tape = model.make_tape(1);
  TensorOf<double> x(1, 4);
  std::vector<double> ignored(3);
  double loss = 0.0;
  std::size_t correct = 0;
  const auto indices = range(7, 200);
  for (const std::uint32_t n : indices) {
    std::ranges::copy(images_.row(n), x.row(0).begin());
    const auto z = model.forward(x.view(), tape).row(0);
    const auto label = static_cast<std::size_t>(labels_[n]);
    loss += settings("sgd").loss.evaluate(z, label, ignored);
    correct += z[label] == *std::ranges::max_element(z) ? 1U : 0U;
  }
  StepperOf<double> stepper(model, settings("sgd"));
  const StepResult result = stepper.step(images_.view(), labels_, indices, kAlpha);
  EXPECT_NEAR(result.loss, loss, 1e-11);
  EXPECT_EQ(result.correct, correct);
}

TEST_F(StepperTest, WeightDecayPullsWeightsAndLeavesBiases) {
  constexpr double kDecay = 0.01;
  TrainableMlpOf<double> model(small_network());
  StepperOf<double> stepper(model, settings("sgd", 1, kDecay));
  const auto indices = range(0, 100);
  stepper.step(images_.view(), labels_, indices, kAlpha);
  std::vector<double> want = initial();
  const std::vector<double> gradient = mean_gradient(want, indices);
  // 4-6-3: 24 weights, 6 biases, 18 weights, 3 biases
  for (std::size_t k = 0; k < want.size(); ++k) {
    const bool weight = k < 24 || (30 <= k && k < 48);
    want[k] -= kAlpha * (gradient[k] + (weight ? kDecay * want[k] : 0.0));
  }
  expect_near(model.parameters(), want, "decayed");
}

/// The update rules as their papers have them; g is the mean gradient of step t = 1, 2, …
using Rule = std::function<void(std::size_t t, double g, double& w, double& m, double& v)>;

const std::vector<std::pair<std::string_view, Rule>>& rules() {
  static const std::vector<std::pair<std::string_view, Rule>> all{
      {"adam",
       [](std::size_t t, double g, double& w, double& m, double& v) {
         m = 0.9 * m + 0.1 * g;
         v = 0.999 * v + 0.001 * g * g;
         const double m_hat = m / (1.0 - std::pow(0.9, t));
         const double v_hat = v / (1.0 - std::pow(0.999, t));
         w -= kAlpha * m_hat / (std::sqrt(v_hat) + 1e-8);
       }},
      {"gd", [](std::size_t, double g, double& w, double&, double&) { w -= kAlpha * g; }},
      {"momentum",
       [](std::size_t, double g, double& w, double& m, double&) {
         m = kMomentum * m + g;
         w -= kAlpha * m;
       }},
      {"nesterov",
       [](std::size_t, double g, double& w, double& m, double&) {
         m = kMomentum * m + g;
         w -= kAlpha * (g + kMomentum * m);
       }},
      {"sgd", [](std::size_t, double g, double& w, double&, double&) { w -= kAlpha * g; }},
  };
  return all;
}

TEST_F(StepperTest, EveryOptimizerFollowsItsRecurrenceForFiveSteps) {
  ASSERT_EQ(rules().size(), optimizers().size()) << "write the new optimizer's rule into this test";
  for (const auto& [name, rule] : rules()) {
    TrainableMlpOf<double> model(small_network());
    StepperOf<double> stepper(model, settings(name));
    std::vector<double> want = initial();
    std::vector<double> m(want.size());
    std::vector<double> v(want.size());
    for (std::size_t t = 1; t <= 5; ++t) {
      const auto indices = range(10 * t, 30);
      const std::vector<double> gradient = mean_gradient(want, indices);
      for (std::size_t k = 0; k < want.size(); ++k) rule(t, gradient[k], want[k], m[k], v[k]);
      stepper.step(images_.view(), labels_, indices, kAlpha);
    }
    // Adam divides by the gradient's size: what differs in the last digits of a small one is
    // enlarged.
    for (std::size_t k = 0; k < want.size(); ++k) {
      EXPECT_NEAR(model.parameters()[k], want[k], 1e-10) << name << ", parameter " << k;
    }
  }
}

TEST_F(StepperTest, FloatStepsStayNearDoubleSteps) {
  for (const OptimizerInfo& info : optimizers()) {
    TrainableMlp model(small_network());
    TrainableMlpOf<double> exact(small_network());
    Stepper stepper(model, settings(info.name));
    StepperOf<double> exact_stepper(exact, settings(info.name));
    for (std::size_t t = 1; t <= 5; ++t) {
      stepper.step(images_.view(), labels_, range(10 * t, 300), 0.01);
      exact_stepper.step(images_.view(), labels_, range(10 * t, 300), 0.01);
    }
    for (std::size_t k = 0; k < model.parameters().size(); ++k) {
      EXPECT_NEAR(double{model.parameters()[k]}, exact.parameters()[k], 1e-5) << info.name;
    }
  }
}

TEST_F(StepperTest, ThreadsChangeSpeedAndNoBit) {
  for (const OptimizerInfo& info : optimizers()) {
    std::vector<float> want;
    double want_loss = 0.0;
    for (const std::size_t threads : {1U, 2U, 4U, 40U}) {
      TrainableMlp model(small_network());
      Stepper stepper(model, settings(info.name, threads, 0.001));
      double loss = 0.0;
      for (const std::size_t count : {1300U, 70U, 200U, 1U, 1100U}) {
        loss += stepper.step(images_.view(), labels_, range(0, count), kAlpha).loss;
      }
      const std::vector<float> got(model.parameters().begin(), model.parameters().end());
      if (want.empty()) {
        want = got;
        want_loss = loss;
      }
      EXPECT_EQ(got, want) << info.name << " on " << threads;
      EXPECT_EQ(loss, want_loss) << info.name << " on " << threads;
    }
  }
}

/// A linear model's gradient by W is (ŷ - y) (x + noise)^T: with a weight of 0 everywhere ŷ is 1/3,
/// whatever the noise, so the spread of the gradient over single samples is the noise's.
TEST_F(StepperTest, NoiseIsAddedToEverySampleAnewAndDependsOnTheSeedAlone) {
  Network network = make_network(std::vector<std::size_t>{4, 3}, make_activation("identity"),
                                 Output::kSoftmax, find_initialiser("xavier"), 1);
  std::ranges::fill(network.layers[0].weight.flat(), 0.0F);
  const auto gradients = [&](std::uint64_t seed, std::size_t threads) {
    StepSettings noisy = settings("sgd", threads);
    noisy.noise_sigma = 0.5;
    noisy.seed = seed;
    TrainableMlpOf<double> model(network);
    StepperOf<double> stepper(model, noisy);
    std::vector<double> noise;
    for (int step = 0; step < 2; ++step) {
      for (std::uint32_t n = 0; n < 500; ++n) {
        stepper.step(images_.view(), labels_, std::vector<std::uint32_t>{n}, 0.0);
        const auto label = static_cast<std::size_t>(labels_[n]);
        for (std::size_t j = 0; j < 4; ++j) {
          const double x = -1.5 * stepper.gradient()[4 * label + j];
          noise.push_back(x - static_cast<double>(images_.row(n)[j]));
        }
      }
    }
    return noise;
  };
  const std::vector<double> noise = gradients(7, 1);
  double mean = 0.0;
  double variance = 0.0;
  for (const double value : noise) mean += value / 4000.0;
  for (const double value : noise) variance += value * value / 4000.0;
  // Five standard errors of 4000 draws.
  EXPECT_NEAR(mean, 0.0, 5.0 * 0.5 / std::sqrt(4000.0));
  EXPECT_NEAR(variance, 0.25, 5.0 * 0.25 * std::sqrt(2.0 / 4000.0));
  EXPECT_NE(noise[0], noise[2000]) << "the same sample in another step";
  EXPECT_EQ(gradients(7, 3), noise);
  EXPECT_NE(gradients(8, 1), noise);
}

TEST_F(StepperTest, RefusesAnEmptyBatch) {
  TrainableMlp model(small_network());
  Stepper stepper(model, settings("sgd"));
  EXPECT_THAT([&] { stepper.step(images_.view(), labels_, {}, kAlpha); },
              ThrowsMessage<std::logic_error>("Stepper::step: empty batch"));
}

TEST(OptimizerCatalogue, IsSortedAndDocumented) {
  std::string_view before;
  for (const OptimizerInfo& info : optimizers()) {
    EXPECT_LT(before, info.name);
    before = info.name;
    EXPECT_FALSE(info.formula.empty() || info.source.empty()) << info.name;
    EXPECT_GT(info.usual_learning_rate, 0.0) << info.name;
    EXPECT_EQ(info.full_batch, info.name == "gd");
  }
  EXPECT_THAT(
      [] { static_cast<void>(find_optimizer("adamm")); },
      ThrowsMessage<Error>("unknown optimizer 'adamm'; did you mean 'adam'? known are adam, gd, "
                           "momentum, nesterov, sgd"));
}

}  // namespace
}  // namespace gibbon::models::train
