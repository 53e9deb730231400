// SPDX-License-Identifier: MIT
// The published counts of ../oracles/mlp/expected.json: networks we did not train, gradients that
// another program computed.
#include <cstdlib>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "base/parallel.hpp"
#include "eval/sweep/sweep.hpp"
#include "models/model_file.hpp"

namespace gibbon::eval::sweep {
namespace {

class OracleCounts : public testing::TestWithParam<const char*> {};

TEST_P(OracleCounts, FgsmLeavesWhatExpectedJsonSays) {
  const char* oracles = std::getenv("GIBBON_ORACLES");
  if (oracles == nullptr || std::getenv("GIBBON_DATA") == nullptr) {
    GTEST_SKIP() << "set GIBBON_ORACLES and GIBBON_DATA to the folders with mlp/ and mnist/";
  }
  const std::filesystem::path folder = std::filesystem::path(oracles) / "mlp";
  const auto expected = nlohmann::json::parse(read_file(folder / "expected.json"));
  const auto& model = expected["models"][GetParam()];
  const models::Network network = models::read_model(folder / model["file"]).network;
  const datasets::Dataset mnist = datasets::load("mnist", {});

  const auto check = [&](attacks::Norm norm, const std::vector<double>& epsilons,
                         const nlohmann::json& counts) {
    SweepPlan plan{.norms = {norm}, .epsilons = epsilons, .threads = hardware_threads()};
    plan.attacks.push_back(parse_entry("fgsm"));
    const SweepResult result = sweep(network, mnist, plan, [](const SweepStatus&) {});
    ASSERT_EQ(result.curve.size(), epsilons.size());
    for (std::size_t e = 0; e < epsilons.size(); ++e) {
      const std::int64_t double_count = counts["float64"][e];
      const std::int64_t wanted = counts["float32_scale_free"][e];
      const auto got = static_cast<std::int64_t>(result.curve[e].correct);
      EXPECT_LE(std::abs(got - wanted), wanted == double_count ? 0 : 2)
          << attacks::to_string(norm) << " ε = " << epsilons[e] << ": " << got << " for " << wanted;
    }
  };
  check(attacks::Norm::kLinf, expected["epsilons_linf"], model["fgsm_linf_correct"]);
  check(attacks::Norm::kL2, expected["epsilons_l2"], model["fgm_l2_correct"]);
}

INSTANTIATE_TEST_SUITE_P(Every, OracleCounts,
                         testing::Values("seed_sigmoid", "seed_relu", "mlp256", "mlp256_adv"),
                         [](const auto& c) { return std::string(c.param); });

}  // namespace
}  // namespace gibbon::eval::sweep
