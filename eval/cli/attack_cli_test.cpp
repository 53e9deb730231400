// SPDX-License-Identifier: MIT
// Ensembles, saved examples, transfer and runs that were stopped, as people and scripts see them.
#include <gmock/gmock.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "eval/cli/shell.hpp"

namespace gibbon::eval::cli {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class AttackCli : public testing::Test {
 protected:
  AttackCli() {
    expect(0,
           "gibbon train --data moons --arch 2-16-2 --activation tanh --epochs 40 --quiet -o "
           "m.onnx");
  }
  Shell::Result expect(int status, const std::string& line) {
    const Shell::Result result = shell.run(line);
    EXPECT_EQ(result.status, status) << line << "\n" << result.out << result.err;
    return result;
  }
  Shell shell;
};

const std::string kSweep = "gibbon sweep --model m.onnx --data moons ";

TEST_F(AttackCli, AutoAttackPrintsTheLinesThatPeopleGrepFor) {
  const auto run = expect(0, kSweep + "--attack autoattack --epsilons 0.1 -o aa");
  EXPECT_THAT(
      run.out,
      AllOf(HasSubstr("setting parameters for standard version\n"),
            HasSubstr("using standard version including apgd-ce, apgd-t, fab-t, square.\n"),
            ContainsRegex("initial accuracy: [0-9]+\\.[0-9][0-9]%\n"),
            ContainsRegex("robust accuracy after APGD-CE: [0-9.]+% \\(total time [0-9.]+ s\\)\n"),
            HasSubstr("robust accuracy after SQUARE: "),
            ContainsRegex("max Linf perturbation: 0\\.[01][0-9]+, nan in tensor: 0, max: "),
            ContainsRegex("\nrobust accuracy: [0-9.]+%\n")));
  EXPECT_THAT(
      run.err,
      AllOf(ContainsRegex("apgd-ce - 1/[0-9]+ - [0-9]+ out of [0-9]+ successfully perturbed"),
            HasSubstr("so needs four classes")))
      << "and says which loss it took for two classes";
  EXPECT_THAT(expect(0, "gibbon explain autoattack").out,
              AllOf(HasSubstr("apgd-ce:eot=20"), HasSubstr("arXiv:2003.01690")));
  EXPECT_THAT(expect(0, "gibbon list attacks").out,
              AllOf(HasSubstr("autoattack"), HasSubstr("worst-case(…)"), HasSubstr("hopskipjump")));
}

TEST_F(AttackCli, SamplesOfTheTargetClassAreNotInN) {
  const auto run = expect(0, kSweep + "--attack pgd:target=1 --epsilons 4,0.1 -o aimed");
  const std::string left_out =
      "250 of 500 samples are of class 1, the target of pgd:target=1: they are excluded from every "
      "row, so n = 250.";
  EXPECT_THAT(run.err, AllOf(HasSubstr("note: " + left_out), HasSubstr("did you mean 0.1,4/255?")));
  EXPECT_THAT(run.out, AllOf(HasSubstr("/250"), Not(HasSubstr("/500"))));
  const auto json = nlohmann::json::parse(shell.text("aimed/run.json"));
  EXPECT_EQ(json.at("data").at("n"), 250);
  EXPECT_EQ(json.at("data").at("notes"), nlohmann::json::array({left_out}));
  EXPECT_EQ(json.at("diagnosis").at(0), left_out);
}

TEST_F(AttackCli, SavedExamplesAreForNumPyAndForOtherModels) {
  expect(0,
         kSweep + "--attack 'worst-case(fgsm,pgd)' --epsilons 0.1,0.3 --save adv.npz --quiet -o a");
  EXPECT_THAT(
      expect(0,
             "/usr/bin/python3 -c \"\n"
             "import numpy as np\n"
             "f = np.load('adv.npz')\n"
             "assert f['x'].shape == f['x_adv'].shape == (500, 2) and f['x'].dtype == np.float32\n"
             "far = np.abs(f['x_adv'].astype(float) - f['x']).max(1)\n"
             "assert np.allclose(far, f['distances'], atol=1e-12) and far.max() <= 0.3\n"
             "out = f['predictions'] != f['labels']\n"
             "assert ((f['broken'] == 1) == out).all()\n"
             "assert set(f['attack'][(f['broken'] == 1) & (far > 0)]) <= {'fgsm', 'pgd'}\n"
             "assert (f['ids'] == np.arange(500)).all()\n"
             "print(int((~out).sum()), 'stand')\"")
          .out,
      HasSubstr(" stand"));
  const auto same = expect(0, "gibbon sweep --model m.onnx --from adv.npz --quiet -o b");
  EXPECT_THAT(same.out, HasSubstr("stored:adv.npz"));
  // What broke the model breaks it again: the last line of the curve, n and correct.
  // n and correct; the name of the first holds a comma
  const std::string counts = " | awk -F, '{print $(NF-5), $(NF-4)}'";
  EXPECT_EQ(expect(0, "tail -n 1 a/curve.csv" + counts).out,
            expect(0, "tail -n 1 b/curve.csv" + counts).out);
  expect(0,
         "gibbon train --data moons --arch 2-8-2 --epochs 40 --seed 5 --quiet -o other.onnx && cp "
         "adv.npz two.npz");
  const auto matrix =
      expect(0, "gibbon transfer --model m.onnx other.onnx --from adv.npz two.npz -o t.csv");
  EXPECT_THAT(matrix.out,
              AllOf(HasSubstr("adv.npz (linf, ε = 0.3, n = 500)"), HasSubstr("other.onnx")));
  EXPECT_EQ(expect(0, "wc -l < t.csv").out, "5\n");
  EXPECT_THAT(expect(2, kSweep + "--attack pgd --save pics -o p").err, HasSubstr("holds points"));
  EXPECT_THAT(expect(2, "gibbon transfer --model m.onnx").err, HasSubstr("--from is required"));
  EXPECT_THAT(
      expect(3, "head -c 100 adv.npz > cut.npz; gibbon sweep --model m.onnx --from cut.npz -o c")
          .err,
      HasSubstr("cut.npz"));
  EXPECT_THAT(expect(2, "gibbon sweep --model m.onnx --data blobs -o d").err,
              HasSubstr("has 2 classes, but blobs has 3"));
  EXPECT_THAT(expect(2, kSweep + "--attack pgd --save x.npy -o e").err,
              AllOf(HasSubstr("unknown file type '.npy'"), HasSubstr("write x.npz, or x.npy/")));
  // As Foolbox makes them, and with ids that do not tell samples apart.
  expect(0,
         "/usr/bin/python3 -c \"\n"
         "import numpy as np\n"
         "f = np.load('adv.npz')\n"
         "s = np.sign(f['x_adv'] - f['x']).astype('f4')\n"
         "made = np.clip(f['x'] + np.float32(.1) * s, 0, 1)\n"
         "np.savez('foolbox.npz', x=f['x'], x_adv=made, labels=f['labels'], epsilon=[.1])\n"
         "np.savez('twice.npz', x=f['x'], x_adv=made, labels=f['labels'], ids=f['ids'] // 2)\"");
  EXPECT_THAT(expect(0, "gibbon transfer --model m.onnx --from foolbox.npz").err,
              ContainsRegex("note: [0-9]+ of 500 stored examples lay outside the linf ball of ε = "
                            "0.1 by no more than float32 rounding"));
  EXPECT_THAT(expect(3, "gibbon sweep --model m.onnx --from twice.npz -o f").err,
              HasSubstr("twice.npz: ids [1] is 0 for the second time"));
  EXPECT_THAT(
      expect(2, kSweep + "--attack pgd --norm l2 --norm linf --epsilons 0.1 --save x.npz -o e").err,
      HasSubstr("examples have one norm"));
}

const std::string kLong =
    kSweep +
    "--attack 'worst-case(pgd:steps=200,apgd-ce,fmn)' --attack square --attack fgsm "
    "--epsilons 0:0.4:0.04 --batch 16 --save adv.npz --gallery 0 ";

TEST_F(AttackCli, WhatWasKilledGoesOnToTheSameBytes) {
  expect(0, kLong + "--quiet -o whole && mv adv.npz whole.npz");
  EXPECT_FALSE(shell.has("whole/resume.journal")) << "a finished run needs none";
  // kill -9 after ever longer times, until a run survives.
  const auto loop =
      expect(0, "n=0; until " + kLong + "--resume --quiet -o parts >out & p=$!; ( " +
                    until(has_worked("5 + 7 * n")) +
                    "kill -9 $p 2>/dev/null ) & "
                    "wait $p 2>/dev/null; do n=$((n + 1)); test $n -lt 200 || exit 1; done; "
                    "echo killed $n times");
  EXPECT_THAT(loop.out, Not(HasSubstr("killed 0 times")));
  for (const char* file :
       {"curve.csv", "samples.npy", "distances.csv", "queries.csv", "curve.svg"}) {
    EXPECT_EQ(shell.text(std::string("parts/") + file), shell.text(std::string("whole/") + file))
        << file;
  }
  EXPECT_EQ(shell.text("adv.npz"), shell.text("whole.npz"));
  EXPECT_THAT(expect(0, kLong + "--resume -o parts").err, HasSubstr("nothing to resume"));
}

TEST_F(AttackCli, CtrlCKeepsWhatIsFinishedAndResumeGoesOn) {
  expect(0, kLong + "--quiet -o whole");
  const auto stopped =
      expect(130, kLong + "--threads 1 -o parts 2>log & p=$!; " +
                      until("test $(stat -c %s parts/resume.journal 2>/dev/null || echo 0) -gt "
                            "20000") +
                      "kill -INT $p; wait $p; code=$?; cat log; exit $code");
  EXPECT_THAT(stopped.out, HasSubstr("continue with the same command and --resume"));
  EXPECT_TRUE(shell.has("parts/resume.journal"));
  EXPECT_THAT(expect(2, kLong + "-o parts").err,
              HasSubstr("the folder contains an unfinished sweep"));
  EXPECT_THAT(expect(2, kLong + "--seed 3 --resume -o parts").err,
              HasSubstr("seed is 3, it was 0"));
  EXPECT_THAT(expect(2, kLong + "--attack bim --resume -o parts").err, HasSubstr("attack is ["));
  EXPECT_THAT(expect(0, kLong + "--resume --threads 2 -o parts").err,
              HasSubstr("parts of the sweep were read from"));
  for (const char* file : {"curve.csv", "samples.npy"}) {
    EXPECT_EQ(shell.text(std::string("parts/") + file), shell.text(std::string("whole/") + file));
  }
}

TEST_F(AttackCli, AFullDiskLosesNothing) {
  const auto full = expect(3, "ulimit -f 40; " + kLong + "--quiet -o parts");
  EXPECT_THAT(full.err, AllOf(HasSubstr("resume.journal"), HasSubstr("--resume")));
  expect(0, kLong + "--quiet --resume -o parts && " + kLong + "--quiet -o whole");
  EXPECT_EQ(shell.text("parts/samples.npy"), shell.text("whole/samples.npy"));
}

TEST_F(AttackCli, BadInputIsNamed) {
  const auto error = [&](const std::string& rest) {
    return expect(2, kSweep + rest + " -o x").err;
  };
  EXPECT_THAT(error("--attack pgd:restarts=0"), HasSubstr("restarts = 0 is outside [1, "));
  EXPECT_THAT(error("--attack pgd:stepz=3"), HasSubstr("did you mean 'steps'?"));
  EXPECT_THAT(error("--attack pgd:target=2"), HasSubstr("target = 2 is outside [0, 1]"));
  EXPECT_THAT(error("--attack ddn --norm linf"),
              HasSubstr("supports none of the chosen norms; allowed are l2"));
  EXPECT_THAT(error("--attack fmn --norm l0 --epsilons 1.5"), HasSubstr("is not a whole number"));
  EXPECT_THAT(error("--attack autoattack:version=strong"),
              HasSubstr("known are standard, plus, rand"));
  EXPECT_THAT(error("--attack pgd --norm l1 --norm linf"),
              HasSubstr("usually have different budgets"));
  EXPECT_FALSE(shell.has("x/run.json"));
}

TEST_F(AttackCli, NormAndBudgetsFollowAttackAndData) {
  const auto swept = expect(0, kSweep + "--attack ddn --samples 0:20 --gallery 0 -o d");
  EXPECT_THAT(swept.err, HasSubstr("norm l2, the first that all these attacks support"));
  const auto run = nlohmann::json::parse(shell.text("d/run.json"));
  EXPECT_EQ(run["configuration"]["norm"], nlohmann::json::array({"l2"}));
  EXPECT_EQ(run["curve"].size(), 13U) << "0 and twelve steps";
  EXPECT_EQ(run["curve"].back()["epsilon"], 0.6);
  EXPECT_THAT(expect(2, kSweep + "--attack ddn --attack jsma -o n").err,
              HasSubstr("no norm is supported by all of these attacks; give --norm"));
  EXPECT_THAT(
      expect(0, kSweep + "--attack 'worst-case(deepfool,jsma)' --samples 0:5 --epsilons 0.1 "
                         "--gallery 0 -o w")
          .err,
      HasSubstr("worst-case(deepfool,jsma) in linf: without jsma"));
  expect(0, kSweep + "--attack jsma --samples 0:20 --gallery 0 -o k");
  EXPECT_THAT(shell.text("k/curve.csv"), HasSubstr("jsma,l0,2,20,"));
  EXPECT_EQ(shell.text("k/curve.csv").find("jsma,l0,3,"), std::string::npos)
      << "no point has three values to change";
}

}  // namespace
}  // namespace gibbon::eval::cli
