// SPDX-License-Identifier: MIT
// What the contract cannot see of the iterated attacks: that they take the steps they say.

#include "attacks/search/iterate.hpp"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "attacks/search/campaign.hpp"
#include "base/rng.hpp"
#include "models/mlp.hpp"
#include "models/model_cases.hpp"

namespace gibbon::attacks::search {
namespace {

constexpr std::size_t kSamples = 20;
constexpr std::size_t kDim = 12;

class Iterated : public testing::Test {
 protected:
  Iterated() {
    std::iota(ids_.begin(), ids_.end(), 0U);
    Rng rng(1, 0, "iterate-test");
    for (float& value : x_.flat()) value = rng.uniform(0.2F, 0.8F);
    labels_ = answers(x_);
  }

  /// Smooth, so that float32 and double do not part at a kink.
  static models::Network network() {
    return models::make_case({"smooth", {kDim, 17, 9, 3}, "tanh"});
  }

  std::vector<int> answers(const Tensor& points) const {
    auto tape = model_.make_tape(kSamples);
    const Rows logits = model_.forward(points.view(), tape);
    std::vector<int> out;
    for (std::size_t n = 0; n < kSamples; ++n) out.push_back(predicted_class(logits.row(n)));
    return out;
  }

  Problem problem(double epsilon, Norm norm = Norm::kLinf) {
    std::ranges::fill(budgets_, epsilon);
    return {.x = std::as_const(x_).view(),
            .labels = labels_,
            .ids = ids_,
            .epsilons = budgets_,
            .norm = norm,
            .seed = 1};
  }

  Tensor attacked(std::string_view name, const Problem& problem,
                  std::initializer_list<std::pair<const char*, const char*>> knobs) {
    const AttackInfo& info = find(name);
    const auto attack = info.make();
    for (const auto& [knob, value] : knobs) set_field(info, *attack, knob, value);
    Workspace work;
    Tensor candidate(kSamples, kDim);
    attack->run(oracle_, problem, work, candidate.view());
    return candidate;
  }

  /// Gradient of log Σ_{j != y} exp(z_j) - z_y in double, and the margin.
  double margin_and_gradient(const std::vector<double>& x, int label,
                             std::vector<double>& gradient) const {
    auto tape = slow_.make_tape(1);
    TensorOf<double> point(1, kDim);
    std::ranges::copy(x, point.flat().begin());
    const auto logits = slow_.forward(std::as_const(point).view(), tape);
    TensorOf<double> seed(1, 3);
    scale_free_seed<double>(logits.row(0), label, seed.flat());
    TensorOf<double> dx(1, kDim);
    slow_.backward(tape, std::as_const(seed).view(), dx.view());
    gradient.assign(dx.flat().begin(), dx.flat().end());
    return margin(logits.row(0), label);
  }

  /// Lowest margin along linf steps of ε / steps on G = momentum · G + g / ||g||_1; of the first
  /// misclassified point if there is one.
  double slow_margin(std::size_t n, double epsilon, int steps, double momentum) const {
    const std::vector<double> origin(x_.row(n).begin(), x_.row(n).end());
    std::vector<double> x = origin;
    std::vector<double> mean(kDim);
    std::vector<double> gradient;
    double best = margin_and_gradient(x, labels_[n], gradient);
    for (int t = 0; t < steps && best > 0.0; ++t) {
      double length = 0.0;
      for (const double g : gradient) length += std::abs(g);
      for (std::size_t d = 0; d < kDim; ++d) {
        mean[d] = momentum * mean[d] + gradient[d] / length;
        x[d] += epsilon / steps * (mean[d] > 0.0 ? 1.0 : -1.0);
        x[d] = std::clamp(x[d], origin[d] - epsilon, origin[d] + epsilon);
        x[d] = std::clamp(x[d], 0.0, 1.0);
      }
      best = std::min(best, margin_and_gradient(x, labels_[n], gradient));
    }
    return best;
  }

  models::Mlp model_{network()};
  models::MlpOf<double> slow_{network()};
  Oracle oracle_{model_, Access::kGradients, kSamples};
  Tensor x_{kSamples, kDim};
  std::vector<int> labels_;
  std::vector<std::uint64_t> ids_ = std::vector<std::uint64_t>(kSamples);
  std::vector<double> budgets_ = std::vector<double>(kSamples);
};

TEST_F(Iterated, BimAndMiFgsmFollowAnIndependentRunInDouble) {
  for (const auto& [name, momentum] : {std::pair{"bim", 0.0}, {"mi-fgsm", 1.0}}) {
    const Tensor out = attacked(name, problem(0.4), {{"steps", "7"}});
    for (std::size_t n = 0; n < kSamples; ++n) {
      std::vector<double> unused;
      const Row found = out.row(n);
      EXPECT_NEAR(margin_and_gradient({found.begin(), found.end()}, labels_[n], unused),
                  slow_margin(n, 0.4, 7, momentum), 1e-4)
          << name << " sample " << n;
    }
  }
}

TEST_F(Iterated, MomentumMatters) {
  const Tensor with = attacked("mi-fgsm", problem(0.4), {});
  const Tensor without = attacked("mi-fgsm", problem(0.4), {{"momentum", "0"}});
  const Tensor bim = attacked("bim", problem(0.4), {});
  EXPECT_FALSE(std::ranges::equal(with.flat(), without.flat()));
  EXPECT_TRUE(std::ranges::equal(bim.flat(), without.flat()));
}

TEST_F(Iterated, WithoutRandomStartItStaysWithinItsSteps) {
  const Tensor out =
      attacked("pgd", problem(0.5), {{"steps", "10"}, {"step", "0.02"}, {"random", "0"}});
  for (std::size_t n = 0; n < kSamples; ++n) {
    EXPECT_LE(distance(Norm::kLinf, x_.row(n), out.row(n)), 0.1 + 1e-6);
  }
}

// A run that goes on keeps the best point, so its margins are never above those of one that ends.
TEST_F(Iterated, FullTakesAllStepsForTheBestMargin) {
  for (const bool targeted : {false, true}) {
    Problem p = problem(0.6);
    if (targeted)
      for (int& label : labels_) label = (label + 1) % 3;
    p.targeted = targeted;
    const Tensor first = attacked("pgd", p, {{"steps", "40"}, {"step", "0.1"}});
    const Tensor full = attacked("pgd", p, {{"steps", "40"}, {"step", "0.1"}, {"full", "1"}});
    std::size_t better = 0;
    for (std::size_t n = 0; n < kSamples; ++n) {
      EXPECT_EQ(oracle_.forwards()[n], 41U);
      EXPECT_EQ(oracle_.backwards()[n], 40U);
      std::vector<double> unused;
      const auto margin_of = [&](Row x) {
        return p.direction() * margin_and_gradient({x.begin(), x.end()}, labels_[n], unused);
      };
      EXPECT_LE(margin_of(full.row(n)), margin_of(first.row(n)) + 1e-5) << n;
      better += margin_of(full.row(n)) < margin_of(first.row(n)) - 0.1 ? 1U : 0U;
    }
    EXPECT_GT(better, kSamples / 4) << "targeted: " << targeted;
  }
}

TEST_F(Iterated, TheFirstMisclassifiedPointEndsIt) {
  const Tensor out = attacked("pgd", problem(0.6), {{"step", "0.1"}});
  const std::vector<int> found = answers(out);
  std::size_t broken = 0;
  for (std::size_t n = 0; n < kSamples; ++n) {
    const std::uint64_t forwards = oracle_.forwards()[n];
    if (found[n] == labels_[n]) {
      EXPECT_EQ(forwards, 41U);
      EXPECT_EQ(oracle_.backwards()[n], 40U);
    } else {
      EXPECT_LE(forwards, 41U);
      ++broken;
    }
  }
  EXPECT_GT(broken, kSamples / 2);
}

TEST_F(Iterated, APointThatIsKnownIsTriedFirst) {
  const Tensor known = attacked("pgd", problem(0.6), {{"step", "0.1"}});
  const std::vector<int> found = answers(known);
  Problem again = problem(0.6);
  again.starts = known.view();
  for (const char* name : {"pgd", "bim", "apgd-ce"}) {
    attacked(name, again, {});
    for (std::size_t n = 0; n < kSamples; ++n) {
      if (found[n] == labels_[n]) continue;
      EXPECT_EQ(oracle_.forwards()[n], 1U) << name;
    }
  }
}

TEST_F(Iterated, FurtherRunsAreOnTheSurvivorsAlone) {
  Observations seen;
  Problem p = problem(0.15);
  p.seen = &seen;
  const Tensor once = attacked("pgd", p, {});
  const std::uint64_t first = seen.first_run;
  EXPECT_EQ(seen.restarts, 0U);
  EXPECT_EQ(seen.first_run + seen.exhausted, kSamples);
  const std::vector<int> found = answers(once);
  seen = {};
  const Tensor more = attacked("pgd", p, {{"restarts", "5"}});
  EXPECT_EQ(seen.first_run, first);
  EXPECT_FALSE(std::ranges::equal(once.flat(), more.flat())) << "another start, another end";
  for (std::size_t n = 0; n < kSamples; ++n) {
    if (found[n] == labels_[n]) {
      EXPECT_GT(oracle_.forwards()[n], 41U);
    } else {
      EXPECT_TRUE(std::ranges::equal(once.row(n), more.row(n)));
    }
  }
}

TEST_F(Iterated, RisingMeansMoreThanAHundredthInTheLastTenth) {
  // A step far too small for the budget is still on its way at the end; a long run is not.
  Observations seen;
  Problem p = problem(0.02);
  p.seen = &seen;
  attacked("pgd", p, {{"steps", "400"}, {"random", "0"}});
  EXPECT_GT(seen.exhausted, 0U);
  EXPECT_EQ(seen.unconverged, 0U);
  seen = {};
  p = problem(0.4);
  p.seen = &seen;
  attacked("pgd", p, {{"steps", "10"}, {"step", "0.005"}, {"random", "0"}});
  EXPECT_GT(seen.exhausted, 0U);
  EXPECT_GT(seen.unconverged, seen.exhausted / 2);
}

TEST_F(Iterated, SamplesWithoutBudgetAreNotAttacked) {
  Problem p = problem(0.1);
  budgets_[3] = 0.0;
  for (const char* name : {"pgd", "bim", "mi-fgsm", "apgd-ce", "apgd-dlr", "apgd-t"}) {
    const Tensor out = attacked(name, p, {});
    EXPECT_EQ(oracle_.forwards()[3], 0U) << name;
    EXPECT_TRUE(std::ranges::equal(out.row(3), x_.row(3))) << name;
    EXPECT_GT(oracle_.forwards()[4], 0U) << name;
  }
}

TEST_F(Iterated, ARandomSignStepTakesTheShareItIsGiven) {
  // All of the budget: nothing is left for the gradient. None: FGSM.
  const Tensor all = attacked("r-fgsm", problem(0.1), {{"alpha", "1"}});
  for (std::size_t d = 0; d < kSamples * kDim; ++d) {
    EXPECT_NEAR(std::abs(all.flat()[d] - x_.flat()[d]), 0.1, 1e-6);
  }
  const Tensor none = attacked("r-fgsm", problem(0.1), {{"alpha", "0"}});
  const Tensor fgsm = attacked("fgsm", problem(0.1), {});
  EXPECT_TRUE(std::ranges::equal(none.flat(), fgsm.flat()));
  // Half: a feature is at ±ε where coin and gradient agree and back at x where they do not.
  const Tensor half = attacked("r-fgsm", problem(0.01), {});
  std::size_t agree = 0;
  for (std::size_t d = 0; d < kSamples * kDim; ++d) {
    const double moved = std::abs(double{half.flat()[d]} - double{x_.flat()[d]});
    EXPECT_NEAR(std::min(moved, std::abs(moved - 0.01)), 0.0, 1e-6);
    agree += moved > 0.005 ? 1U : 0U;
  }
  EXPECT_NEAR(static_cast<double>(agree) / (kSamples * kDim), 0.5, 0.1);
}

}  // namespace
}  // namespace gibbon::attacks::search
