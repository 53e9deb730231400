// SPDX-License-Identifier: MIT
// Universal perturbations: what is learned on some samples works on others.

#include <gmock/gmock.h>
#include <ostream>
#include <utility>

#include <gtest/gtest.h>

#include "attacks/attack.hpp"
#include "models/mlp.hpp"
#include "models/model_cases.hpp"

namespace gibbon::attacks {
namespace {

using testing::ThrowsMessage;

constexpr std::size_t kSamples = 200;
constexpr std::size_t kDim = 12;

/// Half of them to learn from, the others to be tried on: ids and points are in no order.
struct Half {
  Tensor x{kSamples, kDim};
  std::vector<int> labels;
  std::vector<std::uint64_t> ids;
};

struct Case {
  Norm norm;
  std::string_view knob;  // turned off: what is left has to do alone
  friend std::ostream& operator<<(std::ostream& out, const Case& c) {
    return out << to_string(c.norm) << (c.knob == "steps" ? "_summed" : "_deepfool");
  }
};

class Universal : public testing::TestWithParam<Case> {
 protected:
  explicit Universal(models::Network network = models::make_case(models::model_cases().front()))
      : network_(std::move(network)), model_(network_) {
    for (std::size_t half = 0; half < 2; ++half) {
      Rng rng(1, half, "uap-test");
      for (float& value : halves_[half].x.flat()) value = rng.uniform(0.3F, 0.7F);
      halves_[half].labels = answers(halves_[half].x);
      for (std::size_t n = 0; n < kSamples; ++n) {
        halves_[half].ids.push_back(1000 * half + (n * 7) % kSamples);
      }
    }
  }

  std::vector<int> answers(const Tensor& x) const {
    auto tape = model_.make_tape(x.rows());
    const Rows logits = model_.forward(x.view(), tape);
    std::vector<int> out;
    for (std::size_t n = 0; n < x.rows(); ++n) out.push_back(predicted_class(logits.row(n)));
    return out;
  }

  Problem problem(const Half& half, std::span<const double> budgets) const {
    return {.x = half.x.view(),
            .labels = half.labels,
            .ids = half.ids,
            .epsilons = budgets,
            .norm = GetParam().norm};
  }

  std::unique_ptr<Attack> fitted(const Half& half, std::span<const double> budgets,
                                 std::size_t max_rows = 64) const {
    auto attack = find("uap").make();
    if (GetParam().knob == "epochs") {
      set_field(find("uap"), *attack, "steps", "0");
      set_field(find("uap"), *attack, "epochs", "20");
    }
    Oracle oracle(model_, Access::kGradients, max_rows);
    Workspace work;
    attack->fit(oracle, problem(half, budgets), budgets, work);
    return attack;
  }

  Tensor attacked(const Attack& attack, const Half& half, double budget) const {
    const std::vector<double> budgets(kSamples, budget);
    Oracle oracle(model_, Access::kGradients, kSamples);
    Workspace work;
    Tensor out(kSamples, kDim);
    attack.run(oracle, problem(half, budgets), work, out.view());
    EXPECT_EQ(oracle.forwards()[0], 0U);
    return out;
  }

  double share_fooled(const Tensor& x, const Half& half) const {
    const std::vector<int> found = answers(x);
    std::size_t fooled = 0;
    for (std::size_t n = 0; n < kSamples; ++n) fooled += found[n] != half.labels[n] ? 1U : 0U;
    return static_cast<double>(fooled) / kSamples;
  }

  models::Network network_;
  models::Mlp model_;
  std::array<Half, 2> halves_;
};

class UniversalOnAnMlp : public Universal {
 protected:
  UniversalOnAnMlp() : Universal(models::make_case({"", {12, 17, 9, 3}, "relu"})) {}
};

double budget_of(Norm norm) { return norm == Norm::kLinf ? 0.2 : 0.6; }

TEST_P(Universal, FoolsSamplesItHasNotSeen) {
  const std::array budgets{budget_of(GetParam().norm)};
  const auto attack = fitted(halves_[0], budgets);
  const Tensor out = attacked(*attack, halves_[1], budgets[0]);
  EXPECT_GT(share_fooled(out, halves_[1]), 0.5);
}

TEST_P(UniversalOnAnMlp, FoolsSamplesItHasNotSeen) {
  const std::array budgets{budget_of(GetParam().norm)};
  const auto attack = fitted(halves_[0], budgets);
  const Tensor out = attacked(*attack, halves_[1], budgets[0]);
  EXPECT_GT(share_fooled(out, halves_[1]), 0.5);
}

TEST_P(Universal, IsOneVectorPerBudgetInsideBallAndBox) {
  const std::array budgets{0.02, 0.1, 0.5, 3.0};
  const auto attack = fitted(halves_[0], budgets);
  for (const double budget : budgets) {
    const Tensor out = attacked(*attack, halves_[1], budget);
    const ThreatModel threat{GetParam().norm, budget, {}};
    for (std::size_t n = 0; n < kSamples; ++n) {
      EXPECT_LE(distance(threat.norm, halves_[1].x.row(n), out.row(n)), threat.reach());
    }
    for (const float value : out.flat()) EXPECT_TRUE(Box{}.contains(value));
    if (budget > 0.1) continue;  // no side of the box is met
    for (std::size_t n = 1; n < kSamples; ++n) {
      for (std::size_t d = 0; d < kDim; ++d) {
        EXPECT_NEAR(out.row(n)[d] - halves_[1].x.row(n)[d], out.row(0)[d] - halves_[1].x.row(0)[d],
                    2e-7F);
      }
    }
    EXPECT_GT(distance(threat.norm, halves_[1].x.row(0), out.row(0)), 0.999 * budget)
        << "it uses all of its budget";
  }
}

TEST_P(Universal, IsTheSameForAnyOrderOfTheTrainingSamplesAndAnyRowsPerCall) {
  const std::array budgets{0.1};
  const Tensor wanted = attacked(*fitted(halves_[0], budgets), halves_[1], 0.1);
  Half turned = halves_[0];
  for (std::size_t n = 0; n < kSamples; ++n) {
    const std::size_t from = (n * 3 + 11) % kSamples;
    std::ranges::copy(halves_[0].x.row(from), turned.x.row(n).begin());
    turned.labels[n] = halves_[0].labels[from];
    turned.ids[n] = halves_[0].ids[from];
  }
  const Tensor shuffled = attacked(*fitted(turned, budgets), halves_[1], 0.1);
  EXPECT_TRUE(std::ranges::equal(wanted.flat(), shuffled.flat()));
  for (const std::size_t max_rows : {1U, 3U, 200U}) {
    const Tensor out = attacked(*fitted(halves_[0], budgets, max_rows), halves_[1], 0.1);
    EXPECT_TRUE(std::ranges::equal(wanted.flat(), out.flat())) << max_rows;
  }
}

TEST_P(Universal, RefusesABudgetItHasNotLearned) {
  const std::array budgets{0.1};
  const auto attack = fitted(halves_[0], budgets);
  EXPECT_THAT([&] { attacked(*attack, halves_[1], 0.2); },
              ThrowsMessage<std::logic_error>("uap: run() with a budget that fit() had not"));
}

constexpr std::array kCases{Case{Norm::kLinf, "steps"}, Case{Norm::kL2, "steps"},
                            Case{Norm::kLinf, "epochs"}, Case{Norm::kL2, "epochs"}};
INSTANTIATE_TEST_SUITE_P(Norms, Universal, testing::ValuesIn(kCases),
                         testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(Norms, UniversalOnAnMlp, testing::ValuesIn(kCases),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace gibbon::attacks
