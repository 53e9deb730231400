// SPDX-License-Identifier: MIT
#include "models/bounds/bounder.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <gmock/gmock.h>
#include <limits>
#include <utility>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/rng.hpp"
#include "models/mlp.hpp"
#include "models/model_cases.hpp"

namespace gibbon::models::bounds {
namespace {

using testing::ThrowsMessage;

constexpr std::size_t kSamples = 5;
constexpr Box kRange{};

bool has_bounds(const ModelCase& c) {
  const Activation activation = make_activation(c.activation);
  return activation.info->relax != nullptr;
}

std::vector<ModelCase> cases_with_bounds() {
  std::vector<ModelCase> out = model_cases();
  std::erase_if(out, [](const ModelCase& c) { return !has_bounds(c); });
  return out;
}

Tensor drawn_inputs() {
  Tensor x(kSamples, 12);
  Rng rng(8, 0, "bounder-test");
  for (float& value : x.flat()) value = rng.uniform(0.0F, 1.0F);
  return x;
}

/// A point of the region: a corner of the ball, or anywhere in it; clipped where the region is.
std::vector<double> drawn_point(Row x, double radius, Norm ball, bool clip, Rng& rng) {
  std::vector<double> d(x.size());
  const bool corner = rng.uniform(0.0F, 1.0F) < 0.5F;
  for (double& value : d) value = static_cast<double>(rng.uniform(-1.0F, 1.0F));
  if (ball == Norm::kLinf) {
    for (double& value : d) value = corner ? std::copysign(radius, value) : radius * value;
  } else {
    if (corner) {  // one coordinate has it all
      const auto all = static_cast<std::size_t>(rng.uniform(0.0F, 11.99F));
      for (std::size_t j = 0; j < d.size(); ++j) d[j] = j == all ? d[j] : 0.0;
    }
    double length = 0.0;
    for (const double value : d) length += ball == Norm::kL2 ? value * value : std::abs(value);
    if (ball == Norm::kL2) length = std::sqrt(length);
    for (double& value : d) value *= radius * (1.0 - 1e-14) / length;
  }
  for (std::size_t j = 0; j < d.size(); ++j) {
    d[j] += static_cast<double>(x[j]);
    if (clip) d[j] = std::clamp(d[j], 0.0, 1.0);
  }
  return d;
}

class BounderTest : public testing::TestWithParam<ModelCase> {
 protected:
  [[nodiscard]] Regions regions(const std::vector<double>& radii, Norm ball, bool clip) const {
    Regions out{.x = std::as_const(x_).view(), .radii = radii, .ball = ball};
    if (clip) out.clip = kRange;
    return out;
  }

  Network network_ = make_case(GetParam());
  Tensor x_ = drawn_inputs();
};

// z of every layer and every margin, at random points and corners of every kind of region.
TEST_P(BounderTest, BoundsHoldEverywhere) {
  const MlpOf<double> model(network_);
  const Bounder bounder(network_);
  BoundTape bounds = bounder.make_tape(kSamples);
  TapeOf<double> tape = model.make_tape(1);
  TensorOf<double> point(1, 12);
  TensorOf<Bounded> margins(kSamples, 2);
  const std::vector<int> labels{0, 1, 2, 0, 1};
  Rng rng(11, 0, "points");
  for (const Norm ball : {Norm::kLinf, Norm::kL2, Norm::kL1}) {
    for (const bool clip : {true, false}) {
      for (const double radius : {0.0, 0.02, 0.3}) {
        const std::vector<double> radii(kSamples, radius);
        bounder.enclose(regions(radii, ball, clip), bounds);
        bounder.margins(labels, bounds, margins.view());
        for (std::size_t n = 0; n < kSamples; ++n) {
          for (int k = 0; k < 300; ++k) {
            std::ranges::copy(drawn_point(x_.row(n), radius, ball, clip, rng),
                              point.flat().begin());
            const auto y = model.forward(std::as_const(point).view(), tape);
            for (std::size_t l = 0; l < bounder.depth(); ++l) {
              for (std::size_t o = 0; o < model.passed(tape).z[l].cols(); ++o) {
                const double z = model.passed(tape).z[l].row(0)[o];
                const double slack = 1e-12 * (1.0 + std::abs(z));  // of the forward pass
                ASSERT_GE(z, bounds.layers[l].lower.row(n)[o] - slack);
                ASSERT_LE(z, bounds.layers[l].upper.row(n)[o] + slack);
              }
            }
            const auto label = static_cast<std::size_t>(labels[n]);
            for (std::size_t t = 0; t < 2; ++t) {
              const std::size_t other = t < label ? t : t + 1;
              ASSERT_GE(y.row(0)[label] - y.row(0)[other], margins.row(n)[t].low() - 1e-12);
              ASSERT_LT(margins.row(n)[t].error, 1e-11);
            }
          }
        }
      }
    }
  }
}

// A first layer has no relaxation: its bounds are reached, at the corner or by the dual norm.
TEST_P(BounderTest, BoundsOfTheFirstLayerAreExact) {
  if (!network_.normalisation.shift.empty()) return;  // written for plain inputs
  const Bounder bounder(network_);
  BoundTape bounds = bounder.make_tape(kSamples);
  const double radius = 0.25;
  const std::vector<double> radii(kSamples, radius);
  const Dense& first = network_.layers.front();
  if (first.activation.info->name == "identity") return;  // a linear layer needs none
  for (const Norm ball : {Norm::kLinf, Norm::kL2, Norm::kL1}) {
    const bool clip = ball == Norm::kLinf;
    bounder.enclose(regions(radii, ball, clip), bounds);
    for (std::size_t n = 0; n < kSamples; ++n) {
      for (std::size_t o = 0; o < first.weight.rows(); ++o) {
        long double centre = static_cast<long double>(first.bias[o]);
        long double low = centre;
        long double length = 0.0L;
        for (std::size_t j = 0; j < 12; ++j) {
          const auto w = static_cast<long double>(first.weight.row(o)[j]);
          const auto x = static_cast<long double>(x_.row(n)[j]);
          centre += w * x;
          low += w * (w > 0.0L ? std::max(0.0L, x - 0.25L) : std::min(1.0L, x + 0.25L));
          length = ball == Norm::kL2 ? length + w * w : std::max(length, std::abs(w));
        }
        if (ball == Norm::kL2) length = std::sqrt(length);
        const long double want = ball == Norm::kLinf ? low : centre - 0.25L * length;
        EXPECT_NEAR(bounds.layers[0].lower.row(n)[o], static_cast<double>(want), 5e-13);
        EXPECT_LE(bounds.layers[0].lower.row(n)[o], static_cast<double>(want));
      }
    }
  }
}

/// Interval arithmetic alone, in long double and without outward rounding.
std::vector<std::pair<long double, long double>> plain_intervals(const Network& network, Row x,
                                                                 double radius, std::size_t upto) {
  std::vector<std::pair<long double, long double>> h;
  for (std::size_t j = 0; j < x.size(); ++j) {
    long double low = std::max(0.0L, static_cast<long double>(x[j]) - radius);
    long double high = std::min(1.0L, static_cast<long double>(x[j]) + radius);
    if (!network.normalisation.shift.empty()) {
      low = (low - network.normalisation.shift[j]) / network.normalisation.scale[j];
      high = (high - network.normalisation.shift[j]) / network.normalisation.scale[j];
    }
    h.emplace_back(low, high);
  }
  for (std::size_t l = 0;; ++l) {
    const Dense& layer = network.layers[l];
    std::vector<std::pair<long double, long double>> z;
    for (std::size_t o = 0; o < layer.weight.rows(); ++o) {
      long double low = layer.bias[o];
      long double high = layer.bias[o];
      for (std::size_t j = 0; j < h.size(); ++j) {
        const long double w = layer.weight.row(o)[j];
        low += w * (w > 0.0L ? h[j].first : h[j].second);
        high += w * (w > 0.0L ? h[j].second : h[j].first);
      }
      z.emplace_back(low, high);
    }
    if (l == upto) return z;
    h.clear();
    for (const auto& [low, high] : z) {
      const std::vector<double> ends{static_cast<double>(low), static_cast<double>(high)};
      std::vector<double> a(2);
      layer.activation.forward(std::span<const double>(ends), std::span(a));
      h.emplace_back(a[0], a[1]);
    }
  }
}

TEST_P(BounderTest, AreInsidePlainIntervals) {
  const Bounder bounder(network_);
  BoundTape bounds = bounder.make_tape(kSamples);
  const std::vector<double> radii(kSamples, 0.1);
  bounder.enclose(regions(radii, Norm::kLinf, true), bounds);
  for (std::size_t n = 0; n < kSamples; ++n) {
    for (std::size_t l = 0; l < bounder.depth(); ++l) {
      const auto intervals = plain_intervals(network_, x_.row(n), 0.1, l);
      for (std::size_t o = 0; o < intervals.size(); ++o) {
        const auto low = static_cast<double>(intervals[o].first);
        const auto high = static_cast<double>(intervals[o].second);
        const double slack = 1e-12 * (1.0 + std::abs(low) + std::abs(high));  // rounded outward
        EXPECT_GE(bounds.layers[l].lower.row(n)[o], low - slack);
        EXPECT_LE(bounds.layers[l].upper.row(n)[o], high + slack);
      }
    }
  }
}

// Each sample has a radius of its own and does not see its neighbours: bit for bit.
TEST_P(BounderTest, BatchingChangesNoBit) {
  const Bounder bounder(network_);
  BoundTape together = bounder.make_tape(kSamples);
  BoundTape alone = bounder.make_tape(1);
  const std::vector<double> radii{0.0, 0.01, 0.05, 0.2, 1.0};
  const std::vector<int> labels{0, 1, 2, 0, 1};
  TensorOf<Bounded> all(kSamples, 2);
  TensorOf<Bounded> one(1, 2);
  bounder.enclose(regions(radii, Norm::kLinf, true), together);
  bounder.margins(labels, together, all.view());
  for (std::size_t n = 0; n < kSamples; ++n) {
    bounder.enclose(
        {std::as_const(x_).view().slice(n, 1), std::span(radii).subspan(n, 1), Norm::kLinf, kRange},
        alone);
    bounder.margins(Labels(labels).subspan(n, 1), alone, one.view());
    for (std::size_t t = 0; t < 2; ++t) {
      EXPECT_EQ(one.row(0)[t].value, all.row(n)[t].value);
      EXPECT_EQ(one.row(0)[t].error, all.row(n)[t].error);
    }
  }
}

// A larger region has no tighter intervals in the first layer.
TEST_P(BounderTest, RegionsInsideEachOtherHaveBoundsInsideEachOther) {
  const Bounder bounder(network_);
  BoundTape inner = bounder.make_tape(kSamples);
  BoundTape outer = bounder.make_tape(kSamples);
  for (const Norm ball : {Norm::kLinf, Norm::kL2, Norm::kL1}) {
    bounder.enclose(regions(std::vector<double>(kSamples, 0.05), ball, true), inner);
    bounder.enclose(regions(std::vector<double>(kSamples, 0.1), ball, true), outer);
    for (std::size_t k = 0; k < inner.layers[0].lower.flat().size(); ++k) {
      EXPECT_LE(outer.layers[0].lower.flat()[k], inner.layers[0].lower.flat()[k]);
      EXPECT_GE(outer.layers[0].upper.flat()[k], inner.layers[0].upper.flat()[k]);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Every, BounderTest, testing::ValuesIn(cases_with_bounds()),
                         testing::PrintToStringParamName());

Network small(std::string_view activation) {
  return train::make_network(std::vector<std::size_t>{12, 8, 3}, make_activation(activation),
                             Output::kSoftmax, train::find_initialiser("xavier"), 1);
}

TEST(Bounder, RefusesWhatItHasNoLinesFor) {
  EXPECT_THAT([] { static_cast<void>(Bounder(small("gelu"))); },
              ThrowsMessage<Error>(
                  "bounds: layer 1: activation gelu has no sound relaxation; allowed are identity, "
                  "leaky-relu, relu, sigmoid, tanh; train a model with one of them"));
  Network steep = small("leaky-relu");
  steep.layers[0].activation.alpha = 2.0;
  EXPECT_THAT(
      [&] { static_cast<void>(Bounder(steep)); },
      ThrowsMessage<Error>("bounds: layer 1: activation leaky-relu with parameter 2 has no sound "
                           "relaxation; allowed is a parameter in [0, 1]"));
  Network broken = small("relu");
  broken.layers[1].weight.row(0)[3] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(
      [&] { static_cast<void>(Bounder(broken)); },
      ThrowsMessage<Error>("bounds: weights of layer 2, value 3 is nan; only finite numbers "
                           "have bounds; train the model again"));
}

TEST(Bounder, WhatOverflowsCertifiesNothing) {
  Network network = small("relu");
  for (Dense& layer : network.layers) {
    for (float& w : layer.weight.flat()) w *= 1e37F;
  }
  const Bounder bounder(network);
  BoundTape tape = bounder.make_tape(1);
  const Tensor x(1, 12);
  TensorOf<Bounded> margins(1, 2);
  for (const double radius :
       {1e280, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    const std::vector<double> radii{radius};
    bounder.enclose({x.view(), radii, Norm::kLinf, std::nullopt}, tape);
    bounder.margins(std::vector<int>{0}, tape, margins.view());
    EXPECT_FALSE(margins.row(0)[0].positive() || margins.row(0)[1].positive()) << radius;
  }
}

/// What the arithmetic of this unit may add to the outputs at x.
std::vector<double> rounding_at(const Network& network, std::vector<float> at, double unit) {
  const Bounder bounder(network);
  BoundTape tape = bounder.make_tape(1);
  Tensor x(1, at.size());
  std::ranges::copy(at, x.row(0).begin());
  const std::vector<double> radii{0.0};
  bounder.enclose({.x = std::as_const(x).view(), .radii = radii}, tape);
  std::vector<double> out(network.num_classes());
  bounder.rounding(tape, 0, unit, out);
  return out;
}

/// One input, one output that matters.
Network scalar(std::string_view activation, float weight, float bias) {
  Network network = train::make_network(std::vector<std::size_t>{1, 2}, make_activation(activation),
                                        Output::kIdentity, train::find_initialiser("xavier"), 1);
  network.layers[0].weight.row(0)[0] = weight;
  network.layers[0].weight.row(1)[0] = 0.0F;
  network.layers[0].bias = {bias, 0.0F};
  network.layers[0].activation = make_activation(activation);
  return network;
}

float output_at(const Network& network, float at) {
  const Mlp model(network);
  Tape tape = model.make_tape(1);
  Tensor x(1, 1);
  x.row(0)[0] = at;
  return model.forward(std::as_const(x).view(), tape).row(0)[0];
}

// w x = 1 + 2^-11 + 2^-24 loses its last bit, and so does the sum with b = 2^-24: two roundings of
// a sum with a single product, both downward.
TEST(RoundingOfInference, IsMoreThanOnePerTerm) {
  const float w = 1.0F + 0x1p-12F;
  const Network network = scalar("identity", w, 0x1p-24F);
  const double real = static_cast<double>(w) * static_cast<double>(w) + 0x1p-24;
  const double lost = real - static_cast<double>(output_at(network, w));
  ASSERT_EQ(lost, 0x1p-23);
  EXPECT_GE(rounding_at(network, {w}, 0x1p-24)[0], lost);
}

// Around z = 0 the product loses next to nothing, and the sigmoid of it half a unit of 0.5.
TEST(RoundingOfInference, CountsTheActivationsOwn) {
  double most = 0.0;
  for (int k = 1; k < 100; ++k) {
    const float x = 0x1.55p-23F * static_cast<float>(k);  // x / 4 falls between floats at 0.5
    const Network network = scalar("sigmoid", 1.0F, 0.0F);
    const auto real = static_cast<double>(1.0L / (1.0L + std::exp(-static_cast<long double>(x))));
    const double lost = std::abs(real - static_cast<double>(output_at(network, x)));
    most = std::max(most, lost);
    EXPECT_GE(rounding_at(network, {x}, 0x1p-24)[0], lost) << x;
  }
  EXPECT_GT(most, 0x1p-27) << "there is something to cover";
}

// An arithmetic whose every operation errs upward by a whole unit, in networks where nothing
// cancels: errors of a layer are handed on, and the normalisation has some, too.
TEST(RoundingOfInference, CoversTheWorstArithmeticThroughAllLayers) {
  constexpr double kUnit = 0x1p-20;
  for (const bool normalised : {false, true}) {
    for (const std::vector<std::size_t>& widths :
         {std::vector<std::size_t>{1, 2}, {1, 1, 1, 2}, {3, 3, 3, 2}, {20, 20, 20, 2}}) {
      const std::size_t width = widths[0];
      Network network = train::make_network(widths, make_activation("relu"), Output::kIdentity,
                                            train::find_initialiser("he"), 3);
      Rng rng(width, 0, "rounding-of-inference");
      for (Dense& layer : network.layers) {
        for (float& w : layer.weight.flat()) w = rng.uniform(0.1F, 1.0F);
        for (float& b : layer.bias) b = rng.uniform(0.0F, 0.01F);
      }
      if (normalised) {
        network.normalisation.shift.assign(width, -0.5F);
        network.normalisation.scale.assign(width, 0.25F);
      }
      std::vector<float> x(width);
      for (float& value : x) value = rng.uniform(0.1F, 1.0F);
      const auto outputs = [&](long double up) {
        std::vector<long double> a(x.begin(), x.end());
        if (normalised) {
          for (long double& value : a) value = (value + 0.5L) * up / 0.25L * up;
        }
        for (const Dense& layer : network.layers) {
          std::vector<long double> z;
          for (std::size_t o = 0; o < layer.weight.rows(); ++o) {
            long double sum = a[0] * static_cast<long double>(layer.weight.row(o)[0]) * up;
            for (std::size_t i = 1; i < a.size(); ++i) {
              sum = (sum + a[i] * static_cast<long double>(layer.weight.row(o)[i]) * up) * up;
            }
            z.push_back((sum + static_cast<long double>(layer.bias[o])) * up);
          }
          a = z;
        }
        return a;
      };
      const auto real = outputs(1.0L);
      const auto rounded = outputs(1.0L + kUnit);
      const auto allowed = rounding_at(network, x, kUnit);
      for (std::size_t o = 0; o < 2; ++o) {
        const auto lost = static_cast<double>(rounded[o] - real[o]);
        EXPECT_GE(allowed[o], lost) << width;
        EXPECT_LT(allowed[o], 20.0 * lost) << width << ": what is allowed is not without measure";
      }
    }
  }
}

/// A linear layer of 784 inputs over a box, whose least outputs long double knows better.
class LinearLayer : public testing::TestWithParam<int> {
 protected:
  LinearLayer() : x_(1, 784) {
    Rng rng(static_cast<std::uint64_t>(GetParam()), 0, "linear-layer");
    network_ = train::make_network(std::vector<std::size_t>{784, 2}, make_activation("identity"),
                                   Output::kSoftmax, train::find_initialiser("xavier"),
                                   static_cast<std::uint64_t>(GetParam()));
    network_.layers[0].bias = {rng.uniform(-1.0F, 1.0F), rng.uniform(-1.0F, 1.0F)};
    for (float& value : x_.flat()) value = rng.uniform(0.0F, 1.0F);
  }

  /// Least Σ_c share_c y_c over the box on the tape.
  [[nodiscard]] long double least(const BoundTape& tape, std::array<int, 2> share) const {
    const Dense& layer = network_.layers[0];
    const auto combined = [&](float first, float second) {
      return static_cast<long double>(share[0]) * static_cast<long double>(first) +
             static_cast<long double>(share[1]) * static_cast<long double>(second);
    };
    long double sum = combined(layer.bias[0], layer.bias[1]);
    for (std::size_t j = 0; j < 784; ++j) {
      const long double w = combined(layer.weight.row(0)[j], layer.weight.row(1)[j]);
      sum += w * static_cast<long double>(w > 0.0L ? tape.lower.row(0)[j] : tape.upper.row(0)[j]);
    }
    return sum;
  }

  Network network_;
  Tensor x_;
};

// A sum in double is above the true one in about half of all cases: every bound has to allow for
// it.
TEST_P(LinearLayer, IntervalsAndMarginsAreBelowTheTruth) {
  const Bounder bounder(network_);
  BoundTape tape = bounder.make_tape(1);
  const std::vector<double> radii{0.1};
  bounder.enclose({.x = std::as_const(x_).view(), .radii = radii}, tape);
  EXPECT_LT(static_cast<long double>(tape.layers[0].lower.row(0)[0]), least(tape, {1, 0}));
  EXPECT_LT(static_cast<long double>(-tape.layers[0].upper.row(0)[0]), least(tape, {-1, 0}));
  TensorOf<Bounded> margin(1, 1);
  for (const int label : {0, 1}) {
    bounder.margins(std::vector<int>{label}, tape, margin.view());
    const long double truth = least(tape, label == 0 ? std::array{1, -1} : std::array{-1, 1});
    EXPECT_LT(static_cast<long double>(margin.row(0)[0].low()), truth);
    EXPECT_NEAR(margin.row(0)[0].value, static_cast<double>(truth), 1e-10);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, LinearLayer, testing::Range(0, 12));

TEST(Bounded, IsPositiveOnlyBeyondItsError) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_TRUE((Bounded{1.0, 0.49}.positive()));
  for (const Bounded bound :
       {Bounded{1.0, 0.5}, Bounded{0.0, 0.0}, Bounded{-1.0, 0.0}, Bounded{kNan, 0.0},
        Bounded{1.0, kNan}, Bounded{kInfinity, 0.0}, Bounded{1.0, kInfinity}}) {
    EXPECT_FALSE(bound.positive()) << bound.value << ' ' << bound.error;
  }
}

/// |x| + 1/8 against 0 on [-0.5, 1]: the lower lines of the two ReLUs are x and 0, together as low
/// as -3/8; intervals see that neither is below 0.
TEST(BoundsOfMargins, TakeIntervalsThroughTheLastLayerWhereTheyAreTighter) {
  Network network = train::make_network(std::vector<std::size_t>{1, 2, 2}, make_activation("relu"),
                                        Output::kSoftmax, train::find_initialiser("he"), 1);
  std::ranges::copy(std::vector<float>{1.0F, -1.0F}, network.layers[0].weight.flat().begin());
  std::ranges::copy(std::vector<float>{1.0F, 1.0F, 0.0F, 0.0F},
                    network.layers[1].weight.flat().begin());
  network.layers[1].bias = {0.125F, 0.0F};
  Tensor x(1, 1);
  x.row(0)[0] = 0.25F;
  const std::vector<double> radii{0.75};
  const std::vector<int> labels{0};
  const auto margin = [&](Intermediate intermediate) {
    const Bounder bounder(network, {.intermediate = intermediate});
    BoundTape tape = bounder.make_tape(1);
    bounder.enclose({.x = std::as_const(x).view(), .radii = radii}, tape);
    TensorOf<Bounded> out(1, 1);
    bounder.margins(labels, tape, out.view());
    return out.row(0)[0];
  };
  EXPECT_NEAR(margin(Intermediate::kBest).value, 0.125, 1e-12);
  EXPECT_LE(margin(Intermediate::kBest).low(), 0.125);
  EXPECT_TRUE(margin(Intermediate::kBest).positive());
  EXPECT_NEAR(margin(Intermediate::kBackward).value, -0.375, 1e-12);
}

}  // namespace
}  // namespace gibbon::models::bounds
