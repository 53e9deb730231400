#include "eval/sweep/diagnose.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "eval/sweep/curve.hpp"

namespace gibbon::eval::sweep {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;

/// A run of 1000 samples at ε = 0.1 and 1, made up row by row.
class Diagnosis : public testing::Test {
 protected:
  Diagnosis() {
    result_.finished = 1000;
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
                               .kind = pair.is_control() ? "control" : "attack",
                               .epsilon = epsilon,
                               .n = 1000,
                               .clean_correct = 950,
                               .correct = correct});
      // The same samples break under every attack, from the last on.
      for (std::uint64_t n = 0; n < 1000; ++n) {
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
  EXPECT_THAT(said, Contains(HasSubstr("the single step fgsm only 350")));
  EXPECT_THAT(said,
              Contains(HasSubstr("pgd (linf) at ε = 0.1 leaves 400 samples correct, square")));
  EXPECT_THAT(said, Contains(HasSubstr(
                        "pgd (linf) at ε = 0.1 leaves 400 samples correct, fmn only 390 (10 "
                        "samples only by the latter, 0 only by the former; 95 % interval of the "
                        "difference 0.5-1.8 points)")));
  EXPECT_THAT(said, Contains(HasSubstr("Try steps=80 (now 40), restarts=4 (now 1) of pgd.")));
}

// One sample of 200, or three that only one of two attacks breaks, are chance.
TEST_F(Diagnosis, AGapThatMayBeChanceIsNotSaid) {
  add("pgd", 400, 0);
  add("square", 395, 0);
  EXPECT_THAT(notes(), testing::IsEmpty()) << "p = 2 / 2^5 = 0.06";
  add("noise-sign", 399, 0);
  EXPECT_THAT(notes(), testing::IsEmpty());
  add("fmn", 392, 0);
  EXPECT_THAT(notes(), testing::ElementsAre(HasSubstr("fmn only 392 (8 samples only by")))
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
              Contains(HasSubstr("fgsm:target=0 (linf) aims at the class of 1000 of the 1000")));
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
  square_broke(8);
  EXPECT_THAT(notes(), Contains(HasSubstr("square broke 8 of 1000 samples (95 % interval 0.3-1.6 "
                                          "%) that every gradient attack")));
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
  EXPECT_THAT(said, Contains(HasSubstr("the model is random")));
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
  EXPECT_THAT(said, Contains(HasSubstr("on 130 of the 400 samples it failed on")));
  EXPECT_THAT(said, Contains(HasSubstr("further starts broke 30 samples")));
  EXPECT_THAT(said, Contains(HasSubstr("handed over 1 candidates outside ball or box")));
  EXPECT_THAT(said, Contains(HasSubstr("answers 1 candidates")));
  EXPECT_THAT(
      said,
      Contains(HasSubstr("% correct (95 % interval 17.6-22.6 %) although any image was allowed")));
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
  EXPECT_THAT(notes(), Contains(HasSubstr("2 examples of pgd (linf) at ε = 0.1 vanish")));
}

}  // namespace
}  // namespace gibbon::eval::sweep
