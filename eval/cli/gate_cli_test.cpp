// SPDX-License-Identifier: MIT
// The gate as CI scripts see it: exit codes, files, what is refused.
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
using testing::StartsWith;

class GateCli : public testing::Test {
 protected:
  Shell::Result expect(int status, const std::string& line) {
    const Shell::Result result = shell.run("unset GITHUB_ACTIONS GITHUB_STEP_SUMMARY\n" + line);
    EXPECT_EQ(result.status, status) << line << "\n" << result.out << result.err;
    return result;
  }
  /// m.onnx, the run r and its baseline b.json.
  void make_baseline() {
    expect(
        0,
        "gibbon train --data moons --arch 2-16-2 --activation tanh --epochs 40 --quiet -o m.onnx");
    expect(0, sweep("m.onnx", "pgd") + " -o r");
    expect(0, "gibbon baseline r -o b.json");
  }
  static std::string sweep(const std::string& model, const std::string& attack,
                           const std::string& epsilons = "0:0.3:0.1") {
    return "gibbon sweep --model '" + model + "' --data moons --attack " + attack +
           " --attack noise-sign --norm linf --gallery 0 --quiet --epsilons " + epsilons;
  }
  Shell shell;
};

TEST_F(GateCli, TheSameRunPassesInEveryFormat) {
  make_baseline();
  const auto check =
      expect(0,
             "gibbon check r --baseline b.json --strict --all --junit j.xml --markdown "
             "m.md --json c.json --require 'clean >= 0.8'");
  EXPECT_THAT(
      check.out,
      AllOf(StartsWith("PASS: "), HasSubstr(" on moons test, n = 500; baseline m.onnx"),
            HasSubstr("\npgd linf 0.1 "), HasSubstr("clean >= 0.8: met"), Not(HasSubstr("::"))));
  expect(0, "xmllint --noout --schema " GIBBON_SOURCE_DIR "/reports/gate/junit.xsd j.xml");
  EXPECT_EQ(nlohmann::json::parse(shell.text("c.json"))["passed"], true);
  EXPECT_THAT(shell.text("m.md"), StartsWith("## ✅ PASS"));
  EXPECT_THAT(expect(2, "gibbon baseline r -o b.json").err, HasSubstr("replace it with --force"));
  expect(0, "gibbon baseline r -o b.json --force && gibbon check r --baseline b.json");
  EXPECT_THAT(expect(0, "gibbon compare r b.json --markdown c.md").out, HasSubstr("unchanged"));
  EXPECT_THAT(shell.text("c.md"), HasSubstr("| worst-case linf 0.3 |"));
}

TEST_F(GateCli, AWorseModelFailsWhereverOneLooks) {
  make_baseline();
  expect(0,
         "gibbon train --data moons --arch 2-2-2 --activation sigmoid --epochs 1 --seed 5 --quiet "
         "-o '<script>.onnx'");
  expect(0, sweep("<script>.onnx", "pgd") + " -o w");
  const auto check = expect(1, "gibbon check w --baseline b.json --junit j.xml --annotations");
  EXPECT_THAT(check.out,
              AllOf(HasSubstr("::error title=gibbon%3A clean worse::"), HasSubstr("\nFAIL: "),
                    HasSubstr("gibbon compare w b.json -o changes.html"),
                    HasSubstr("gibbon baseline w -o b.json --force")));
  EXPECT_THAT(shell.text("j.xml"),
              AllOf(HasSubstr("<failure type=\"worse\""), HasSubstr("&lt;script&gt;.onnx"),
                    Not(HasSubstr("<script"))));
  expect(0, "xmllint --noout --schema " GIBBON_SOURCE_DIR "/reports/gate/junit.xsd j.xml");
  // On GitHub annotations and the summary of the step come by themselves.
  const auto github = expect(1,
                             "echo before > s.md; GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=s.md "
                             "gibbon check w --baseline b.json");
  EXPECT_THAT(github.out, AllOf(HasSubstr("::error title="), HasSubstr("\n::group::Details\n"),
                                HasSubstr("\n::endgroup::\n")));
  EXPECT_THAT(shell.text("s.md"), AllOf(StartsWith("before\n## ❌ FAIL"), HasSubstr("\\<script\\>"),
                                        Not(ContainsRegex("[^\\\\]<script"))));
  EXPECT_THAT(expect(3, "GITHUB_STEP_SUMMARY=no/s.md gibbon check r --baseline b.json").err,
              HasSubstr("GITHUB_STEP_SUMMARY"));
  EXPECT_THAT(expect(0, "gibbon compare r w").out,
              AllOf(HasSubstr("worse"), HasSubstr("clean, right in A and wrong in B: samples ")));
  // A baseline is the earlier one, in either order, and needs no folder for a page.
  const auto turned = expect(0, "gibbon compare w b.json -o x.html");
  EXPECT_THAT(turned.out, StartsWith("A  m.onnx"));
  EXPECT_EQ(turned.out, expect(0, "gibbon compare b.json w -o x.html").out);
  EXPECT_THAT(shell.text("x.html"), AllOf(HasSubstr("<h2>this run against baseline</h2>"),
                                          HasSubstr("\"sides\":[\"baseline\",\"this run\"]")));
  EXPECT_THAT(expect(2, "gibbon compare b.json b.json -o y.html").err,
              HasSubstr("give the folder of one of the runs"));
}

TEST_F(GateCli, AWeakerAttackIsNoBetterModel) {
  make_baseline();
  // The attack keeps its name and does nothing any more: steps of next to no length.
  expect(0, sweep("m.onnx", "pgd:steps=1,step=0.000001,random=0") +
                " -o lame; sed -i '/\"checksum\"/d; s/pgd:steps=1,step=0.000001,random=0/pgd/' " +
                "lame/run.json");
  EXPECT_THAT(expect(1, "gibbon check lame --baseline b.json").out,
              AllOf(StartsWith("FAIL    3 of 3 points of pgd linf attack weaker\n"),
                    HasSubstr("of pgd linf on the reference network attack weaker"),
                    HasSubstr("\nWhat to do: attack weaker\n")));
  // With a model that is another file the curve may rise, but the reference network knows.
  expect(0,
         "python3 -c \"import json; r = json.load(open('lame/run.json')); "
         "r['model']['sha256'] = 'new'; json.dump(r, open('lame/run.json', 'w'))\"");
  const auto check = expect(1, "gibbon check lame --baseline b.json");
  EXPECT_THAT(check.out, AllOf(HasSubstr("note: 3 of 3 points of pgd linf better"),
                               HasSubstr("comparisons of pgd linf on the reference network")));
}

TEST_F(GateCli, WhatCannotBeComparedIsRefusedAndNamed) {
  make_baseline();
  const auto refused = [&](const std::string& more, const std::string& epsilons = "0:0.3:0.1") {
    expect(0, sweep("m.onnx", "pgd", epsilons) + " --force -o x " + more);
    return expect(2, "gibbon check x --baseline b.json").err;
  };
  EXPECT_THAT(refused("", "0,0.1,0.2"),
              HasSubstr("epsilons: [0.0,0.1,0.2,0.3] in the baseline, [0.0,0.1,0.2] in this run"));
  EXPECT_THAT(refused("--samples 0:400 --seed 4"),
              AllOf(HasSubstr("sample ids: 0-499 in the baseline, 0-399 in this run"),
                    HasSubstr("seed: 0 in the baseline, 4 in this run")));
  EXPECT_THAT(refused("--attack fgsm"), HasSubstr("attacks: "));
  EXPECT_THAT(refused("--norm l2"), HasSubstr("norms: "));
  EXPECT_THAT(refused("--max-queries 50"), HasSubstr("max-queries: 0 in the baseline, 50"));
  EXPECT_THAT(refused("--split train --samples 0:500"), HasSubstr("data: moons test in the"));
  EXPECT_THAT(expect(2,
                     "sed -i 's/\"schema\": 1/\"schema\": 7/' b.json; "
                     "gibbon check r --baseline b.json")
                  .err,
              HasSubstr("b.json: schema 7 of baselines is not supported"));
  EXPECT_THAT(expect(2, "gibbon compare r x").err, HasSubstr("not the same samples"));
}

TEST_F(GateCli, BadInputHasItsExitCode) {
  make_baseline();
  const auto error = [&](int status, const std::string& line) { return expect(status, line).err; };
  EXPECT_THAT(error(2, "gibbon check r"), HasSubstr("give --baseline, --require or both"));
  EXPECT_THAT(error(3, "gibbon check r --baseline none.json"), HasSubstr("none.json"));
  EXPECT_THAT(error(3, "head -c 500 b.json > t.json; gibbon check r --baseline t.json"),
              HasSubstr("t.json: incomplete JSON"));
  EXPECT_THAT(error(3, "gibbon check r --baseline r/run.json"), HasSubstr("not a baseline"));
  EXPECT_THAT(error(3,
                    "sed 's/\"correct\": 4/\"correct\": 3/' b.json > e.json; gibbon check r "
                    "--baseline e.json"),
              HasSubstr("the checksum does not match"));
  EXPECT_THAT(error(2, "gibbon check r --require 'pgd linf 0.15 >= 0.2'"),
              HasSubstr("allowed are clean, pgd linf 0.1, "));
  expect(0, "gibbon check r --require 'class 1: clean > 50%' --require 'pgd 0.1 > 20 %'");
  EXPECT_THAT(error(2, "gibbon check r --require 'class 7: clean > 50%'"),
              HasSubstr("no sample of class '7'"));
  EXPECT_THAT(error(2, "gibbon check r --baseline b.json --margin -1"), HasSubstr("--margin -1"));
  EXPECT_THAT(error(2, "gibbon check r --baseline b.json --alpha 0.7"), HasSubstr("--alpha 0.7"));
  EXPECT_THAT(error(2, "gibbon check r --baseline b.json --max-slowdown 0.5"),
              HasSubstr("--max-slowdown 0.5"));
  EXPECT_THAT(error(2, "gibbon check r --require 'clean >= 0.1' --max-slowdown 2"),
              HasSubstr("requires --baseline"));
  EXPECT_THAT(error(3, "gibbon check r --baseline b.json --junit no/j.xml"), HasSubstr("no/j.xml"));
  expect(0, "gibbon check r --baseline b.json --max-slowdown 1000000");
  EXPECT_THAT(
      error(3, "cp -r r broken; rm broken/samples.npy; gibbon check broken --baseline b.json"),
      HasSubstr("broken/samples.npy"));
  EXPECT_THAT(error(3, "gibbon baseline m.onnx"),
              HasSubstr("no run.json, so this is not a finished run"));
  // Records of another run do not pass for this one's.
  expect(0, sweep("m.onnx", "pgd", "0,0.1,0.15,0.2") + " -o other");
  EXPECT_THAT(error(3, "cp other/samples.npy broken/; gibbon check broken --baseline b.json"),
              HasSubstr("do not belong to one run"));
  // A run that was made before there was a reference network.
  expect(0,
         "python3 -c \"import json; r = json.load(open('r/run.json')); del r['reference'], "
         "r['checksum']; "
         "json.dump(r, open('r/run.json', 'w'))\"");
  EXPECT_THAT(expect(0, "gibbon check r --baseline b.json").out,
              HasSubstr("warning attack strength not measured"));
  EXPECT_THAT(error(2, "gibbon check r --baseline b.json --max-slowdown 2"),
              HasSubstr("this run was not timed"));
}

TEST_F(GateCli, StoredExamplesAreNotMeasuredForStrength) {
  make_baseline();
  expect(0, sweep("m.onnx", "pgd") + " --save adv.npz -o s");
  expect(0, "gibbon sweep --model m.onnx --from adv.npz --quiet -o t");
  EXPECT_FALSE(nlohmann::json::parse(shell.text("t/run.json")).contains("reference"));
  expect(0, "gibbon baseline t -o t.json && gibbon check t --baseline t.json");
}

TEST_F(GateCli, ATrendIsInTheOrderOfTime) {
  make_baseline();
  expect(0, "mkdir old && cp -r r old/r && cp b.json old/b.json");
  expect(0, "touch -d 2020-01-02 b.json; touch -d 2020-01-01 r/run.json");
  const auto places = [&](const std::string& line) {
    const std::string out = expect(0, line).out;
    return out.find("\nr ") < out.find("\nb ");
  };
  EXPECT_TRUE(places("gibbon trend b.json r -o t.svg"));
  EXPECT_THAT(shell.text("t.svg"), HasSubstr("<svg"));
  EXPECT_FALSE(places("gibbon trend b.json r --order given"));
  // Names that would be the same are paths.
  EXPECT_THAT(expect(0, "gibbon trend r old/r/ --epsilons 0.1,0.2").out,
              AllOf(HasSubstr("\nold/r/ "), HasSubstr("pgd linf 0.2"), Not(HasSubstr("0.3"))));
  EXPECT_THAT(expect(2, "gibbon trend r --epsilons 0.7").err, HasSubstr("no run has an attack"));
  EXPECT_THAT(expect(2, "gibbon trend r --order size").err, HasSubstr("known are time, given"));
  EXPECT_THAT(expect(3, "gibbon trend r nowhere").err, HasSubstr("nowhere"));
  EXPECT_THAT(expect(3, "gibbon trend r -o no/t.svg").err, HasSubstr("no/t.svg"));
  EXPECT_THAT(shell.text("r/badge.svg"), HasSubstr("robust accuracy"));
}

TEST_F(GateCli, SimulationSaysItsRates) {
  EXPECT_THAT(expect(0, "gibbon simulate-gate --n 500 --repetitions 50 --drop 1").out,
              HasSubstr("some point worse"));
  EXPECT_THAT(expect(2, "gibbon simulate-gate --drop 3").err, HasSubstr("--drop 3: more than"));
  EXPECT_THAT(expect(2, "gibbon simulate-gate --disagreement 20").err, HasSubstr("outside (0, 5]"));
  EXPECT_THAT(expect(2, "gibbon simulate-gate --n 0").err, HasSubstr("at least 1"));
}

// gibbon's own gate. When this fails after an attack was made stronger on purpose: check.sh
// --renew.
TEST_F(GateCli, GibbonsOwnAttacksAreAsStrongAsBefore) {
  const auto check = expect(
      0, GIBBON_SOURCE_DIR "/reports/gate/reference/check.sh " GIBBON_BINARY_DIR "/gibbon own");
  EXPECT_THAT(check.out, AllOf(StartsWith("PASS: "), HasSubstr("64 samples, 0 with any change")));
}

}  // namespace
}  // namespace gibbon::eval::cli
