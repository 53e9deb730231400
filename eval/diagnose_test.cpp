#include "eval/diagnose.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "eval/curve.hpp"

namespace gibbon::eval {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

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
      reports::SampleRecord quiet{.found_label = 0, .inside_ball = 1, .inside_box = 1};
      result_.samples.insert(result_.samples.end(), 1000, quiet);
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
  EXPECT_THAT(
      said,
      Contains(HasSubstr("fmn (linf) finds examples within ε = 0.1 for 10 samples on which pgd")));
}

TEST_F(Diagnosis, ABlackBoxBehindGradientsInAnEnsemble) {
  add("autoattack", 400, 0);
  result_.tallies[0][3].broken = 2;
  EXPECT_THAT(notes(), Not(Contains(HasSubstr("gradients are likely masked"))));
  result_.tallies[0][3].broken = 3;
  EXPECT_THAT(notes(), Contains(HasSubstr("square broke 3 samples that every gradient attack")));
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
              Contains(HasSubstr("Clean accuracy is 95.0 %, but the model file declares 50.0 %")));
}

TEST_F(Diagnosis, OfTheAttacksOwnWork) {
  add("pgd:restarts=3", 400, 200);
  result_.tallies[0][0].seen = {
      .exhausted = 400, .unconverged = 110, .first_run = 500, .restarts = 30};
  result_.samples[5].inside_ball = 0;
  result_.samples[6].found_label = -1;
  const auto said = notes();
  EXPECT_THAT(said,
              Contains(HasSubstr("on 110 of the 400 samples it failed on, the loss still rose")));
  EXPECT_THAT(said, Contains(HasSubstr("further starts broke 30 samples")));
  EXPECT_THAT(said, Contains(HasSubstr("handed over 1 candidates outside ball or box")));
  EXPECT_THAT(said, Contains(HasSubstr("answers 1 candidates")));
  EXPECT_THAT(said, Contains(HasSubstr("leaves 20.0 % correct although any image was allowed")));
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
}  // namespace gibbon::eval
