// SPDX-License-Identifier: MIT
// The documents keep their word: every command in them runs, every link leads to a file, and every
// command of the program has a section in docs/usage.md.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <regex>
#include <sstream>

#include <gtest/gtest.h>

#include "eval/cli/shell.hpp"

namespace gibbon::eval::cli {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = GIBBON_SOURCE_DIR;

/// Pages whose commands are executed, relative to the root of the sources.
std::vector<std::string> pages() {
  std::vector<std::string> out;
  for (const fs::directory_entry& entry : fs::directory_iterator(kSource / "docs")) {
    if (entry.path().extension() == ".md") {
      out.push_back("docs/" + entry.path().filename().string());
    }
  }
  std::sort(out.begin(), out.end());
  out.insert(out.begin(), {"README.md", "CONTRIBUTING.md", "reports/gate/README.md"});
  return out;
}

/// Pages whose links are checked: these, and those without commands.
std::vector<std::string> linked_pages() {
  std::vector<std::string> out = pages();
  out.insert(out.end(), {"CHANGELOG.md", "SECURITY.md", "attacks/README.md", "models/README.md"});
  return out;
}

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

/// Commands that install, build, test or measure gibbon itself from its source folder: .ci/run runs
/// the first two of them.
bool works_on_the_sources(const std::string& command) {
  constexpr std::string_view kPrefixes[] = {"./",        ".ci/",   "reports/", "build/release/",
                                            "git clone", "cmake ", "cpack ",   "ctest",
                                            "GIBBON_"};
  return std::any_of(std::begin(kPrefixes), std::end(kPrefixes),
                     [&](std::string_view prefix) { return command.starts_with(prefix); });
}

/// docs/usage.md as docs_usage_md: what a test's name may hold.
std::string test_name(const testing::TestParamInfo<std::string>& page) {
  std::string name = page.param;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

class Documents : public testing::TestWithParam<std::string> {};

/// What commands with a photograph need: the documents' pictures, and a network for ImageNet with
/// the names of its classes. False: there is no such network.
bool lay_out_photographs(const Shell& shell) {
  fs::create_directory(shell.path("docs"));
  fs::create_directory_symlink(kSource / "docs/figures", shell.path("docs/figures"));
  const char* oracles = std::getenv("GIBBON_ORACLES");
  if (oracles == nullptr) return false;
  fs::create_symlink(fs::path(oracles) / "panda/squeezenet.onnx", shell.path("squeezenet.onnx"));
  fs::create_symlink(fs::path(oracles) / "panda/classes.txt", shell.path("imagenet.txt"));
  return true;
}

TEST_P(Documents, EveryCommandRuns) {
  if (std::getenv("GIBBON_DATA") == nullptr) {
    GTEST_SKIP() << "set GIBBON_DATA to a folder with mnist/: the page's commands use it";
  }
  const std::string text = read_file(kSource / GetParam());
  // Any other name for a shell would be a block that nobody runs.
  static const std::regex kOtherShell("\n```(bash|shell|console)\n");
  EXPECT_FALSE(std::regex_search(text, kOtherShell)) << "write ```sh";
  const Shell shell;  // A page stands alone: nothing of another page is in its folder.
  fs::copy_file(kSource / "demo.toml", shell.path("demo.toml"));
  const bool photographs = lay_out_photographs(shell);
  for (const std::string& command : commands(text)) {
    if (works_on_the_sources(command)) {
      // Scripts are not run, but they exist.
      const std::string script = command.substr(0, command.find(' '));
      if (script.find('/') != std::string::npos && !script.starts_with("build/")) {
        EXPECT_TRUE(fs::exists(kSource / script)) << command;
      }
      continue;
    }
    if (!photographs && command.find("squeezenet.onnx") != std::string::npos) continue;
    const Shell::Result result = shell.run(command);
    EXPECT_EQ(result.status, 0) << command << "\n" << result.out << result.err;
  }
}

INSTANTIATE_TEST_SUITE_P(Pages, Documents, testing::ValuesIn(pages()), test_name);

class DocumentLinks : public testing::TestWithParam<std::string> {};

/// The anchors that hosting sites make of a page's headings: lower case, "-" for blanks, no other
/// signs.
std::vector<std::string> anchors(const std::string& page) {
  std::vector<std::string> out;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = line.find_first_not_of('#');
    if (begin == 0 || begin == std::string::npos || line[begin] != ' ') continue;
    std::string anchor;
    for (const char c : line.substr(begin + 1)) {
      const auto letter = static_cast<unsigned char>(c);
      if (std::isalnum(letter) != 0) anchor += static_cast<char>(std::tolower(letter));
      if (c == ' ' || c == '-') anchor += '-';
      if (c == '_' || letter >= 0x80) anchor += c;
    }
    out.push_back(anchor);
  }
  return out;
}

TEST_P(DocumentLinks, LeadToFilesAndHeadings) {
  const fs::path page = kSource / GetParam();
  const std::string text = read_file(page);
  static const std::regex kLink(R"(\]\(([^)\s#]*)(#([^)\s]*))?\))");
  for (std::sregex_iterator link(text.begin(), text.end(), kLink), end; link != end; ++link) {
    const std::string target = (*link)[1];
    const std::string anchor = (*link)[3];
    if (target.find("://") != std::string::npos) continue;
    const fs::path file = target.empty() ? page : page.parent_path() / target;
    ASSERT_TRUE(fs::exists(file)) << GetParam() << ": " << target;
    if (anchor.empty() || file.extension() != ".md") continue;
    EXPECT_THAT(anchors(read_file(file)), testing::Contains(anchor))
        << GetParam() << ": " << target;
  }
}

INSTANTIATE_TEST_SUITE_P(Pages, DocumentLinks, testing::ValuesIn(linked_pages()), test_name);

TEST(Documentation, ReadmeShowsTheThreeUses) {
  const std::vector<std::string> shown = commands(read_file(kSource / "README.md"));
  for (const std::string_view use : {"gibbon sweep", "gibbon gallery", "gibbon check"}) {
    EXPECT_TRUE(std::any_of(shown.begin(), shown.end(), [&](const std::string& command) {
      return command.starts_with(use);
    })) << use;
  }
}

TEST(Documentation, EveryCommandHasASection) {
  const Shell shell;
  const std::string help = shell.run("gibbon --help").out;
  const std::string usage = "\n" + read_file(kSource / "docs/usage.md");
  std::istringstream lines(help);
  std::string line;
  std::size_t listed = 0;
  while (std::getline(lines, line) && line != "Options:") {
    if (!line.starts_with("  ") || line[2] == ' ') continue;
    const std::string name = line.substr(2, line.find(' ', 2) - 2);
    EXPECT_NE(usage.find("\n### gibbon " + name + "\n"), std::string::npos)
        << "docs/usage.md lacks a section '### gibbon " << name << "'";
    ++listed;
  }
  EXPECT_GE(listed, 18U);
}

}  // namespace
}  // namespace gibbon::eval::cli
