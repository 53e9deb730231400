// SPDX-License-Identifier: MIT
// Data of one's own on the command line.
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "datasets/image_io.hpp"
#include "eval/cli/shell.hpp"

namespace gibbon::eval::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class DataCli : public testing::Test {
 protected:
  Shell::Result expect(int status, const std::string& line) {
    const Shell::Result result = shell.run(line);
    EXPECT_EQ(result.status, status) << line << "\n" << result.out << result.err;
    return result;
  }
  Shell shell;
};

TEST_F(DataCli, ATableTrainsAndTestsAndSaysThatTheseAreTheSame) {
  expect(
      0,
      "printf 'a,b,kind\\n' > t.csv; "
      "for k in $(seq 40); do printf \"$((k % 2 * 10 + k % 3)),$k,$((k % 2))\\n\" >> t.csv; done");
  const Shell::Result trained =
      expect(0, "gibbon train --data t.csv --arch 2-4-2 --activation relu --epochs 1 -o t.onnx");
  EXPECT_THAT(trained.out, AllOf(HasSubstr("accuracy on all samples of the data"),
                                 Not(HasSubstr("test accuracy"))));
  EXPECT_THAT(trained.err, AllOf(HasSubstr("ε is a share of the range of each feature"),
                                 HasSubstr("one set of 40 samples")));
  // Options of data are stored with a run, and its gallery and certificates read the same again.
  expect(0,
         "gibbon sweep --model t.onnx --data t.csv --data-range 0,100 --epsilons 0.1 --attack fgsm "
         "--gallery 0 --quiet -o r && grep -q '\"data-range\": *\"0,100\"' r/run.json");
  EXPECT_THAT(expect(0, "gibbon data show t.csv --samples 0:10").out,
              AllOf(HasSubstr("samples   10\n"), HasSubstr("1 × 2 × 1 (points)"),
                    HasSubstr("feature 1   b (1 … 40)"), HasSubstr("note: t.csv: the label is")));
  EXPECT_THAT(expect(3, "echo 1,,0 >> t.csv; gibbon data show t.csv").err,
              HasSubstr("t.csv: line 42, column 'b': the value is missing"));
  EXPECT_THAT(expect(2, "gibbon data show t.csv --layout chw").err, HasSubstr("--layout chw"));
  EXPECT_THAT(expect(2, "gibbon data show t.csv --data-range 1").err, HasSubstr("--data-range 1"));
  EXPECT_THAT(expect(2, "gibbon data show t.csv --background red").err,
              HasSubstr("--background red"));
}

TEST_F(DataCli, ShowSaysWhatMayBeWrong) {
  std::filesystem::create_directories(shell.path("p/test/a"));
  std::filesystem::create_directories(shell.path("p/test/b"));
  const datasets::Picture flat{.height = 1, .width = 2, .channels = 1, .pixels = {9, 9}};
  datasets::write_png(shell.path("p/test/a/1.png"), flat);
  datasets::write_png(shell.path("p/test/a/2.png"), flat);
  EXPECT_THAT(expect(0, "gibbon data show p").out,
              AllOf(HasSubstr("warning: 2 of 2 samples have the same value everywhere"),
                    HasSubstr("warning: 1 of 2 samples are equal to an earlier one"),
                    HasSubstr("warning: All samples are of class a")));
}

}  // namespace
}  // namespace gibbon::eval::cli
