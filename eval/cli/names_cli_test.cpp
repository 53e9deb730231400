// SPDX-License-Identifier: MIT
// Names of classes on the command line: wherever a label is shown, and as targets.
#include <gmock/gmock.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "eval/cli/shell.hpp"

namespace gibbon::eval::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class NamesCli : public testing::Test {
 protected:
  NamesCli() {
    expect(0, "gibbon train --data digits --arch 784-16-10 --epochs 2 --quiet -o m.onnx");
    expect(0,
           "printf '%s\\n' '<script>alert(1)</script>' one 'two, deux' three four five six seven "
           "'Bär' nine > names.txt");
  }
  Shell::Result expect(int status, const std::string& line) {
    const Shell::Result result = shell.run(line);
    EXPECT_EQ(result.status, status) << line << "\n" << result.out << result.err;
    return result;
  }
  Shell shell;
  const std::string sweep =
      "gibbon sweep --model m.onnx --data digits --epsilons 0.3 --quiet --samples 0:60 ";
};

TEST_F(NamesCli, ASweepShowsThemEverywhere) {
  expect(0, sweep + "--classes names.txt --attack pgd:target=deux,full=1 --save adv.npz -o r");
  const json run = json::parse(shell.text("r/run.json"));
  EXPECT_EQ(run["data"]["classes"][8], "Bär");
  EXPECT_EQ(run["configuration"]["classes"], "names.txt");
  EXPECT_THAT(run["command"].get<std::string>(), HasSubstr("--classes names.txt"));
  const std::string page = shell.text("r/report.html");
  EXPECT_THAT(page, AllOf(HasSubstr("Bär"), HasSubstr("two, deux"), HasSubstr("pgd:target=deux"),
                          Not(HasSubstr("<script>alert(1)"))));
  for (const json& item : json::parse(shell.text("r/gallery.json"))) {
    EXPECT_EQ(item["target"], 2);
    EXPECT_EQ(item["target_name"], "two, deux");
    EXPECT_EQ(item["target_reached"], item["still_adversarial"] && item["found_label"] == 2);
    EXPECT_NE(item["label_name"], item["label"].dump());
  }
  // By number it is the same attack.
  expect(0, sweep + "--attack pgd:target=2,full=1 -o n");
  const auto column = [&](const std::string& folder) {
    return expect(0, "cut -d, -f3- " + folder + "/curve.csv").out;
  };
  EXPECT_EQ(column("r"), column("n"));
  // The names of the run, though the file is gone.
  expect(0, "rm names.txt");
  EXPECT_THAT(expect(0, "gibbon gallery r --class 'Bär' --quiet").out, HasSubstr("target reached"));
  EXPECT_EQ(json::parse(shell.text("r/gallery.json"))[0]["label_name"], "Bär");
}

TEST_F(NamesCli, SaysHowOftenTheTargetIsReached) {
  EXPECT_THAT(expect(0, sweep + "--classes names.txt --attack pgd:target=one --gallery 0 -o r").out,
              testing::ContainsRegex("pgd:target=one, linf, ε = 0.3: label changed in [0-9]+ of "
                                     "[0-9]+, target reached in [0-9]+"));
}

TEST_F(NamesCli, OnePictureHasThemToo) {
  expect(0, "gibbon sweep --model m.onnx --data digits --samples 0:60 --epsilons 0.1 --quiet -o p");
  const std::string image = "\"$(ls p/gallery/clean_*.png | head -n 1)\"";
  const auto made = expect(0,
                           "gibbon gallery --model m.onnx --classes names.txt --epsilons 0.3 "
                           "--attack pgd --image " +
                               image + " -o g");
  EXPECT_THAT(made.err, testing::ContainsRegex("the model predicts [a-zB<]"));
  EXPECT_THAT(made.out, AllOf(HasSubstr("pgd, l∞, ε = 0.3; label"), HasSubstr("  clean  ")));
}

TEST_F(NamesCli, WhatDoesNotFitIsRefused) {
  const auto error = [&](int status, const std::string& rest) {
    return expect(status, sweep + "-o x " + rest).err;
  };
  EXPECT_THAT(error(3, "--classes none.txt"), HasSubstr("none.txt"));
  expect(0, "head -n 9 names.txt > nine.txt; { echo; cat nine.txt; } > empty.txt");
  EXPECT_THAT(error(3, "--classes nine.txt"),
              HasSubstr("nine.txt: 9 names, but 784-16-10 has 10 classes; give one name"));
  EXPECT_THAT(error(3, "--classes empty.txt"), HasSubstr("class 0 has an empty name"));
  EXPECT_THAT(error(2, "--classes names.txt --attack fgsm:target=sevn"),
              HasSubstr("unknown class 'sevn'; did you mean 'seven'"));
  EXPECT_THAT(error(2, "--attack fgsm:target=seven"), HasSubstr("unknown class 'seven'"));
  EXPECT_THAT(error(2, "--attack fgsm:target=10"), HasSubstr("outside [0, 9]"));
  EXPECT_FALSE(shell.has("x/run.json"));
}

}  // namespace
}  // namespace gibbon::eval::cli
