// SPDX-License-Identifier: MIT
// How the program is stopped: by signals at any moment, by kill -9, by a reader that has had
// enough; and two at once in one folder.
#include <cstdlib>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sstream>

#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "datasets/image_io.hpp"
#include "eval/cli/shell.hpp"

namespace gibbon::eval::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Stop : public testing::Test {
 protected:
  Shell::Result expect(int status, const std::string& line) {
    const Shell::Result result = shell.run(line);
    EXPECT_EQ(result.status, status) << line << "\n" << result.out << result.err;
    return result;
  }
  void train_moons() {
    expect(0,
           "gibbon train --data moons --arch 2-16-2 --activation relu --epochs 20 --quiet -o "
           "m.onnx");
  }
  /// w.onnx, 784-256-256-10, which half knows by heart pics, 150 pictures of noise in ten classes.
  void train_wide() {
    Rng rng(0, 0, "pictures");
    for (int k = 0; k < 150; ++k) {
      std::vector<std::uint8_t> pixels(28U * 28U);
      for (std::uint8_t& p : pixels) p = static_cast<std::uint8_t>(rng.uniform(0.0F, 255.0F));
      for (const std::string split : {"train", "test"}) {
        const std::filesystem::path folder = shell.path(fmt::format("pics/{}/{}", split, k % 10));
        std::filesystem::create_directories(folder);
        datasets::write_png(folder / fmt::format("{}.png", k),
                            {.height = 28, .width = 28, .channels = 1, .pixels = pixels});
      }
    }
    expect(
        0,
        "gibbon train --data pics --arch 784-256-256-10 --activation relu --epochs 12 --batch 32 "
        "--quiet -o w.onnx");
  }
  Shell shell;
};

/// Starts `command`, waits until `ready` succeeds, sends the signal and exits with its exit code.
std::string stopped(const std::string& signal, const std::string& command,
                    const std::string& ready) {
  return command + " >out.txt 2>err.txt & p=$!; " + until(ready) + "kill -" + signal +
         " $p; wait $p; c=$?; cat out.txt err.txt; exit $c";
}

/// All threads are started: one more than libraries start before main().
const char* const kWorks = "test $(ls /proc/$p/task | wc -l) -ge 2";

TEST_F(Stop, InterruptsAtAnyMomentHurtNothingAndResumeGoesOnToTheSameBits) {
  train_wide();
  const bool patient = std::getenv("GIBBON_LONG_TESTS") != nullptr;
  const std::string sweep =
      std::string("gibbon sweep --model w.onnx --data pics --epsilons 0.005 --quiet --samples ") +
      (patient ? "all" : "0:64") + " --attack ";
  int at = 0;
  for (const std::string attack :
       {"apgd-t", "pgd:restarts=3", "square:queries=500", "fab:steps=20"}) {
    expect(0, sweep + attack + " -o whole --force");
    const std::string threads = ++at % 2 == 0 ? " --threads 1" : "";
    const auto result =
        expect(0, fmt::format("RANDOM={}; rm -rf r; for k in $(seq {}); do\n"
                              "{}{}{} -o r --resume >/dev/null 2>err.txt & p=$!\n"
                              "ticks=$((10 + RANDOM % 60)); {} kill -INT $p 2>/dev/null\n"
                              "wait $p; c=$?; echo -n \"$c \"\n"
                              "[ $c = 130 ] || [ $c = 0 ] || {{ cat err.txt; exit 1; }}\n"
                              "[ $c = 130 ] || rm -rf r\n"
                              "done; if [ -e r/resume.json ]; then gibbon sweep --resume -o r; "
                              "else {}{} -o r; fi",
                              at, patient ? 50 : 2, sweep, attack, threads,
                              until(has_worked("ticks")), sweep, attack));
    for (const char* file : {"samples.npy", "curve.csv", "distances.csv", "queries.csv"}) {
      EXPECT_EQ(shell.text(std::string("r/") + file), shell.text(std::string("whole/") + file))
          << attack << " " << file << " " << result.out;
    }
    EXPECT_FALSE(shell.has("r/resume.journal"));
    EXPECT_FALSE(shell.has("r/resume.json"));
  }
  EXPECT_THAT(expect(0, "gibbon sweep --resume -o r").err, HasSubstr("nothing to resume"));
  EXPECT_THAT(expect(2, "gibbon sweep --resume -o nothing").err,
              HasSubstr("nothing: no unfinished sweep that says what it was of"));
}

TEST_F(Stop, EverySignalHasItsCodeAndASecondOneEndsAtOnce) {
  train_moons();
  const std::string endless =
      "gibbon smooth --model m.onnx --data moons --samples 0:500 --n 1000000000 -o s";
  for (const auto& [signal, code] :
       {std::pair{"INT", 130}, std::pair{"TERM", 143}, std::pair{"HUP", 129}}) {
    EXPECT_THAT(expect(code, stopped(signal, endless, kWorks)).out,
                HasSubstr("interrupted: nothing was written"));
  }
  // Whoever is told to go on without a terminal goes on: it is the second signal that ends it.
  expect(130, stopped("HUP $p; kill -INT", "nohup " + endless, kWorks));
  // The flag is never looked at while a pipe is waited for, which somebody holds open here. Signals
  // that follow the first at once are the same wish: TERM is sent until it is heard.
  expect(143, "mkfifo pipe; exec 9<>pipe; " +
                  stopped("INT $p; while kill -TERM $p 2>/dev/null; do :; done; kill -TERM",
                          "gibbon sweep --model pipe 9>&-",
                          std::string(kWorks) + " && readlink /proc/$p/fd/* | grep -q /pipe$"));
}

TEST_F(Stop, EveryThreadButTheOneThatWaitsBlocksTheSignals) {
  train_moons();
  const auto masks = expect(
      0,
      "gibbon smooth --model m.onnx --data moons --threads 3 --n 1000000000 -o s 2>/dev/null & "
      "p=$!; " +
          until("test $(ls /proc/$p/task | wc -l) -ge 4 && "
                "test $(grep -h SigBlk /proc/$p/task/*/status | sort -u | wc -l) -ge 2") +
          "grep -h SigBlk /proc/$p/task/*/status; kill -KILL $p");
  // SIGHUP, SIGINT and SIGTERM are bits 0, 1 and 14; sigwait() shows its thread without them.
  std::istringstream lines(masks.out);
  int open = 0;
  int blocked = 0;
  for (std::string word, mask; lines >> word >> mask;) {
    (std::stoull(mask, nullptr, 16) & 0x4003U) == 0x4003U ? ++blocked : ++open;
  }
  EXPECT_EQ(open, 1) << masks.out;
  EXPECT_GE(blocked, 3) << masks.out;
}

TEST_F(Stop, EveryCommandEndsWithItsCode) {
  train_moons();
  train_wide();
  const auto interrupted = [&](const std::string& command) {
    return expect(130, stopped("INT", command, kWorks)).out;
  };
  EXPECT_THAT(interrupted("gibbon train --data pics --arch 784-2048-2048-10 --epochs 1000000 -o "
                          "n.onnx"),
              HasSubstr("interrupted"));
  interrupted("gibbon train --data moons --arch 2-256-256-2 --epochs 1000000 -o o.onnx");
  interrupted(
      "gibbon certify --model w.onnx --data pics --epsilons 0.01,0.02,0.05 --radius --nodes 100000 "
      "-o c");
  EXPECT_FALSE(shell.has("c/certified.json"));
  interrupted("gibbon gallery --model w.onnx --data pics --attack apgd-t:steps=1000 -o g");
  EXPECT_FALSE(shell.has("g/gallery.part"));
  expect(
      0,
      "{ for k in $(seq 0 783); do echo \"(declare-const X_$k Real)\"; done; for k in $(seq 0 "
      "9); do echo \"(declare-const Y_$k Real)\"; done; for k in $(seq 0 783); do echo \"(assert "
      "(>= X_$k 0.4))(assert (<= X_$k 0.6))\"; done; echo '(assert (>= Y_0 Y_1))(assert (>= Y_1 "
      "Y_0))(assert (>= Y_0 50))'; } >p.vnnlib");
  const auto verify =
      shell.run(stopped("INT", "gibbon verify w.onnx p.vnnlib --timeout 100", kWorks));
  EXPECT_TRUE(verify.status == 130 || verify.status == 0) << verify.out;
#if GIBBON_WITH_TORCH
  const auto crosscheck = shell.run(
      stopped("INT", "gibbon crosscheck --model w.onnx --data pics --samples 0:100", kWorks));
  EXPECT_TRUE(crosscheck.status == 130 || crosscheck.status == 0) << crosscheck.out;
#endif
}

TEST_F(Stop, AReaderThatHasEnoughIsNoError) {
  EXPECT_THAT(expect(0, "gibbon list | head -1").err, IsEmpty());
  EXPECT_THAT(expect(141, "trap '' PIPE; gibbon list | true; exit ${PIPESTATUS[0]}").err,
              IsEmpty());
  // A run whose table nobody reads is a whole run all the same.
  train_moons();
  expect(141,
         "gibbon sweep --model m.onnx --data moons --attack fgsm --quiet -o r | true; exit "
         "${PIPESTATUS[0]}");
  EXPECT_TRUE(shell.has("r/run.json"));
  EXPECT_FALSE(shell.has("r/resume.journal"));
}

TEST_F(Stop, PathsThatTheSystemRefusesAreNamed) {
  EXPECT_THAT(expect(3, "ln -s loop loop; gibbon report loop").err,
              HasSubstr("gibbon: loop/run.json: cannot be accessed: Too many levels of symbolic "
                        "links; check the path and its permissions"));
}

TEST_F(Stop, TwoInOneFolderAreNoticed) {
  train_moons();
  const std::string sweep = "gibbon sweep --model m.onnx --data moons --quiet -o r ";
  expect(0, sweep + "--attack fgsm");
  expect(0, "cp -r r first");
  const auto second = expect(
      0, sweep + "--attack square:queries=100000 --force >/dev/null 2>&1 & p=$!; " +
             until("test -e r/resume.journal") + "echo $p; for c in '" + sweep + "--force' '" +
             sweep +
             "--attack square:queries=100000 --resume' 'gibbon report r' 'gibbon certify --model "
             "m.onnx --data moons -o r' 'gibbon smooth --model m.onnx --data moons -o r' 'gibbon "
             "gallery r'; do $c; echo $?; done; kill $p; wait $p; "
             "echo $?; ls -A r");
  const std::string process = second.out.substr(0, second.out.find('\n'));
  EXPECT_THAT(second.out, HasSubstr(process + "\n2\n2\n2\n2\n2\n2\n143\n")) << second.err;
  EXPECT_THAT(second.out, Not(HasSubstr(".gibbon.lock")));
  EXPECT_THAT(second.err, HasSubstr("r: process " + process +
                                    " is writing to this folder; wait until it has ended, stop it "
                                    "with `kill " +
                                    process + "`, or choose another folder"));
}

TEST_F(Stop, AKilledCertifyIsDrawnByTheNextOne) {
  train_moons();
  expect(0,
         "gibbon sweep --model m.onnx --data moons --samples 0:50 --attack fgsm --epsilons "
         "0:0.2:0.1 --quiet -o plain");
  const std::string certify =
      "gibbon certify --model m.onnx --data moons --samples 0:50 --epsilons 0.1,0.2 --nodes 0 "
      "--quiet ";
  expect(0, "cp -r plain r; " + certify + "-o r; mv r whole");
  const auto killed = expect(
      0,
      "for k in $(seq 0 7); do rm -rf r; cp -r plain r; " + certify +
          "-o r >/dev/null 2>&1 & p=$!\n" + until("test -e r/.gibbon.half-drawn") +
          "begun=$(cut -d' ' -f14 /proc/$p/stat || echo 0); " + until(has_worked("begun + k")) +
          "kill -KILL $p; wait $p\n"
          "test -e r/.gibbon.half-drawn && echo half\n"
          "test -s r/curve.svg || exit 1\n" +
          certify +
          "-o r >out.txt 2>err.txt; c=$?\n"
          "[ $c = 0 ] || { [ $c = 2 ] && grep -q 'already contains certificates' err.txt; } || "
          "exit 2\n"
          "cmp r/report.md whole/report.md && cmp r/certified.csv whole/certified.csv || exit 3\n"
          "ls -A r | grep -e '^.gibbon' && exit 4; done 2>/dev/null; true");
  EXPECT_THAT(killed.out, HasSubstr("half"));
  // What is half drawn and not what is asked for now is drawn, and then refused as ever.
  expect(0, "echo x >r/.gibbon.half-drawn; echo old >r/report.md");
  EXPECT_THAT(expect(2, certify + "--radius -o r").err,
              HasSubstr("the folder already contains certificates in linf"));
  EXPECT_EQ(shell.text("r/report.md"), shell.text("whole/report.md"));
  expect(0, "echo x >r/.gibbon.half-drawn; echo old >r/report.md; gibbon report r");
  EXPECT_EQ(shell.text("r/report.md"), shell.text("whole/report.md"));
  EXPECT_FALSE(shell.has("r/.gibbon.half-drawn"));
}

TEST_F(Stop, AKilledReportKeepsTheCurve) {
  train_moons();
  expect(0, "gibbon sweep --model m.onnx --data moons --attack fgsm --quiet -o r && cp -r r whole");
  expect(0, "for k in $(seq 0 7); do gibbon report r >/dev/null & p=$!\n" +
                until(has_worked("2 * k")) +
                "kill -KILL $p 2>/dev/null; wait $p\n"
                "test -s r/curve.svg || exit 1; done 2>/dev/null; gibbon report r; ls -A r >a; ls "
                "-A whole "
                ">b; cmp a b");
  for (const char* file : {"curve.svg", "report.md", "report.html", "run.json"}) {
    EXPECT_EQ(shell.text(std::string("r/") + file), shell.text(std::string("whole/") + file));
  }
}

}  // namespace
}  // namespace gibbon::eval::cli
