// SPDX-License-Identifier: MIT
#include "eval/sweep/checked.hpp"

#include <numeric>
#include <utility>

#include <gtest/gtest.h>

#include "attacks/attack.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "models/mlp.hpp"
#include "models/model_cases.hpp"

namespace gibbon::eval::sweep {
namespace {

constexpr std::size_t kRows = 70;

Tensor inputs() {
  Tensor x(kRows, 12);
  Rng rng(6, 0, "checked-test");
  for (float& value : x.flat()) value = rng.uniform(0.0F, 1.0F);
  return x;
}

class CheckedCases : public testing::TestWithParam<models::ModelCase> {};

TEST_P(CheckedCases, HandsOnOurBits) {
  const models::Network network = models::make_case(GetParam());
  const models::Mlp model(network);
  const CheckedClassifier checked(model, network);
  const Tensor x = inputs();
  models::Tape tape = model.make_tape(kRows);
  models::Tape checked_tape = checked.make_tape(kRows);
  const Rows logits = model.forward(x.view(), tape);
  EXPECT_TRUE(std::ranges::equal(logits.flat(), checked.forward(x.view(), checked_tape).flat()));
  Tensor dx(kRows, 12);
  Tensor checked_dx(kRows, 12);
  Tensor seeds(kRows, 3);
  for (std::size_t n = 0; n < kRows; ++n) {
    attacks::scale_free_seed<float>(logits.row(n), static_cast<int>(n % 3), seeds.row(n));
  }
  model.backward(tape, std::as_const(seeds).view(), dx.view());
  checked.backward(checked_tape, std::as_const(seeds).view(), checked_dx.view());
  EXPECT_TRUE(std::ranges::equal(dx.flat(), checked_dx.flat()));
  EXPECT_EQ(checked.compared(), 2 * kRows);
  EXPECT_LE(checked.at_kinks(), 2U);
}

INSTANTIATE_TEST_SUITE_P(All, CheckedCases, testing::ValuesIn(models::model_cases()),
                         [](const auto& instance) { return instance.param.name; });

/// An Mlp with one wrong number in sample 65.
class Broken final : public models::Classifier {
 public:
  enum class Where { kLogit, kGradient };
  Broken(const models::Network& network, Where where, float factor)
      : model_(network), where_(where), factor_(factor) {}
  [[nodiscard]] std::size_t input_dim() const override { return model_.input_dim(); }
  [[nodiscard]] std::size_t num_classes() const override { return model_.num_classes(); }
  [[nodiscard]] models::Tape make_tape(std::size_t rows) const override {
    return model_.make_tape(rows);
  }
  Rows forward(Rows x, models::Tape& tape) const override {
    const Rows logits = model_.forward(x, tape);
    if (where_ == Where::kLogit && x.rows > 65)
      tape.as<models::MlpTapeOf<float>>().a.back().row(65)[1] *= factor_;
    return logits;
  }
  void backward(models::Tape& tape, Rows dlogits, MutableRows dx) const override {
    model_.backward(tape, dlogits, dx);
    if (where_ == Where::kGradient && dx.rows > 65) dx.row(65)[4] *= factor_;
  }

 private:
  models::Mlp model_;
  Where where_;
  float factor_;
};

models::Network example() {
  const auto cases = models::model_cases();
  return models::make_case(*std::ranges::find(cases, "deep_tanh", &models::ModelCase::name));
}

std::string message(Broken::Where where, float factor) {
  const models::Network network = example();
  const Broken broken(network, where, factor);
  const CheckedClassifier checked(broken, network);
  const Tensor x = inputs();
  models::Tape tape = checked.make_tape(kRows);
  Tensor seeds(kRows, 3);
  std::ranges::fill(seeds.flat(), 0.0F);
  for (std::size_t n = 0; n < kRows; ++n) seeds.row(n)[2] = 1.0F;
  Tensor dx(kRows, 12);
  try {
    checked.forward(x.view(), tape);
    checked.backward(tape, std::as_const(seeds).view(), dx.view());
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCheckFailed);
    return error.what();
  }
  return "";
}

TEST(Checked, NamesSampleAndEntryOfAWrongLogit) {
  EXPECT_EQ(message(Broken::Where::kLogit, 1.001F)
                .find("cross-check: logit 1 of sample 65 of its block is "),
            0U);
}

TEST(Checked, NamesSampleAndEntryOfAWrongGradient) {
  for (const float factor : {-1.0F, 0.0F, 1.01F}) {
    EXPECT_EQ(message(Broken::Where::kGradient, factor)
                  .find("cross-check: input gradient 4 of sample 65 of its block is "),
              0U)
        << factor;
  }
}

TEST(Checked, NanIsNeverWithinTolerance) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_NE(message(Broken::Where::kLogit, kNan).find(" is nan, LibTorch says "),
            std::string::npos);
  EXPECT_NE(message(Broken::Where::kGradient, kNan), "");
}

TEST(Checked, PassesWhatIsRight) { EXPECT_EQ(message(Broken::Where::kGradient, 1.0F), ""); }

TEST(Checked, BackwardNeedsAForwardOnItsTape) {
  const models::Network network = example();
  const models::Mlp model(network);
  const CheckedClassifier checked(model, network);
  models::Tape tape = checked.make_tape(1);
  Tensor dx(0, 12);
  const Tensor seeds(0, 3);
  EXPECT_THROW(checked.backward(tape, seeds.view(), dx.view()), std::logic_error);
}

TEST(Checked, ServesAttacksOnSeveralThreads) {
  const models::Network network = example();
  const models::Mlp model(network);
  const CheckedClassifier checked(model, network);
  const Tensor x = inputs();
  std::vector<int> labels(kRows, 1);
  std::vector<std::uint64_t> ids(kRows);
  std::iota(ids.begin(), ids.end(), std::uint64_t{0});
  const auto attack = attacks::find("fgsm").make();
  for_each_block(8, 4, [&](std::size_t, std::size_t) {
    attacks::Oracle oracle(checked, attacks::Access::kGradients, kRows);
    attacks::Workspace work;
    Tensor candidate(kRows, 12);
    const std::vector<double> budgets(kRows, 0.1);
    attack->run(oracle, {.x = x.view(), .labels = labels, .ids = ids, .epsilons = budgets}, work,
                candidate.view());
  });
  EXPECT_EQ(checked.compared(), 8 * 2 * kRows);
}

}  // namespace
}  // namespace gibbon::eval::sweep
