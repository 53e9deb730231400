// SPDX-License-Identifier: MIT
// Models that leave the scaling of their inputs to whoever feeds them.
#include <gmock/gmock.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/environment.hpp"
#include "datasets/dataset.hpp"
#include "eval/cli/shell.hpp"
#include "models/mlp.hpp"
#include "models/model_file.hpp"

namespace gibbon::eval::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

constexpr float kMean = 0.1307F;
constexpr float kDeviation = 0.3081F;

class Scaling : public testing::Test {
 protected:
  void SetUp() override {
    if (environment("GIBBON_ORACLES").empty() || environment("GIBBON_DATA").empty()) {
      GTEST_SKIP() << "set GIBBON_ORACLES to the folder with mlp/, GIBBON_DATA to that with mnist/";
    }
    trained_ = models::read_model(environment("GIBBON_ORACLES") + "/mlp/mlp256.onnx").network;
    // W x + b = W' (x - mean) / std + b' with W' = std W and b' = b + mean · the sum of W's row.
    outside_ = trained_;
    models::Dense& first = outside_.layers.front();
    for (std::size_t o = 0; o < first.weight.rows(); ++o) {
      double sum = 0.0;
      for (float& w : first.weight.row(o)) {
        sum += static_cast<double>(w);
        w *= kDeviation;
      }
      first.bias[o] = static_cast<float>(double{first.bias[o]} + double{kMean} * sum);
    }
    models::write_model(shell_.path("outside.onnx"), outside_);
    models::Network inside = outside_;
    inside.normalisation.shift.assign(inside.input_dim(), kMean);
    inside.normalisation.scale.assign(inside.input_dim(), kDeviation);
    models::write_model(shell_.path("inside.onnx"), inside);
  }

  Shell::Result expect(int status, const std::string& line) {
    const Shell::Result result = shell_.run(line);
    EXPECT_EQ(result.status, status) << line << "\n" << result.out << result.err;
    return result;
  }

  /// The curve of a sweep of `samples` with the model and its options.
  json curve(const std::string& name, const std::string& model,
             const std::string& samples = "0:300") {
    expect(0,
           "gibbon sweep --data mnist --gallery 0 --quiet --epsilons 0,0.02,0.05 --attack fgsm "
           "--norm linf --norm l2 --samples " +
               samples + " -o " + name + " --model " + model);
    return curve_of(name);
  }
  json curve_of(const std::string& name) {
    return json::parse(shell_.text(name + "/run.json"))["curve"];
  }

  Shell shell_;
  models::Network trained_;
  models::Network outside_;
};

TEST_F(Scaling, GivesTheAccuracyBack) {
  const std::string options = "outside.onnx --mean 0.1307 --std 0.3081";
  const json given = curve("given", options);
  EXPECT_EQ(given, curve("inside", "inside.onnx"));
  EXPECT_NE(given, curve("plain", "outside.onnx"));
  const json run = json::parse(shell_.text("given/run.json"));
  EXPECT_EQ(run["configuration"]["mean"], "0.1307");
  EXPECT_EQ(run["configuration"]["std"], "0.3081");
  EXPECT_EQ(run["configuration"]["input-range"], "0,1");
  EXPECT_EQ(run["model"]["metadata"]["gibbon.input.mean"], "0.1307");
  EXPECT_THAT(run["command"].get<std::string>(), HasSubstr(" --mean 0.1307 --std 0.3081"));
  const json known = curve("trained", environment("GIBBON_ORACLES") + "/mlp/mlp256.onnx");
  EXPECT_EQ(given[0]["clean_correct"], known[0]["clean_correct"]);

  // Pictures of the run: with the model that the run had.
  expect(0, "gibbon gallery given --class 3 --gallery 1 --quiet");
  // Bytes: the same numbers, 255 times larger.
  const json bytes =
      curve("bytes", "outside.onnx --mean 33.3285 --std 78.5655 --input-range 0,255");
  EXPECT_EQ(bytes[0]["clean_correct"], known[0]["clean_correct"]);
}

TEST_F(Scaling, KeepsTheLogits) {
  const datasets::Dataset digits = datasets::load("mnist", {.split = "test"});
  const models::ModelFile given =
      models::read_model(shell_.path("outside.onnx"), {.mean = {0.1307}, .deviation = {0.3081}});
  const models::Mlp before(trained_);
  const models::Mlp after(given.network);
  auto tape = before.make_tape(100);
  auto other = after.make_tape(100);
  const Rows x = std::as_const(digits.images).view().slice(0, 100);
  const Rows want = before.forward(x, tape);
  const Rows got = after.forward(x, other);
  for (std::size_t k = 0; k < want.flat().size(); ++k) {
    EXPECT_NEAR(got.flat()[k], want.flat()[k], 1e-4F);
  }
}

TEST_F(Scaling, BelongsToEveryCommandThatReadsAModel) {
  const std::string model = " --model outside.onnx --mean 0.1307 --std 0.3081 ";
  const std::string data = " --data mnist --samples 0:5 ";
  curve("run", "outside.onnx --mean 0.1307 --std 0.3081", "0:5");
  const std::string certify = " --epsilons 0.001,0.002 --nodes 0 --quiet -o ";
  expect(0, "gibbon certify" + model + data + certify + "run");
  expect(0, "gibbon certify --model inside.onnx" + data + certify + "proved");
  EXPECT_EQ(shell_.text("run/certified.csv"), shell_.text("proved/certified.csv"));
  EXPECT_THAT(expect(2, "gibbon certify --model outside.onnx" + data +
                            " --epsilons 0.001 --nodes 0 --force -o run")
                  .err,
              HasSubstr("certificates can only be merged into a run of the same model"));
  // Whatever x in [0.6, 0.7] is given, no score is above 1e6; the property counts inputs from 0.
  std::string property;
  for (int d = 0; d < 784; ++d) {
    property += fmt::format(
        "(declare-const X_{0} Real)\n(assert (>= X_{0} 0.6))\n"
        "(assert (<= X_{0} 0.7))\n",
        d);
  }
  for (int c = 0; c < 10; ++c) property += fmt::format("(declare-const Y_{} Real)\n", c);
  write_atomically(shell_.path("p.vnnlib"), property + "(assert (>= Y_3 1e6))\n");
  EXPECT_THAT(expect(0, "gibbon verify outside.onnx p.vnnlib --mean 0.1307 --std 0.3081").out,
              testing::StartsWith("unsat"));
  EXPECT_THAT(expect(2, "gibbon verify outside.onnx p.vnnlib --std 0").err, HasSubstr("--std 0"));
  expect(0, "gibbon smooth" + model + data + "--n0 10 --n 20 --quiet");
  expect(0, "gibbon explain" + model + "--data mnist");
  expect(0, "gibbon sweep" + model + data + "--attack fgsm --epsilons 0.05 --save a.npz -o saved");
  expect(0, "gibbon transfer --from a.npz" + model);
  write_atomically(shell_.path("e.toml"),
                   "model = 'outside.onnx'\nmean = '0.1307'\nstd = '0.3081'\ndata = 'mnist'\n"
                   "samples = '0:5'\noutput = 'toml'\n[sweep]\nattack = 'fgsm'\n"
                   "norm = ['linf', 'l2']\nepsilons = '0,0.02,0.05'\ngallery = 0\n");
  expect(0, "gibbon run e.toml --quiet");
  EXPECT_EQ(curve_of("toml"), curve_of("run"));
#ifdef GIBBON_WITH_TORCH
  expect(0, "gibbon crosscheck" + model + "--data mnist --samples 0:16");
#endif
}

TEST_F(Scaling, SaysWhichNumberIsWrong) {
  const auto refused = [&](const std::string& options) {
    return expect(2, "gibbon sweep --data mnist --samples 0:5 --model outside.onnx " + options +
                         " -o refused")
        .err;
  };
  EXPECT_THAT(refused("--std 0"), HasSubstr("--std 0: 0 is not greater than 0"));
  EXPECT_THAT(refused("--std=-0.5"), HasSubstr("--std -0.5: -0.5 is not greater than 0"));
  EXPECT_THAT(refused("--std 1e-60"), HasSubstr("is not greater than 0"));
  EXPECT_THAT(refused("--std nan"), HasSubstr("--std nan: 'nan' is not a finite number"));
  EXPECT_THAT(refused("--mean 0.5,inf"), HasSubstr("'inf' is not a finite number"));
  EXPECT_THAT(refused("--mean 0.5,"), HasSubstr("--mean 0.5,: '' is not a finite number"));
  EXPECT_THAT(refused("--mean 1,2,3"),
              HasSubstr("--mean has 3 numbers, but the input 0x784 has 784 inputs; give one for "
                        "all, or 784"));
  EXPECT_THAT(refused("--input-range 255"),
              AllOf(HasSubstr("--input-range 255: expected two different numbers"),
                    HasSubstr("--input-range 0,255")));
  EXPECT_THAT(refused("--input-range 1,1"), HasSubstr("expected two different numbers"));
  write_atomically(shell_.path("t.toml"), "std = '0.3081'\n[train]\nepochs = 1\n");
  EXPECT_THAT(expect(2, "gibbon run t.toml").err, HasSubstr("std requires model = 'FILE.onnx'"));
}

}  // namespace
}  // namespace gibbon::eval::cli
