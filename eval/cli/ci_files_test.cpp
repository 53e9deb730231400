// SPDX-License-Identifier: MIT
// The CI files that people paste (examples/ci/): their steps run as a runner would run them, with a
// machine's package manager and a build replaced by stand-ins, and everything of gibbon for real.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <sstream>

#include <gtest/gtest.h>

#include "eval/cli/shell.hpp"

namespace gibbon::eval::cli {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const fs::path kSource = GIBBON_SOURCE_DIR;

struct Step {
  std::string condition;  ///< "failure()", …; empty: none
  std::string script;
};

std::size_t indent_of(const std::string& line) { return line.find_first_not_of(' '); }

/// The steps of a workflow of GitHub that run something.
std::vector<Step> github_steps(const std::string& text) {
  std::vector<Step> steps;
  std::istringstream lines(text);
  std::string condition;
  std::size_t block = std::string::npos;  // indent of the key of an open block
  for (std::string line; std::getline(lines, line);) {
    const std::size_t indent = indent_of(line);
    if (block != std::string::npos && indent > block) {
      steps.back().script += line.substr(block + 2) + "\n";
      continue;
    }
    block = std::string::npos;
    if (line.starts_with("      - ")) condition.clear();
    if (line.starts_with("        if: ")) condition = line.substr(12);
    if (!line.starts_with("        run: ")) continue;
    const std::string command = line.substr(13);
    steps.push_back({condition, command == "|" ? "" : command});
    if (command == "|") block = indent;
  }
  return steps;
}

/// The lines of a list of GitLab's, one step each.
std::vector<Step> gitlab_steps(const std::string& text, const std::string& list) {
  std::vector<Step> steps;
  std::istringstream lines(text);
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (indent_of(line) == 2) inside = line == "  " + list + ":";
    if (inside && line.starts_with("    - ")) steps.push_back({"", line.substr(6)});
  }
  return steps;
}

class CiFiles : public testing::Test {
 protected:
  void SetUp() override {
    const char* data = std::getenv("GIBBON_DATA");
    if (data == nullptr) GTEST_SKIP() << "set GIBBON_DATA to a folder with mnist/";
    fs::create_directories(shell.path("home/.cache/gibbon"));
    fs::create_directory_symlink(fs::path(data) / "mnist", shell.path("home/.cache/gibbon/mnist"));
    // What a runner's machine does: it is said, and a package is there where one is built.
    fs::create_directory(shell.path("bin"));
    for (const char* program : {"apt-get", "git", "cmake", "cpack"})
      write_atomically(shell.path(std::string("bin/") + program),
                       "#!/bin/sh\necho \"" + std::string(program) + " $*\" >> '" +
                           shell.path("log").string() + "'\n");
    ok("chmod +x bin/*");
    ok("gibbon train --data mnist --samples 0:8000 --arch 784-16-10 --activation relu --epochs 3 "
       "--quiet -o model.onnx");
  }
  Shell::Result step(const std::string& script) {
    write_atomically(shell.path("step.sh"), script + "\n");
    return shell.run(
        "unset GIBBON_DATA GITHUB_ACTIONS GITHUB_STEP_SUMMARY\nexport HOME=$PWD/home "
        "PATH=$PWD/bin:$PATH GIBBON_KERNELS=reference GITHUB_WORKSPACE=$PWD\nsh -e step.sh");
  }
  void ok(const std::string& script) {
    const Shell::Result result = step(script);
    ASSERT_EQ(result.status, 0) << script << "\n" << result.out << result.err;
  }
  /// The baseline of model.onnx, made as the file's own sweep measures it.
  void make_baseline(const std::string& sweep) {
    ok(sweep);
    ok("gibbon baseline run -o baseline.json && rm -r run");
  }
  /// Another model in its place.
  void spoil_model() {
    ok("gibbon train --data mnist --samples 0:2000 --arch 784-16-10 --activation relu --epochs 1 "
       "--seed 3 --force --quiet -o model.onnx; rm -rf run");
  }
  Shell shell;
};

TEST_F(CiFiles, GitHubsStepsRunAndSayWhatChanged) {
  const std::vector<Step> steps = github_steps(read_file(kSource / "examples/ci/github.yml"));
  ASSERT_EQ(steps.size(), 5U);
  EXPECT_THAT(steps[0].condition, HasSubstr("cache-hit != 'true'"));
  EXPECT_THAT(steps[0].script, AllOf(HasSubstr(".ci/install\n"), HasSubstr("cpack -G DEB")));
  EXPECT_TRUE(fs::exists(kSource / ".ci/install"));
  ok(steps[1].script);
  EXPECT_THAT(shell.text("log"), HasSubstr("apt-get install -y -qq --no-install-recommends ./gib"));

  make_baseline(steps[2].script);
  const auto start = std::chrono::steady_clock::now();
  ok(steps[2].script);
  ok(steps[3].script);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::minutes(2));
  EXPECT_TRUE(shell.has("junit.xml") && shell.has("run/badge.svg") && shell.has("run/report.html"));

  spoil_model();
  ok(steps[2].script);
  const Shell::Result red = step(steps[3].script);
  EXPECT_EQ(red.status, 1) << red.out << red.err;
  EXPECT_THAT(red.out, HasSubstr("gibbon compare run baseline.json -o changes.html"));
  EXPECT_EQ(steps[4].condition, "failure()");
  ok(steps[4].script);
  EXPECT_TRUE(shell.has("changes.html"));
}

TEST_F(CiFiles, GitHubsBuildMakesThePackage) {
  const std::vector<Step> steps = github_steps(read_file(kSource / "examples/ci/github.yml"));
  // The sources are here already; what builds them is said to the stand-ins.
  std::string script = steps.at(0).script;
  const auto replace = [&](const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = script.find(from, at)) != std::string::npos; at += to.size())
      script.replace(at, from.size(), to);
  };
  replace("/tmp/gibbon", "sources");
  ok("mkdir -p sources/.ci sources/build/release; printf '#!/bin/sh\\n' > sources/.ci/install; "
     "chmod +x sources/.ci/install; touch sources/build/release/gibbon_1_amd64.deb");
  ok(script);
  EXPECT_TRUE(shell.has("gibbon.deb"));
  EXPECT_THAT(shell.text("log"),
              AllOf(HasSubstr("cmake --build --preset release"), HasSubstr("cpack -G DEB")));
}

TEST_F(CiFiles, GitLabsLinesRun) {
  const std::string text = read_file(kSource / "examples/ci/gitlab.yml");
  for (const Step& line : gitlab_steps(text, "before_script")) {
    // With the package in the cache nothing is built.
    ok("touch gibbon.deb");
    ok(line.script);
  }
  EXPECT_THAT(shell.text("log"), AllOf(HasSubstr("apt-get install"), Not(HasSubstr("git "))));
  const std::vector<Step> script = gitlab_steps(text, "script");
  ASSERT_EQ(script.size(), 3U);
  ok(script[0].script);
  make_baseline(script[1].script);
  ok(script[1].script);
  ok(script[2].script);
  spoil_model();
  ok(script[1].script);
  EXPECT_EQ(step(script[2].script).status, 1);
  const std::vector<Step> after = gitlab_steps(text, "after_script");
  ASSERT_EQ(after.size(), 1U);
  ok("CI_JOB_STATUS=failed\n" + after[0].script);
  EXPECT_TRUE(shell.has("changes.html"));
}

}  // namespace
}  // namespace gibbon::eval::cli
