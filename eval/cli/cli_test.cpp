// SPDX-License-Identifier: MIT
// The program as people and CI scripts see it: exit codes, files, what is on stdout and on stderr.
#include <gmock/gmock.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "eval/cli/shell.hpp"

namespace gibbon::eval::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class Cli : public testing::Test {
 protected:
  /// Runs and expects an exit status.
  Shell::Result expect(int status, const std::string& line) {
    const Shell::Result result = shell.run(line);
    EXPECT_EQ(result.status, status) << line << "\n" << result.out << result.err;
    return result;
  }
  /// m.onnx, trained on two moons.
  void train_moons() {
    expect(
        0,
        "gibbon train --data moons --arch 2-16-2 --activation tanh --epochs 40 --quiet -o m.onnx");
  }
  Shell shell;
};

TEST_F(Cli, HelpAndVersion) {
  EXPECT_THAT(expect(0, "gibbon --help").out, AllOf(HasSubstr("sweep"), HasSubstr("Exit codes")));
  for (const char* command : {"train", "sweep", "corrupt", "certify", "smooth", "verify", "run",
                              "report", "baseline", "check", "compare", "simulate-gate", "gallery",
                              "crosscheck", "explain", "data", "list", "doctor"}) {
    EXPECT_THAT(expect(0, std::string("gibbon ") + command + " --help").out, HasSubstr("--help"));
  }
  EXPECT_THAT(expect(0, "gibbon --version").out, StartsWith("gibbon 0."));
  EXPECT_THAT(expect(2, "gibbon swepe").err, HasSubstr("did you mean 'sweep'?"));
  EXPECT_THAT(expect(2, "gibbon sweep --epsilom 1").err, HasSubstr("did you mean '--epsilon'?"));
  const std::string overview = expect(2, "gibbon").out;
  EXPECT_THAT(overview, AllOf(HasSubstr("Train and attack:"), HasSubstr("Guard in CI:")));
  EXPECT_EQ(expect(0, "gibbon help").out, overview);
  EXPECT_EQ(expect(0, "gibbon help sweep").out, expect(0, "gibbon sweep -h").out);
  EXPECT_THAT(expect(2, "gibbon help swep").err, HasSubstr("did you mean 'sweep'?"));
  // Fits a terminal, and says everything in ASCII where that is all there is.
  expect(0,
         "for c in '' train sweep certify gallery check 'data show'; do gibbon $c --help; done "
         "> help.txt");
  EXPECT_EQ(expect(0, "LC_ALL=C.UTF-8 grep -P '^.{101}' help.txt || true").out, "");
  expect(0,
         "(export LC_ALL=C; gibbon train --help; gibbon list; gibbon sweep --data x 2>&1) "
         "> ascii.txt; ! LC_ALL=C grep -P '[^\\x00-\\x7F]' ascii.txt");
}

TEST_F(Cli, VerboseTellsWhatTakesHowLong) {
  train_moons();
  const std::string sweep =
      "gibbon sweep --model m.onnx --data moons --samples 0:20 --epsilon 0.1 --gallery 0 ";
  const auto said = expect(0, sweep + "-v -o r");
  for (const char* part : {" s  data moons\n", " s  model m.onnx\n", " s  sweep\n",
                           " s  curve.svg\n", " s  report.html\n"})
    EXPECT_THAT(said.err, HasSubstr(part));
  EXPECT_EQ(expect(0, sweep + "-o q").err.find(" s  sweep"), std::string::npos);
  EXPECT_EQ(shell.text("r/curve.csv"), shell.text("q/curve.csv"));
}

TEST_F(Cli, WhatIsListedIsExplained) {
  EXPECT_THAT(expect(0, "gibbon explain cosine").out, HasSubstr("of the schedules"));
  EXPECT_THAT(expect(0, "gibbon explain xavier").out, HasSubstr("of the initialisers"));
  EXPECT_THAT(expect(0, "gibbon explain fog").out, HasSubstr("of the corruptions"));
  EXPECT_THAT(expect(0, "gibbon explain step").out, Not(HasSubstr("alpha")));
  EXPECT_THAT(expect(2, "gibbon explain nothing").err, HasSubstr("is called so"));
  EXPECT_THAT(expect(2, "gibbon trend a b -o t.png").err, HasSubstr("the chart is SVG"));
  EXPECT_THAT(expect(2, "gibbon compare a b -o x.pdf").err, HasSubstr("the page is HTML"));
}

TEST_F(Cli, OutputFoldersAreNumberedAndFailuresLeaveNone) {
  train_moons();
  const std::string sweep = "gibbon sweep --model m.onnx --data moons --quiet --samples 0:20 ";
  EXPECT_THAT(expect(0, sweep).out, HasSubstr("report runs/sweep/report.html"));
  EXPECT_THAT(expect(0, sweep).out, HasSubstr("report runs/sweep-2/report.html"));
  expect(2, sweep + "-o runs/sweep");
  expect(0, sweep + "--force");
  EXPECT_FALSE(shell.has("runs/sweep-3"));
  // Created for nothing.
  expect(2, sweep + "--attack pgd --split tset -o new/folder");
  expect(2, "gibbon certify --model m.onnx --data blobs -o new/folder");
  EXPECT_FALSE(shell.has("new"));
  expect(0, "mkdir -p kept/folder");
  expect(2, sweep + "--split tset -o kept/folder");
  EXPECT_TRUE(shell.has("kept/folder"));
}

TEST_F(Cli, TrainsSweepsAndReports) {
  train_moons();
  EXPECT_THAT(shell.text("m.history.csv"),
              StartsWith("epoch,learning_rate,train_loss,train_accuracy,validation_loss,"));
  const auto sweep = expect(0,
                            "gibbon sweep --model m.onnx --data moons --norm linf --norm l2 "
                            "--epsilons 0:0.2:0.1 --quiet -o r");
  EXPECT_THAT(expect(0,
                     "gibbon sweep --model m.onnx --data moons --attack 'fgsm:label=Fast (sign)' "
                     "--epsilons 0.1 -q -o l")
                  .out,
              AllOf(HasSubstr("Fast (sign)"), Not(HasSubstr("fgsm"))));
  EXPECT_THAT(shell.text("l/curve.csv"), HasSubstr("\nfgsm,linf,")) << "files keep the name";
  EXPECT_THAT(shell.text("l/report.html"), HasSubstr("Fast (sign)"));
  EXPECT_THAT(expect(2,
                     "gibbon sweep --model m.onnx --data moons --attack fgsm:label=pgd --attack "
                     "pgd -o l2")
                  .err,
              HasSubstr("another attack is called 'pgd'"));
  EXPECT_THAT(sweep.out, AllOf(HasSubstr("fgsm"), HasSubstr("noise-sign (noise)"),
                               HasSubstr("report r/report.html")));
  EXPECT_THAT(sweep.err, IsEmpty());
  EXPECT_THAT(shell.text("r/curve.csv"),
              StartsWith("attack,norm,epsilon,n,correct,accuracy,wilson_low,wilson_high,"
                         "accuracy_on_clean_correct\nfgsm,linf,0,500,"));
  for (const char* file : {"r/run.json", "r/samples.npy", "r/report.html", "r/report.md",
                           "r/report.tex", "r/curve.svg", "r/curve.png", "r/curve.pdf"}) {
    EXPECT_TRUE(shell.has(file)) << file;
  }
  const auto run = nlohmann::json::parse(shell.text("r/run.json"));
  EXPECT_EQ(run["schema"], 1);
  EXPECT_EQ(run["model"]["sha256"].get<std::string>().size(), 64U);
  EXPECT_EQ(run["data"]["n"], 500);
  EXPECT_EQ(
      run["command"],
      "gibbon sweep --model m.onnx --data moons --norm linf --norm l2 --epsilons 0:0.2:0.1 --quiet "
      "--output r");
  for (const char* key :
       {"configuration", "environment", "cost", "seconds", "curve", "diagnosis"}) {
    EXPECT_TRUE(run.contains(key)) << key;
  }

  // The report is drawn again from what is stored: the same page, without the model.
  const std::string before = shell.text("r/report.html");
  expect(0, "rm m.onnx r/report.html r/curve.svg; gibbon report r");
  EXPECT_EQ(shell.text("r/report.html"), before);
  EXPECT_TRUE(shell.has("r/curve.svg"));

  // The figure and its numbers alone, of one run or several.
  EXPECT_THAT(
      expect(0, "gibbon report r -o f.pdf --size 100x120 --title X --font 'DejaVu Serif,9'").out,
      HasSubstr("figure f.pdf"));
  EXPECT_THAT(shell.text("f.pdf"), StartsWith("%PDF"));
  expect(0, "gibbon report r r -o f.svg --size 200 && gibbon report r r -o f.csv");
  EXPECT_THAT(shell.text("f.svg"), HasSubstr("A: m.onnx"));
  EXPECT_THAT(shell.text("f.csv"), AllOf(StartsWith("model,attack,norm,"),
                                         HasSubstr("\nB: m.onnx (2-16-2),fgsm,linf,")));
  expect(0, "gibbon report r -o one.csv && cmp one.csv r/curve.csv");
  const auto problem = [&](int status, const std::string& options) {
    return expect(status, "gibbon report r " + options).err;
  };
  EXPECT_THAT(problem(2, "-o f.pfd"), HasSubstr("--output f.pfd: the ending says what is written"));
  EXPECT_THAT(problem(2, "--size 88"), HasSubstr("--size: of a figure; give --output FILE.pdf"));
  EXPECT_THAT(problem(2, "-o f.html --title X"), HasSubstr("--title: of a figure"));
  EXPECT_THAT(problem(2, "-o f.pdf --size 88x-2"), HasSubstr("'-2' is not a number in (0, 2000]"));
  EXPECT_THAT(problem(2, "-o f.pdf --size 88xnan"), HasSubstr("'nan' is not a number"));
  EXPECT_THAT(problem(2, "-o f.pdf --font \"x',9\""), HasSubstr("a name has letters, digits"));
  EXPECT_THAT(problem(3, "-o f.pdf --size 20x10"), HasSubstr("leave no room for the curves"));
}

TEST_F(Cli, Certifies) {
  train_moons();
  const auto proved = expect(0,
                             "gibbon certify --model m.onnx --data moons --epsilons 0,0.01,0.1 "
                             "--radius --threads 1 --quiet -o c");
  EXPECT_THAT(proved.out, AllOf(HasSubstr("certified"), HasSubstr("soundness level double"),
                                HasSubstr("report c/report.html")));
  EXPECT_THAT(proved.err, IsEmpty());
  expect(0,
         "gibbon certify --model m.onnx --data moons --epsilons 0,0.01,0.1 --radius --threads 3 "
         "--quiet -o d && cmp c/certified.csv d/certified.csv");
  const auto json = nlohmann::json::parse(shell.text("c/certified.json"));
  const auto samples = json["certificates"][0]["samples"];
  EXPECT_EQ(samples.size(), 500U);
  EXPECT_EQ(samples,
            nlohmann::json::parse(shell.text("d/certified.json"))["certificates"][0]["samples"]);
  EXPECT_THAT(expect(2, "gibbon certify --model m.onnx --data moons -o c").err,
              HasSubstr("c: the folder already contains certificates in linf"));
  EXPECT_THAT(expect(2, "gibbon baseline c -o b.json").err,
              HasSubstr("contains only certificates"));
  EXPECT_THAT(expect(2, "gibbon gallery c").err, HasSubstr("contains only certificates"));
  EXPECT_THAT(expect(2, "gibbon certify --model m.onnx --data moons --norm l3 -o e").err,
              HasSubstr("l3"));
  EXPECT_THAT(expect(2, "gibbon certify --model m.onnx --data moons --timeout -1 -o e").err,
              HasSubstr("--timeout -1: outside [0"));
  EXPECT_THAT(expect(2, "gibbon certify --model m.onnx --data moons --soundness exact -o e").err,
              HasSubstr("--soundness exact: unknown level"));
  EXPECT_THAT(expect(2, "gibbon certify --model m.onnx --data moons --norm l0 -o e").err,
              HasSubstr("--norm l0: nothing can be certified in it"));
  EXPECT_THAT(expect(2,
                     "gibbon train --data moons --arch 2-4-2 --activation gelu --epochs 1 --quiet "
                     "-o g.onnx && gibbon certify --model g.onnx --data moons -o e")
                  .err,
              HasSubstr("activation gelu has no sound relaxation; allowed are identity"));
}

TEST_F(Cli, CertificatesJoinTheSweepInTheFolder) {
  train_moons();
  expect(
      0,
      "gibbon sweep --model m.onnx --data moons --samples 0:100 --attack pgd:steps=40 --norm linf "
      "--norm l1 --epsilons 0:0.4:0.1 --quiet -o r && cp -r r plain");
  const std::string certify =
      "gibbon certify --model m.onnx --data moons --samples 0:100 --epsilons 0.1,0.2,0.4 --nodes 0 "
      "--quiet ";
  const auto proved = expect(0, certify + "-o r");
  EXPECT_THAT(proved.out, AllOf(HasSubstr("pgd"), HasSubstr("certified in l∞")));
  expect(0, certify + "--norm l1 -o r");
  for (const char* file : {"r/certified.csv", "r/radii.csv", "r/curve.csv", "r/curve.svg"})
    EXPECT_TRUE(shell.has(file)) << file;
  EXPECT_THAT(shell.text("r/curve.svg"), HasSubstr("certified"));
  // Attacked is what the sweep's records say, at the budgets that both looked at.
  expect(
      0,
      "/usr/bin/python3 -c \"\n"
      "import csv\n"
      "curve = {(r['norm'], float(r['epsilon'])): r for r in csv.DictReader(open('r/curve.csv'))}\n"
      "for r in csv.DictReader(open('r/certified.csv')):\n"
      "    assert int(r['n']) - int(r['attacked']) == int(curve[r['norm'], "
      "float(r['epsilon'])]['correct']), r\n"
      "    assert int(r['certified']) + int(r['attacked']) + int(r['undecided']) == 100, r\n"
      "\"");
  // Drawn again it is the same; a sweep that takes its place leaves nothing of it.
  const std::string page = shell.text("r/report.html");
  expect(0, "rm r/report.html; gibbon report r");
  EXPECT_EQ(shell.text("r/report.html"), page);
  expect(0, "gibbon report r plain -o both.html");
  expect(0, certify + "--force -o r");
  expect(0, "gibbon sweep --model m.onnx --data moons --attack pgd --force --quiet -o r");
  EXPECT_FALSE(shell.has("r/certified.json"));
  EXPECT_FALSE(shell.has("r/radii.csv"));
}

TEST_F(Cli, CertificatesOfSomethingElseDoNotJoin) {
  train_moons();
  expect(0,
         "gibbon sweep --model m.onnx --data moons --samples 0:100 --attack pgd --quiet -o r && "
         "gibbon train --data moons --arch 2-4-2 --activation tanh --epochs 1 --quiet -o n.onnx");
  const auto refused = [&](const std::string& options) {
    return expect(2, "gibbon certify --data moons --quiet -o r " + options).err;
  };
  EXPECT_THAT(refused("--model n.onnx --samples 0:100"),
              HasSubstr("r: its run has model SHA-256 "));
  EXPECT_THAT(refused("--model m.onnx --samples 0:50"),
              HasSubstr("its run has samples 100, ids 0 to 99, this command 50, ids 0 to 49"));
  EXPECT_THAT(refused("--model m.onnx --samples 0:100 --split train"),
              HasSubstr("its run has data SHA-256 "));
  EXPECT_THAT(refused("--model m.onnx --samples 0:100 --norm l2"),
              HasSubstr("its run has norm linf, this command l2"));
  EXPECT_THAT(refused("--model m.onnx --samples 0:100 --no-clip"), HasSubstr("--no-clip"));
  EXPECT_FALSE(shell.has("r/certified.json"));
  expect(0, "touch r/resume.journal");
  EXPECT_THAT(refused("--model m.onnx --samples 0:100"),
              HasSubstr("r: the folder contains an unfinished sweep (resume.journal)"));
}

TEST_F(Cli, SameBytesForAnyThreadsAndBatch) {
  train_moons();
  expect(0, "gibbon sweep --model m.onnx --data moons --quiet --threads 1 -o a");
  expect(0, "gibbon sweep --model m.onnx --data moons --quiet --threads 3 --batch 17 -o b");
  expect(0, "cmp a/curve.csv b/curve.csv && cmp a/samples.npy b/samples.npy");
  expect(
      0,
      "gibbon train --data moons --arch 2-16-2 --activation tanh --epochs 40 --threads 1 --quiet "
      "-o n.onnx && cmp m.onnx n.onnx");
}

TEST_F(Cli, ResultsAreNotOverwrittenUnlessForced) {
  train_moons();
  EXPECT_THAT(expect(2, "gibbon train --data moons --arch 2-4-2 -o m.onnx").err,
              HasSubstr("replace them with --force"));
  expect(0, "gibbon sweep --model m.onnx --data moons --quiet -o r");
  EXPECT_THAT(expect(2, "gibbon sweep --model m.onnx --data moons -o r").err,
              HasSubstr("r: the folder already contains results (run.json)"));
  expect(0, "gibbon sweep --model m.onnx --data moons --quiet -o r --force");
}

TEST_F(Cli, OutputsThatCannotBeWritten) {
  train_moons();
  EXPECT_THAT(
      expect(3, "touch file; gibbon sweep --model m.onnx --data moons --quiet -o file/r").err,
      HasSubstr("file/r"));
  // A file-size limit is a disk that is full for this process: the model is 1 kB, the run more.
  const auto full =
      expect(3, "ulimit -f 4; gibbon sweep --model m.onnx --data moons --quiet -o full");
  EXPECT_THAT(full.err, AllOf(HasSubstr("gibbon: full/"), HasSubstr("File too large")));
  EXPECT_FALSE(shell.has("full/run.json")) << "half a run must not look like a whole one";
  EXPECT_THAT(expect(0, "ls -A full").out, Not(HasSubstr("tmp"))) << "temporaries are cleaned up";
  EXPECT_THAT(expect(3, "gibbon list > /dev/full").err, HasSubstr("standard output"));
}

TEST_F(Cli, BadInputIsNamedWithWhatIsAllowed) {
  train_moons();
  const auto error = [&](int status, const std::string& line) { return expect(status, line).err; };
  const std::string sweep = "gibbon sweep --data moons --model ";
  EXPECT_THAT(error(3, sweep + "none.onnx"), HasSubstr("none.onnx"));
  EXPECT_THAT(error(3, "echo hello > g.onnx; " + sweep + "g.onnx"),
              HasSubstr("g.onnx: not an ONNX model"));
  EXPECT_THAT(error(3, "head -c 300 m.onnx > t.onnx; " + sweep + "t.onnx"), HasSubstr("t.onnx"));
  EXPECT_THAT(error(2, "gibbon sweep --data moons"), HasSubstr("--model is required"));
  EXPECT_THAT(error(2, sweep + "m.onnx --epsilons -1"), HasSubstr("--epsilons -1"));
  EXPECT_THAT(error(2, sweep + "m.onnx --epsilons nan"), HasSubstr("allowed are numbers >= 0"));
  EXPECT_THAT(error(0, sweep + "m.onnx --epsilons 8 -o eps"), HasSubstr("did you mean 8/255?"));
  EXPECT_THAT(error(2, sweep + "m.onnx --attack fgms"), HasSubstr("did you mean 'fgsm'?"));
  EXPECT_THAT(error(2, sweep + "m.onnx --norm l3"), HasSubstr("unknown norm 'l3'"));
  EXPECT_THAT(error(2, sweep + "m.onnx --samples 0:0"), HasSubstr("0:0"));
  EXPECT_THAT(error(2, sweep + "m.onnx --samples 400:600"), HasSubstr("500"));
  EXPECT_THAT(error(2, sweep + "m.onnx --split tset"), HasSubstr("allowed are train and test"));
  EXPECT_THAT(error(2, sweep + "m.onnx --batch 0"), HasSubstr("--batch 0"));
  EXPECT_THAT(error(2, sweep + "m.onnx --batch 1k"),
              HasSubstr("--batch 1k: not a whole number from 0 on"));
  EXPECT_THAT(error(2, sweep + "m.onnx --seed -3"),
              HasSubstr("-3 is not a whole number from 0 on"));
  EXPECT_THAT(error(2, "gibbon certify --model m.onnx --timeout soon"),
              HasSubstr("soon is no time; write seconds, or 500ms"));
  EXPECT_THAT(error(2, "gibbon certify --model m.onnx --timeout 5000h"),
              HasSubstr("--timeout 18000000: outside [0, 1e7]"));
  EXPECT_THAT(error(2, "gibbon sweep --model m.onnx --data blobs"),
              HasSubstr("has 2 classes, but blobs has 3"));
  const std::string train = "gibbon train --data moons --quiet -o x.onnx ";
  EXPECT_THAT(error(2, train + "--arch 784-16-2"), HasSubstr("takes 784 inputs, but moons has 2"));
  EXPECT_THAT(error(2, train + "--arch 2x2"), HasSubstr("write for example --arch 784-16-16-10"));
  EXPECT_THAT(error(2, train + "--arch 2-4-2 --activation rleu"),
              HasSubstr("did you mean 'relu'?"));
  EXPECT_THAT(error(2, train + "--arch 2-4-2 --activation step"), HasSubstr("activation step"));
  EXPECT_THAT(error(2, train + "--arch 2-4-2 --loss cross-entropy --answer sigmoid"),
              HasSubstr("use --answer softmax"));
  EXPECT_THAT(error(2, train + "--arch 2-4-2 --lr -1"), HasSubstr("--lr -1: outside [0, "));
  EXPECT_THAT(error(2, train + "--arch 2-4-2 --lr fast"), HasSubstr("--lr fast: not a number"));
  EXPECT_THAT(error(2, train + "--arch 2-64-64-2 --activation relu --loss mse --answer identity "
                               "--optimizer sgd --lr 1000"),
              AllOf(HasSubstr("the loss diverged (not finite)"), HasSubstr("try --lr 100")));
  EXPECT_THAT(error(2, train + "--arch 2-4-2 --robust ipb"), HasSubstr("did you mean 'ibp'?"));
  EXPECT_THAT(error(2, train + "--arch 2-4-2 --robust ibp --activation gelu"),
              HasSubstr("its bounds do not hold for activation gelu"));
  EXPECT_THAT(error(2, train + "--arch 2-4-2 --robust ibp --kappa 2"),
              HasSubstr("--kappa 2: outside [0, 1]"));
  EXPECT_THAT(error(3, "gibbon report nothing"),
              HasSubstr("no run.json, so this is not a finished run"));
  EXPECT_THAT(error(2, "gibbon data show minst"), HasSubstr("did you mean 'mnist'?"));
}

TEST_F(Cli, SmoothingIsOfAnotherClassifierAndSaysSo) {
  expect(0,
         "gibbon train --data moons --arch 2-16-2 --epochs 20 --noise-sigma 0.1 --quiet -o m.onnx");
  const std::string smooth = "gibbon smooth --model m.onnx --data moons --quiet --samples 0:20 ";
  const auto result = expect(0, smooth + "--sigma 0.1 --n 2000 --epsilons 0.05,0.1 -o s");
  EXPECT_THAT(result.out, HasSubstr("holds for the smoothed classifier"));
  EXPECT_TRUE(shell.has("s/smoothed.csv"));
  const std::string first = shell.text("s/smoothed.csv");
  expect(0, smooth + "--sigma 0.1 --n 2000 --epsilons 0.05,0.1 --threads 1 --force -o s");
  EXPECT_EQ(shell.text("s/smoothed.csv"), first);
  EXPECT_THAT(expect(2, smooth + "--sigma 0 -o t").err, HasSubstr("--sigma 0: outside (0, "));
  EXPECT_THAT(expect(2, smooth + "--alpha 1 -o t").err, HasSubstr("--alpha 1: outside (0, 0.5)"));
  EXPECT_THAT(expect(2, smooth + "--n 0 -o t").err, HasSubstr("--n 0: outside [1, "));
  EXPECT_THAT(
      expect(2, "gibbon train --data moons --arch 2-4-2 --noise-sigma 1 --robust pgd -o t").err,
      HasSubstr("omit one of them"));
}

TEST_F(Cli, RobustTrainingSaysWhatStandsInTheWorstCase) {
  for (const std::string method : {"ibp", "crown-ibp", "pgd"}) {
    const auto result = expect(
        0, "gibbon train --data moons --arch 2-16-2 --activation relu --epochs 20 --robust " +
               method + " --train-epsilon 0.05 --quiet --force -o m.onnx");
    EXPECT_THAT(result.out, HasSubstr("test at linf ε = 0.05, "));
    EXPECT_THAT(shell.text("m.history.csv"),
                HasSubstr(",epsilon,train_standing,validation_standing\n"));
  }
  EXPECT_THAT(expect(0, "gibbon list robust").out, HasSubstr("arXiv:1810.12715"));
}

TEST_F(Cli, CtrlCSavesTheBestModelSoFar) {
  const auto result = expect(
      0, "gibbon train --data moons --arch 2-64-64-2 --epochs 1000000 -o m.onnx 2>log & p=$!; " +
             until("grep -q 'epoch 2/' log") + "kill -INT $p; wait $p; test -s m.onnx && cat log");
  EXPECT_THAT(result.out, HasSubstr("interrupted; the best model so far (epoch "));
  expect(0, "gibbon sweep --model m.onnx --data moons --quiet -o r");
}

TEST_F(Cli, ExperimentFilesAndDryRun) {
  expect(0,
         "printf 'output = \"r\"\\ndata = \"blobs\"\\n[train]\\narch = \"2-8-3\"\\nepochs = 5\\n' "
         "> e.toml");
  const auto plan = expect(0, "gibbon run e.toml --dry-run");
  EXPECT_THAT(plan.out, AllOf(HasSubstr("arch           2-8-3"), HasSubstr("norm           \n")));
  EXPECT_FALSE(shell.has("r"));
  const auto run = expect(0, "gibbon run e.toml --quiet");
  EXPECT_THAT(run.out, AllOf(HasSubstr("test accuracy"), HasSubstr("report r/report.html")));
  for (const char* file : {"r/model.onnx", "r/history.csv", "r/run.json"})
    EXPECT_TRUE(shell.has(file));
  EXPECT_THAT(expect(2, "gibbon run e.toml").err, HasSubstr("--force"));
  EXPECT_THAT(expect(2, "echo 'epochs = 3' > f.toml; gibbon run f.toml").err,
              HasSubstr("unknown key"));
}

TEST_F(Cli, ExplainsOneSampleAndEveryAttack) {
  train_moons();
  const auto lesson = expect(0, "gibbon explain --model m.onnx --data moons --sample 3");
  EXPECT_THAT(lesson.out, AllOf(HasSubstr("z1 = W1 x + b1"), HasSubstr("∂C/∂z1"),
                                HasSubstr("∇ₓC = W1ᵀ ∂C/∂z1"), HasSubstr("FGSM: x' = clip(x + ε"),
                                HasSubstr("CERTIFICATE: certified radius of x in l∞"),
                                HasSubstr("g(x*) = c + Σ_j λ_j x*_j = ")));
  EXPECT_THAT(expect(0, "gibbon explain --model m.onnx --data moons --sample 3 --norm l2").out,
              HasSubstr("CERTIFICATE: certified radius of x in l₂"));
  EXPECT_THAT(expect(2, "gibbon explain --model m.onnx --data moons --norm l0").err,
              HasSubstr("--norm l0: nothing can be certified in it"));
  EXPECT_THAT(expect(0, "gibbon explain fgsm").out, HasSubstr("boxed"));
  EXPECT_THAT(expect(0, "gibbon list attacks").out,
              AllOf(HasSubstr("fgsm"), HasSubstr("noise-sign")));
  EXPECT_THAT(expect(2, "gibbon list atacks").err, HasSubstr("did you mean 'attacks'?"));
  EXPECT_THAT(expect(0, "gibbon doctor").out, AllOf(HasSubstr("FMA peak"), HasSubstr("gnuplot")));
  EXPECT_THAT(
      expect(0, "gibbon doctor m.onnx").out,
      AllOf(HasSubstr("multilayer perceptron"), HasSubstr("certify                        yes"),
            HasSubstr("gibbon sweep --model m.onnx --data DATA")));
  EXPECT_THAT(expect(0, "gibbon doctor m.onnx --mean 0.5 --std 0.25").out,
              HasSubstr("normalisation  (x - 0.5) / 0.25, part of the model"));
  EXPECT_THAT(expect(3, "gibbon doctor absent.onnx").err, HasSubstr("absent.onnx: cannot be read"));
  EXPECT_THAT(expect(0, "gibbon data show moons").out, HasSubstr("500"));
}

TEST_F(Cli, GalleryReadsBackWhatItSaved) {
  expect(0, "mkdir -p pics/{train,test}/{dark,bright}");
  // Two classes of 6 × 6 grey pictures, written by gibbon's own gallery test data: PGM through
  // OpenCV.
  expect(0,
         "python3 - <<'P'\n"
         "import zlib, struct, random\n"
         "def png(path, v):\n"
         "    raw = b''.join(b'\\0' + bytes(max(0, min(255, v + random.Random(path + str(r * 6 + "
         "c)).randint(-40, 40))) for c in range(6)) for r in range(6))\n"
         "    def chunk(t, d): return struct.pack('>I', len(d)) + t + d + struct.pack('>I', "
         "zlib.crc32(t + d))\n"
         "    open(path, 'wb').write(b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', "
         "struct.pack('>IIBBBBB', 6, 6, 8, 0, 0, 0, 0)) + chunk(b'IDAT', zlib.compress(raw)) + "
         "chunk(b'IEND', b''))\n"
         "for s in ('train', 'test'):\n"
         "    for k in range(20):\n"
         "        png(f'pics/{s}/dark/{k}.png', 60)\n"
         "        png(f'pics/{s}/bright/{k}.png', 190)\n"
         "P");
  expect(0, "gibbon train --data pics --arch 36-8-2 --epochs 30 --batch 8 --quiet -o m.onnx");
  const auto gallery = expect(
      0, "gibbon gallery --model m.onnx --data pics --epsilons 0.1,0.5 --gallery 1 --quiet -o g");
  EXPECT_THAT(gallery.out, HasSubstr("4 images, "));
  const auto manifest = nlohmann::json::parse(shell.text("g/gallery.json"));
  ASSERT_EQ(manifest.size(), 4U);
  for (const auto& item : manifest) EXPECT_TRUE(shell.has("g/" + item["file"].get<std::string>()));
  EXPECT_TRUE(shell.has("g/gallery/by_class.png"));
  // Attacks that learn from other samples, and examples beside the pictures.
  expect(0,
         "gibbon gallery --model m.onnx --data pics --attack uap --epsilons 0.5 --gallery 1 --save "
         "adv.npz --quiet -o u && test -s adv.npz");
  // The same pictures, drawn again from the saved ones.
  expect(0, "gibbon sweep --model m.onnx --data pics --epsilons 0.1,0.5 --quiet -o r");
  const std::string before = shell.text("r/report.html");
  expect(0, "gibbon report r");
  EXPECT_EQ(shell.text("r/report.html"), before);
  EXPECT_THAT(expect(3, "echo no > pics/test/dark/0.png; gibbon data show pics").err,
              HasSubstr("pics/test/dark/0.png"));
}

TEST_F(Cli, NumPyReadsTheRecords) {
  train_moons();
  expect(0, "gibbon sweep --model m.onnx --data moons --epsilons 0,0.1 --quiet -o r");
  const auto result = expect(
      0,
      "/usr/bin/python3 -c \"\n"
      "import csv, numpy\n"
      "s = numpy.load('r/samples.npy')\n"
      "rows = [r for r in csv.DictReader(open('r/curve.csv')) if r['attack'] != 'worst-case']\n"
      "for k, r in enumerate(rows):\n"
      "    mine = s[s['curve_row'] == k]\n"
      "    out = (mine['fooled'] == 1) | (mine['clean_label'] != mine['label'])\n"
      "    assert len(mine) == int(r['n']) and (~out).sum() == int(r['correct']), r\n"
      "print('agree on', len(rows), 'rows')\"");
  EXPECT_THAT(result.out, HasSubstr("agree on 6 rows"));
}

#if GIBBON_WITH_TORCH
TEST_F(Cli, CrosscheckAgreesWithLibTorch) {
  train_moons();
  expect(0, "gibbon crosscheck --model m.onnx --data moons --samples 0:64");
  expect(0, "gibbon sweep --model m.onnx --data moons --samples 0:64 --crosscheck --quiet -o r");
}

TEST_F(Cli, CtrlCKeepsTheSamplesThatWereFinished) {
  train_moons();
  // Sample by sample through LibTorch: slow enough to be interrupted in the middle.
  const auto result = expect(130,
                             "gibbon sweep --model m.onnx --data moons --attack "
                             "r-fgsm --attack noise-sign --epsilons 0:1:0.005 "
                             "--crosscheck --batch 1 --threads 1 -o r 2>log & p=$!; " +
                                 until("grep -q '^sweep' log") +
                                 "kill -INT $p; wait $p; code=$?; cat log; exit $code");
  EXPECT_THAT(result.out, HasSubstr("interrupted: the results are those of the first "));
  const auto run = nlohmann::json::parse(shell.text("r/run.json"));
  EXPECT_EQ(run["interrupted"], true);
  const std::size_t n = run["data"]["n"];
  EXPECT_TRUE(0 < n && n < 500) << n;
  EXPECT_EQ(run["curve"][0]["n"], n);
}
#endif

}  // namespace
}  // namespace gibbon::eval::cli
