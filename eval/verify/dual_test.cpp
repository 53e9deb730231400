// SPDX-License-Identifier: MIT
#include "eval/verify/dual.hpp"

#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "eval/verify/dual_loops.hpp"
#include "eval/verify/falsify.hpp"
#include "eval/verify/tighten.hpp"
#include "models/mlp.hpp"
#include "models/model_file.hpp"
#include "models/train/initialise.hpp"

namespace gibbon::eval::verify {
namespace {

models::Network random_network(std::string_view activation, std::vector<std::size_t> widths,
                               std::uint64_t seed) {
  models::Network network = models::train::make_network(
      widths, models::make_activation(activation), models::Output::kSoftmax,
      models::train::find_initialiser("xavier"), seed);
  Rng rng(seed, 0, "dual-test");
  for (models::Dense& layer : network.layers) {
    for (float& b : layer.bias) b = rng.uniform(-0.3F, 0.3F);
  }
  return network;
}

struct Setting {
  Setting(const models::Network& network, double radius)
      : bounder(network), tape(bounder.make_tape(1)) {
    for (std::size_t j = 0; j < network.input_dim(); ++j) {
      lower.push_back(0.05 * static_cast<double>(j % 7) - radius);
      upper.push_back(0.05 * static_cast<double>(j % 7) + radius);
    }
    bounder.enclose(models::bounds::BoxRegion{.lower = lower, .upper = upper}, tape);
    local = std::make_unique<LocalNetwork>(bounder, tape);
    Intervals intervals;
    for (const LocalLayer& layer : local->layers) {
      intervals.lower.insert(intervals.lower.end(), layer.lower.begin(), layer.lower.end());
      intervals.upper.insert(intervals.upper.end(), layer.upper.begin(), layer.upper.end());
    }
    enclosure = Enclosure(*local, std::move(intervals));
  }

  models::bounds::Bounder bounder;
  models::bounds::BoundTape tape;
  std::vector<double> lower;
  std::vector<double> upper;
  std::unique_ptr<LocalNetwork> local;
  Enclosure enclosure;
};

constexpr double kNever = std::numeric_limits<double>::infinity();

double bound_after(Setting& setting, const Form& form, int iterations,
                   std::span<const Split> splits = {}) {
  DualBatch batch(*setting.local, 1);
  batch.add(form, setting.enclosure, splits, {}, kNever);
  batch.optimise({.iterations = iterations});
  batch.settle();
  return batch.bound(0);
}

// Steps raise the bound, and it stays below every point of the region.
TEST(DualBatch, AscendsAndStaysBelow) {
  for (const std::string_view name : {"relu", "leaky-relu", "sigmoid", "tanh"}) {
    int better = 0;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
      const models::Network network = random_network(name, {4, 12, 12, 3}, seed);
      Setting setting(network, 0.6);
      const Form form = setting.local->form({.weights = {1.0, -1.0, 0.5}, .constant = 0.25});
      const double start = bound_after(setting, form, 0);
      const double end = bound_after(setting, form, 60);
      better += end > start + 1e-6 ? 1 : 0;
      EXPECT_GE(end, start - 0.02 * std::abs(start)) << name << seed;
      const models::MlpOf<double> model(network);
      models::TapeOf<double> tape = model.make_tape(1);
      Rng rng(seed, 0, "dual-points");
      TensorOf<double> x(1, 4);
      for (int k = 0; k < 5000; ++k) {
        for (std::size_t j = 0; j < 4; ++j) {
          const double share = k < 16 ? ((k >> j) & 1) : rng.unit();
          x.row(0)[j] = setting.lower[j] + share * (setting.upper[j] - setting.lower[j]);
        }
        const auto y = model.forward(std::as_const(x).view(), tape).row(0);
        ASSERT_LE(end, y[0] - y[1] + 0.5 * y[2] + 0.25) << name << seed;
      }
    }
    EXPECT_GE(better, 8) << name;
  }
}

// A bound without layers is a sum that long double knows better: what is proved is never more,
// though the sum itself is, every now and then. The form is exact, so the error is the sum's alone.
TEST(DualBatch, TheErrorTermIsNeeded) {
  int above = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const models::Network network = random_network("identity", {784, 2}, seed);
    Setting setting(network, 0.3);
    const std::span<const float> weights = network.layers[0].weight.row(0);
    const double bias = network.layers[0].bias[0];
    const Form form{.coefficients = {weights.begin(), weights.end()},
                    .constant = bias,
                    .magnitude = std::abs(bias)};
    const double bound = bound_after(setting, form, 0);
    long double least = bias;
    for (std::size_t j = 0; j < 784; ++j) {
      least += static_cast<long double>(weights[j]) *
               static_cast<long double>(weights[j] > 0.0F ? setting.local->lower[j]
                                                          : setting.local->upper[j]);
    }
    ASSERT_LT(static_cast<long double>(bound), least) << seed;
    EXPECT_NEAR(bound, static_cast<double>(least), 1e-10);
    DualBatch batch(*setting.local, 1);
    batch.add(form, setting.enclosure, {}, {}, kNever);
    batch.optimise({.iterations = 0});
    above += static_cast<long double>(batch.bound(0)) > least ? 1 : 0;
  }
  EXPECT_GT(above, 5);
}

// Both sides of a split are bounded at least as well as the whole, one of them about as badly; and
// where two splits leave nothing, multipliers drive the bound beyond any target.
TEST(DualBatch, MultipliersUseTheSplits) {
  int better = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const models::Network network = random_network("relu", {4, 12, 3}, seed);
    Setting setting(network, 0.6);
    const Form form = setting.local->form({.weights = {1.0, -1.0, 0.5}});
    const LocalLayer& layer = setting.local->layers[0];
    std::size_t bent = layer.alive.size();
    for (std::size_t i = 0; i < layer.alive.size(); ++i) {
      if (layer.bends(layer.lower[i], layer.upper[i])) bent = i;
    }
    ASSERT_LT(bent, layer.alive.size());
    const double whole = bound_after(setting, form, 100);
    for (const bool above : {true, false}) {
      const Split split{.index = static_cast<std::uint32_t>(bent), .above = above};
      const double part = bound_after(setting, form, 100, {&split, 1});
      EXPECT_GE(part, whole - 0.01 * (1.0 + std::abs(whole))) << seed;
      better += part > whole + 1e-6 ? 1 : 0;
    }
    const std::vector<Split> nothing{
        {.index = static_cast<std::uint32_t>(bent), .above = true, .point = 0.2},
        {.index = static_cast<std::uint32_t>(bent), .above = false, .point = -0.2}};
    EXPECT_GT(bound_after(setting, form, 400, nothing), whole + 0.2) << seed;
  }
  EXPECT_GT(better, 5);
}

TEST(DualBatch, RowsDoNotSeeEachOther) {
  const models::Network network = random_network("sigmoid", {4, 12, 12, 3}, 3);
  Setting setting(network, 0.6);
  std::vector<Form> forms;
  for (int k = 0; k < 13; ++k) {
    forms.push_back(setting.local->form({.weights = {1.0, -0.1 * k, 0.3}, .constant = 0.1 * k}));
  }
  DualBatch batch(*setting.local, forms.size());
  for (const Form& form : forms) batch.add(form, setting.enclosure, {}, {}, 0.0);
  batch.optimise({.iterations = 15});
  batch.settle();
  for (std::size_t k = 0; k < forms.size(); ++k) {
    DualBatch alone(*setting.local, 1);
    alone.add(forms[k], setting.enclosure, {}, {}, 0.0);
    alone.optimise({.iterations = 15});
    alone.settle();
    EXPECT_EQ(batch.bound(k), alone.bound(0)) << k;
    EXPECT_EQ(batch.proved(k), alone.proved(0)) << k;
  }
}

// The loops against one neuron at a time, for every rest that vectors leave.
TEST(DualLoops, AreWhatTheFormulasSay) {
  Rng rng(1, 0, "dual-loops");
  const auto numbers = [&](std::size_t size) {
    std::vector<double> out(size);
    for (double& value : out) value = 2.0 * rng.unit() - 1.0;
    return out;
  };
  for (std::size_t size = 1; size < 70; ++size) {
    const auto ls = numbers(size);
    const auto lt = numbers(size);
    const auto us = numbers(size);
    const auto ut = numbers(size);
    const auto bias = numbers(size);
    const auto lambda = numbers(size);
    const models::bounds::Lines lines{ls, lt, us, ut};
    std::vector<double> mu(size);
    const double constant = cross(lines, bias, lambda, mu);
    auto z = numbers(size);
    const auto before = z;
    std::vector<double> h(size);
    pass(lines, bias, lambda, z, h);
    std::vector<double> x(size);
    const double least = least_corner(lambda, ls, us, x);
    double expected = 0.0;
    double corner = 0.0;
    for (std::size_t i = 0; i < size; ++i) {
      const bool lower = lambda[i] > 0.0;
      const double slope = lower ? ls[i] : us[i];
      const double intercept = lower ? lt[i] : ut[i];
      ASSERT_NEAR(mu[i], lambda[i] * slope, 1e-15);
      expected += lambda[i] * intercept + lambda[i] * slope * bias[i];
      ASSERT_NEAR(z[i], before[i] + bias[i], 1e-15);
      ASSERT_NEAR(h[i], slope * z[i] + intercept, 1e-15);
      ASSERT_EQ(x[i], lower ? ls[i] : us[i]);
      corner += std::min(lambda[i] * ls[i], lambda[i] * us[i]);
    }
    EXPECT_NEAR(constant, expected, 1e-13);
    EXPECT_NEAR(least, corner, 1e-13);
  }
}

// Whatever a verification spends time on ends when the time is over, by itself.
TEST(Deadlines, EveryStageLooksAtTheClock) {
  const Deadline over{std::chrono::steady_clock::now()};
  const models::Network network = random_network("relu", {6, 12, 12, 3}, 4);
  Setting setting(network, 0.3);
  const Form form = setting.local->neuron(1, 0, 1.0);
  DualBatch batch(*setting.local, 1, over);
  batch.add(form, setting.enclosure, {}, {}, kNever);
  EXPECT_THROW(batch.optimise({.iterations = 5}), TimeOver);
  EXPECT_THROW(batch.settle(), TimeOver);
  EXPECT_THROW(
      static_cast<void>(Tightener(*setting.local, 1, over).tighten(1, {}, {}, setting.enclosure)),
      TimeOver);

  const Query query{.lower = setting.lower,
                    .upper = setting.upper,
                    .clauses = {{{.weights = {1.0, -1.0, 0.0}, .constant = 100.0}}}};
  const std::size_t first = 0;
  EXPECT_THROW(static_cast<void>(falsify(query, {&first, 1}, {}, Replay(network), 1, 5, 0, over)),
               TimeOver);
  setting.tape.deadline = over;
  EXPECT_THROW(
      setting.bounder.enclose(
          models::bounds::BoxRegion{.lower = setting.lower, .upper = setting.upper}, setting.tape),
      TimeOver);
  EXPECT_THROW(LocalNetwork(setting.bounder, setting.tape), TimeOver);

  const ReadingDeadline reading(over);
  EXPECT_THROW(static_cast<void>(models::parse_model(models::to_onnx(network), "m.onnx")),
               TimeOver);
  EXPECT_THROW(models::MlpOf<double>{network}, TimeOver);
  EXPECT_THROW(models::bounds::Bounder{network}, TimeOver);
}

}  // namespace
}  // namespace gibbon::eval::verify
