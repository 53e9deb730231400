// SPDX-License-Identifier: MIT
// Completions: what a shell offers after some words.
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "eval/cli/shell.hpp"

namespace gibbon::eval::cli {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

/// The words bash offers for the last one of `words`, a bash array's content, one per line.
std::string offered(const Shell& shell, const std::string& words) {
  const Shell::Result result = shell.run("source <(gibbon completion bash)\nCOMP_WORDS=(" + words +
                                         ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_gibbon\n"
                                         "printf '%s\\n' \"${COMPREPLY[@]}\"");
  EXPECT_EQ(result.status, 0) << words << result.err;
  EXPECT_EQ(result.err, "") << words;
  return result.out;
}

TEST(Completion, BashCompletesCommandsOptionsAndNames) {
  const Shell shell;
  EXPECT_EQ(offered(shell, "gibbon sw"), "sweep\n");
  EXPECT_EQ(offered(shell, "gibbon data ''"), "fetch\nshow\n");
  EXPECT_EQ(offered(shell, "gibbon --ver"), "--version\n");
  EXPECT_EQ(offered(shell, "gibbon sweep --max"), "--max-queries\n");
  EXPECT_EQ(offered(shell, "gibbon data fetch --dat"), "--data-dir\n");
  EXPECT_EQ(offered(shell, "gibbon sweep --attack fgs"), "fgsm\n");
  EXPECT_EQ(offered(shell, "gibbon sweep --attack pgd --attack auto"), "autoattack\n");
  EXPECT_EQ(offered(shell, "gibbon sweep --norm ''"), "linf\nl2\nl1\nl0\n");
  EXPECT_EQ(offered(shell, "gibbon sweep --norm = l2"), "l2\n");  // --norm=l2
  EXPECT_EQ(offered(shell, "gibbon sweep --norm ="), "linf\nl2\nl1\nl0\n");
  EXPECT_EQ(offered(shell, "gibbon train --activation sig"), "sigmoid\n");
  EXPECT_EQ(offered(shell, "gibbon train --loss cross"), "cross-entropy\n");
  EXPECT_EQ(offered(shell, "gibbon train --optimizer ad"), "adam\n");
  EXPECT_EQ(offered(shell, "gibbon train --data fashion"), "fashion-mnist\n");
  EXPECT_EQ(offered(shell, "gibbon train --init xav"), "xavier\n");
  EXPECT_EQ(offered(shell, "gibbon certify --soundness fl"), "float32\n");
  EXPECT_EQ(offered(shell, "gibbon list att"), "attacks\n");
  EXPECT_EQ(offered(shell, "gibbon explain dee"), "deepfool\n");
  EXPECT_EQ(offered(shell, "gibbon completion ''"), "bash\nzsh\nfish\n");
}

// Nothing is offered, so that bash takes files; after numbers it takes nothing at all.
TEST(Completion, BashLeavesFilesToTheShell) {
  const Shell shell;
  EXPECT_EQ(offered(shell, "gibbon sweep --model fg"), "\n");
  EXPECT_EQ(offered(shell, "gibbon sweep -o fg"), "\n");
  EXPECT_EQ(offered(shell, "gibbon sweep --seed ''"), "\n");
  EXPECT_EQ(offered(shell, "gibbon report r"), "\n");
  // A value that is a command's name is a value.
  EXPECT_EQ(offered(shell, "gibbon sweep --model train --max"), "--max-queries\n");
}

TEST(Completion, EveryAttackIsOffered) {
  const Shell shell;
  const Shell::Result result = shell.run(
      "diff <(gibbon list attacks | sed -n 's/^  \\([a-z0-9-]*\\) .*/\\1/p' | sort) "
      "<(source <(gibbon completion bash); COMP_WORDS=(gibbon sweep --attack ''); COMP_CWORD=3; "
      "_gibbon; printf '%s\\n' \"${COMPREPLY[@]}\" | sort)");
  EXPECT_EQ(result.status, 0) << result.out << result.err;
}

// Their shells are no dependency of the tests; where one is there, it reads its script.
TEST(Completion, OtherShellsTakeTheirScripts) {
  const Shell shell;
  const std::string zsh = shell.run("gibbon completion zsh").out;
  EXPECT_THAT(zsh, testing::StartsWith("#compdef gibbon\n"));
  EXPECT_THAT(zsh, HasSubstr("repeatable; without it linf, or the first that every attack "
                             "supports]:name:(linf l2 l1 l0)'"));
  EXPECT_THAT(zsh, HasSubstr("'(-o --output)'{-o,--output}'["));
  EXPECT_THAT(zsh, HasSubstr("fetch) _gibbon_data_fetch ;;"));
  const std::string fish = shell.run("gibbon completion fish").out;
  EXPECT_THAT(fish, HasSubstr("complete -c gibbon -n '__fish_use_subcommand' -f -a sweep -d"));
  EXPECT_THAT(fish, ContainsRegex("seen_subcommand_from sweep' -l norm -x -a 'linf l2 l1 l0' -d"));
  EXPECT_THAT(fish, ContainsRegex("seen_subcommand_from sweep' -s o -l output -r -F -d"));
  EXPECT_THAT(fish, Not(HasSubstr("\n\n")));
  for (const std::string name : {"bash", "zsh", "fish"}) {
    const Shell::Result read =
        shell.run("command -v " + name + " >/dev/null || exit 0\ngibbon completion " + name +
                  " > script\n" + name + " -n script");
    EXPECT_EQ(read.status, 0) << name << read.err;
  }
  EXPECT_EQ(shell.run("gibbon completion tcsh").status, 2);
}

}  // namespace
}  // namespace gibbon::eval::cli
