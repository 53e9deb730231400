// SPDX-License-Identifier: MIT
#include "eval/sweep/curve.hpp"

#include <array>
#include <cmath>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

namespace gibbon::eval::sweep {
namespace {

using reports::record::SampleRecord;
using testing::ElementsAre;
using testing::HasSubstr;

/// found[e][n]: what sample n (label 0) is taken for at budget e; 0 is right. Sample 2 is wrong
/// when clean.
std::vector<reports::record::SampleRecord> records(const std::vector<std::array<int, 4>>& found) {
  std::vector<reports::record::SampleRecord> out;
  for (const auto& row : found) {
    for (std::size_t n = 0; n < row.size(); ++n) {
      reports::record::SampleRecord r{
          .id = n, .label = 0, .clean_label = static_cast<std::int16_t>(n == 2 ? 1 : 0)};
      r.found_label = static_cast<std::int16_t>(row[n]);
      r.fooled = row[n] != 0 && n != 2 ? 1 : 0;
      r.rounded_label = r.fooled != 0 && n == 0 ? std::int16_t{0} : r.found_label;
      r.inside_ball = r.inside_box = 1;
      r.confidence = 0.25F * static_cast<float>(row[n]);
      r.distances[Norm::kLinf] = 0.1;
      out.push_back(r);
    }
  }
  return out;
}

std::vector<std::uint64_t> correct(const std::vector<reports::record::CurvePoint>& curve) {
  std::vector<std::uint64_t> out;
  for (const auto& p : curve) out.push_back(p.correct);
  return out;
}

const std::vector<double> kEpsilons{0.0, 0.1, 0.2};

TEST(Curve, CountsWhatTheAttackDoesAtThisVeryBudget) {
  // Sample 0 is broken at 0.1 and stands again at 0.2, where sample 1 is broken: nothing rises.
  auto all = records({{0, 0, 1, 0}, {1, 0, 1, 0}, {0, 1, 1, 0}});
  const auto curve =
      summarise({"fgsm", "linf", reports::record::RowKind::kAttack}, kEpsilons, 2, false, all);
  EXPECT_THAT(correct(curve), ElementsAre(3, 2, 2));
  EXPECT_EQ(curve[2].carried, 0U);
  EXPECT_EQ(curve[0].clean_correct, 3U);
  EXPECT_DOUBLE_EQ(curve[1].accuracy(), 0.5);
  EXPECT_DOUBLE_EQ(curve[1].accuracy_on_clean_correct(), 2.0 / 3.0);
  EXPECT_THAT(curve[1].class_n, ElementsAre(4, 0));
  EXPECT_THAT(curve[1].class_correct, ElementsAre(2, 0));
  // What is known about a sample is not forgotten.
  EXPECT_EQ(all[8].broken, 1);
  EXPECT_EQ(all[8].fooled, 0);
}

TEST(Curve, NeverRises) {
  auto all = records({{0, 0, 1, 0}, {1, 1, 1, 0}, {0, 1, 1, 0}});
  const auto curve =
      summarise({"fgsm", "linf", reports::record::RowKind::kAttack}, kEpsilons, 2, false, all);
  EXPECT_THAT(correct(curve), ElementsAre(3, 1, 1));
  EXPECT_EQ(curve[2].carried, 1U);
}

TEST(Curve, WorstCaseCountsASampleFromItsSmallestBudgetOn) {
  auto first = records({{0, 0, 1, 0}, {1, 0, 1, 0}, {0, 1, 1, 0}});
  auto second = records({{0, 0, 1, 0}, {0, 0, 1, 1}, {0, 0, 1, 1}});
  summarise({"fgsm", "linf", reports::record::RowKind::kAttack}, kEpsilons, 2, false, first);
  summarise({"noise", "linf", reports::record::RowKind::kControl}, kEpsilons, 2, false, second);
  const std::array<std::span<const reports::record::SampleRecord>, 2> blocks{first, second};
  const auto curve = worst_case("linf", kEpsilons, 2, blocks);
  EXPECT_THAT(correct(curve), ElementsAre(3, 1, 0));
}

TEST(Curve, RoundedImagesThatAreRightAgainCountAsCorrect) {
  auto all = records({{0, 0, 1, 0}, {1, 1, 1, 0}, {1, 1, 1, 1}});
  const auto curve =
      summarise({"fgsm", "linf", reports::record::RowKind::kAttack}, kEpsilons, 2, true, all);
  EXPECT_EQ(curve[1].correct, 1U);
  EXPECT_EQ(curve[1].correct_rounded, 2U);
}

TEST(Curve, ConfidenceAndDistanceAreMeansOverTheFooled) {
  auto all = records({{0, 0, 1, 0}, {1, 2, 1, 0}, {1, 2, 1, 3}});
  const auto curve =
      summarise({"fgsm", "linf", reports::record::RowKind::kAttack}, kEpsilons, 4, false, all);
  EXPECT_TRUE(std::isnan(curve[0].mean_wrong_confidence));
  EXPECT_NEAR(curve[1].mean_wrong_confidence, 0.375, 1e-6);
  EXPECT_NEAR(curve[1].median_wrong_confidence, 0.375, 1e-6);
  EXPECT_NEAR(curve[2].median_wrong_confidence, 0.5, 1e-6);
  EXPECT_NEAR(curve[2].mean_distance[Norm::kLinf], 0.1, 1e-12);
}

TEST(Distances, QuartilesAreNumPysAndKnowInfinity) {
  constexpr double kNever = std::numeric_limits<double>::infinity();
  std::vector<reports::record::SampleRecord> row(4);
  std::vector<reports::record::SampleRecord> other(4);
  for (std::size_t n = 0; n < 4; ++n) {
    row[n].nearest = std::array{0.0, 0.4, kNever, 0.1}[n];
    other[n].nearest = std::array{0.0, 0.2, 0.3, kNever}[n];
  }
  const std::array<std::span<const reports::record::SampleRecord>, 1> one{row};
  const auto alone = summarise_distances({"fmn", "l2", reports::record::RowKind::kAttack}, one);
  EXPECT_EQ(alone.found, 3U);
  EXPECT_DOUBLE_EQ(alone.lower_quartile, 0.075);
  EXPECT_DOUBLE_EQ(alone.median, 0.25);
  EXPECT_EQ(alone.upper_quartile, kNever);
  const std::array<std::span<const reports::record::SampleRecord>, 2> both{row, other};
  const auto worst =
      summarise_distances({"worst-case", "l2", reports::record::RowKind::kWorstCase}, both);
  EXPECT_EQ(worst.found, 4U);
  EXPECT_DOUBLE_EQ(worst.median, 0.15);
  EXPECT_DOUBLE_EQ(worst.upper_quartile, 0.225);
}

}  // namespace
}  // namespace gibbon::eval::sweep
