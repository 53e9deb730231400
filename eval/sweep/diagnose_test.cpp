// SPDX-License-Identifier: MIT
#include "eval/sweep/diagnose.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "eval/judge/comparer.hpp"
#include "eval/sweep/curve.hpp"
#include "models/mlp.hpp"

namespace gibbon::eval::sweep {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

/// A run of 1000 samples at ε = 0.1 and 1, made up row by row.
class Diagnosis : public testing::Test {
 protected:
  Diagnosis() {
    result_.finished = n_;
    result_.clean_correct = 950;
    signs_ = {.classes = 10, .declared = {}};
    plan_ = {.norms = {attacks::Norm::kLinf}, .epsilons = {0.1, 1.0}};
  }

  /// An entry that leaves so many samples correct at each budget.
  void add(const std::string& text, std::uint64_t small, std::uint64_t large) {
    entries_.push_back(std::make_unique<Entry>(parse_entry(text)));
    Pair pair{.entry = entries_.back().get(), .norm = attacks::Norm::kLinf, .members = {}};
    for (const AttackSpec& spec : pair.entry->in(pair.norm)) pair.members.push_back(&spec);
    result_.tallies.emplace_back(pair.members.size());
    for (const auto& [epsilon, correct] : {std::pair{0.1, small}, std::pair{1.0, large}}) {
      result_.curve.push_back({.attack = text,
                               .norm = "linf",
                               .kind = pair.is_control() ? reports::record::RowKind::kControl
                                                         : reports::record::RowKind::kAttack,
                               .epsilon = epsilon,
                               .n = n_,
                               .clean_correct = 950,
                               .correct = correct});
      // The same samples break under every attack, from the last on.
      for (std::uint64_t n = 0; n < n_; ++n) {
        const std::uint8_t broken = n >= correct ? 1 : 0;
        result_.samples.push_back({.label = 0,
                                   .clean_label = 0,
                                   .found_label = 0,
                                   .inside_ball = 1,
                                   .inside_box = 1,
                                   .fooled = broken,
                                   .broken = broken});
      }
    }
    result_.pairs.push_back(std::move(pair));
  }

  std::vector<std::string> notes() { return diagnose(result_, plan_, signs_); }

  std::uint64_t n_ = 1000;
  std::vector<std::unique_ptr<Entry>> entries_;
  SweepPlan plan_;
  SweepResult result_;
  ModelSigns signs_;
};

TEST_F(Diagnosis, OfASoundRunIsEmpty) {
  add("noise-sign", 900, 800);
  add("fgsm", 500, 90);
  add("pgd", 400, 0);
  add("fmn", 399, 0);
  add("square", 410, 0);
  EXPECT_THAT(notes(), testing::IsEmpty());
}

TEST_F(Diagnosis, WeakAttacksThatDoBetterThanStrongOnes) {
  add("noise-sign", 300, 0);
  add("fgsm", 350, 0);
  add("pgd", 400, 0);
  add("square", 380, 0);
  add("fmn", 390, 0);
  const auto said = notes();
  EXPECT_THAT(said, Contains(HasSubstr("Noise did better than an attack")));
  EXPECT_THAT(said, Contains(HasSubstr("but only 350 to the single step fgsm")));
  EXPECT_THAT(said,
              Contains(HasSubstr(
                  "At ε = 0.1 (linf), 400 samples are robust to pgd, but only 380 to square")));
  EXPECT_THAT(said,
              Contains(HasSubstr(
                  "At ε = 0.1 (linf), 400 samples are robust to pgd, but only 390 to fmn (10 "
                  "samples broken only by the latter, 0 only by the former; 95 % interval of the "
                  "difference 0.5-1.8 points)")));
  EXPECT_THAT(said, Contains(HasSubstr("Try steps=200 (now 100), restarts=4 (now 1) of pgd.")));
}

// One sample of 200, or three that only one of two attacks breaks, are chance.
TEST_F(Diagnosis, AGapThatMayBeChanceIsNotSaid) {
  add("pgd", 400, 0);
  add("square", 395, 0);
  EXPECT_THAT(notes(), testing::IsEmpty()) << "p = 2 / 2^5 = 0.06";
  add("noise-sign", 399, 0);
  EXPECT_THAT(notes(), testing::IsEmpty());
  add("fmn", 392, 0);
  EXPECT_THAT(notes(),
              testing::ElementsAre(HasSubstr("but only 392 to fmn (8 samples broken only by")))
      << "p = 2 / 2^8 = 0.008";
}

// What a sentence names as an option is one of the attack it speaks of, within its range.
TEST_F(Diagnosis, OptionsItNamesExist) {
  for (const attacks::AttackInfo& info : attacks::catalog()) {
    if (!info.supports(attacks::Norm::kLinf)) continue;
    result_ = {.clean_correct = 950, .finished = 1000};
    entries_.clear();
    add(std::string(info.name), 400, 0);
    add(std::string(info.name), 400, 0);
    for (auto& tallies : result_.tallies) {
      tallies[0].seen = {.exhausted = 400, .unconverged = 200, .first_run = 500, .restarts = 60};
    }
    std::size_t said = 0;
    for (const std::string& note : notes()) {
      if (note.find("(linf)") == std::string::npos) continue;
      ++said;
      const std::size_t at = note.find("Try ");
      if (at == std::string::npos) continue;
      const std::string option = note.substr(at + 4, note.find(" (now", at) - at - 4);
      EXPECT_NO_THROW(static_cast<void>(parse_attack(fmt::format("{}:{}", info.name, option))))
          << note;
    }
    EXPECT_EQ(said, 2U) << info.name << ": once for each sign, not once for each entry";
  }
  result_ = {.clean_correct = 950, .finished = 1000};
  entries_.clear();
  add("square", 400, 0);
  result_.tallies[0][0].seen = {.exhausted = 400, .unconverged = 200};
  EXPECT_THAT(notes(), testing::ElementsAre(AllOf(HasSubstr("(95 % interval 45.0-55.0 %)"),
                                                  HasSubstr("Try queries=10000 (now 5000)."))));
}

TEST_F(Diagnosis, OfTargetsThatAreTheLabels) {
  add("fgsm:target=0", 400, 200);
  EXPECT_THAT(notes(),
              Contains(HasSubstr(
                  "fgsm:target=0 (linf): the target is the true class of 1000 of the 1000")));
}

TEST_F(Diagnosis, ABlackBoxBehindGradientsInAnEnsemble) {
  add("autoattack", 400, 0);
  // Whatever the number of budgets: samples count, not successes.
  const auto square_broke = [&](std::size_t samples) {
    for (std::size_t n = 0; n < samples; ++n) {
      result_.samples[n + 500].member = 3;
      result_.samples[n + 1500].member = 3;
    }
  };
  square_broke(5);
  EXPECT_THAT(notes(), testing::IsEmpty()) << "5 of 1000: 0.16 to 1.16 %";
  square_broke(6);
  EXPECT_THAT(notes(), testing::SizeIs(1)) << "6 of 1000: 0.22 % at least";
  square_broke(8);
  EXPECT_THAT(notes(), Contains(HasSubstr("square broke 8 of 1000 samples (95 % interval 0.3-1.6 "
                                          "%) that survived every gradient attack")));
}

TEST_F(Diagnosis, OfTheModel) {
  add("pgd", 400, 0);
  signs_.zero_gradients = 3;
  signs_.cancelled = 7;
  signs_.random = true;
  signs_.probabilities = true;
  signs_.declared = 0.5;
  const auto said = notes();
  EXPECT_THAT(said, Contains(HasSubstr("3 of 1000 samples have an exactly zero gradient")));
  EXPECT_THAT(said, Contains(HasSubstr("7 of 1000 samples lose the true-class term")));
  EXPECT_THAT(said, Contains(HasSubstr("the model is randomized")));
  EXPECT_THAT(said, Contains(HasSubstr("these look like probabilities")));
  EXPECT_THAT(said,
              Contains(HasSubstr("Clean accuracy is 95.0 % (95 % interval 93.5-96.2 %), but the "
                                 "model file declares 50.0 %")));
}

TEST_F(Diagnosis, OfTheAttacksOwnWork) {
  add("pgd:restarts=3", 400, 200);
  result_.tallies[0][0].seen = {
      .exhausted = 400, .unconverged = 130, .first_run = 500, .restarts = 30};
  result_.samples[5].inside_ball = 0;
  result_.samples[6].found_label = -1;
  const auto said = notes();
  EXPECT_THAT(said, Contains(HasSubstr("on 130 of the 400 samples that did not break")));
  EXPECT_THAT(said, Contains(HasSubstr("restarts broke 30 samples")));
  EXPECT_THAT(said, Contains(HasSubstr("proposed 1 points outside the ball or the valid range")));
  EXPECT_THAT(said, Contains(HasSubstr("is not finite for 1 candidates")));
  EXPECT_THAT(
      said, Contains(HasSubstr("% (95 % interval 17.6-22.6 %) although every image was allowed")));
}

TEST_F(Diagnosis, LossesThatNeedMoreClassesSaySo) {
  add("apgd-dlr", 400, 0);
  EXPECT_THAT(notes(), testing::IsEmpty());
  signs_.classes = 2;
  EXPECT_THAT(notes(), Contains(HasSubstr("apgd-dlr")));
}

TEST_F(Diagnosis, WideIntervalsAndRounding) {
  add("pgd", 400, 0);
  for (auto& point : result_.curve) {
    point.n = 40;
    point.correct = 20;
    point.correct_rounded = 22;
    point.has_rounded = true;
  }
  EXPECT_THAT(notes(), Contains(HasSubstr("n = 40 is too small to conclude")));
  EXPECT_THAT(notes(),
              Contains(HasSubstr(
                  "2 adversarial examples of pgd (linf) at ε = 0.1 are no longer adversarial")));
}

// Thresholds from both sides; what is just inside an interval, by its textbook formula.
TEST_F(Diagnosis, SaysNothingBelowItsThresholds) {
  add("pgd:restarts=3", 400, 0);
  attacks::Observations& seen = result_.tallies[0][0].seen;
  seen = {.exhausted = 400, .unconverged = 117};
  EXPECT_THAT(notes(), testing::IsEmpty()) << "24.8 % at least";
  seen.unconverged = 118;
  EXPECT_THAT(notes(), testing::ElementsAre(HasSubstr("(95 % interval 25.1-"))) << "more than 25 %";
  seen = {.first_run = 500, .restarts = 17};
  EXPECT_THAT(notes(), testing::IsEmpty()) << "0.99 % at least";
  seen.restarts = 18;
  EXPECT_THAT(notes(), testing::ElementsAre(HasSubstr("restarts broke 18 samples")));
}

TEST_F(Diagnosis, OfAnotherAccuracyThanDeclaredNeedsTenPointsBeyondChance) {
  add("pgd", 400, 0);
  for (const double declared : {0.851, 0.93, 1.0}) {
    signs_.declared = declared;
    EXPECT_THAT(notes(), testing::IsEmpty()) << declared;
  }
  signs_.declared = 0.849;
  EXPECT_THAT(notes(), testing::ElementsAre(HasSubstr("the model file declares 84.9 %")));
  result_.clean_correct = 20;  // of 40: 35.2 to 64.8 %
  for (auto& point : result_.curve) point.n = point.correct = 40;
  signs_.declared = 0.62;
  EXPECT_THAT(notes(), Not(Contains(HasSubstr("declares")))) << "chance";
  signs_.declared = 0.66;
  EXPECT_THAT(notes(), Contains(HasSubstr("the model file declares 66.0 %")));
}

TEST_F(Diagnosis, OfAGapNeedsAFifthOfAPointBeyondChance) {
  n_ = 10'000;
  result_.finished = n_;
  add("pgd", 4000, 0);
  add("square", 3980, 0);
  EXPECT_THAT(notes(), testing::IsEmpty()) << "2^-19 by chance, but 20 of 10000";
  add("fmn", 3979, 0);
  EXPECT_THAT(notes(), testing::ElementsAre(HasSubstr("but only 3979 to fmn")));
}

TEST_F(Diagnosis, OfAGapNeedsEightSamplesOnOneSide) {
  add("pgd", 400, 0);
  add("square", 393, 0);
  EXPECT_THAT(notes(), testing::IsEmpty()) << "p = 2 / 2^7 = 0.016";
  add("fmn", 392, 0);
  EXPECT_THAT(notes(), testing::ElementsAre(HasSubstr("but only 392 to fmn")))
      << "p = 2 / 2^8 = 0.008";
}

TEST_F(Diagnosis, OfAnUnlimitedBudgetNeedsMoreThanGuessing) {
  add("pgd", 400, 118);
  EXPECT_THAT(notes(), testing::IsEmpty()) << "9.95 % at least, of ten classes";
  result_.curve[1].correct = 119;
  EXPECT_THAT(notes(), testing::ElementsAre(HasSubstr("although every image was allowed")));
  result_.curve[1].epsilon = 0.99;
  EXPECT_THAT(notes(), testing::IsEmpty());
}

TEST_F(Diagnosis, OfWideIntervalsNeedsMoreThanTenPoints) {
  add("pgd", 400, 0);
  for (auto& point : result_.curve)
    point = {.attack = "pgd", .norm = "l2", .kind = reports::record::RowKind::kAttack};
  const auto of = [&](std::uint64_t n) {
    for (auto& point : result_.curve) point.n = n;
    result_.curve[0].correct = n / 2;
    return notes();
  };
  EXPECT_THAT(of(380), testing::ElementsAre(HasSubstr("interval spans 10.0 points: n = 380")));
  EXPECT_THAT(of(382), testing::IsEmpty());
}

/// A linear model whose output 0 is off by `by` in row 63 of pass number `from` and all after it.
class Moody final : public models::Classifier {
 public:
  Moody(const models::Network& network, int from, float by)
      : model_(network), from_(from), by_(by) {}
  [[nodiscard]] std::size_t input_dim() const override { return model_.input_dim(); }
  [[nodiscard]] std::size_t num_classes() const override { return model_.num_classes(); }
  [[nodiscard]] models::Tape make_tape(std::size_t rows) const override {
    return model_.make_tape(rows);
  }
  Rows forward(Rows x, models::Tape& tape) const override {
    const Rows logits = model_.forward(x, tape);
    if (++passes_ >= from_ && x.rows > 63)
      tape.as<models::MlpTapeOf<float>>().a.back().row(63)[0] += by_;
    return logits;
  }
  void backward(models::Tape& tape, Rows dlogits, MutableRows dx) const override {
    model_.backward(tape, dlogits, dx);
  }

 private:
  models::Mlp model_;
  int from_;
  float by_;
  mutable int passes_ = 0;
};

TEST(LookAtModel, FivePassesOverSixtyFourSamplesTellARandomModel) {
  const datasets::Dataset data = judge::pairs(std::vector<std::array<float, 2>>(64, {0.5F, 0.25F}));
  const auto random = [&](int from, float by) {
    return look_at_model(Moody(judge::comparer(), from, by), {}, data).random;
  };
  // The first pass is that of the doubts about clean accuracy.
  for (const int pass : {3, 4, 5, 6}) EXPECT_TRUE(random(pass, 1.0F)) << pass;
  EXPECT_FALSE(random(2, 1.0F)) << "always the same";
  EXPECT_FALSE(random(7, 1.0F));
  EXPECT_TRUE(random(6, 1.1e-4F));
  EXPECT_TRUE(random(6, -1.1e-4F));
  EXPECT_FALSE(random(6, 0.9e-4F)) << "rounding may be as much";
}

TEST(LookAtModel, ScoresThatAddUpToOneAreProbabilities) {
  models::Network network = judge::comparer();
  std::ranges::fill(network.layers[0].weight.flat(), 0.0F);
  const auto probabilities = [&](float first, float second) {
    network.layers[0].bias = {first, second};
    return look_at_model(models::Mlp(network), network.metadata,
                         judge::pairs(std::vector<std::array<float, 2>>{{0.5F, 0.25F}}))
        .probabilities;
  };
  EXPECT_TRUE(probabilities(0.25F, 0.75F));
  EXPECT_TRUE(probabilities(0.0F, 1.0F));
  EXPECT_TRUE(probabilities(0.25F, 0.75009F));
  EXPECT_FALSE(probabilities(0.25F, 0.75011F));
  EXPECT_FALSE(probabilities(0.25F, 0.74989F));
  EXPECT_FALSE(probabilities(-0.25F, 1.25F)) << "one is below 0";
}

TEST(LookAtModel, DeclaredAccuracyIsANumberAboveZero) {
  models::Network network = judge::comparer();
  const auto declared = [&](const std::string& text) {
    network.metadata["gibbon.validation_accuracy"] = text;
    return look_at_model(models::Mlp(network), network.metadata,
                         judge::pairs(std::vector<std::array<float, 2>>{{0.5F, 0.25F}}))
        .declared;
  };
  EXPECT_EQ(declared("0.975"), 0.975);
  for (const char* text : {"0", "-1", "nan", "inf", "unknown", ""})
    EXPECT_EQ(declared(text), std::nullopt) << text;
}

}  // namespace
}  // namespace gibbon::eval::sweep
