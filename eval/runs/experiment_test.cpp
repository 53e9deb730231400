// SPDX-License-Identifier: MIT
#include "eval/runs/experiment.hpp"

#include <filesystem>
#include <gmock/gmock.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"

namespace gibbon::eval::runs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ExperimentFile : public testing::Test {
 protected:
  ~ExperimentFile() override { std::filesystem::remove(path_); }

  Experiment read(const std::string& text) const {
    write_atomically(path_, text);
    return read_experiment(path_);
  }
  std::string message(const std::string& text) const {
    try {
      static_cast<void>(read(text));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return error.what();
    }
    return "no error";
  }

  std::string path_ =
      std::filesystem::temp_directory_path() / fmt::format("gibbon_experiment_{}.toml", getpid());
};

TEST_F(ExperimentFile, SetsOptionsByTheirNames) {
  Experiment e = read(
      "output = 'out'\nseed = 3\ndata-dir = 'd'\n[train]\nlr = 1\nepochs = 2\n"
      "[sweep]\nattack = ['fgsm', 'noise-sign']\nnorm = 'l2'\ncrosscheck = true\n");
  EXPECT_EQ(e.output, "out");
  EXPECT_EQ(e.common.seed, 3U);
  EXPECT_EQ(e.data.data_dir, "d");
  EXPECT_EQ(e.train.lr, 1.0);
  EXPECT_EQ(e.train.epochs, 2U);
  EXPECT_THAT(e.sweep.attack, ElementsAre("fgsm", "noise-sign"));
  EXPECT_THAT(e.sweep.norm, ElementsAre("l2"));
  EXPECT_TRUE(e.sweep.crosscheck);
  EXPECT_THAT(to_text(e), HasSubstr("  epochs         2\n"));
}

TEST_F(ExperimentFile, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(message("sede = 1"), HasSubstr("unknown key 'sede'; did you mean 'seed'?"));
  EXPECT_THAT(message("[train]\nepoch = 1"), HasSubstr("did you mean 'train.epochs'?"));
  EXPECT_THAT(message("[trian]\nepochs = 1"), HasSubstr("did you mean 'train'?"));
  EXPECT_THAT(message("[train]\nepochs = 'ten'"),
              HasSubstr("train.epochs: wrong type; expected a whole number"));
  EXPECT_THAT(message("[train]\nepochs = -1"), HasSubstr("a whole number >= 0"));
  EXPECT_THAT(message("[sweep]\nattack = [1]"), HasSubstr("text in quotes"));
  EXPECT_THAT(message("sweep = 1"), HasSubstr("allowed is a table, [sweep]"));
  EXPECT_THAT(message("model = 'm.onnx'\n[train]\nepochs = 1"),
              HasSubstr("allowed is one of them"));
  EXPECT_THAT(message("seed ="), HasSubstr(":1: not valid TOML"));
}

TEST_F(ExperimentFile, KeysAndValuesMayNotBeNestedDeeply) {
  std::string key = "a";
  for (int k = 0; k < 20000; ++k) key += ".'b=c'";
  EXPECT_THAT(message("# a.b\n" + key + " = 1"), HasSubstr(":2: a key has more than 64 parts"));
  EXPECT_THAT(message("[" + key + "]"), HasSubstr("a key has more than 64 parts"));
  EXPECT_THAT(message("a = \"\"\"\n\"x\"\"\"\"\n" + key + " = 1"), HasSubstr("more than 64 parts"));
  EXPECT_THAT(message("a = " + std::string(20000, '[')), HasSubstr("not valid TOML"));
  std::string budgets = "0";  // dots of values count for nothing
  for (int k = 0; k < 100; ++k) budgets += ",0.1";
  EXPECT_EQ(read("[sweep]\nepsilons = \"" + budgets + "\"").sweep.epsilons, budgets);
  EXPECT_THROW(static_cast<void>(read(std::string(2U << 20U, ' '))), Error);
}

}  // namespace
}  // namespace gibbon::eval::runs
