#include "attacks/oracle.hpp"

#include <array>
#include <cmath>
#include <gmock/gmock.h>
#include <stdexcept>

#include <gtest/gtest.h>

#include "models/mlp.hpp"
#include "models/model_cases.hpp"

namespace gibbon::attacks {
namespace {

using testing::ThrowsMessage;

class OracleTest : public testing::Test {
 protected:
  OracleTest() {
    Rng rng(1, 0, "oracle-test");
    for (float& value : x_.flat()) value = rng.uniform(0.0F, 1.0F);
  }

  Rows logits() { return model_.forward(x_.view(), tape_); }

  models::Mlp model_{models::make_case(models::model_cases()[1])};
  models::Tape tape_ = model_.make_tape(4);
  Tensor x_{4, 12};
  std::array<int, 4> labels_{0, 1, 2, 1};
};

TEST_F(OracleTest, AnswersWithWhatTheModelSays) {
  Oracle oracle(model_, Access::kGradients, 4);
  std::array<int, 4> found{};
  oracle.predict(x_.view(), found);
  const Row margins = oracle.margins(x_.view(), labels_);
  for (std::size_t n = 0; n < 4; ++n) {
    EXPECT_EQ(found[n], predicted_class(logits().row(n)));
    EXPECT_EQ(margins[n], margin(logits().row(n), labels_[n]));
  }
}

TEST_F(OracleTest, GradientIsThatOfTheSeedsLossAtEachLabel) {
  Oracle oracle(model_, Access::kGradients, 8);  // more rows than are asked for
  const Oracle::Gradient got = oracle.gradient(x_.view(), labels_, scale_free_seed<float>);
  ASSERT_EQ(got.dx.rows, 4U);
  ASSERT_EQ(got.margin.size(), 4U);
  Tensor dlogits(4, 3);
  for (std::size_t n = 0; n < 4; ++n) {
    EXPECT_EQ(got.margin[n], margin(logits().row(n), labels_[n]));
    scale_free_seed<float>(logits().row(n), labels_[n], dlogits.row(n));
  }
  Tensor dx(4, 12);
  model_.backward(tape_, dlogits.view(), dx.view());
  EXPECT_TRUE(std::ranges::equal(got.dx.flat(), dx.flat()));
  // and it climbs: the loss log Σ e^z_j - z_y rises along it
  const auto loss = [&](std::size_t n) {
    double sum = 0.0;
    const Row z = logits().row(n);
    for (std::size_t j = 0; j < 3; ++j) {
      if (static_cast<int>(j) != labels_[n]) sum += std::exp(double{z[j]});
    }
    return std::log(sum) - double{z[static_cast<std::size_t>(labels_[n])]};
  };
  std::array<double, 4> before{};
  for (std::size_t n = 0; n < 4; ++n) before[n] = loss(n);
  for (std::size_t k = 0; k < 48; ++k) x_.flat()[k] += 0.01F * dx.flat()[k];
  for (std::size_t n = 0; n < 4; ++n) EXPECT_GT(loss(n), before[n]);
}

TEST_F(OracleTest, CountsRowsNotCalls) {
  Oracle oracle(model_, Access::kGradients, 4);
  std::array<int, 4> found{};
  oracle.predict(x_.view().slice(0, 3), found);
  EXPECT_EQ(oracle.forwards(), 3U);
  oracle.margins(x_.view(), labels_);
  EXPECT_EQ(oracle.forwards(), 7U);
  EXPECT_EQ(oracle.backwards(), 0U);
  oracle.gradient(x_.view().slice(0, 2), std::span(labels_).first(2), scale_free_seed<float>);
  EXPECT_EQ(oracle.forwards(), 9U);
  EXPECT_EQ(oracle.backwards(), 2U);
}

TEST_F(OracleTest, RefusesMoreThanTheDeclaredAccess) {
  std::array<int, 4> found{};
  const auto refused =
      ThrowsMessage<std::logic_error>("attack asked for more than its declared access");
  for (const Access access :
       {Access::kNone, Access::kLabels, Access::kScores, Access::kGradients}) {
    Oracle oracle(model_, access, 4);
    const auto predict = [&] { oracle.predict(x_.view(), found); };
    const auto margins = [&] { static_cast<void>(oracle.margins(x_.view(), labels_)); };
    const auto gradient = [&] { oracle.gradient(x_.view(), labels_, scale_free_seed<float>); };
    if (access < Access::kLabels) {
      EXPECT_THAT(predict, refused);
    }
    if (access < Access::kScores) {
      EXPECT_THAT(margins, refused);
    }
    if (access < Access::kGradients) {
      EXPECT_THAT(gradient, refused);
    }
    EXPECT_EQ(oracle.forwards() + oracle.backwards(), 0U) << "what was refused is not counted";
    if (access >= Access::kLabels) {
      EXPECT_NO_THROW(predict());
    }
    if (access >= Access::kScores) {
      EXPECT_NO_THROW(margins());
    }
    if (access >= Access::kGradients) {
      EXPECT_NO_THROW(gradient());
    }
  }
  EXPECT_EQ(to_string(Access::kNone), "none");
  EXPECT_EQ(to_string(Access::kLabels), "labels");
  EXPECT_EQ(to_string(Access::kScores), "scores");
  EXPECT_EQ(to_string(Access::kGradients), "gradients");
}

}  // namespace
}  // namespace gibbon::attacks
