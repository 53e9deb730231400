// SPDX-License-Identifier: MIT
// What published networks show (published_models_test.cpp, bounds/published_bounds_test.cpp,
// onnx/import_test.cpp), on networks whose every number follows from a formula.
#include "models/known_answers.hpp"

#include <numeric>

#include <gtest/gtest.h>

#include "base/temporary_folder.hpp"
#include "models/bounds/bounder.hpp"
#include "models/mlp.hpp"
#include "models/model_file.hpp"

namespace gibbon::models {
namespace {

constexpr std::size_t kCount = 40;

class KnownModel : public testing::Test {
 protected:
  KnownModel() : x_(kCount, 16) { std::ranges::copy(data_.images.flat(), x_.flat().begin()); }

  [[nodiscard]] double s(std::size_t n) const { return known::spread(data_.images.row(n)); }
  /// Of class 0 and class 1, the other two being e^-20 and less.
  [[nodiscard]] double probability_of_1(std::size_t n) const {
    const double gap = 2.0 * (known::kRadius - s(n));
    const double others = 2.0 * std::exp(-20.0 - (known::kRadius - s(n)));
    return std::exp(-gap) / (1.0 + std::exp(-gap) + others);
  }

  Network network_ = known::diamond(16, known::kRadius);
  datasets::Dataset data_ = known::pictures(kCount, 0.01F, 0.16F, 4);
  TensorOf<double> x_;
};

TEST_F(KnownModel, LogitsAreTheFormula) {
  const MlpOf<double> model(network_);
  TapeOf<double> tape = model.make_tape(kCount);
  const auto logits = model.forward(std::as_const(x_).view(), tape);
  for (std::size_t n = 0; n < kCount; ++n) {
    EXPECT_NEAR(logits.row(n)[0], known::kRadius - s(n), 1e-13);
    EXPECT_NEAR(logits.row(n)[1], s(n) - known::kRadius, 1e-13);
  }
}

// ∂J/∂b of the last layer is the mean of p - e_0; of a hidden neuron that is on, p_1 - (p_0 - 1).
TEST_F(KnownModel, ParameterGradientsAreTheFormula) {
  const MlpOf<double> model(network_);
  TapeOf<double> tape = model.make_tape(kCount);
  const auto logits = model.forward(std::as_const(x_).view(), tape);
  const Loss loss = make_loss("cross-entropy", Output::kSoftmax);
  TensorOf<double> dlogits(kCount, 4);
  std::vector<double> want(32, 0.0);
  double last = 0.0;
  for (std::size_t n = 0; n < kCount; ++n) {
    loss.evaluate(logits.row(n), 0, dlogits.row(n));
    const double p = probability_of_1(n);
    last += p;
    for (std::size_t j = 0; j < 16; ++j) want[2 * j + (x_.row(n)[j] > 0.5 ? 0 : 1)] += 2.0 * p;
  }
  std::vector<double> gradient(model.parameters().size());
  model.backward_parameters(tape, std::as_const(dlogits).view(), gradient);
  const std::span<const double> flat = gradient;
  EXPECT_NEAR(model.bias(flat, 1)[1], last, 1e-11);
  for (std::size_t k = 0; k < 32; ++k) EXPECT_NEAR(model.bias(flat, 0)[k], want[k], 1e-7) << k;
}

TEST_F(KnownModel, LossAndInputGradientAreTheFormula) {
  const Mlp model(network_);
  Tape tape = model.make_tape(kCount);
  const Rows logits = model.forward(std::as_const(data_.images).view(), tape);
  const Loss loss = make_loss("cross-entropy", Output::kSoftmax);
  Tensor dlogits(kCount, 4);
  Tensor dx(kCount, 16);
  for (std::size_t n = 0; n < kCount; ++n) {
    const auto value = loss.evaluate(logits.row(n), 0, dlogits.row(n));
    EXPECT_NEAR(static_cast<double>(value), std::log1p(std::exp(-2.0 * (known::kRadius - s(n)))),
                1e-6);
  }
  model.backward(tape, std::as_const(dlogits).view(), dx.view());
  for (std::size_t n = 0; n < kCount; ++n) {
    for (std::size_t j = 0; j < 16; ++j) {
      const double sign = x_.row(n)[j] > 0.5 ? 1.0 : -1.0;
      EXPECT_NEAR(dx.row(n)[j], sign * 2.0 * probability_of_1(n), 1e-6);
    }
  }
}

TEST_F(KnownModel, ComesBackFromItsFile) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "diamond.onnx";
  write_model(path, network_);
  const ModelFile file = read_model(path);
  EXPECT_EQ(file.network.architecture(), "16-32-4");
  EXPECT_TRUE(file.rounded.empty());
  const MlpOf<double> model(file.network);
  TapeOf<double> tape = model.make_tape(kCount);
  const auto logits = model.forward(std::as_const(x_).view(), tape);
  for (std::size_t n = 0; n < kCount; ++n)
    EXPECT_NEAR(logits.row(n)[1], s(n) - known::kRadius, 1e-13);
}

/// Largest radius at which every margin of class 0 is positive beyond rounding.
double certified_radius(const bounds::Bounder& bounder, Rows x, Norm ball) {
  bounds::BoundTape tape = bounder.make_tape(1);
  const std::vector<int> labels{0};
  TensorOf<bounds::Bounded> margins(1, bounder.num_classes() - 1);
  double low = 0.0;
  double high = 4.0;
  for (int step = 0; step < 45; ++step) {
    const std::vector<double> radii{0.5 * (low + high)};
    bounder.enclose({.x = x, .radii = radii, .ball = ball}, tape);
    bounder.margins(labels, tape, margins.view());
    const bool holds =
        std::ranges::all_of(margins.flat(), [](const bounds::Bounded& m) { return m.positive(); });
    (holds ? low : high) = radii[0];
  }
  return low;
}

// Where the ball meets no kink the network is linear: relaxed bounds are the truth. All values are
// at least 0.1 from 1/2, and the boundary is nearer than that.
TEST(KnownBounds, AreExactWhereNothingBends) {
  const datasets::Dataset data = known::pictures(20, 0.1F, 0.12F, 4);
  for (const bounds::SlopeRule rule : {bounds::SlopeRule::kAdaptive, bounds::SlopeRule::kFastLin}) {
    const bounds::Bounder bounder(known::diamond(16, known::kRadius), {.slope = rule});
    for (std::size_t n = 0; n < data.size(); ++n) {
      const Rows x = std::as_const(data.images).view().slice(n, 1);
      const double gap = known::kRadius - known::spread(x.row(0));
      ASSERT_LT(gap / 16.0, 0.1);
      const double radius = certified_radius(bounder, x, Norm::kLinf);
      EXPECT_LE(radius, gap / 16.0);
      EXPECT_NEAR(radius, gap / 16.0, 1e-12);
    }
  }
}

// In every ball, bounds never exceed the distance to the boundary.
TEST(KnownBounds, NeverExceedTheDistance) {
  const datasets::Dataset data = known::pictures(20, 0.01F, 0.16F, 4);
  const bounds::Bounder bounder(known::diamond(16, known::kRadius));
  for (std::size_t n = 0; n < data.size(); ++n) {
    const Rows x = std::as_const(data.images).view().slice(n, 1);
    const double gap = known::kRadius - known::spread(x.row(0));
    for (const auto& [ball, rise] :
         {std::pair{Norm::kLinf, 16.0}, {Norm::kL2, 4.0}, {Norm::kL1, 1.0}}) {
      const double radius = certified_radius(bounder, x, ball);
      EXPECT_LE(radius, gap / rise);
      EXPECT_GT(radius, 0.1 * gap / rise) << "and say something";
    }
  }
}

}  // namespace
}  // namespace gibbon::models
