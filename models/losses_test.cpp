// SPDX-License-Identifier: MIT
#include <cmath>
#include <gmock/gmock.h>
#include <numeric>
#include <ostream>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/rng.hpp"
#include "models/loss.hpp"

namespace gibbon::models {
namespace {

using testing::ThrowsMessage;

constexpr std::size_t kClasses = 5;

struct LossCase {
  const LossInfo* info;
  Output output;
  friend std::ostream& operator<<(std::ostream& out, const LossCase& c) {
    std::string name(c.info->name);
    std::ranges::replace(name, '-', '_');
    return out << name << '_' << to_string(c.output);
  }
};

std::vector<LossCase> every_case() {
  std::vector<LossCase> out;
  for (const LossInfo& info : losses()) {
    for (const Output output : {Output::kIdentity, Output::kSigmoid, Output::kSoftmax}) {
      if (!info.softmax_only || output == Output::kSoftmax) out.push_back({&info, output});
    }
  }
  return out;
}

/// The network's answer and J, from the definitions and without care for large numbers.
std::vector<double> answer_of(Output output, const std::vector<double>& z) {
  double total = 0.0;
  for (const double value : z) total += std::exp(value);
  std::vector<double> out;
  for (const double value : z) {
    out.push_back(output == Output::kIdentity  ? value
                  : output == Output::kSigmoid ? 1.0 / (1.0 + std::exp(-value))
                                               : std::exp(value) / total);
  }
  return out;
}

double definition(const LossCase& c, const std::vector<double>& z, std::size_t label) {
  const std::vector<double> answer = answer_of(c.output, z);
  if (c.info->name == "cross-entropy") return -std::log(answer[label]);
  double squares = 0.0;
  for (std::size_t k = 0; k < z.size(); ++k) {
    squares += std::pow(answer[k] - (k == label ? 1.0 : 0.0), 2.0);
  }
  if (c.info->name == "mse") return squares / static_cast<double>(z.size());
  if (c.info->name == "quadratic") return squares / 2.0;
  throw std::logic_error("write the definition of this loss into losses_test.cpp");
}

std::vector<double> random_logits(std::uint64_t id) {
  Rng rng(11, id, "losses-test");
  std::vector<double> z(kClasses);
  for (double& value : z) value = double{rng.uniform(-3.0F, 3.0F)};
  return z;
}

class LossTest : public testing::TestWithParam<LossCase> {
 protected:
  Loss loss_ = make_loss(GetParam().info->name, GetParam().output);
};

TEST_P(LossTest, ValueIsTheDefinitionAndGradientItsCentralDifference) {
  constexpr double kStep = 1e-5;  // truncation h² J''' and rounding 2^-53 J / h: both below 1e-9
  std::vector<double> d(kClasses, 9.0);  // to be overwritten
  for (std::uint64_t id = 0; id < 20; ++id) {
    const std::vector<double> z = random_logits(id);
    for (std::size_t label = 0; label < kClasses; ++label) {
      EXPECT_NEAR(loss_.evaluate(z, label, d), definition(GetParam(), z, label), 1e-14);
      for (std::size_t k = 0; k < kClasses; ++k) {
        std::vector<double> above = z;
        std::vector<double> below = z;
        above[k] += kStep;
        below[k] -= kStep;
        const double slope =
            (definition(GetParam(), above, label) - definition(GetParam(), below, label)) /
            (2.0 * kStep);
        EXPECT_NEAR(d[k], slope, 1e-8) << "class " << k << " of label " << label;
      }
    }
  }
}

// All arithmetic is in double, so float32 differs by the rounding of the result alone.
TEST_P(LossTest, FloatIsTheRoundedDouble) {
  for (std::uint64_t id = 0; id < 20; ++id) {
    const std::vector<double> z = random_logits(id);
    const std::vector<float> z32(z.begin(), z.end());
    std::vector<double> d(kClasses);
    std::vector<float> d32(kClasses);
    EXPECT_EQ(loss_.evaluate(z32, 2, d32), loss_.evaluate(z, 2, d));
    for (std::size_t k = 0; k < kClasses; ++k) EXPECT_EQ(d32[k], static_cast<float>(d[k]));
  }
}

TEST_P(LossTest, StaysFiniteForLargeLogits) {
  for (const float size : {100.0F, 1e4F}) {
    const std::vector<float> z{-size, 0.0F, size, 1.0F, -1.0F};
    std::vector<float> d(kClasses);
    for (std::size_t label = 0; label < kClasses; ++label) {
      EXPECT_TRUE(std::isfinite(loss_.evaluate(z, label, d)));
      for (const float value : d) EXPECT_TRUE(std::isfinite(value));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Every, LossTest, testing::ValuesIn(every_case()),
                         testing::PrintToStringParamName());

double cross_entropy(std::vector<double> z, std::size_t label) {
  std::vector<double> d(z.size());
  return make_loss("cross-entropy", Output::kSoftmax).evaluate(z, label, d);
}

TEST(CrossEntropy, KeepsItsDigitsAtBothEnds) {
  EXPECT_NEAR(cross_entropy({0.0, 100.0}, 1), 3.72007597602083596e-44, 1e-58);
  EXPECT_EQ(cross_entropy({0.0, 100.0}, 0), 100.0);
  EXPECT_EQ(cross_entropy({0.0, 1000.0}, 0), 1000.0);
  EXPECT_EQ(cross_entropy({0.0, 1000.0}, 1), 0.0);
  EXPECT_EQ(cross_entropy({-1e4, 1e4}, 0), 2e4);
  EXPECT_NEAR(cross_entropy(std::vector<double>(10, 7.0), 3), std::log(10.0), 1e-15);
  EXPECT_NEAR(cross_entropy({1.0, 1.0 + 1e-9}, 0), std::log(2.0) + 0.5e-9, 1e-15);
}

TEST(CrossEntropy, GradientSumsToZero) {
  const Loss loss = make_loss("cross-entropy", Output::kSoftmax);
  std::vector<double> d(kClasses);
  for (std::uint64_t id = 0; id < 20; ++id) {
    loss.evaluate(random_logits(id), id % kClasses, d);
    EXPECT_NEAR(std::accumulate(d.begin(), d.end(), 0.0), 0.0, 1e-15);
    EXPECT_LT(d[id % kClasses], 0.0);
  }
}

// ŷ_y - 1 would be 0 in float32 from a lead of 17 on, and in double from 37 on.
TEST(CrossEntropy, AConfidentSampleKeepsItsGradient) {
  const Loss loss = make_loss("cross-entropy", Output::kSoftmax);
  for (const float lead : {5.0F, 17.0F, 40.0F, 80.0F}) {
    const double other = std::exp(-double{lead}) / (1.0 + 2.0 * std::exp(-double{lead}));
    std::vector<float> d(3);
    loss.evaluate(std::vector<float>{0.0F, lead, 0.0F}, 1, d);
    EXPECT_NEAR(double{d[0]}, other, 0x1p-24 * other) << lead;
    EXPECT_NEAR(double{d[1]}, -2.0 * other, 0x1p-23 * other) << lead;
    std::vector<double> d64(3);
    loss.evaluate(std::vector<double>{0.0, double{lead}, 0.0}, 1, d64);
    EXPECT_NEAR(d64[1], -2.0 * other, 1e-15 * other) << lead;
  }
}

TEST(SquaredErrors, DifferByHalfTheNumberOfClasses) {
  for (const Output output : {Output::kIdentity, Output::kSigmoid, Output::kSoftmax}) {
    const std::vector<double> z = random_logits(3);
    std::vector<double> of_mse(kClasses);
    std::vector<double> of_quadratic(kClasses);
    const double mse = make_loss("mse", output).evaluate(z, 1, of_mse);
    const double quadratic = make_loss("quadratic", output).evaluate(z, 1, of_quadratic);
    EXPECT_NEAR(quadratic, 2.5 * mse, 1e-14);
    for (std::size_t k = 0; k < kClasses; ++k) EXPECT_NEAR(of_quadratic[k], 2.5 * of_mse[k], 1e-15);
  }
  // By hand: ŷ = z = (1, 2), y = (1, 0): mean of 0 and 4, gradient 2/2 · (0, 2).
  std::vector<double> d(2);
  EXPECT_EQ(make_loss("mse", Output::kIdentity).evaluate(std::vector<double>{1.0, 2.0}, 0, d), 2.0);
  EXPECT_THAT(d, testing::ElementsAre(0.0, 2.0));
  EXPECT_EQ(make_loss("quadratic", Output::kIdentity).evaluate(std::vector<double>{1.0, 2.0}, 0, d),
            2.0);
  EXPECT_THAT(d, testing::ElementsAre(0.0, 2.0));
}

TEST(LossCatalogue, IsSortedAndDocumented) {
  std::string_view before;
  for (const LossInfo& info : losses()) {
    EXPECT_LT(before, info.name);
    before = info.name;
    EXPECT_EQ(info.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), info.name.npos);
    EXPECT_FALSE(info.formula.empty() || info.source.empty()) << info.name;
    EXPECT_EQ(make_loss(info.name, info.usual_output).info, &info);
  }
}

TEST(LossCatalogue, RefusesWhatDoesNotFit) {
  EXPECT_THAT([] { static_cast<void>(make_loss("cross-entropy", Output::kSigmoid)); },
              ThrowsMessage<Error>("loss cross-entropy: output activation sigmoid does not fit, it "
                                   "needs softmax; use --answer softmax or --loss mse"));
  EXPECT_THAT(
      [] { static_cast<void>(make_loss("cros-entropy", Output::kSoftmax)); },
      ThrowsMessage<Error>("unknown loss 'cros-entropy'; did you mean 'cross-entropy'? known are "
                           "cross-entropy, mse, quadratic"));
}

TEST(OutputTest, AnswersAreStableAndNamed) {
  for (const Output output : {Output::kIdentity, Output::kSigmoid, Output::kSoftmax}) {
    EXPECT_EQ(find_output(to_string(output)), output);
    const std::vector<double> z = random_logits(4);
    std::vector<double> answer(kClasses);
    apply_output<double>(output, z, answer);
    const std::vector<double> want = answer_of(output, z);
    for (std::size_t k = 0; k < kClasses; ++k) EXPECT_NEAR(answer[k], want[k], 1e-15);
  }
  EXPECT_THAT([] { static_cast<void>(find_output("sotfmax")); },
              ThrowsMessage<Error>("unknown output 'sotfmax'; did you mean 'softmax'? known are "
                                   "identity, sigmoid, softmax"));
  std::vector<double> answer(3);
  apply_output<float>(Output::kSoftmax, std::vector<float>{1e4F, 1e4F, -1e4F}, answer);
  EXPECT_THAT(answer, testing::ElementsAre(0.5, 0.5, 0.0));
}

TEST(OutputTest, ConfidenceIsAProbabilityForEveryOutput) {
  const std::vector<double> z{1.0, 3.0, 0.0};
  const double softmax = std::exp(3.0) / (std::exp(1.0) + std::exp(3.0) + 1.0);
  EXPECT_NEAR(confidence(Output::kSoftmax, z, 1), softmax, 1e-15);
  EXPECT_NEAR(confidence(Output::kIdentity, z, 1), softmax, 1e-15);
  EXPECT_NEAR(confidence(Output::kSigmoid, z, 1), 1.0 / (1.0 + std::exp(-3.0)), 1e-15);
  const std::vector<float> z32(z.begin(), z.end());
  EXPECT_EQ(confidence(Output::kSoftmax, z32, 1), confidence(Output::kSoftmax, z, 1));
}

}  // namespace
}  // namespace gibbon::models
