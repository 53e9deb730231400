// SPDX-License-Identifier: MIT
// Attacks propose, certificates promise: no attack may break what is certified. Both know nothing
// of each other here. Every attack, every network of ../oracles, in every norm that has
// certificates. GIBBON_LONG_TESTS=1 takes more samples, more budgets and the whole search (hours).
#include <gtest/gtest.h>

#include "base/environment.hpp"
#include "base/parallel.hpp"
#include "eval/certify/certify.hpp"
#include "eval/sweep/sweep.hpp"
#include "models/model_file.hpp"

namespace gibbon::eval::runs {
namespace {

using attacks::Norm;

bool long_run() { return environment("GIBBON_LONG_TESTS") == "1"; }

/// From budgets at which all is certified to such at which nothing is.
std::vector<double> budgets(attacks::Norm norm) {
  const double scale = norm == attacks::Norm::kLinf ? 1.0
                       : norm == attacks::Norm::kL2 ? 10.0
                                                    : 50.0;
  std::vector<double> out =
      long_run() ? std::vector{0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.08, 0.1, 0.2, 0.3}
                 : std::vector{0.005, 0.02, 0.05, 0.1};
  for (double& budget : out) budget *= scale;
  return out;
}

/// Long runs decide as much as `gibbon certify` does. A search on 512 neurons takes seconds for a
/// sample, so that short ones search the small networks alone.
std::uint64_t nodes(const models::Network& network) {
  if (long_run()) return 1000;
  return network.layers[0].weight.rows() <= 16 ? 100 : 0;
}

class Contradiction : public testing::TestWithParam<std::tuple<const char*, attacks::Norm>> {};

TEST_P(Contradiction, NoAttackBreaksWhatIsCertified) {
  if (environment("GIBBON_ORACLES").empty() || environment("GIBBON_DATA").empty()) {
    GTEST_SKIP() << "set GIBBON_ORACLES to the folder with mlp/ and certify/, GIBBON_DATA to that "
                    "with mnist/";
  }
  const auto& [name, norm] = GetParam();
  const models::Network network =
      models::read_model(environment("GIBBON_ORACLES") + "/" + name + ".onnx").network;
  const datasets::Dataset data =
      datasets::select(datasets::load("mnist", {.split = "test"}), long_run() ? "0:60" : "0:8");
  const certify::CertifyResult proved = certify::certify(network, data,
                                                         {.norm = norm,
                                                          .epsilons = budgets(norm),
                                                          .limits = {.nodes = nodes(network)},
                                                          .threads = hardware_threads()},
                                                         [](std::size_t, std::size_t) {});
  sweep::SweepPlan plan{.norms = {norm}, .epsilons = budgets(norm), .threads = hardware_threads()};
  plan.training = datasets::select(datasets::load("mnist", {.split = "train"}), "0:200");
  // Query attacks are slow, and their budget is a knob that has no other name in all of them.
  plan.max_queries = long_run() ? 5000 : 300;
  for (const attacks::AttackInfo& info : attacks::catalog()) {
    if (info.supports(norm)) plan.attacks.push_back(sweep::parse_entry(std::string(info.name)));
  }
  ASSERT_GT(plan.attacks.size(), 3U);
  const sweep::SweepResult attacked =
      sweep::sweep(network, data, plan, [](const sweep::SweepStatus&) {});
  std::size_t certified = 0;
  std::size_t broken = 0;
  for (const reports::record::SampleRecord& record : attacked.samples) {
    const reports::record::CurvePoint& row = attacked.curve[record.curve_row];
    const auto sample =
        std::ranges::find(proved.samples, record.id, &reports::record::CertifiedSample::id);
    ASSERT_NE(sample, proved.samples.end());
    const bool holds = sample->certified >= row.epsilon;
    certified += holds ? 1U : 0U;
    broken += record.broken != 0 ? 1U : 0U;
    EXPECT_FALSE(holds && record.broken != 0)
        << row.attack << " breaks sample " << record.id << " at " << row.epsilon
        << ", which is certified to " << sample->certified;
  }
  EXPECT_GT(certified, 0U);
  EXPECT_GT(broken, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Every, Contradiction,
    testing::Combine(testing::Values("mlp/seed_relu", "mlp/seed_sigmoid", "mlp/mlp256",
                                     "mlp/mlp256_adv", "certify/adv_mlp_b_0.03",
                                     "certify/adv_mlp_b_0.05", "certify/lpd_mlp_b_0.1",
                                     "certify/lpd_mlp_b_0.3", "certify/nor_mlp_b",
                                     "certify/mlp_2_100_adv", "certify/mlp_2_100_lpd",
                                     "certify/mlp_2_100_nor"),
                     testing::Values(attacks::Norm::kLinf, attacks::Norm::kL2, attacks::Norm::kL1)),
    [](const auto& c) {
      std::string out = std::get<0>(c.param);
      out = out.substr(out.find('/') + 1) + "_" + std::string(to_string(std::get<1>(c.param)));
      for (char& letter : out) letter = letter == '.' ? '_' : letter;
      return out;
    });

}  // namespace
}  // namespace gibbon::eval::runs
