// SPDX-License-Identifier: MIT
#include "eval/runs/stored_run.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "eval/runs/limit_files.hpp"
#include "reports/gate/gate_cases.hpp"

namespace gibbon::eval::runs {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// A finished sweep of 20 samples in linf, and the samples it was of.
class Joining : public testing::Test {
 protected:
  Joining() {
    run_.provenance["interrupted"] = false;
    run_.distances = {
        {.attack = "pgd", .norm = "linf", .kind = reports::record::RowKind::kAttack, .n = 20}};
    for (const reports::record::SampleRecord& r : run_.records(0)) {
      data_.ids.push_back(r.id);
      data_.labels.push_back(r.label);
    }
    data_.images = Tensor(20, 1);
    data_.sha256 = "d";
  }

  /// Why certificates of this model in this norm do not join; "" when they do.
  [[nodiscard]] std::string refusal(const std::string& model_sha256 = "old",
                                    attacks::Norm norm = attacks::Norm::kLinf,
                                    const nlohmann::ordered_json& limits = nullptr) const {
    try {
      require_joinable("out", run_, model_sha256, data_, norm, limits);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  reports::record::Run run_ = reports::gate::cases::run_of({.n = 20});
  datasets::Dataset data_;
};

TEST_F(Joining, CertificatesJoinTheSweepOfTheSameSamples) { EXPECT_EQ(refusal(), ""); }

// Another adversary reaches other points: its certificates say nothing of this sweep.
TEST_F(Joining, AnotherAdversaryIsRefused) {
  const nlohmann::ordered_json limits = limits_record({.scale = {1.0F, 0.0F}, .lattice = 0.0});
  const auto refused = AllOf(HasSubstr("its run has adversary"), HasSubstr("without --mask"),
                             HasSubstr("limited to {"), HasSubstr("\"free\":1"));
  EXPECT_THAT(refusal("old", attacks::Norm::kLinf, limits), refused);
  add_limits(run_, {.scale = {1.0F, 0.0F}, .lattice = 0.0});
  EXPECT_EQ(refusal("old", attacks::Norm::kLinf, limits), "");
  EXPECT_THAT(refusal(), refused);
  EXPECT_THAT(run_.diagnosis.front(), HasSubstr("1 of 2 features may change"));
}

// What an interrupted sweep has not attacked would look as if nothing had broken it.
TEST_F(Joining, AnInterruptedSweepIsRefused) {
  run_.provenance["interrupted"] = true;
  EXPECT_THAT(refusal(), AllOf(HasSubstr("out: its sweep is unfinished"),
                               HasSubstr("certificates can only be merged into a finished sweep")));
  run_.provenance["interrupted"] = "yes";
  EXPECT_THAT(refusal(), HasSubstr("its sweep is unfinished")) << "anything but false";
}

TEST_F(Joining, ASweepWithoutDistancesIsRefused) {
  run_.distances.clear();
  EXPECT_THAT(refusal(), HasSubstr("of a version that stored no distances"));
}

TEST_F(Joining, WhatDiffersIsNamed) {
  EXPECT_THAT(refusal("new"), AllOf(HasSubstr("model SHA-256 old"), HasSubstr("SHA-256 new")));
  EXPECT_THAT(refusal("old", attacks::Norm::kL2), AllOf(HasSubstr("norm linf"), HasSubstr("l2")));
  data_.sha256 = "e";
  EXPECT_THAT(refusal(), AllOf(HasSubstr("data SHA-256 d"), HasSubstr("SHA-256 e")));
  data_.sha256 = "d";
  data_.labels[7] = 0;
  EXPECT_THAT(refusal(), HasSubstr("samples 20, ids 100 to 119")) << "one label";
  data_.labels[7] = 1;
  data_.ids[19] = 500;
  EXPECT_THAT(refusal(), HasSubstr("this command 20, ids 100 to 500"));
}

TEST_F(Joining, ARunOfNothingIsRefused) {
  run_.curve.clear();
  EXPECT_THAT(refusal(), HasSubstr("neither attacks nor certificates"));
}

}  // namespace
}  // namespace gibbon::eval::runs
