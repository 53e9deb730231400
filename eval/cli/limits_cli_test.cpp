// SPDX-License-Identifier: MIT
// Masks, shares of the budget and lattices on the command line.
#include <algorithm>
#include <cmath>
#include <gmock/gmock.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "datasets/arrays/npz.hpp"
#include "eval/cli/shell.hpp"

namespace gibbon::eval::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class LimitsCli : public testing::Test {
 protected:
  LimitsCli() {
    expect(0, "gibbon train --data digits --arch 784-16-10 --epochs 2 --quiet -o m.onnx");
    // The upper half of every picture is free.
    expect(0, "seq 784 | awk '{print ($1 <= 392) + 0}' > mask.txt");
    expect(0, "seq 784 | awk '{print $1 <= 392 ? 2 : 0.5}' > scale.txt");
  }
  Shell::Result expect(int status, const std::string& line) {
    const Shell::Result result = shell.run(line);
    EXPECT_EQ(result.status, status) << line << "\n" << result.out << result.err;
    return result;
  }
  static std::vector<float> free_half() {
    std::vector<float> mask(784, 1.0F);
    std::fill(mask.begin() + 392, mask.end(), 0.0F);
    return mask;
  }
  Shell shell;
  const std::string sweep =
      "gibbon sweep --model m.onnx --data digits --quiet --samples 0:60 --epsilons 0.1 --attack "
      "pgd --force ";
};

TEST_F(LimitsCli, ExamplesKeepToMaskScaleAndLattice) {
  expect(0, sweep + "--mask mask.txt --epsilon-scale scale.txt --lattice 1/255 --save a.npz -o r");
  const datasets::arrays::NpzFile file(shell.path("a.npz"));
  const std::vector<double> x = file.numbers("x");
  const std::vector<double> moved = file.numbers("x_adv");
  const std::vector<double> broken = file.numbers("broken");
  EXPECT_GT(std::ranges::count(broken, 1.0), 5);
  double farthest = 0.0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (k % 784 >= 392) {
      ASSERT_EQ(x[k], moved[k]) << "the lower half may not change";
    }
    ASSERT_EQ(moved[k], static_cast<float>(std::round(255.0 * moved[k])) / 255.0F);
    farthest = std::max(farthest, std::abs(moved[k] - x[k]));
  }
  EXPECT_GT(farthest, 0.19) << "twice as far as ε";
  EXPECT_LE(farthest, 0.2 + 1e-7);
  // What an 8-bit file can hold stays an example in it.
  for (const json& item : json::parse(shell.text("r/gallery.json"))) {
    EXPECT_EQ(item["still_adversarial"], item["found_label"] != item["label"]);
  }
  const std::string curve = expect(0, "grep ^pgd r/curve.csv").out;
  write_atomically(shell.path("mask.npy"),
                   datasets::arrays::to_npy(datasets::arrays::array_of(
                       "mask", {28, 28}, std::span<const float>(free_half()))));
  expect(0, sweep + "--mask mask.npy --epsilon-scale scale.txt --lattice 1/255 --gallery 0 -o n");
  EXPECT_EQ(expect(0, "grep ^pgd n/curve.csv").out, curve) << "the same mask";
  EXPECT_EQ(json::parse(shell.text("r/run.json"))["configuration"]["lattice"], "1/255");
  // Other threads and batches change nothing.
  expect(0, sweep +
                "--mask mask.txt --epsilon-scale scale.txt --lattice 1/255 --threads 1 "
                "--batch 7 --gallery 0 -o s");
  EXPECT_EQ(expect(0, "grep ^pgd s/curve.csv").out, curve);
}

// A rate under limits says so wherever it stands, and is not compared with one without.
TEST_F(LimitsCli, CertificatesAndGatesKnowTheAdversary) {
  const std::string limits = " --mask mask.txt --lattice 1/255 ";
  const std::string sentence = "Limited adversary: 392 of 784 features may change, to multiples of";
  expect(0, sweep + limits + "-o r");
  EXPECT_THAT(shell.text("r/run.json"), HasSubstr(sentence));
  EXPECT_THAT(shell.text("r/report.html"), HasSubstr(sentence));
  const std::string certify =
      "gibbon certify --model m.onnx --data digits --samples 0:60 --epsilons 0.02,0.1 --nodes 20 ";
  EXPECT_THAT(expect(2, certify + "-o r").err, HasSubstr("its run has adversary limited to {"));
  expect(0, certify + limits + "-o r");
  const json certified = json::parse(shell.text("r/certified.json"));
  const json& curve = certified["certificates"][0]["curve"];
  EXPECT_GT(curve[0]["certified"], 20);
  EXPECT_GT(curve[1]["attacked"], 5);
  EXPECT_THAT(expect(0, certify + limits + "-o alone").err, HasSubstr(sentence));
  EXPECT_THAT(shell.text("alone/report.html"), HasSubstr(sentence));

  expect(0, "gibbon baseline r -o masked.json");
  expect(0, sweep + "--gallery 0 -o all");
  EXPECT_THAT(expect(2, "gibbon check all --baseline masked.json").err, HasSubstr("limits: "));
}

TEST_F(LimitsCli, WhatCannotBeMeantIsRefused) {
  const auto refused = [&](int status, const std::string& options, const std::string& what) {
    EXPECT_THAT(expect(status, sweep + options + " -o x").err, HasSubstr(what)) << options;
  };
  expect(0, "echo 1 1 0 > short.txt; echo 1 x 0 > word.txt; echo 1 -1 > minus.txt; : > empty.txt");
  expect(0, "yes 0 | head -784 > nothing.txt");
  refused(2, "--mask short.txt", "3 numbers, but a sample of digits has 784");
  refused(3, "--mask word.txt", "'x' is not a number");
  refused(3, "--mask minus.txt", "number 1 is -1; allowed are numbers >= 0");
  refused(3, "--mask empty.txt", "has no numbers");
  refused(3, "--mask absent.txt", "absent.txt");
  refused(2, "--mask nothing.txt", "may change nothing");
  refused(2, "--mask mask.txt --epsilon-scale short.txt", "784 numbers, but --epsilon-scale");
  refused(2, "--lattice 0", "--lattice 0: not a step above 0");
  refused(2, "--lattice 1/256", "are no multiples of it");
}

}  // namespace
}  // namespace gibbon::eval::cli
