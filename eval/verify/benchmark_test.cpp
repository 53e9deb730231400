// SPDX-License-Identifier: MIT
// The verification competitions' benchmarks that lie in $GIBBON_ORACLES/vnncomp, beside the
// verdicts that several verifiers agreed on. None may be contradicted, and every counterexample is
// looked at once more here. Time limits are short: what is left open is no failure, except where
// the network is small enough for all.
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "base/environment.hpp"
#include "base/files.hpp"
#include "base/parallel.hpp"
#include "eval/verify/instance.hpp"
#include "eval/verify/instances.hpp"
#include "eval/verify/verifier.hpp"
#include "eval/verify/vnnlib.hpp"
#include "models/mlp.hpp"

namespace gibbon::eval::verify {
namespace {

namespace fs = std::filesystem;

/// Columns of a small CSV without quotes.
std::vector<std::vector<std::string>> rows_of(const fs::path& path) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(read_file(path));
  for (std::string line; std::getline(lines, line);) {
    auto& row = rows.emplace_back();
    std::istringstream fields(line);
    for (std::string field; std::getline(fields, field, ',');) row.push_back(field);
  }
  return rows;
}

/// "vnnlib/prop_0_0.03.vnnlib.gz" -> "prop_0_0.03"
std::string stem(const std::string& name) {
  const std::string file = fs::path(name).filename().string();
  return file.substr(0, file.find(".vnnlib"));
}

class Benchmark : public testing::Test {
 protected:
  void SetUp() override {
    if (environment("GIBBON_ORACLES").empty()) {
      GTEST_SKIP() << "set GIBBON_ORACLES to the folder with vnncomp/";
    }
    folder_ = fs::path(environment("GIBBON_ORACLES")) / "vnncomp";
  }

  /// Decides an instance and holds it against "unsat", "sat" or "" (nobody knows).
  Result decide(const Instance& instance, const std::string& expected) {
    const models::Network network = models::read_model(instance.network_path).network;
    const Property property = read_vnnlib(instance.property_path);
    const Verifier verifier(network);
    const Outcome outcome = verify(network, property, {.seconds = instance.timeout},
                                   [&](const Query& query, const Limits& limits) {
                                     return verifier.decide(query, limits, hardware_threads());
                                   });
    const std::string what = instance.network + " " + instance.property;
    const bool decided = outcome.result == Result::kUnsat || outcome.result == Result::kSat;
    if (decided && !expected.empty()) {
      EXPECT_EQ(to_string(outcome.result), expected) << what;
    }
    if (outcome.result == Result::kSat) expect_genuine(network, property, outcome, what);
    return outcome.result;
  }

  /// From the property's text to the violated comparison, without what verify() uses.
  static void expect_genuine(const models::Network& network, const Property& property,
                             const Outcome& outcome, const std::string& what) {
    const UnsafeSet& set = property.sets.front();
    ASSERT_EQ(outcome.inputs.size(), 784U) << what;
    for (std::size_t d = 0; d < outcome.inputs.size(); ++d) {
      EXPECT_GE(outcome.inputs[d], set.box.lower[d].high) << what;
      EXPECT_LE(outcome.inputs[d], set.box.upper[d].low) << what;
    }
    const models::MlpOf<double> model(network);
    models::TapeOf<double> tape = model.make_tape(1);
    const auto y = model.forward({outcome.inputs.data(), 1, 784}, tape).row(0);
    // All these properties say (>= Y_j Y_label): a class that is not the label wins or ties.
    const std::size_t label = *set.conjunctions.front().front().left.output;
    const double best = *std::ranges::max_element(y);
    EXPECT_TRUE(best > y[label] || std::ranges::count(y, best) > 1) << what;
  }

  fs::path folder_;
};

TEST_F(Benchmark, SmallFullyConnectedNetworksAllThirty) {
  std::map<std::string, std::string> expected;
  for (const auto& row : rows_of(folder_ / "mnist_fc_2022" / "expected_verdicts.csv")) {
    expected[row.at(0) + row.at(1)] = row.at(2);
  }
  std::size_t decided = 0;
  std::size_t deep = 0;
  for (Instance& instance : read_instances(folder_ / "mnist_fc_2022" / "instances.csv", 20.0)) {
    const std::string network = fs::path(instance.network).stem().string();
    const bool small = network == "mnist-net_256x2";
    if (!small && (network != "mnist-net_256x4" || deep++ >= 10)) continue;
    if (!small) instance.timeout = 2.0;
    const std::string& verdict = expected.at(network + stem(instance.property));
    const bool known = verdict == "sat" || verdict == "unsat";
    const Result result = decide(instance, known ? verdict : "");
    if (small && (result == Result::kUnsat || result == Result::kSat)) ++decided;
  }
  EXPECT_EQ(decided, 30U);
  EXPECT_GE(deep, 10U);
}

TEST_F(Benchmark, SigmoidNetworks) {
  // α,β-CROWN's verdicts: others' "sat" of 2021 were not all replayed.
  std::map<std::string, std::string> expected;
  for (const auto& row : rows_of(folder_ / "eran_sigmoid_2021" / "published_verdicts.csv")) {
    expected[row.at(0)] = row.at(1) == "UNSAT" ? "unsat" : row.at(1) == "SAT" ? "sat" : "";
  }
  std::size_t looked_at = 0;
  bool sat = false;
  for (const Instance& instance :
       read_instances(folder_ / "eran_sigmoid_2021" / "instances.csv", 5.0)) {
    const std::string name = stem(instance.property);
    const bool counterexample = expected.at(name) == "sat";
    if (!counterexample && looked_at >= 4) continue;
    ++looked_at;
    const Result result = decide(instance, expected.at(name));
    sat |= counterexample && result == Result::kSat;
  }
  EXPECT_EQ(looked_at, 5U);
  EXPECT_TRUE(sat) << "the one counterexample that is known was not found";
}

}  // namespace
}  // namespace gibbon::eval::verify
