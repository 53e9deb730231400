// SPDX-License-Identifier: MIT
#include "eval/sweep/sweep.hpp"

#include <cmath>
#include <cstring>
#include <gmock/gmock.h>
#include <limits>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "eval/judge/comparer.hpp"
#include "eval/sweep/targets.hpp"
#include "models/mlp.hpp"
#include "models/model_cases.hpp"
#include "reports/formats/npy.hpp"

namespace gibbon::eval::sweep {
namespace {

using attacks::Norm;
using reports::record::SampleRecord;
using testing::HasSubstr;

/// 150 random points, labelled with what the model says: all are right when clean but every tenth.
class Sweep : public testing::Test {
 protected:
  Sweep() : network_(models::make_case(models::model_cases().back())) {
    data_ = {.name = "cloud",
             .split = "test",
             .images = {150, 12},
             .shape = {3, 4, 1, true},
             .class_names = {"a", "b", "c"}};
    Rng rng(3, 0, "sweep-test");
    for (float& value : data_.images.flat()) value = static_cast<float>(rng.below(256)) / 255.0F;
    const models::Mlp model(network_);
    auto tape = model.make_tape(150);
    const Rows logits = model.forward(std::as_const(data_.images).view(), tape);
    for (std::size_t n = 0; n < 150; ++n) {
      const int says = attacks::predicted_class(logits.row(n));
      data_.labels.push_back(n % 10 == 0 ? (says + 1) % 3 : says);
      data_.ids.push_back(n);
    }
  }

  static SweepPlan plan(const std::vector<std::string>& attacks) {
    SweepPlan out{.norms = {attacks::Norm::kLinf, attacks::Norm::kL2, attacks::Norm::kL1},
                  .epsilons = {0.0, 0.05, 0.2, 0.5},
                  .seed = 9};
    for (const auto& text : attacks) out.attacks.push_back(parse_entry(text));
    return out;
  }

  SweepResult run(const SweepPlan& p) const {
    return sweep(network_, data_, p, [](const SweepStatus&) {});
  }

  models::Network network_;
  datasets::Dataset data_;
};

const std::vector<std::string> kAll{"fgsm", "fgsm:target=least-likely", "noise-uniform",
                                    "noise-sign"};

TEST_F(Sweep, ThreadsAndBatchChangeNoBit) {
  SweepPlan p = plan(kAll);
  const SweepResult one = run(p);
  const std::string bytes = reports::formats::to_npy(one.samples);
  for (const std::size_t threads : {1U, 2U, 5U}) {
    for (const std::size_t batch : {1U, 7U, 64U, 1000U}) {
      p.threads = threads;
      p.batch = batch;
      const SweepResult other = run(p);
      EXPECT_EQ(reports::formats::to_npy(other.samples), bytes)
          << threads << " threads, batch " << batch;
      for (std::size_t k = 0; k < one.tallies.size(); ++k) {
        EXPECT_EQ(other.tallies[k][0].forwards, one.tallies[k][0].forwards);
      }
    }
  }
}

TEST_F(Sweep, ShardsAreTheWhole) {
  const SweepPlan p = plan(kAll);
  const SweepResult whole = run(p);
  const datasets::Dataset all = data_;
  std::vector<reports::record::SampleRecord> joined(whole.samples.size());
  const std::size_t rows = whole.samples.size() / 150;
  for (const auto& [from, to] : {std::pair<std::size_t, std::size_t>{0, 37}, {37, 150}}) {
    data_ = datasets::select(all, fmt::format("{}:{}", from, to));
    const SweepResult shard = run(p);
    for (std::size_t row = 0; row < rows; ++row) {
      std::copy_n(shard.samples.begin() + static_cast<std::ptrdiff_t>(row * (to - from)), to - from,
                  joined.begin() + static_cast<std::ptrdiff_t>(row * 150 + from));
    }
  }
  EXPECT_EQ(reports::formats::to_npy(joined), reports::formats::to_npy(whole.samples));
}

TEST_F(Sweep, EveryRecordHoldsAndNoCurveRises) {
  const SweepResult result = run(plan(kAll));
  ASSERT_EQ(result.curve.size(), 4U * 3U * 4U + 3U * 4U);  // pairs × budgets, and the worst cases
  for (const reports::record::SampleRecord& r : result.samples) {
    const auto& point = result.curve[r.curve_row];
    EXPECT_TRUE(r.inside_ball != 0 && r.inside_box != 0) << point.attack << ' ' << point.norm;
    if (r.clean_label != r.label) {
      EXPECT_TRUE(r.broken != 0 && r.fooled == 0 && r.distances[Norm::kLinf] == 0.0);
    }
    if (point.epsilon == 0.0) {
      EXPECT_EQ(r.distances[Norm::kLinf], 0.0);
    }
  }
  for (std::size_t k = 1; k < result.curve.size(); ++k) {
    if (result.curve[k].epsilon == 0.0) continue;
    EXPECT_LE(result.curve[k].correct, result.curve[k - 1].correct) << k;
  }
  EXPECT_EQ(result.curve[0].correct, 135U);
  EXPECT_LT(result.curve[3].correct, 100U) << "fgsm at ε = 0.5 does something";
}

/// Leaves the ball, for label 1 also the box; gives NaN to label 2; dies at sample 140 if `deadly`.
class Cheat final : public attacks::Attack {
 public:
  explicit Cheat(bool deadly) : deadly_(deadly) {}
  double passes(std::size_t /*classes*/) const override { return 0.0; }

 private:
  void search(attacks::Oracle& /*oracle*/, const attacks::Problem& problem,
              attacks::Workspace& /*work*/, MutableRows candidate) const override {
    for (std::size_t n = 0; n < candidate.rows; ++n) {
      if (deadly_ && problem.ids[n] >= 140) throw std::runtime_error("lost at sample 140");
      for (std::size_t d = 0; d < candidate.cols; ++d) {
        candidate.row(n)[d] = problem.labels[n] == 2   ? std::numeric_limits<float>::quiet_NaN()
                              : problem.labels[n] == 1 ? -9.0F
                                                       : 1.0F - problem.x.row(n)[d];
      }
    }
  }
  bool deadly_;
};

TEST_F(Sweep, JudgesItselfAndLetsNoFailurePassAsRobustness) {
  const attacks::AttackInfo info{.name = "cheat",
                                 .kind = attacks::Kind::kFixedBudget,
                                 .access = attacks::Access::kNone,
                                 .norms = {attacks::Norm::kLinf}};
  SweepPlan p{.norms = {attacks::Norm::kLinf}, .epsilons = {0.1}};
  p.attacks.push_back(single_entry({"cheat", &info, std::make_shared<Cheat>(false), {}}));
  for (const reports::record::SampleRecord& r : run(p).samples) {
    if (r.clean_label != r.label) continue;
    EXPECT_EQ(r.fooled, 0);
    EXPECT_EQ(r.inside_ball, 0);
    EXPECT_EQ(r.inside_box, r.label == 0 ? 1 : 0);
  }
  p.attacks = {single_entry({"cheat", &info, std::make_shared<Cheat>(true), {}})};
  p.threads = 3;
  EXPECT_THROW(static_cast<void>(run(p)), std::runtime_error);
}

TEST_F(Sweep, SamplesOfTheTargetClassAreLeftOutAloud) {
  const auto ones = static_cast<std::size_t>(std::ranges::count(data_.labels, 1));
  ASSERT_GT(ones, 5U);
  datasets::Dataset data = data_;
  leave_out_targets(plan({"fgsm", "worst-case(fgsm:target=1,pgd)"}), data);
  EXPECT_EQ(data.size(), 150U) << "pgd attacks them";
  EXPECT_TRUE(data.notes.empty());
  const SweepPlan targeted = plan({"fgsm:target=1", "pgd"});
  leave_out_targets(targeted, data);
  EXPECT_EQ(data.size(), 150 - ones);
  EXPECT_EQ(std::ranges::count(data.labels, 1), 0);
  EXPECT_EQ(data.notes,
            std::vector{fmt::format("{0} of 150 samples are of class 1, the target of "
                                    "fgsm:target=1: they are excluded from every row, so n = {1}.",
                                    ones, 150 - ones)});
  const SweepResult whole = run(targeted);
  const SweepResult part = sweep(network_, data, targeted, [](const SweepStatus&) {});
  for (std::size_t k = 0; k < part.curve.size(); ++k) {
    EXPECT_EQ(part.curve[k].n, 150 - ones);
    if (part.curve[k].attack != "fgsm:target=1") continue;
    // Clean errors of class 1 are no robust ones; all others of it were, wrongly.
    std::size_t untouched = 0;
    for (std::size_t n = 0; n < 150; ++n)
      untouched += data_.labels[n] == 1 && whole.samples[n].clean_label == 1 ? 1U : 0U;
    EXPECT_EQ(part.curve[k].correct, whole.curve[k].correct - untouched);
  }
  std::ranges::fill(data.labels, 1);
  EXPECT_THROW(leave_out_targets(targeted, data), Error);
}

TEST_F(Sweep, DataMayShowFewerClassesThanTheModelHas) {
  const SweepResult all = run(plan({"fgsm"}));
  datasets::Dataset first = datasets::take_rows(data_, std::array<std::size_t, 1>{1});
  first.class_names.resize(static_cast<std::size_t>(first.labels[0]) + 1);
  const SweepResult one = sweep(network_, first, plan({"fgsm"}), [](const SweepStatus&) {});
  for (std::size_t k = 0; k < one.curve.size(); ++k) {
    EXPECT_EQ(one.curve[k].correct, all.samples[k * 150 + 1].broken == 0 ? 1U : 0U);
    EXPECT_EQ(one.curve[k].class_n.size(), 3U);
  }
}

TEST_F(Sweep, TargetedAttacksAimAndLeaveTheTargetClassAlone) {
  SweepPlan p = plan({"fgsm:target=1"});
  const SweepResult result = run(p);
  std::size_t hits = 0;
  for (const reports::record::SampleRecord& r : result.samples) {
    EXPECT_EQ(r.target, 1);
    if (r.label == 1) {
      EXPECT_EQ(r.distances[Norm::kLinf], 0.0);
    }
    if (r.fooled != 0 && r.found_label == 1) ++hits;
  }
  EXPECT_GT(hits, 20U);
  std::uint64_t reached = 0;
  for (const auto& point : result.curve) reached += point.target_reached;
  EXPECT_EQ(reached, hits);
}

// The plain gradient of the cross-entropy has a factor p_y - 1: samples where it is 0 in float32.
TEST(CancelledGradients, AreThoseWhoseProbabilityRoundsToOne) {
  models::Network network = judge::comparer();
  for (float& w : network.layers[0].weight.flat()) w *= 40.0F;  // margins up to 40
  std::vector<std::array<float, 2>> points;
  for (const float margin : {2.0F, 10.0F, 16.0F, 17.0F, 17.3F, 17.4F, 18.0F, 25.0F, 39.0F})
    points.push_back({margin / 40.0F, 0.0F});
  std::size_t cancelled = 0;
  for (const auto& point : points) {
    const double probability = 1.0 / (1.0 + std::exp(-40.0 * static_cast<double>(point[0])));
    cancelled += static_cast<float>(probability) == 1.0F ? 1U : 0U;
  }
  ASSERT_EQ(cancelled, 4U);
  SweepPlan p{.norms = {Norm::kLinf}, .epsilons = {0.01}};
  p.attacks.push_back(parse_entry("fgsm"));
  const SweepResult result = sweep(network, judge::pairs(points), p, [](const SweepStatus&) {});
  EXPECT_THAT(result.diagnosis,
              testing::Contains(HasSubstr("4 of 9 samples lose the true-class term")));
}

// In an ensemble, minimal-distance attacks up to 500 passes look at every sample before all else;
// dearer ones come after what costs less.
TEST_F(Sweep, CheapMinimalDistanceAttacksGoFirstDearOnesLast) {
  const auto first_of = [&](const std::string& attack, double passes) {
    SweepPlan p{.norms = {Norm::kLinf}, .epsilons = {0.05, 0.2}};
    p.attacks.push_back(parse_entry(fmt::format("worst-case(pgd:steps=5,{})", attack)));
    EXPECT_EQ(p.attacks[0].in(Norm::kLinf)[1].attack->passes(3), passes);
    std::string first;
    static_cast<void>(sweep(network_, data_, p, [&](const SweepStatus& status) {
      if (first.empty()) first = status.attack;
    }));
    return first;
  };
  EXPECT_EQ(first_of("fmn:steps=50", 111.0), "fmn:steps=50");
  EXPECT_EQ(first_of("fmn:steps=244", 499.0), "fmn:steps=244");
  EXPECT_EQ(first_of("fmn:steps=245", 501.0), "pgd:steps=5");
}

TEST_F(Sweep, RefusesWhatDoesNotFit) {
  const auto message = [&](const SweepPlan& p) {
    try {
      static_cast<void>(run(p));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(message(plan({"fgsm:target=3"})), HasSubstr("target = 3 is outside [0, 2]"));
  data_.class_names.push_back("d");
  EXPECT_THAT(message(plan({"fgsm"})), HasSubstr("has 3 classes, but cloud has 4"));
}

TEST(AttackSpec, OtherNamesAreTheCataloguesOwn) {
  EXPECT_EQ(parse_entry("PGD:steps=9").text, "pgd:steps=9");
  EXPECT_EQ(parse_entry("CW").text, "cw-l2");
  EXPECT_EQ(parse_entry("AutoAttack:version=plus").text, "autoattack:version=plus");
  EXPECT_EQ(parse_entry("worst-case(FGSM,i_fgsm:steps=3)").text, "worst-case(fgsm,bim:steps=3)");
  EXPECT_EQ(attacks::find_norm("Linf"), attacks::Norm::kLinf);
  EXPECT_EQ(attacks::find_norm("2"), attacks::Norm::kL2);
}

TEST(AttackSpec, KnobsAndTargets) {
  EXPECT_EQ(parse_attack("fgsm:boxed=1,target=3").target.label, 3);
  const auto message = [](const std::string& text) {
    try {
      static_cast<void>(parse_attack(text));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(message("fgms"), HasSubstr("unknown attack 'fgms'; did you mean 'fgsm'?"));
  EXPECT_THAT(message("fgsm:boxd=1"), HasSubstr("did you mean 'boxed'?"));
  EXPECT_THAT(message("fgsm:boxed=2"), HasSubstr("boxed = 2 is outside [0, 1]"));
  EXPECT_THAT(message("fgsm:boxed"), HasSubstr("expected option=value"));
  EXPECT_THAT(message("fgsm:target=-1"), HasSubstr("allowed are 0, 1, … and least-likely"));
  EXPECT_THAT(message("noise-sign:target=1"), HasSubstr("this attack has no targeted form"));
}

TEST(Targets, AreResolvedByNameOrNumber) {
  const std::vector<std::string> animals{"giant panda, panda", "gibbon", "crane", "crane"};
  const auto resolved = [&](const std::string& text) {
    SweepPlan plan{.attacks = {parse_entry(text)}};
    resolve_targets(plan, animals);
    return plan.attacks[0].in(attacks::Norm::kLinf)[0].target.label;
  };
  EXPECT_EQ(parse_attack("pgd:target=gibbon,steps=3").target.label, -1);
  EXPECT_EQ(resolved("pgd:target=gibbon,steps=3"), 1);
  EXPECT_EQ(resolved("pgd:target=panda"), 0);
  EXPECT_EQ(resolved("pgd:target=3"), 3);
  EXPECT_EQ(resolved("pgd:target=#2"), 2);
  EXPECT_EQ(resolved("worst-case(fgsm:target=Gibbon,pgd)"), 1);
  EXPECT_EQ(resolved("pgd"), -1);
  const auto message = [&](const std::string& text) {
    try {
      static_cast<void>(resolved(text));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(message("pgd:target=gibon"),
              HasSubstr("attack pgd:target=gibon: target: unknown class 'gibon'; did you mean "
                        "'gibbon'? allowed are class numbers 0 to 3 and"));
  EXPECT_THAT(message("pgd:target=crane"),
              HasSubstr("class 'crane' is ambiguous: it may be #2 (crane), #3 (crane)"));
}

TEST_F(Sweep, ANameThatNobodyResolvedIsRefused) {
  EXPECT_THROW(static_cast<void>(run(plan({"fgsm:target=gibbon"}))), Error);
  SweepPlan named = plan({"fgsm:target=b"});
  data_.class_names = {"a", "b", "c"};
  resolve_targets(named, data_.class_names);
  const SweepResult by_name = run(named);
  const SweepResult by_number = run(plan({"fgsm:target=1"}));
  ASSERT_EQ(by_name.samples.size(), by_number.samples.size());
  for (std::size_t k = 0; k < by_name.samples.size(); ++k) {
    EXPECT_EQ(by_name.samples[k].target, 1);
    EXPECT_EQ(by_name.samples[k].found_label, by_number.samples[k].found_label);
  }
  EXPECT_EQ(by_name.curve.back().target_reached, by_number.curve.back().target_reached);
  EXPECT_GT(by_name.curve.back().targeted_n, 0U);
}

}  // namespace
}  // namespace gibbon::eval::sweep
