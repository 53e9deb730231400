// SPDX-License-Identifier: MIT
#include "eval/runs/provenance.hpp"

#include <functional>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/temporary_folder.hpp"
#include "eval/judge/comparer.hpp"
#include "eval/runs/journal.hpp"
#include "eval/sweep/targets.hpp"
#include "models/model_file.hpp"

namespace gibbon::eval::runs {
namespace {

using testing::HasSubstr;

/// A sweep that can be resumed.
struct Sweeping {
  models::ModelFile model{.network = judge::comparer(), .sha256 = "m"};
  datasets::Dataset data =
      judge::pairs(std::vector<std::array<float, 2>>{{0.5F, 0.25F}, {0.75F, 0.5F}});
  sweep::SweepPlan plan{.norms = {attacks::Norm::kLinf}, .epsilons = {0.1, 0.2}};

  Sweeping() {
    data.name = "two";
    data.split = "test";
    data.sha256 = "d";
    plan.attacks.push_back(sweep::parse_entry("fgsm"));
  }

  /// What --resume does with the journal in the folder.
  void open_journal(const std::filesystem::path& path, bool resume) const {
    SweepFields fields = settled({.common = {.seed = plan.seed}}, plan);
    fields.sweep.exhaustive = plan.exhaustive;
    fields.sweep.max_queries = plan.max_queries;
    fields.sweep.batch = plan.batch;
    const Journal journal(path, sweep_identity(model.sha256, data, plan, fields.fields()),
                          sweep::part_layout(plan, data, models::Target(model.network)), resume);
  }
};

/// What a journal says of being resumed after `change`; "" when it goes on.
std::string refusal(const std::function<void(Sweeping&)>& change) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "resume.journal";
  Sweeping sweeping;
  sweeping.open_journal(path, false);
  change(sweeping);
  try {
    sweeping.open_journal(path, true);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "";
}

// Whatever changes a bit of the results, or what is in a part of the journal.
TEST(Resuming, IsRefusedWhenResultsWouldDiffer) {
  EXPECT_EQ(refusal([](Sweeping&) {}), "");
  EXPECT_THAT(refusal([](Sweeping& s) { s.plan.exhaustive = true; }),
              HasSubstr("exhaustive is true, it was false"));
  EXPECT_THAT(refusal([](Sweeping& s) { s.plan.max_queries = 7; }),
              HasSubstr("max-queries is 7, it was 0"));
  EXPECT_THAT(refusal([](Sweeping& s) { s.plan.seed = 3; }), HasSubstr("seed is 3, it was 0"));
  EXPECT_THAT(refusal([](Sweeping& s) { s.plan.batch = 1; }), HasSubstr("batch is 1, it was 256"));
  EXPECT_THAT(refusal([](Sweeping& s) { s.plan.keep_examples = true; }), HasSubstr("it was false"));
  EXPECT_THAT(refusal([](Sweeping& s) { s.plan.epsilons[1] = 0.3; }), HasSubstr("\"0.1,0.2\""));
  EXPECT_THAT(refusal([](Sweeping& s) { s.plan.norms = {attacks::Norm::kL2}; }),
              HasSubstr("[\"linf\"]"));
  EXPECT_THAT(refusal([](Sweeping& s) { s.plan.attacks[0] = sweep::parse_entry("pgd"); }),
              HasSubstr("[\"fgsm\"]"));
  EXPECT_THAT(refusal([](Sweeping& s) { s.plan.attacks[0] = sweep::parse_entry("fgsm:boxed=1"); }),
              HasSubstr("[\"fgsm:boxed=1\"]"));
  EXPECT_THAT(refusal([](Sweeping& s) {
                s.plan.training = s.data;
                s.plan.training->sha256 = "t";
              }),
              HasSubstr("training sha256 is \"t\", it was \"\""));
  EXPECT_THAT(refusal([](Sweeping& s) { s.model.sha256 = "n"; }), HasSubstr("it was \"m\""));
  EXPECT_THAT(refusal([](Sweeping& s) { s.data.sha256 = "e"; }), HasSubstr("it was \"d\""));
  EXPECT_THAT(refusal([](Sweeping& s) { s.data.split = "train"; }),
              HasSubstr("it was \"two test\""));
  EXPECT_THAT(refusal([](Sweeping& s) { s.data.ids[1] = 99; }), HasSubstr("sample ids sha256"));
  EXPECT_THAT(refusal([](Sweeping& s) {
                s.data = datasets::take_rows(std::move(s.data), std::array<std::size_t, 1>{0});
              }),
              HasSubstr("samples is 1, it was 2"));
}

// The same name is another class where classes have other names.
TEST(Resuming, IsRefusedWhenATargetIsAnotherClass) {
  const auto identity = [](const std::vector<std::string>& names) {
    Sweeping s;
    s.plan.attacks[0] = sweep::parse_entry("fgsm:target=one");
    sweep::resolve_targets(s.plan, names);
    return sweep_identity(s.model.sha256, s.data, s.plan, settled({}, s.plan).fields());
  };
  EXPECT_EQ(identity({"one", "two"}), identity({"one", "three"}));
  EXPECT_NE(identity({"one", "two"}), identity({"two", "one"}));
  Sweeping numbered;
  EXPECT_FALSE(sweep_identity("m", numbered.data, numbered.plan, {}).contains("targets"));
}

// Speed is not among them.
TEST(Resuming, GoesOnWithOtherThreads) {
  EXPECT_EQ(refusal([](Sweeping& s) { s.plan.threads = 5; }), "");
}

}  // namespace
}  // namespace gibbon::eval::runs
