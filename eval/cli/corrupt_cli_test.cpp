// SPDX-License-Identifier: MIT
// 'gibbon corrupt': what it writes, and what it refuses.
#include <gmock/gmock.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "eval/cli/shell.hpp"

namespace gibbon::eval::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class CorruptCli : public testing::Test {
 protected:
  void SetUp() override {
    expect(0,
           "gibbon train --data digits --arch 784-16-10 --activation relu --epochs 2 -o m.onnx "
           "--quiet");
  }

  Shell::Result expect(int status, const std::string& line) {
    const Shell::Result result = shell_.run(line);
    EXPECT_EQ(result.status, status) << line << "\n" << result.out << result.err;
    return result;
  }

  Shell shell_;
};

const std::string kCorrupt = "gibbon corrupt --model m.onnx --data digits --samples 0:12 --quiet ";

TEST_F(CorruptCli, WritesTheSameForAnyThreads) {
  const std::string what =
      "--corruption all --corruption rotation-translation --grid 5x3x3 --worst-of 4 ";
  const auto first = expect(0, kCorrupt + what + "--threads 1 -o one");
  EXPECT_THAT(first.err, testing::IsEmpty());
  EXPECT_THAT(first.out, AllOf(HasSubstr("gaussian-noise"), HasSubstr("worst-of-4"),
                               HasSubstr("grid-5x3x3-refined"), HasSubstr("of 900 pictures"),
                               HasSubstr("shifts up to ±3 pixels down"),
                               HasSubstr("record one/corruptions.json")));
  expect(0, kCorrupt + what + "--threads 3 -o two");
  for (const std::string file :
       {"corruptions.csv", "corruption_samples.csv", "corruptions.png", "corruptions.svg"}) {
    EXPECT_EQ(shell_.text("one/" + file), shell_.text("two/" + file)) << file;
  }
  const auto json = nlohmann::json::parse(shell_.text("one/corruptions.json"));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["corruptions"].size(), 75U);
  EXPECT_EQ(json["model"]["sha256"].get<std::string>().size(), 64U);
  EXPECT_EQ(json["data"]["n"], 12);
  EXPECT_EQ(json["rotation_translation"]["grid"], (std::vector<int>{5, 3, 3}));
  EXPECT_EQ(json["command"],
            "gibbon corrupt --model m.onnx --data digits --samples 0:12 --corruption all "
            "--corruption rotation-translation --grid 5x3x3 --worst-of 4 --threads 1 --quiet "
            "--output one");
  EXPECT_THAT(expect(2, kCorrupt + "-o one").err,
              AllOf(HasSubstr("corruptions.json"), HasSubstr("--force")));
  // Of a folder that is written anew, nothing stays that the new command does not write.
  expect(0, kCorrupt + "--corruption rotation-translation --grid 3x1x1 --force -o one");
  EXPECT_FALSE(shell_.has("one/corruptions.svg"));
  expect(0, kCorrupt + "--corruption fog --severity 5,2 --seed 9 --force -o one");
  EXPECT_THAT(shell_.text("one/corruptions.csv"),
              AllOf(HasSubstr("\nfog,2,12,"), Not(HasSubstr("\nfog,1,")), HasSubstr("\nfog,5,"),
                    Not(HasSubstr("rotation"))));
  EXPECT_TRUE(shell_.has("one/corruptions.svg"));
}

TEST_F(CorruptCli, FaultsAreOneLine) {
  const std::string poses = kCorrupt + "-o x --corruption rotation-translation ";
  for (const auto& [line, text] :
       {std::pair{kCorrupt + "-o x --corruption fogg",
                  "unknown corruption 'fogg'; did you mean "
                  "'fog'?"},
        {kCorrupt + "-o x --severity 0", "--severity 0: '0' is not in 1 to 5"},
        {kCorrupt + "-o x --severity 1,,2", "--severity 1,,2: '' is not in 1 to 5"},
        {poses + "--grid 31x5", "--grid 31x5: allowed are three counts from 1 on"},
        {poses + "--grid 9999x9999x9999", "of at most 1000000 poses"},
        {poses + "--max-rotation 181", "--max-rotation 181: outside [0, 180] degrees"},
        {poses + "--max-translation x", "--max-translation x: allowed are 0 to 28 pixels here"},
        {poses + "--max-translation 29", "--max-translation 29: allowed are 0 to 28 pixels"},
        {poses + "--worst-of 0", "--worst-of 0: outside [1, 1000000]"}}) {
    const auto result = expect(2, line);
    EXPECT_THAT(result.err, HasSubstr(text));
    EXPECT_EQ(std::ranges::count(result.err, '\n'), 1) << result.err;
  }
  expect(0, "gibbon train --data moons --arch 2-4-2 --epochs 1 --quiet -o moons.onnx");
  EXPECT_THAT(expect(2, "gibbon corrupt --model moons.onnx --data moons -o x --quiet").err,
              HasSubstr("--data moons: the samples are not pictures of 1 or 3 channels"));
  EXPECT_FALSE(shell_.has("x/corruptions.json"));
}

TEST_F(CorruptCli, CtrlCWritesNothing) {
  const auto stopped =
      expect(130,
             "gibbon corrupt --model m.onnx --data digits --corruption rotation-translation --grid "
             "1000x30x30 -o s & p=$!; " +
                 until(has_worked("30")) + "kill -INT $p; wait $p");
  EXPECT_THAT(stopped.err, HasSubstr("interrupted: nothing was written"));
  EXPECT_FALSE(shell_.has("s/corruptions.csv"));
}

TEST_F(CorruptCli, WithoutGnuplotThereIsEverythingElse) {
  expect(0, "mkdir bin; for p in gibbon; do ln -s $(which $p) bin/$p; done");
  const auto drawn = expect(0,
                            "PATH=$PWD/bin gibbon corrupt --model m.onnx --data digits --samples "
                            "0:3 --corruption contrast -o r");
  EXPECT_THAT(drawn.err, HasSubstr("gnuplot"));
  EXPECT_TRUE(shell_.has("r/corruptions.json"));
  EXPECT_FALSE(shell_.has("r/corruptions.svg"));
}

}  // namespace
}  // namespace gibbon::eval::cli
