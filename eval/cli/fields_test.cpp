// SPDX-License-Identifier: MIT
// A field of a plan is described once. Whoever reads, writes, prints, stores or compares a plan
// walks that description: here with one field more than there is.
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "eval/cli/command.hpp"
#include "eval/cli/parser.hpp"
#include "eval/judge/comparer.hpp"
#include "eval/runs/experiment.hpp"
#include "eval/runs/provenance.hpp"
#include "eval/runs/stored_run.hpp"
#include "models/model_file.hpp"

namespace gibbon::eval::cli {
namespace {

using nlohmann::ordered_json;

/// The plan of a sweep and a number that nobody has heard of.
struct Extended : runs::SweepFields {
  std::uint64_t extra = 3;

  [[nodiscard]] std::vector<runs::Option> all(runs::Effect effect = runs::Effect::kResults) {
    std::vector<runs::Option> options = fields();
    options.push_back({"extra", "something new", &extra, effect});
    return options;
  }
};

ordered_json identity(const std::vector<runs::Option>& options) {
  const models::ModelFile model{.network = judge::comparer(), .sha256 = "m"};
  const auto data = judge::pairs(std::vector<std::array<float, 2>>{{0.5F, 0.25F}});
  return runs::sweep_identity(model.sha256, data, {}, options);
}

TEST(Fields, AreReadFromTheCommandLineAndTypedAgain) {
  Extended plan;
  Program program("test", "", "");
  program.root().options(plan.all());
  const std::array<const char*, 7> words{"test", "--extra", "8", "--norm", "l2", "--threads", "2"};
  ASSERT_EQ(program.run(static_cast<int>(words.size()), words.data()), 0);
  EXPECT_EQ(plan.extra, 8U);
  EXPECT_EQ(plan.sweep.norm, std::vector<std::string>{"l2"});
  EXPECT_EQ(plan.common.threads, 2U);
  EXPECT_EQ(typed(plan.all(), Extended().all()), " --norm l2 --threads 2 --extra 8");
}

TEST(Fields, AreReadFromToml) {
  Extended plan;
  runs::take_toml("extra = 9\nbatch = 16\nsplit = 'train'", "x.toml", plan.all());
  EXPECT_EQ(plan.extra, 9U);
  EXPECT_EQ(plan.sweep.batch, 16U);
  EXPECT_EQ(plan.data.split, "train");
}

TEST(Fields, ArePrintedByDryRun) {
  EXPECT_THAT(runs::to_text(Extended().all()), testing::HasSubstr("  extra          3\n"));
  runs::Experiment experiment;
  const std::string text = runs::to_text(experiment);
  for (const runs::Option& option : experiment.fields()) {
    EXPECT_THAT(text, testing::HasSubstr("  " + std::string(option.name) + " ")) << option.name;
  }
}

TEST(Fields, AreStoredAndReadBack) {
  Extended plan;
  plan.extra = 11;
  plan.sweep.exhaustive = true;
  const ordered_json stored = runs::configuration_of(plan.all());
  for (const runs::Option& option : plan.all()) EXPECT_TRUE(stored.contains(option.name));
  Extended back;
  const std::string file = "run.json";
  runs::take(reports::formats::JsonPart(stored, file, "sweep again"), back.all());
  EXPECT_EQ(back.extra, 11U);
  EXPECT_EQ(runs::configuration_of(back.all()), stored);
}

TEST(Fields, MakeTheIdentityOfARunUnlessTheySayWhyNot) {
  Extended plan;
  EXPECT_EQ(identity(plan.all()).at("extra"), 3);
  EXPECT_FALSE(identity(plan.all(runs::Effect::kNone)).contains("extra"));
  const ordered_json known = identity(plan.all());
  for (const runs::Option& option : plan.all()) {
    if (identity({}).contains(option.name))
      continue;  // what the data are, not what they are called
    EXPECT_EQ(known.contains(option.name), option.effect == runs::Effect::kResults) << option.name;
  }
  for (const char* name :
       {"attack", "norm", "epsilons", "exhaustive", "max-queries", "batch", "seed"})
    EXPECT_TRUE(known.contains(name)) << name;
}

}  // namespace
}  // namespace gibbon::eval::cli
