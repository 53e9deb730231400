// SPDX-License-Identifier: MIT
// PGD against the published counts of mlp/expected.json: 40 sign steps of 2.5 ε / 40 from the input
// itself, worked out in float64 by another program.

#include <cstdlib>
#include <fstream>
#include <numeric>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "attacks/attack.hpp"
#include "base/environment.hpp"
#include "base/parallel.hpp"
#include "models/mlp.hpp"
#include "models/model_file.hpp"

namespace gibbon::attacks {
namespace {

constexpr std::size_t kCount = 3000;
constexpr std::size_t kBlock = 64;

/// Correctly classified among the first kCount of `digits` after PGD.
std::int64_t correct_after_pgd(const models::Network& network, const datasets::Dataset& digits,
                               double epsilon) {
  const models::Mlp model(network);
  const AttackInfo& info = find("pgd");
  const auto attack = info.make();
  set_field(info, *attack, "steps", "40");
  set_field(info, *attack, "step", "0.0625");
  set_field(info, *attack, "random", "0");
  const std::vector<double> budgets(kBlock, epsilon);
  std::atomic<std::int64_t> correct = 0;
  for_each_block((kCount + kBlock - 1) / kBlock, hardware_threads(), [&](auto, std::size_t block) {
    const std::size_t first = block * kBlock;
    const std::size_t count = std::min(kBlock, kCount - first);
    Oracle oracle(model, info.access, count);
    Workspace work;
    Tensor candidate(count, digits.images.cols());
    attack->run(oracle,
                {.x = digits.images.view().slice(first, count),
                 .labels = std::span(digits.labels).subspan(first, count),
                 .ids = std::span(digits.ids).subspan(first, count),
                 .epsilons = std::span(budgets).first(count)},
                work, candidate.view());
    auto tape = model.make_tape(count);
    const Rows logits = model.forward(std::as_const(candidate).view(), tape);
    for (std::size_t n = 0; n < count; ++n) {
      correct += predicted_class(logits.row(n)) == digits.labels[first + n] ? 1 : 0;
    }
  });
  return correct;
}

class PgdCounts : public testing::TestWithParam<const char*> {};

TEST_P(PgdCounts, AreThoseOfDoublePrecision) {
  const std::string oracles = environment("GIBBON_ORACLES");
  if (oracles.empty() || environment("GIBBON_DATA").empty()) {
    GTEST_SKIP() << "set GIBBON_ORACLES and GIBBON_DATA to the folders with mlp/ and mnist/";
  }
  const std::filesystem::path folder = std::filesystem::path(oracles) / "mlp";
  const auto expected = nlohmann::json::parse(std::ifstream(folder / "expected.json"));
  const auto& entry = expected.at("models").at(GetParam());
  const models::Network network =
      models::read_model(folder / entry.at("file").get<std::string>()).network;
  const datasets::Dataset digits = datasets::load("mnist", {});
  const auto& counts = entry.at(
      "pgd_linf_40_steps_of_2.5*epsilon/40_no_random_start_scale_free_float64_correct_of_first_"
      "3000");
  EXPECT_EQ(counts.size(), 3U);
  for (const auto& [epsilon, wanted] : counts.items()) {
    const std::int64_t got = correct_after_pgd(network, digits, std::stod(epsilon));
    EXPECT_LE(std::abs(got - wanted.get<std::int64_t>()), 3)
        << "ε = " << epsilon << ": " << got << " for " << wanted;
  }
}

INSTANTIATE_TEST_SUITE_P(Every, PgdCounts,
                         testing::Values("seed_sigmoid", "seed_relu", "mlp256", "mlp256_adv"),
                         [](const auto& c) { return std::string(c.param); });

}  // namespace
}  // namespace gibbon::attacks
