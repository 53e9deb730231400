// SPDX-License-Identifier: MIT
// The gate reads outcomes off stored records; the sweep counts them. Both must agree, whatever the
// attacks did.
#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "eval/sweep/curve.hpp"
#include "reports/gate/snapshot.hpp"

namespace gibbon::eval::lab {
namespace {

constexpr std::size_t kSamples = 40;
const std::vector<double> kEpsilons{0.0, 0.1, 0.2, 0.3};

/// Records that break at random, as those of single steps and noise do: rows rise as often as they
/// fall, so samples are carried.
std::vector<reports::record::SampleRecord> random_records(std::uint64_t seed,
                                                          const std::string& attack) {
  std::vector<reports::record::SampleRecord> records;
  for (std::size_t row = 0; row < kEpsilons.size(); ++row) {
    for (std::size_t n = 0; n < kSamples; ++n) {
      Rng rng(seed, n, attack + std::to_string(row));
      const bool wrong = n % 10 == 0;
      records.push_back(
          {.id = n,
           .label = 1,
           .clean_label = static_cast<std::int16_t>(wrong ? 0 : 1),
           .fooled = static_cast<std::uint8_t>(!wrong && row > 0 && rng.unit() < 0.4 ? 1 : 0)});
    }
  }
  return records;
}

TEST(GateOutcomes, FollowTheCurveAlsoWhereSamplesAreCarried) {
  std::uint64_t carried = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    reports::record::Run run;
    std::vector<std::vector<reports::record::SampleRecord>> blocks;
    for (const char* attack : {"fgsm", "noise"}) {
      blocks.push_back(random_records(seed, attack));
      for (const auto& point : sweep::summarise({attack, "linf", reports::record::RowKind::kAttack},
                                                kEpsilons, 2, false, blocks.back())) {
        carried += point.carried;
        run.curve.push_back(point);
      }
    }
    for (std::size_t k = 0; k < blocks.size(); ++k) {
      for (std::size_t i = 0; i < blocks[k].size(); ++i) {
        run.samples.push_back(blocks[k][i]);
        run.samples.back().curve_row =
            static_cast<std::uint32_t>(k * kEpsilons.size() + i / kSamples);
      }
    }
    const std::vector<std::span<const reports::record::SampleRecord>> views(blocks.begin(),
                                                                            blocks.end());
    for (const auto& point : sweep::worst_case("linf", kEpsilons, 2, views))
      run.curve.push_back(point);
    // Throws where a count differs.
    const auto points = reports::gate::outcomes_of(run);
    EXPECT_EQ(points.size(), 10U);
    for (std::size_t k = 1; k < points.size(); ++k) {
      if (points[k].attack != points[k - 1].attack) continue;
      for (std::size_t n = 0;
           n < kSamples && points[k].kind == reports::record::RowKind::kWorstCase; ++n)
        EXPECT_LE(points[k].right[n], points[k - 1].right[n]) << "broken stays broken";
    }
  }
  EXPECT_GT(carried, 100U) << "the rule was put to work";
}

}  // namespace
}  // namespace gibbon::eval::lab
