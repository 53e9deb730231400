// SPDX-License-Identifier: MIT
#include "models/train/robust/robust_loss.hpp"

#include <cmath>
#include <gmock/gmock.h>
#include <utility>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/rng.hpp"
#include "models/bounds/bounder.hpp"
#include "models/model_cases.hpp"

namespace gibbon::models::train::robust {
namespace {

using testing::ThrowsMessage;

constexpr std::size_t kSamples = 5;
constexpr double kEpsilon = 0.07;

Loss cross_entropy() { return make_loss("cross-entropy", Output::kSoftmax); }

RobustSettings settings_of(std::string_view method) {
  return {.method = &find_robust(method), .epsilon = kEpsilon, .kappa = 0.0, .steps = 3};
}

bool fits(const ModelCase& c, std::string_view method) {
  try {
    require_robust_trainable(make_case(c), cross_entropy(), settings_of(method));
    return c.output == Output::kSoftmax && make_activation(c.activation).info->trainable;
  } catch (const Error&) {
    return false;
  }
}

/// A model of the list in double, with samples around it.
class Bench {
 public:
  explicit Bench(const ModelCase& c) : network_(make_case(c)), model_(network_) {
    Rng rng(5, 0, "robust-loss-test");
    for (double& value : x_.flat()) value = rng.unit();  // some within ε of the range's ends
    x_.row(0)[0] = 0.0;
    x_.row(1)[1] = 1.0;
    for (int& label : labels_) label = static_cast<int>(rng.below(3));
  }

  /// (1 - κ) Σ J at the present parameters; `gradient` is overwritten.
  double evaluate(std::string_view method, const RobustPoint& at, std::vector<double>& gradient) {
    RobustLossOf<double> loss(model_, settings_of(method), kSamples);
    std::vector<double> sizes(model_.parameters().size());
    take_sizes(model_.parameters(), std::span(sizes));
    gradient.assign(sizes.size(), 0.0);
    const auto result = loss.add(samples(), cross_entropy(), at, sizes, gradient);
    standing = result.standing;
    return (1.0 - at.kappa) * result.loss;
  }

  RobustLossOf<double>::Samples samples() {
    return {.x = std::as_const(x_).view(), .labels = labels_, .keys = keys_, .seed = 3};
  }

  Network network_;
  TrainableMlpOf<double> model_;
  TensorOf<double> x_{kSamples, 12};
  std::vector<int> labels_ = std::vector<int>(kSamples);
  std::vector<std::uint64_t> keys_{2, 3, 5, 7, 11};
  std::size_t standing = 0;
};

/// Central differences of the loss by every parameter. Bounds have kinks, at |W| = 0 and where a
/// neuron becomes stable: differences whose sides disagree are skipped and counted.
void expect_gradient(Bench& bench, std::string_view method, const RobustPoint& at) {
  constexpr double kStep = 1e-6;
  std::vector<double> gradient;
  std::vector<double> ignored;
  const double here = bench.evaluate(method, at, gradient);
  std::size_t kinks = 0;
  double largest = 0.0;
  for (std::size_t k = 0; k < gradient.size(); ++k) {
    double& parameter = bench.model_.trainable_parameters()[k];
    const double kept = parameter;
    parameter = kept - kStep;
    const double below = bench.evaluate(method, at, ignored);
    parameter = kept + kStep;
    const double above = bench.evaluate(method, at, ignored);
    parameter = kept;
    const double left = (here - below) / kStep;
    const double right = (above - here) / kStep;
    if (std::abs(left - right) > 1e-3 * (1.0 + std::abs(left))) {
      ++kinks;
      continue;
    }
    largest = std::max(largest, std::abs(gradient[k]));
    // Rounding 2^-53 J / step and truncation of order step · J''.
    EXPECT_NEAR(gradient[k], 0.5 * (left + right), 1e-6 * (1.0 + std::abs(left)))
        << method << ", parameter " << k;
  }
  EXPECT_LE(kinks * 50, gradient.size()) << method;
  EXPECT_GT(largest, 0.01) << method;
}

std::vector<ModelCase> cases_of(std::string_view method) {
  std::vector<ModelCase> out = model_cases();
  std::erase_if(out, [&](const ModelCase& c) { return !fits(c, method); });
  return out;
}

TEST(RobustGradient, OfIntervalsIsThatOfFiniteDifferences) {
  for (const ModelCase& c : cases_of("ibp")) {
    SCOPED_TRACE(c.name);
    Bench bench(c);
    expect_gradient(bench, "ibp", {.epsilon = kEpsilon, .kappa = 0.3});
  }
}

TEST(RobustGradient, OfLinesIsThatOfFiniteDifferences) {
  for (const ModelCase& c : cases_of("crown-ibp")) {
    SCOPED_TRACE(c.name);
    Bench bench(c);
    expect_gradient(bench, "crown-ibp", {.epsilon = kEpsilon, .kappa = 0.0, .beta = 1.0});
    expect_gradient(bench, "crown-ibp", {.epsilon = kEpsilon, .kappa = 0.5, .beta = 0.4});
  }
}

TEST(RobustGradient, IsOfEveryActivationWithBounds) {
  EXPECT_EQ(cases_of("ibp").size(), 9U);        // linear, and deep with all but gelu, silu and step
  EXPECT_EQ(cases_of("crown-ibp").size(), 4U);  // linear, and deep with every hinge
}

/// -log softmax_y of the worst logits, from margins that Bounder proves.
double loss_of_margins(std::span<const double> margins) {
  double sum = 1.0;
  for (const double margin : margins) sum += std::exp(-margin);
  return std::log(sum);
}

TEST(RobustLoss, AtEpsilonZeroIsTheLossItself) {
  for (const ModelCase& c : model_cases()) {
    for (const std::string_view method : {"ibp", "crown-ibp", "pgd"}) {
      if (!fits(c, method)) continue;
      Bench bench(c);
      std::vector<double> gradient;
      const double beta = method == "crown-ibp" ? 0.5 : 0.0;
      const double got =
          bench.evaluate(method, {.epsilon = 0.0, .kappa = 0.0, .beta = beta}, gradient);
      TapeOf<double> tape = bench.model_.make_tape(kSamples);
      const auto logits = bench.model_.forward(bench.x_.view(), tape);
      TensorOf<double> dlogits(kSamples, 3);
      double want = 0.0;
      for (std::size_t n = 0; n < kSamples; ++n) {
        want += cross_entropy().evaluate(logits.row(n), static_cast<std::size_t>(bench.labels_[n]),
                                         dlogits.row(n));
      }
      std::vector<double> natural(gradient.size());
      bench.model_.backward_parameters(tape, std::as_const(dlogits).view(), natural);
      EXPECT_NEAR(got, want, 1e-11) << c.name << ' ' << method;
      for (std::size_t k = 0; k < natural.size(); ++k) {
        EXPECT_NEAR(gradient[k], natural[k], 1e-11) << c.name << ' ' << method << ' ' << k;
      }
    }
  }
}

/// CROWN-IBP at β = 1 is what the prover computes, but for its better intermediate bounds: with a
/// single hidden layer, whose bounds are exact, the two agree to the proof's own rounding.
TEST(RobustLoss, OfLinesIsTheOneThatIsProved) {
  for (const std::string_view activation : {"relu", "leaky-relu"}) {
    const ModelCase shallow{"shallow", {12, 17, 3}, std::string(activation)};
    Bench bench(shallow);
    Tensor x(kSamples, 12);
    for (std::size_t k = 0; k < x.flat().size(); ++k) {
      x.flat()[k] = static_cast<float>(bench.x_.flat()[k]);
      bench.x_.flat()[k] = static_cast<double>(x.flat()[k]);
    }
    const bounds::Bounder bounder(bench.network_);
    bounds::BoundTape tape = bounder.make_tape(kSamples);
    const std::vector<double> radii(kSamples, kEpsilon);
    bounder.enclose({.x = std::as_const(x).view(), .radii = radii, .clip = Box{}}, tape);
    TensorOf<bounds::Bounded> margins(kSamples, 2);
    bounder.margins(bench.labels_, tape, margins.view());
    double want = 0.0;
    std::size_t positive = 0;
    for (std::size_t n = 0; n < kSamples; ++n) {
      const std::array row{margins.row(n)[0].value, margins.row(n)[1].value};
      want += loss_of_margins(row);
      positive += row[0] > 0.0 && row[1] > 0.0 ? 1U : 0U;
    }
    std::vector<double> gradient;
    const double got =
        bench.evaluate("crown-ibp", {.epsilon = kEpsilon, .kappa = 0.0, .beta = 1.0}, gradient);
    EXPECT_NEAR(got, want, 1e-9) << activation;
    EXPECT_EQ(bench.standing, positive) << activation;
  }
}

/// No point of the box has a loss above the bound's; points of the adversary stay in the box and
/// are worse than where they came from.
TEST(RobustLoss, IsAboveWhatAnyPointOfTheBoxCosts) {
  for (const ModelCase& c : model_cases()) {
    if (!fits(c, "ibp")) continue;
    Bench bench(c);
    std::vector<double> gradient;
    const RobustPoint at{.epsilon = kEpsilon, .kappa = 0.0};
    const double found = bench.evaluate("pgd", at, gradient);
    const double clean = bench.evaluate("pgd", {.epsilon = 0.0, .kappa = 0.0}, gradient);
    const double intervals = bench.evaluate("ibp", at, gradient);
    EXPECT_LE(found, intervals + 1e-12) << c.name;
    EXPECT_GT(found, clean) << c.name;
    if (fits(c, "crown-ibp")) {
      EXPECT_LE(found, bench.evaluate("crown-ibp", {.epsilon = kEpsilon, .kappa = 0.0, .beta = 1.0},
                                      gradient) +
                           1e-12)
          << c.name;
    }
    const bool linear = c.widths.size() == 2;  // the bound is exact, PGD finds the optimum
    if (linear) {
      EXPECT_NEAR(found, intervals, 1e-2 * intervals);
    }
  }
}

TEST(Adversary, StaysInBallAndRange) {
  Bench bench({"deep", {12, 17, 9, 3}, "relu"});
  AdversaryOf<double> adversary(bench.model_, kSamples);
  const auto points = adversary.worsen(bench.samples().x, bench.labels_, cross_entropy(),
                                       {.epsilon = kEpsilon, .steps = 5}, bench.keys_, 1);
  bool at_rim = false;
  for (std::size_t k = 0; k < points.flat().size(); ++k) {
    EXPECT_LE(std::abs(points.data[k] - bench.x_.flat()[k]), kEpsilon * (1.0 + 1e-12));
    EXPECT_GE(points.data[k], 0.0);
    EXPECT_LE(points.data[k], 1.0);
    at_rim = at_rim || std::abs(points.data[k] - bench.x_.flat()[k]) > 0.999 * kEpsilon;
  }
  EXPECT_TRUE(at_rim);
}

TEST(Robust, RampGoesFromTheSampleToTheWorstCase) {
  RobustSettings settings = settings_of("crown-ibp");
  settings.epsilon = 0.4;
  settings.kappa = 0.5;
  settings.warm_up = 0.1;
  settings.ramp = 0.4;
  const auto expect_at = [&](double progress, double epsilon, double kappa, double beta) {
    const RobustPoint at = settings.at(progress);
    EXPECT_NEAR(at.epsilon, epsilon, 1e-15) << progress;
    EXPECT_NEAR(at.kappa, kappa, 1e-15) << progress;
    EXPECT_NEAR(at.beta, beta, 1e-15) << progress;
  };
  expect_at(0.0, 0.0, 1.0, 1.0);
  expect_at(0.1, 0.0, 1.0, 1.0);
  expect_at(0.3, 0.2, 0.75, 0.5);
  expect_at(0.5, 0.4, 0.5, 0.0);
  expect_at(1.0, 0.4, 0.5, 0.0);
  settings.method = &find_robust("ibp");
  expect_at(0.3, 0.2, 0.75, 0.0);
  settings.ramp = 0.0;
  expect_at(0.05, 0.0, 1.0, 0.0);
  expect_at(0.1, 0.4, 0.5, 0.0);
  EXPECT_EQ(RobustSettings{}.at(0.5).kappa, 1.0);
}

TEST(Robust, RefusesWhatHasNoWorstCaseByName) {
  const auto network = [](std::string_view activation) {
    return make_network(std::vector<std::size_t>{4, 5, 3}, make_activation(activation),
                        Output::kSoftmax, find_initialiser("xavier"), 1);
  };
  const auto refuse = [&](std::string_view method, std::string_view activation, const Loss& loss) {
    require_robust_trainable(network(activation), loss, settings_of(method));
  };
  EXPECT_THAT([&] { refuse("ibp", "gelu", cross_entropy()); },
              ThrowsMessage<Error>("--robust ibp: layer 1: its bounds do not hold for activation "
                                   "gelu; allowed are elu, erf, identity, leaky-relu, relu, "
                                   "sigmoid, softplus, tanh"));
  EXPECT_THAT([&] { refuse("crown-ibp", "tanh", cross_entropy()); },
              ThrowsMessage<Error>("--robust crown-ibp: layer 1: its bounds do not hold for "
                                   "activation tanh; allowed are identity, leaky-relu, relu"));
  EXPECT_THAT([&] { refuse("ibp", "relu", make_loss("mse", Output::kSoftmax)); },
              ThrowsMessage<Error>(
                  "--robust ibp: loss mse need not rise when a margin falls, so it has no worst "
                  "case at the worst logits; allowed is cross-entropy"));
  EXPECT_NO_THROW(refuse("pgd", "gelu", cross_entropy()));
}

/// What Growth promises, on a grid.
TEST(Robust, ActivationsGrowAsTheySay) {
  for (const ActivationInfo& info : activations()) {
    if (info.growth == Growth::kAny) continue;
    const Activation activation = make_activation(info.name);
    const auto at = [&](double z) {
      activation.forward(std::span<const double>(&z, 1), std::span<double>(&z, 1));
      return z;
    };
    for (double z = -6.0; z < 6.0; z += 0.01) EXPECT_LE(at(z), at(z + 0.01)) << info.name;
    if (info.growth != Growth::kHinge) continue;
    for (double z = 0.5; z < 6.0; z += 0.5) {
      EXPECT_EQ(at(z), z) << info.name;
      EXPECT_NEAR(at(-z), -z * hinge_slope(activation), 1e-15) << info.name;
    }
  }
}

}  // namespace
}  // namespace gibbon::models::train::robust
