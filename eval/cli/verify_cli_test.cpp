// SPDX-License-Identifier: MIT
// gibbon verify as scripts of the competitions use it: first line, results file, exit code.
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/files.hpp"
#include "eval/cli/shell.hpp"
#include "models/model_file.hpp"

namespace gibbon::eval::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::StartsWith;

class VerifyCli : public testing::Test {
 protected:
  /// net.onnx: y = (x, 1 - x); safe.vnnlib and unsafe.vnnlib for it.
  void SetUp() override {
    models::Network network;
    network.layers.push_back({.weight = {2, 1},
                              .bias = {0.0F, 1.0F},
                              .activation = models::make_activation("identity")});
    network.layers[0].weight.row(0)[0] = 1.0F;
    network.layers[0].weight.row(1)[0] = -1.0F;
    models::write_model(shell.path("net.onnx"), network);
    write_property("safe.vnnlib", "0.25");
    write_property("unsafe.vnnlib", "0.75");
  }
  void write_property(const std::string& name, const std::string& upper) const {
    write_atomically(shell.path(name),
                     "(declare-const X_0 Real)\n(declare-const Y_0 Real)(declare-const Y_1 Real)\n"
                     "(assert (>= X_0 0))(assert (<= X_0 " +
                         upper + "))(assert (or (and (>= Y_0 Y_1))))");
  }
  Shell::Result expect(int status, const std::string& line) {
    const Shell::Result result = shell.run(line);
    EXPECT_EQ(result.status, status) << line << "\n" << result.out << result.err;
    return result;
  }
  Shell shell;
};

TEST_F(VerifyCli, FirstLineResultsFileAndExitCode) {
  const auto unsat = expect(0, "gibbon verify net.onnx safe.vnnlib --timeout 60 -o r.txt");
  EXPECT_EQ(unsat.out, "unsat\n");
  EXPECT_EQ(shell.text("r.txt"), unsat.out);
  EXPECT_THAT(unsat.err, AllOf(StartsWith("unsat: proved by "), HasSubstr("level double: holds")));
  const auto sat = expect(0, "gibbon verify net.onnx unsafe.vnnlib --quiet --threads 1 -o r.txt");
  EXPECT_THAT(sat.out, MatchesRegex("sat\n\\(\\(X_0 0\\.[0-9]+\\)\n \\(Y_0 0\\.[0-9]+\\)\n \\(Y_1 "
                                    "0\\.[0-9]+\\)\\)\n"));
  EXPECT_EQ(shell.text("r.txt"), sat.out);
  EXPECT_THAT(sat.err, IsEmpty());
  for (const std::string level : {"real", "float32"}) {
    EXPECT_THAT(expect(0, "gibbon verify net.onnx safe.vnnlib --soundness " + level).err,
                HasSubstr("level " + level));
    EXPECT_THAT(expect(0, "gibbon verify net.onnx unsafe.vnnlib --soundness " + level).out,
                StartsWith("sat\n"));
  }
  expect(0, "gzip -k net.onnx safe.vnnlib && gibbon verify net.onnx.gz safe.vnnlib.gz");
}

TEST_F(VerifyCli, ErrorsAreTheFirstLineToo) {
  const auto refused = [&](int status, const std::string& arguments, const std::string& why) {
    const auto result = expect(status, "gibbon verify " + arguments + " -o r.txt");
    EXPECT_EQ(result.out, "error\n") << arguments;
    EXPECT_EQ(shell.text("r.txt"), "error\n") << arguments;
    EXPECT_THAT(result.err, HasSubstr(why));
  };
  refused(2, "net.onnx safe.vnnlib --timeout 0", "--timeout 0: outside (0, ");
  refused(2, "net.onnx safe.vnnlib --timeout nan", "--timeout nan: outside (0, ");
  refused(2, "net.onnx safe.vnnlib --timeout 4000h", "--timeout 14400000: outside (0, ");
  refused(2, "net.onnx safe.vnnlib --soundness none", "allowed are real, double and float32");
  refused(3, "none.onnx safe.vnnlib", "none.onnx: cannot be read");
  refused(3, "net.onnx none.vnnlib", "none.vnnlib: cannot be read");
  refused(3, "safe.vnnlib net.onnx", "safe.vnnlib: not an ONNX model");
  write_atomically(shell.path("bad.vnnlib"), "(declare-const X_0 Real)\n(assert (<= X_0 1)");
  refused(3, "net.onnx bad.vnnlib", "bad.vnnlib:2:1: '(' is never closed");
  expect(0, "gzip -k safe.vnnlib; head -c 60 safe.vnnlib.gz > cut.vnnlib.gz");
  refused(3, "net.onnx cut.vnnlib.gz", "the gzip stream ends early");
  write_atomically(shell.path("wide.vnnlib"),
                   "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)"
                   "(assert (and (>= X_0 0)(<= X_0 1)(>= X_1 0)(<= X_1 1)(<= Y_0 0)))");
  refused(2, "net.onnx wide.vnnlib", "declares 2 inputs X, but net.onnx has 1");
  expect(0,
         "gibbon train --data moons --arch 2-4-2 --activation gelu --epochs 1 --quiet -o g.onnx");
  write_atomically(shell.path("moons.vnnlib"),
                   "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)"
                   "(declare-const Y_1 Real)"
                   "(assert (and (>= X_0 0)(<= X_0 1)(>= X_1 0)(<= X_1 1)(<= Y_0 Y_1)))");
  refused(2, "g.onnx moons.vnnlib", "gelu");
  for (const char* usage : {"gibbon verify", "gibbon verify net.onnx",
                            "gibbon verify net.onnx safe.vnnlib --instances i.csv"}) {
    EXPECT_THAT(expect(2, usage).err, HasSubstr("or a list, gibbon verify --instances FILE.csv"));
  }
}

TEST_F(VerifyCli, AListGoesOnBehindAnError) {
  write_atomically(shell.path("i.csv"),
                   "net.onnx,safe.vnnlib,60\nnet.onnx,none.vnnlib,60\nnet.onnx,unsafe.vnnlib,60\n");
  const auto list = expect(3, "gibbon verify --instances i.csv");
  EXPECT_THAT(list.out, MatchesRegex("unsat .* s  net.onnx safe.vnnlib\n"
                                     "error .* s  net.onnx none.vnnlib\n"
                                     "sat .* s  net.onnx unsafe.vnnlib\n"
                                     "3 instances: 1 unsat, 1 sat, 0 timeout, 0 unknown, 1 error; "
                                     ".* s\nverdicts verdicts.csv\n"));
  EXPECT_THAT(list.err, HasSubstr("none.vnnlib: cannot be read"));
  EXPECT_THAT(shell.text("verdicts.csv"),
              StartsWith("network,property,timeout,verdict,seconds,nodes,reason\n"
                         "net.onnx,safe.vnnlib,60,unsat,"));
  write_atomically(shell.path("i.csv"), "net.onnx,safe.vnnlib\n");
  expect(0, "gibbon verify --instances i.csv --timeout 60 -o v.csv");
  EXPECT_THAT(shell.text("v.csv"), HasSubstr("net.onnx,safe.vnnlib,60,unsat,"));
  EXPECT_THAT(expect(3, "gibbon verify --instances i.csv").err, HasSubstr("i.csv:1: the third"));
  EXPECT_THAT(expect(3, "gibbon verify --instances none.csv").err, HasSubstr("none.csv"));
}

}  // namespace
}  // namespace gibbon::eval::cli
