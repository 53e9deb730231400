// SPDX-License-Identifier: MIT
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

constexpr std::array<std::uint32_t, 4> kAll{0, 1, 2, 3};

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
  oracle.begin(4, 0);
  const auto answered = oracle.succeeded(x_.view(), labels_, false, kAll);
  for (std::size_t n = 0; n < 4; ++n) {
    EXPECT_EQ(answered[n] != 0, predicted_class(logits().row(n)) != labels_[n]);
  }
  const auto hit = oracle.succeeded(x_.view(), labels_, true, kAll);
  for (std::size_t n = 0; n < 4; ++n) {
    EXPECT_EQ(hit[n] != 0, predicted_class(logits().row(n)) == labels_[n]);
  }
  EXPECT_TRUE(std::ranges::equal(oracle.logits(x_.view(), kAll).flat(), logits().flat()));
}

TEST_F(OracleTest, TooCloseToCallIsNoSuccess) {
  constexpr std::array kNear{1.0F, 1.0F + 0x1p-22F};
  constexpr std::array kClear{1.0F, 1.0F + 0x1p-17F};
  EXPECT_FALSE(succeeded(kNear, 0, false));
  EXPECT_FALSE(succeeded(kNear, 1, true));
  EXPECT_TRUE(succeeded(kClear, 0, false));
  EXPECT_TRUE(succeeded(kClear, 1, true));
  EXPECT_FALSE(succeeded(kClear, 1, false));
  EXPECT_FALSE(succeeded(kClear, 0, true));
  constexpr std::array kNothing{std::numeric_limits<float>::quiet_NaN(), 1.0F};
  EXPECT_FALSE(succeeded(kNothing, 0, false));
  EXPECT_FALSE(succeeded(kNothing, 0, true));
}

TEST_F(OracleTest, PacksTheRowsOfTheOwners) {
  Oracle oracle(model_, Access::kGradients, 4);
  constexpr std::array<std::uint32_t, 2> kTwo{1, 3};
  const Rows packed = oracle.pack(x_.view(), kTwo);
  ASSERT_EQ(packed.rows, 2U);
  EXPECT_TRUE(std::ranges::equal(packed.row(0), x_.row(1)));
  EXPECT_TRUE(std::ranges::equal(packed.row(1), x_.row(3)));
  EXPECT_EQ(oracle.pack(x_.view(), kAll).data, x_.view().data) << "all of it needs no copy";
  // Labels are those of the owners.
  oracle.begin(4, 0);
  const auto answered = oracle.succeeded(packed, labels_, false, kTwo);
  EXPECT_EQ(answered[0] != 0, predicted_class(logits().row(1)) != labels_[1]);
  EXPECT_EQ(answered[1] != 0, predicted_class(logits().row(3)) != labels_[3]);
}

/// The same model for attacks that have to do without a front.
class Frontless final : public models::Classifier {
 public:
  explicit Frontless(const models::Mlp& model) : model_(model) {}
  std::size_t input_dim() const override { return model_.input_dim(); }
  std::size_t num_classes() const override { return model_.num_classes(); }
  models::Tape make_tape(std::size_t rows) const override { return model_.make_tape(rows); }
  Rows forward(Rows x, models::Tape& tape) const override { return model_.forward(x, tape); }
  void backward(models::Tape& tape, Rows dlogits, MutableRows dx) const override {
    model_.backward(tape, dlogits, dx);
  }

 private:
  const models::Mlp& model_;
};

TEST_F(OracleTest, ShiftedPointsScoreAsIfTheyWereWhole) {
  const Frontless frontless(model_);
  for (const models::Classifier* model : {static_cast<const models::Classifier*>(&model_),
                                          static_cast<const models::Classifier*>(&frontless)}) {
    Tensor x = x_;
    Oracle oracle(*model, Access::kScores, 4);
    oracle.begin(4, 0);
    EXPECT_TRUE(std::ranges::equal(oracle.anchor(x.view(), kAll).flat(),
                                   model_.forward(x.view(), tape_).flat()));
    constexpr std::array<std::uint32_t, 3> kThree{0, 2, 3};
    Rng rng(2, 0, "oracle-test");
    for (std::uint32_t round = 0; round < 20; ++round) {
      // Sample 0: one feature, 2: none, 3: three. Only sample 3 adopts, and only in even rounds.
      std::vector<models::Change> changes;
      const auto change = [&](std::size_t n, std::uint32_t d) {
        changes.push_back({d, x.row(n)[d], rng.uniform(0.0F, 1.0F)});
      };
      change(0, round % 12);
      for (std::uint32_t k = 0; k < 3; ++k) change(3, (round + 4 * k) % 12);
      const std::array<std::uint32_t, 3> ends{1, 1, 4};
      Tensor moved(3, 12);
      for (std::size_t k = 0; k < 3; ++k) std::ranges::copy(x.row(kThree[k]), moved.row(k).begin());
      moved.row(0)[changes[0].feature] = changes[0].to;
      for (std::size_t k = 1; k < 4; ++k) moved.row(2)[changes[k].feature] = changes[k].to;
      const Rows got = oracle.shifted(changes, ends, kThree);
      const Rows want = model_.forward(moved.view(), tape_);
      for (std::size_t k = 0; k < want.flat().size(); ++k) {
        // Without a front nothing is gathered, so nothing is rounded differently.
        if (model == &frontless) {
          EXPECT_EQ(got.flat()[k], want.flat()[k]);
        }
        EXPECT_NEAR(got.flat()[k], want.flat()[k], 1e-5F);
      }
      if (round % 2 != 0) continue;
      oracle.adopt(2);
      std::ranges::copy(moved.row(2), x.row(3).begin());
    }
    EXPECT_EQ(oracle.forwards()[0], 21U);
    EXPECT_EQ(oracle.forwards()[1], 1U);
  }
}

TEST_F(OracleTest, GradientIsThatOfTheSeedsLossAtEachLabel) {
  Oracle oracle(model_, Access::kGradients, 8);  // more rows than are asked for
  oracle.begin(4, 0);
  const Oracle::Gradient got = oracle.gradient(x_.view(), labels_, scale_free_seed<float>, kAll);
  ASSERT_EQ(got.dx.rows, 4U);
  ASSERT_EQ(got.logits.rows, 4U);
  Tensor dlogits(4, 3);
  for (std::size_t n = 0; n < 4; ++n) {
    EXPECT_TRUE(std::ranges::equal(got.logits.row(n), logits().row(n)));
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

TEST_F(OracleTest, KnownGradientsAreThoseOfTheModelWhateverWasAskedBefore) {
  Oracle oracle(model_, Access::kGradients, 4);
  Oracle fresh(model_, Access::kGradients, 4);
  const auto expect_fresh = [&](Owners owners, LossSeed seed) {
    oracle.begin(4, 0);
    fresh.begin(4, 0);
    const Rows known = oracle.known_gradient(oracle.pack(x_.view(), owners), labels_, seed, owners);
    const Rows dx = fresh.gradient(fresh.pack(x_.view(), owners), labels_, seed, owners).dx;
    EXPECT_TRUE(std::ranges::equal(known.flat(), dx.flat()));
    EXPECT_TRUE(std::ranges::equal(oracle.forwards(), fresh.forwards()));
    EXPECT_TRUE(std::ranges::equal(oracle.backwards(), fresh.backwards()));
  };
  constexpr std::array<std::uint32_t, 2> kSome{1, 3};
  constexpr std::array<std::uint32_t, 2> kTurned{3, 1};
  const LossSeed seed = scale_free_seed<float>;
  expect_fresh(kAll, seed);
  expect_fresh(kAll, seed);
  expect_fresh(kSome, seed);
  expect_fresh(kTurned, seed);
  expect_fresh(kAll, seed);
  labels_[2] = 0;
  expect_fresh(kAll, seed);
  x_.row(1)[3] += 0.25F;
  expect_fresh(kSome, seed);
  expect_fresh(kSome, margin_seed<float>);
  oracle.begin(4, 1);
  EXPECT_THROW(oracle.known_gradient(x_.view(), labels_, seed, kAll), std::logic_error);
}

TEST_F(OracleTest, AnotherBackwardPassIsAnotherRowOfTheJacobian) {
  Oracle oracle(model_, Access::kGradients, 4);
  oracle.begin(4, 0);
  oracle.logits(x_.view(), kAll);
  TensorOf<float> rows(3, 12);
  for (std::size_t c = 0; c < 3; ++c) {
    const MutableRows seeds = oracle.seeds();
    std::ranges::fill(seeds.flat(), 0.0F);
    for (std::size_t n = 0; n < 4; ++n) seeds.row(n)[c] = 1.0F;
    std::ranges::copy(oracle.backward(seeds).row(2), rows.row(c).begin());
  }
  // z(x + h) - z(x) = J h for a small h
  const std::vector<float> before(logits().row(2).begin(), logits().row(2).end());
  for (std::size_t d = 0; d < 12; ++d) {
    constexpr float kStep = 2e-3F;
    x_.row(2)[d] += kStep;
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_NEAR((logits().row(2)[c] - before[c]) / kStep, rows.row(c)[d], 0.05F);
    }
    x_.row(2)[d] -= kStep;
  }
  EXPECT_EQ(oracle.forwards()[2], 1U);
  EXPECT_EQ(oracle.backwards()[2], 3U);
}

TEST_F(OracleTest, BillsEverySampleForItsOwnPasses) {
  Oracle oracle(model_, Access::kGradients, 4);
  oracle.begin(3, 5);
  constexpr std::array<std::uint32_t, 4> kOwners{2, 0, 2, 2};
  oracle.logits(x_.view(), kOwners);
  EXPECT_THAT(oracle.forwards(), testing::ElementsAre(1, 0, 3));
  EXPECT_TRUE(oracle.affords(2, 2));
  EXPECT_FALSE(oracle.affords(2, 3));
  EXPECT_TRUE(oracle.affords(1, 5));
  oracle.gradient(x_.view().slice(0, 1), labels_, scale_free_seed<float>,
                  std::span(kOwners).first(1));
  EXPECT_THAT(oracle.forwards(), testing::ElementsAre(1, 0, 4));
  EXPECT_THAT(oracle.backwards(), testing::ElementsAre(0, 0, 1));
  EXPECT_THAT([&] { oracle.logits(x_.view().slice(0, 1), std::span(kOwners).first(1)); },
              ThrowsMessage<std::logic_error>("attack asked beyond its query budget"));
  oracle.begin(3, 0);
  EXPECT_THAT(oracle.forwards(), testing::ElementsAre(0, 0, 0));
  EXPECT_TRUE(oracle.affords(2, 1000));
}

TEST_F(OracleTest, RefusesMoreThanTheDeclaredAccess) {
  const auto refused =
      ThrowsMessage<std::logic_error>("attack asked for more than its declared access");
  for (const Access access :
       {Access::kNone, Access::kLabels, Access::kScores, Access::kGradients}) {
    Oracle oracle(model_, access, 4);
    oracle.begin(4, 0);
    const auto labels = [&] {
      static_cast<void>(oracle.succeeded(x_.view(), labels_, false, kAll));
    };
    const auto scores = [&] { static_cast<void>(oracle.logits(x_.view(), kAll)); };
    const auto anchor = [&] { oracle.anchor(x_.view(), kAll); };
    constexpr std::array<std::uint32_t, 4> kNoChanges{};
    const auto shifted = [&] { oracle.shifted({}, kNoChanges, kAll); };
    const auto gradient = [&] {
      oracle.gradient(x_.view(), labels_, scale_free_seed<float>, kAll);
    };
    const auto backward = [&] { oracle.backward(oracle.seeds()); };
    if (access < Access::kLabels) {
      EXPECT_THAT(labels, refused);
    }
    if (access < Access::kScores) {
      EXPECT_THAT(scores, refused);
      EXPECT_THAT(anchor, refused);
      EXPECT_THAT(shifted, refused);
    }
    if (access < Access::kGradients) {
      EXPECT_THAT(gradient, refused);
      EXPECT_THAT(backward, refused);
    }
    EXPECT_THAT(oracle.forwards(), testing::Each(0)) << "what was refused is not counted";
    if (access >= Access::kLabels) {
      EXPECT_NO_THROW(labels());
    }
    if (access >= Access::kScores) {
      EXPECT_NO_THROW(scores());
      EXPECT_NO_THROW(anchor());
      EXPECT_NO_THROW(shifted());
    }
    if (access >= Access::kGradients) {
      EXPECT_NO_THROW(gradient());
      EXPECT_NO_THROW(backward());
    }
  }
  EXPECT_EQ(to_string(Access::kNone), "none");
  EXPECT_EQ(to_string(Access::kLabels), "labels");
  EXPECT_EQ(to_string(Access::kScores), "scores");
  EXPECT_EQ(to_string(Access::kGradients), "gradients");
}

}  // namespace
}  // namespace gibbon::attacks
