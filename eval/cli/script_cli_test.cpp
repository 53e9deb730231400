// SPDX-License-Identifier: MIT
// TorchScript files on the command line: everywhere a model is attacked, and nowhere else.
#include <gmock/gmock.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "eval/cli/shell.hpp"

namespace gibbon::eval::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

class ScriptCli : public testing::Test {
 protected:
  /// m.onnx, m.pt and the faulty ones.
  void SetUp() override {
    expect(0,
           "gibbon train --data digits --arch 784-16-10 --activation relu --epochs 3 -o m.onnx "
           "--quiet && gibbon_script_files . m.onnx");
  }

  Shell::Result expect(int status, const std::string& line) {
    const Shell::Result result = shell_.run(line);
    EXPECT_EQ(result.status, status) << line << "\n" << result.out << result.err;
    return result;
  }

  [[nodiscard]] json run_json(const std::string& folder) {
    return json::parse(shell_.text(folder + "/run.json"));
  }

  /// Correct samples, row by row of the curve.
  [[nodiscard]] std::vector<int> correct(const std::string& folder) {
    std::vector<int> counts;
    for (const json& point : run_json(folder).at("curve")) counts.push_back(point.at("correct"));
    return counts;
  }

  Shell shell_;
};

const std::string kSweep =
    " --data digits --samples 0:60 --attack fgsm --attack pgd:steps=5 --attack square:queries=20 "
    "--epsilons 0,0.05,0.1 --gallery 1 --quiet ";

TEST_F(ScriptCli, IsSweptLikeTheSameNetworkInOnnx) {
  expect(0, "gibbon sweep --model m.onnx -o onnx" + kSweep);
  expect(0, "gibbon sweep --model m.pt -o one --threads 1 --batch 60 --save adv.npz" + kSweep);
  EXPECT_EQ(correct("one"), correct("onnx"));
  for (const std::string batch : {"1", "7"}) {
    expect(0,
           "gibbon sweep --model m.pt -o two" + batch + " --threads 2 --batch " + batch + kSweep);
    EXPECT_EQ(shell_.text("two" + batch + "/samples.npy"), shell_.text("one/samples.npy"));
  }
  const json model = run_json("one").at("model");
  EXPECT_EQ(model.at("architecture"), "TorchScript m.pt");
  EXPECT_EQ(model.at("sha256").get<std::string>().size(), 64U);
  EXPECT_EQ(model.at("parameters"), 784 * 16 + 16 + 16 * 10 + 10);
  // As many rows as give the same bits each for itself: that depends on BLAS and machine.
  EXPECT_THAT(model.at("engine").at("input"), testing::AnyOf("16 × 784", "1 × 784"));
  EXPECT_EQ(model.at("engine").at("judge"), "float64");
  EXPECT_THAT(model.at("engine").at("promise"), HasSubstr("same bits for any batch"));
  EXPECT_FALSE(run_json("onnx").at("model").contains("engine"));
  expect(0, "gibbon gallery one --gallery 1");
  const auto matrix = expect(0, "gibbon transfer --model m.onnx m.pt --from adv.npz -o t.csv");
  EXPECT_THAT(matrix.err, HasSubstr("m.pt: LibTorch"));
  const std::string csv = shell_.text("t.csv");
  EXPECT_THAT(csv, AllOf(HasSubstr(",m.onnx,"), HasSubstr(",m.pt,")));
}

TEST_F(ScriptCli, IsTheModelOfAnExperimentAndIsSmoothed) {
  const auto ran = expect(0,
                          "printf 'model = \"m.pt\"\\noutput = \"r\"\\ndata = \"digits\"\\n"
                          "samples = \"0:20\"\\n[sweep]\\nattack = [\"fgsm\"]\\nepsilons = "
                          "\"0.1\"\\ngallery = 0\\ninput-shape = \"784\"\\n' > e.toml\n"
                          "gibbon run e.toml");
  EXPECT_THAT(ran.err, testing::ContainsRegex("called with 16? × 784, judged in float64"));
  EXPECT_EQ(run_json("r").at("configuration").at("input-shape"), "784");
  expect(0, "gibbon smooth --model m.pt --data digits --samples 0:2 --n 100 --n0 10 -o s");
  const json smoothed = json::parse(shell_.text("s/smoothed.json"));
  EXPECT_THAT(smoothed.dump(), HasSubstr("\"judge\":\"float64\""));
  const std::string corrupt =
      "gibbon corrupt --data digits --samples 0:5 --corruption fog --corruption "
      "rotation-translation --grid 3x3x1 --quiet ";
  expect(0, corrupt + "--model m.pt -o script");
  expect(0, corrupt + "--model m.onnx -o ours");
  EXPECT_EQ(shell_.text("script/corruption_samples.csv"),
            shell_.text("ours/corruption_samples.csv"));
}

TEST_F(ScriptCli, IsRefusedWhereLayersAreNeeded) {
  for (const std::string command : {"certify", "explain", "crosscheck"}) {
    EXPECT_THAT(
        expect(2, "gibbon " + command + " --model m.pt --data digits").err,
        HasSubstr(command + ": it needs the layers of a network, and m.pt is a TorchScript"));
  }
  EXPECT_THAT(expect(2, "echo > p.vnnlib; gibbon verify m.pt p.vnnlib").err,
              HasSubstr("verify: it needs the layers"));
  EXPECT_THAT(expect(2, "gibbon sweep --model m.onnx --input-shape 784 -o x" + kSweep).err,
              HasSubstr("an ONNX file states its own shape"));
  EXPECT_THAT(expect(2, "gibbon sweep --model m.pt --input-shape 8x8 -o x" + kSweep).err,
              HasSubstr("--input-shape 8x8: allowed are channels,rows,columns"));
  EXPECT_THAT(expect(2, "gibbon sweep --model m.pt --crosscheck -o x" + kSweep).err,
              HasSubstr("crosscheck"));
}

TEST_F(ScriptCli, FaultsAreOneLine) {
  for (const std::string name : {"training", "dropout", "nan", "throws", "label"}) {
    const auto result = expect(3, "gibbon sweep --model " + name + ".pt -o x" + kSweep);
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
    EXPECT_THAT(result.err, HasSubstr(name + ".pt: "));
  }
  EXPECT_THAT(
      expect(3, "head -c 1000 m.pt > cut.pt; gibbon sweep --model cut.pt -o x" + kSweep).err,
      HasSubstr("cut.pt: not a TorchScript archive, or a damaged one"));
  EXPECT_THAT(expect(3, "GIBBON_TORCH_PLUGIN=/none.so gibbon sweep --model m.pt -o x" + kSweep).err,
              HasSubstr("m.pt: a TorchScript file needs LibTorch: plugin not found"));
  const std::string image =
      "gibbon gallery --model m.pt --image \"$(ls g/gallery/clean_*.png | head -n 1)\" -o i";
  expect(
      0,
      "gibbon gallery --model m.pt --data digits --samples 0:20 --epsilons 0.3 --gallery 1 -o g");
  EXPECT_THAT(expect(2, image).err, HasSubstr("give it with --input-shape"));
  EXPECT_THAT(expect(3, image + " --input-shape 1,28,28").err,
              HasSubstr("it was called with 16 × 1 × 28 × 28: "));
}

}  // namespace
}  // namespace gibbon::eval::cli
