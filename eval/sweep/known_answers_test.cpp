// SPDX-License-Identifier: MIT
// What published networks show of sweeps and certificates (ledger_test.cpp, oracle_counts_test.cpp,
// certify_test.cpp, contradiction_test.cpp, exact_curves_test.cpp), on networks whose distances are
// known.
#include "models/known_answers.hpp"

#include <gtest/gtest.h>

#include "eval/certify/certify.hpp"
#include "eval/sweep/sweep.hpp"
#include "reports/formats/npy.hpp"

namespace gibbon::eval::sweep {
namespace {

using attacks::Norm;
using models::known::kRadius;

constexpr std::size_t kCount = 150;
constexpr const char* kList = "worst-case(fgsm,pgd,apgd-ce,fmn)";

/// Every value is at least 0.1 from 1/2, farther than any ball here reaches: inside, the diamond is
/// linear, and attacks that follow gradients find what there is.
class KnownSweep : public testing::Test {
 protected:
  [[nodiscard]] double truth(std::size_t n, attacks::Norm norm) const {
    const double gap = kRadius - models::known::spread(data_.images.row(n));
    return gap / (norm == Norm::kLinf ? 16.0 : norm == Norm::kL2 ? 4.0 : 1.0);
  }
  /// Samples that nothing breaks at ε. No distance is so near to ε that rounding would matter.
  [[nodiscard]] std::uint64_t standing(double epsilon, attacks::Norm norm) const {
    std::uint64_t count = 0;
    for (std::size_t n = 0; n < data_.size(); ++n) {
      EXPECT_GT(std::abs(truth(n, norm) - epsilon), 1e-6 * epsilon) << "choose another ε";
      count += truth(n, norm) > epsilon ? 1U : 0U;
    }
    return count;
  }
  [[nodiscard]] SweepResult run(SweepPlan plan, const std::vector<std::string>& attacks) const {
    for (const std::string& text : attacks) plan.attacks.push_back(parse_entry(text));
    return sweep(network_, data_, plan, [](const SweepStatus&) {});
  }
  static std::uint64_t passes(const SweepResult& result) {
    std::uint64_t sum = 0;
    for (const auto& members : result.tallies) {
      for (const Tally& tally : members) sum += tally.forwards + tally.backwards;
    }
    return sum;
  }

  models::Network network_ = models::known::diamond(16, kRadius);
  datasets::Dataset data_ = models::known::pictures(kCount, 0.1F, 0.12F, 4);
  std::vector<double> budgets_{0.0, 0.0131, 0.0143, 0.0149, 0.0153, 0.0161, 0.0201};
};

TEST_F(KnownSweep, CountsOfASingleStepAreThoseOfTheFormula) {
  for (const auto& [norm, scale] : {std::pair{Norm::kLinf, 1.0}, {Norm::kL2, 4.0}}) {
    std::vector<double> epsilons = budgets_;
    for (double& epsilon : epsilons) epsilon *= scale;
    const SweepResult result = run({.norms = {norm}, .epsilons = epsilons}, {"fgsm"});
    for (std::size_t k = 1; k < epsilons.size(); ++k)
      EXPECT_EQ(result.curve[k].correct, standing(epsilons[k], norm)) << k;
    EXPECT_EQ(result.curve[0].correct, kCount);
    EXPECT_GT(result.curve[1].correct, result.curve[4].correct) << "there is a curve";
  }
}

TEST_F(KnownSweep, LedgerAndExhaustiveSearchAgreeWithTheFormula) {
  SweepPlan plan{.norms = {Norm::kLinf}, .epsilons = budgets_};
  const SweepResult quick = run(plan, {kList});
  plan.exhaustive = true;
  const SweepResult slow = run(plan, {kList});
  for (std::size_t k = 1; k < budgets_.size(); ++k) {
    EXPECT_EQ(quick.curve[k].correct, standing(budgets_[k], Norm::kLinf)) << k;
    EXPECT_EQ(slow.curve[k].correct, quick.curve[k].correct) << k;
  }
  EXPECT_LT(passes(quick), passes(slow));
}

TEST_F(KnownSweep, ManyBudgetsCostLittleMoreThanOne) {
  const auto cost = [&](const std::vector<double>& epsilons) {
    return passes(run({.norms = {Norm::kLinf}, .epsilons = epsilons}, {kList}));
  };
  std::vector<double> many;
  for (int k = 0; k <= 30; ++k) many.push_back(0.001 * k);
  std::uint64_t singles = 0;
  for (const std::size_t k : {5U, 15U, 25U}) singles += cost({many[k]});
  EXPECT_LT(cost(many), 4 * singles / 3);
}

TEST_F(KnownSweep, EveryNamedRowIsWhatThatAttackDoesOnItsOwn) {
  const std::vector<std::string> attacks{"pgd:steps=20", "fgsm", "fmn"};
  const std::vector<double> epsilons{0.0143, 0.0153};
  const SweepResult both = run({.norms = {Norm::kLinf}, .epsilons = epsilons}, attacks);
  for (std::size_t e = 0; e < 2; ++e) {
    const SweepResult one = run({.norms = {Norm::kLinf}, .epsilons = {epsilons[e]}}, attacks);
    for (std::size_t p = 0; p < 3; ++p)
      EXPECT_EQ(both.curve[2 * p + e].correct, one.curve[p].correct) << attacks[p];
  }
}

TEST_F(KnownSweep, ThreadsBatchesAndShardsChangeNoBit) {
  const std::vector<std::string> attacks{"worst-case(pgd:steps=7,fmn:steps=20,square:queries=60)",
                                         "apgd-t:steps=15,targets=3", "deepfool"};
  SweepPlan plan{.norms = {Norm::kLinf}, .epsilons = budgets_, .seed = 3};
  const SweepResult all = run(plan, attacks);
  const std::string whole = reports::formats::to_npy(all.samples);
  for (const std::size_t batch : {1U, 7U, 64U}) {
    plan.batch = batch;
    plan.threads = 1 + batch % 3;
    EXPECT_EQ(reports::formats::to_npy(run(plan, attacks).samples), whole) << "batch " << batch;
  }
  data_ = datasets::select(std::move(data_), "100:150");
  const SweepResult shard = run(plan, attacks);
  for (std::size_t row = 0; row < all.samples.size() / kCount; ++row) {
    EXPECT_EQ(reports::formats::to_npy(std::span(all.samples).subspan(row * kCount + 100, 50)),
              reports::formats::to_npy(std::span(shard.samples).subspan(row * 50, 50)))
        << row;
  }
}

TEST_F(KnownSweep, RecordsSayWhatWasSpentAndByWhomASampleFell) {
  data_.labels[3] = 1;  // wrong when clean
  const SweepResult result = run({.norms = {Norm::kLinf}, .epsilons = {0.0149}},
                                 {"worst-case(fgsm,pgd:random=0,steps=10,step=0.25)"});
  std::uint64_t fell = 0;
  for (std::size_t n = 0; n < kCount; ++n) {
    const reports::record::SampleRecord& r = result.samples[n];
    if (n == 3) {
      EXPECT_EQ(r.nearest, 0.0);
      EXPECT_EQ(r.forwards + r.backwards, 0U);
    } else if (truth(n, Norm::kLinf) > 0.0149) {
      EXPECT_EQ(r.fooled, 0);
      EXPECT_EQ(r.member, -1);
      EXPECT_EQ(r.backwards, 11U) << "one step and ten";
    } else {
      ++fell;
      EXPECT_EQ(r.member, 0) << "a single step is enough";
      EXPECT_EQ(r.backwards, 1U);
      EXPECT_NEAR(r.nearest, 0.0149, 1e-7);
    }
  }
  EXPECT_EQ(result.tallies[0][0].broken, fell);
  EXPECT_EQ(result.tallies[0][1].broken, 0U);
  EXPECT_EQ(result.tallies[0][1].attacked, kCount - 1 - fell);
}

TEST_F(KnownSweep, QueryBudgetsHoldAndNeverHelp) {
  const std::vector<std::string> attacks{"pgd", "apgd-ce", "square", "fab-t"};
  SweepPlan plan{.norms = {Norm::kLinf}, .epsilons = {0.0161}};
  const SweepResult free = run(plan, attacks);
  std::vector<std::uint64_t> last(attacks.size(), kCount);
  for (const std::uint64_t most : {3U, 30U, 300U}) {
    plan.max_queries = most;
    const SweepResult capped = run(plan, attacks);
    for (const reports::record::SampleRecord& r : capped.samples)
      EXPECT_LE(r.forwards + r.backwards, most);
    for (std::size_t p = 0; p < attacks.size(); ++p) {
      EXPECT_LE(capped.curve[p].correct, last[p]) << attacks[p] << " with " << most;
      EXPECT_GE(capped.curve[p].correct, free.curve[p].correct) << attacks[p];
      last[p] = capped.curve[p].correct;
    }
  }
}

TEST_F(KnownSweep, AutoAttackLeavesWhatTheFormulaLeaves) {
  for (const double epsilon : {0.0143, 0.0153}) {
    const SweepResult result = run({.norms = {Norm::kLinf}, .epsilons = {epsilon}}, {"autoattack"});
    EXPECT_EQ(result.curve[0].correct, standing(epsilon, Norm::kLinf));
    std::uint64_t broken = 0;
    for (const Tally& tally : result.tallies[0]) broken += tally.broken;
    EXPECT_EQ(result.clean_correct - broken, result.curve[0].correct);
  }
}

// All coordinates must rise: one perturbation serves all samples, learned on others.
TEST_F(KnownSweep, UniversalPerturbationsAreLearnedOnOtherSamples) {
  network_ = models::known::slope(16, 8.8);
  const datasets::Dataset all = models::known::pictures(300, 0.0F, 0.2F, 2);
  data_ = datasets::select(all, "0:150");
  SweepPlan plan{.norms = {Norm::kLinf}, .epsilons = {0.04, 0.06}};
  plan.training = datasets::select(all, "150:300");
  std::vector<std::uint64_t> left(2, 0);
  std::uint64_t clean = 0;
  for (std::size_t n = 0; n < 150; ++n) {
    const double distance = models::known::slope_distance(data_.images.row(n), 8.8);
    if (distance <= 0.0) continue;
    ++clean;
    for (std::size_t k = 0; k < 2; ++k) left[k] += distance > plan.epsilons[k] ? 1U : 0U;
  }
  const SweepResult result = run(plan, {"uap", "noise-sign"});
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_EQ(result.curve[k].clean_correct, clean);
    EXPECT_EQ(result.curve[k].correct, left[k]) << "the best there is";
    EXPECT_LT(left[k] + 10, result.curve[2 + k].correct) << "noise is far from it";
  }
}

// Where nothing bends every radius is the distance, in linf to within the bisection.
TEST_F(KnownSweep, CertificatesAndAttacksMeetAtTheTruth) {
  const certify::CertifyResult proved = certify::certify(
      network_, data_, {.epsilons = {0.0143, 0.0153}}, [](std::size_t, std::size_t) {});
  for (const reports::record::CertifiedPoint& point : proved.curve) {
    EXPECT_EQ(point.certified, standing(point.epsilon, Norm::kLinf));
    EXPECT_EQ(point.attacked, kCount - point.certified);
    EXPECT_EQ(point.undecided(), 0U);
  }
}

// Where balls reach across 1/2, the chords of both neurons of a value meet it at its ends: bounds
// are still the truth, once their lines are the best ones.
TEST_F(KnownSweep, CertificatesAreExactWhereNeuronsBend) {
  data_ = models::known::pictures(12, 0.01F, 0.16F, 4);
  const certify::CertifyResult proved = certify::certify(
      network_, data_, {.epsilons = {0.025, 0.04, 0.06}}, [](std::size_t, std::size_t) {});
  for (const reports::record::CertifiedPoint& point : proved.curve) {
    EXPECT_EQ(point.certified, standing(point.epsilon, Norm::kLinf)) << point.epsilon;
    EXPECT_EQ(point.undecided(), 0U) << point.epsilon;
  }
  EXPECT_GT(proved.curve.front().certified, proved.curve.back().certified);
}

// Attacks propose, certificates promise, and the formula knows: every attack of the catalogue.
TEST_F(KnownSweep, NoAttackBreaksWhatIsCertified) {
  data_ = models::known::pictures(8, 0.01F, 0.16F, 4);
  for (const auto& [norm, scale] :
       {std::pair{Norm::kLinf, 1.0}, {Norm::kL2, 4.0}, {Norm::kL1, 16.0}}) {
    const std::vector<double> epsilons{0.004 * scale, 0.03 * scale, 0.06 * scale};
    const certify::CertifyResult proved = certify::certify(
        network_, data_, {.norm = norm, .epsilons = epsilons, .limits = {.nodes = 0}},
        [](std::size_t, std::size_t) {});
    SweepPlan plan{.norms = {norm}, .epsilons = epsilons, .max_queries = 300};
    plan.training = models::known::pictures(20, 0.01F, 0.16F, 4);
    std::vector<std::string> names;
    for (const attacks::AttackInfo& info : attacks::catalog()) {
      if (info.supports(norm)) names.emplace_back(info.name);
    }
    const SweepResult attacked = run(plan, names);
    std::size_t certified = 0;
    std::size_t broken = 0;
    for (const reports::record::SampleRecord& r : attacked.samples) {
      const double epsilon = attacked.curve[r.curve_row].epsilon;
      const bool holds = proved.samples[r.id].certified >= epsilon;
      certified += holds ? 1U : 0U;
      broken += r.broken;
      EXPECT_FALSE(holds && r.broken != 0) << attacked.curve[r.curve_row].attack;
      EXPECT_FALSE(r.broken != 0 && truth(r.id, norm) > epsilon * (1.0 + 2e-6))
          << attacked.curve[r.curve_row].attack << ": nearer than the boundary";
      EXPECT_FALSE(holds && truth(r.id, norm) < epsilon) << "more than is true";
    }
    EXPECT_GT(certified, 0U);
    EXPECT_GT(broken, 0U);
  }
}

}  // namespace
}  // namespace gibbon::eval::sweep
