// SPDX-License-Identifier: MIT
// Manual pages: man accepts them, and they have every command and every option of --help.
#include <regex>
#include <set>

#include <gtest/gtest.h>

#include "eval/cli/shell.hpp"

namespace gibbon::eval::cli {
namespace {

std::set<std::string> matches(const std::string& text, const std::regex& pattern) {
  std::set<std::string> out;
  for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) {
    out.insert((*it)[1]);
  }
  return out;
}

std::set<std::string> commands(const Shell& shell, const std::string& above) {
  const std::string help = shell.run("gibbon" + above + " --help").out;
  if (help.find(" COMMAND [options]\n") == std::string::npos) return {};
  return matches(help.substr(0, help.find("\nOptions:")), std::regex("\n  ([a-z-]+) "));
}

/// "--norm" of lines "  -o, --output ..." and "      --norm ...".
std::set<std::string> options(const Shell& shell, const std::string& command) {
  return matches(shell.run("gibbon" + command + " --help").out,
                 std::regex("\n {2,6}(?:-[a-zA-Z], )?(--[a-z0-9-]+)"));
}

/// As it reads on a terminal, without bold face.
std::string page(const Shell& shell, const std::string& file) {
  const Shell::Result read = shell.run("LC_ALL=C.UTF-8 MANWIDTH=100 man --warnings -l " + file);
  EXPECT_EQ(read.status, 0) << file;
  EXPECT_EQ(read.err, "") << file;
  return read.out;
}

TEST(Manual, HasEveryCommandAndOptionAndNoWarning) {
  const Shell shell;
  ASSERT_EQ(shell.run("gibbon manual -o man").status, 0);
  const std::string program = page(shell, "man/gibbon.1");
  const std::set<std::string> all = commands(shell, "");
  EXPECT_GE(all.size(), 20U);
  std::size_t seen = 0;
  for (const std::string& command : all) {
    EXPECT_NE(program.find("\n       " + command), std::string::npos) << command;
    const std::string text = page(shell, "man/gibbon-" + command + ".1");
    std::vector<std::string> forms{" " + command};
    for (const std::string& below : commands(shell, " " + command)) {
      forms.push_back(" " + command + " " + below);
      EXPECT_NE(text.find("\n   gibbon" + forms.back() + "\n"), std::string::npos) << below;
    }
    for (const std::string& form : forms) {
      for (const std::string& option : options(shell, form)) {
        EXPECT_TRUE(std::regex_search(text, std::regex("\n       ([^\n]*, )?" + option + "[, \n]")))
            << form << " " << option;
        ++seen;
      }
    }
  }
  EXPECT_GT(seen, 150U);
}

TEST(Manual, PrintsThePageOfACommand) {
  const Shell shell;
  const Shell::Result sweep = shell.run("gibbon manual sweep");
  EXPECT_EQ(sweep.out.substr(0, 18), ".TH GIBBON\\-SWEEP ");
  EXPECT_NE(sweep.out.find("gibbon\\-sweep \\- Attack a model"), std::string::npos) << sweep.out;
  EXPECT_EQ(shell.run("gibbon manual swep").status, 2);
}

}  // namespace
}  // namespace gibbon::eval::cli
