// Every command of README.md and of the gate's page is run: a reader who types them gets what they
// say.
#include <sstream>

#include <gtest/gtest.h>

#include "eval/cli/shell.hpp"

namespace gibbon::eval::cli {
namespace {

/// The lines of all ```sh blocks, continued lines joined, comments dropped.
std::vector<std::string> commands(const std::string& page) {
  std::vector<std::string> out;
  std::istringstream lines(page);
  bool inside = false;
  std::string command;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      inside = line == "```sh";
      continue;
    }
    if (!inside || line.empty() || line.starts_with("#")) continue;
    command += line;
    if (command.ends_with("\\")) {
      command.pop_back();
      continue;
    }
    out.push_back(command.substr(0, command.find("  #")));
    command.clear();
  }
  return out;
}

/// What only a fresh machine can run: .ci/run does.
bool builds_everything(const std::string& command) {
  return command == "./demo.sh" || command == "./test.sh" || command.starts_with("git clone") ||
         command.starts_with("cmake ");
}

TEST(Readme, EveryCommandRuns) {
  if (std::getenv("GIBBON_DATA") == nullptr) {
    GTEST_SKIP() << "set GIBBON_DATA to a folder with mnist/: the page's commands use it";
  }
  const Shell shell;
  const std::string page = read_file(GIBBON_SOURCE_DIR "/README.md") +
                           read_file(GIBBON_SOURCE_DIR "/reports/gate/README.md");
  std::size_t run = 0;
  for (const std::string& command : commands(page)) {
    if (builds_everything(command)) continue;
    const Shell::Result result = shell.run("cp -n " GIBBON_SOURCE_DIR "/demo.toml .; " + command);
    EXPECT_EQ(result.status, 0) << command << "\n" << result.out << result.err;
    ++run;
  }
  EXPECT_GE(run, 10U);
}

}  // namespace
}  // namespace gibbon::eval::cli
