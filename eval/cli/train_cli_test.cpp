// SPDX-License-Identifier: MIT
// Training of convolutional networks on the command line.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "datasets/image_io.hpp"
#include "eval/cli/shell.hpp"

namespace gibbon::eval::cli {
namespace {

using testing::HasSubstr;

class TrainCli : public testing::Test {
 protected:
  /// bars: 60 pictures of 12 × 12 in colour, of lying and standing bars.
  TrainCli() {
    for (std::size_t k = 0; k < 60; ++k) {
      Rng rng(3, k, "bars");
      std::vector<std::uint8_t> pixels(std::size_t{12} * 12 * 3);
      for (std::uint8_t& p : pixels) p = static_cast<std::uint8_t>(rng.below(100));
      const std::size_t at = rng.below(12);
      for (std::size_t j = 0; j < 12; ++j)
        pixels[((k % 2 == 0 ? at * 12 + j : j * 12 + at)) * 3 + 1] = 250;
      for (const std::string split : {"train", "test"}) {
        const auto folder =
            shell_.path(fmt::format("bars/{}/{}", split, k % 2 == 0 ? "lie" : "up"));
        std::filesystem::create_directories(folder);
        datasets::write_png(folder / fmt::format("{}.png", k),
                            {.height = 12, .width = 12, .channels = 3, .pixels = pixels});
      }
    }
  }

  Shell::Result expect(int status, const std::string& line) {
    const Shell::Result result = shell_.run(line);
    EXPECT_EQ(result.status, status) << line << "\n" << result.out << result.err;
    return result;
  }

  Shell shell_;
};

TEST_F(TrainCli, WhatItWritesIsSwept) {
  const std::string train =
      "gibbon train --data bars --arch 'conv6:3p1,bn,relu,res(conv6:3p1,relu),maxpool:2' --epochs "
      "8 "
      "--lr 0.02 --batch 16 --validation 0 --augment flip,shift:1 ";
  const auto made = expect(0, train + "--threads 1 -o one.onnx");
  const std::string full = "conv6:3p1,bn,relu,res(conv6:3p1,relu),maxpool:2,dense2";
  EXPECT_THAT(made.err, HasSubstr("training " + full + " ("));
  EXPECT_THAT(made.out, HasSubstr("model one.onnx (" + full));
  expect(0, train + "--threads 2 -o two.onnx");
  EXPECT_EQ(shell_.text("one.onnx"), shell_.text("two.onnx"));
  EXPECT_EQ(shell_.text("one.history.csv"), shell_.text("two.history.csv"));
  const auto swept =
      expect(0, "gibbon sweep --model one.onnx --data bars --attack fgsm --epsilons 0,0.01 -o run");
  EXPECT_THAT(swept.out, HasSubstr("one.onnx (12×12×3-conv6-conv6-2"));
  const std::string record = shell_.text("run/run.json");
  EXPECT_THAT(record, HasSubstr("\"gibbon.train.arch\": \"" + full));
  EXPECT_THAT(record, HasSubstr("\"gibbon.train.augment\": \"flip,shift:1\""));
  EXPECT_THAT(record, HasSubstr("\"gibbon.train.init\": \"he\""));
  EXPECT_THAT(record, HasSubstr("\"gibbon.train.activation\": \"\""));
}

TEST_F(TrainCli, AgainstAnAdversary) {
  const auto made = expect(0,
                           "gibbon train --data bars --arch conv4:3p1,relu,maxpool:2 --epochs 2 "
                           "--robust pgd --train-epsilon 0.05 -o m.onnx");
  EXPECT_THAT(made.err, HasSubstr("worst case"));
  EXPECT_THAT(made.out, HasSubstr("test at linf ε = 0.05, correct after 7 steps of PGD: "));
}

TEST_F(TrainCli, AnExperimentTrainsOneToo) {
  expect(
      0,
      "printf 'data = \"bars\"\\noutput = \"out\"\\n[train]\\narch = \"conv4:3,relu\"\\nepochs = "
      "1\\n[sweep]\\nattack = [\"fgsm\"]\\nepsilons = \"0,0.1\"\\n' > e.toml; gibbon run e.toml");
  EXPECT_THAT(shell_.text("out/report.html"), HasSubstr("12×12×3-conv4-2"));
}

TEST_F(TrainCli, RefusesByName) {
  const auto refuses = [&](const std::string& options, const std::string& why) {
    EXPECT_THAT(expect(2, "gibbon train -o m.onnx " + options).err, HasSubstr(why));
    EXPECT_FALSE(shell_.has("m.onnx"));
  };
  refuses("--data bars --arch lenet6", "--arch lenet6: unknown layer 'lenet'");
  refuses("--data bars --arch conv4:3 --activation tanh",
          "--activation tanh: --arch conv4:3 names its activations itself");
  refuses("--data bars --arch conv4:3 --robust ibp", "--robust ibp: its bounds are there for");
  refuses("--data bars --arch conv4:30", "--arch: conv1 (conv 4: 30×30) on 12×12×3");
  refuses("--data bars --arch conv4:3,dense3", "has 3 classes, but bars has 2");
  refuses("--data bars --arch conv4:3 --augment spin", "--augment spin: 'spin' is not understood");
  refuses("--data moons --arch conv4:3", "--arch: conv1 (conv 4: 3×3) on 1×2×1: its window");
  refuses("--data moons --arch 2-4-2 --augment flip", "moons has no images to augment");
}

}  // namespace
}  // namespace gibbon::eval::cli
