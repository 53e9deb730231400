// SPDX-License-Identifier: MIT
// The house rules that no compiler checks: where files lie, what their namespace is, whose they
// are.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <iterator>
#include <regex>
#include <set>

#include <gtest/gtest.h>

namespace gibbon {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = GIBBON_SOURCE_DIR;
constexpr std::array kModules{"base", "datasets", "models", "attacks", "eval", "reports"};

/// Lists of entries rather than rooms: what lies there is in its module's namespace. And the
/// plugins, which are not part of it: LibTorch has taken the name torch.
const std::set<std::string> kLists{
    "datasets/sources", "datasets/formats",        "datasets/opencv",    "datasets/curl",
    "eval/verify/clp",  "models/torch/layers",     "models/activations", "models/published",
    "models/layers",    "models/losses",           "models/optimizers",  "models/torch",
    "attacks/methods",  "attacks/transformations", "base/norms",         "reports/exporters"};

std::vector<fs::path> sources() {
  std::vector<fs::path> found;
  for (const char* module : kModules) {
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / module)) {
      const fs::path extension = entry.path().extension();
      if (extension == ".cpp" || extension == ".hpp") found.push_back(entry.path());
    }
  }
  return found;
}

std::string text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// "gibbon::eval::sweep" for a file in eval/sweep/; what lies in base/ are words of the whole
/// project.
std::string namespace_of(const fs::path& file) {
  fs::path folder = fs::relative(file, kRoot).parent_path();
  while (kLists.contains(folder.generic_string())) folder = folder.parent_path();
  if (folder == "base") return "gibbon";
  std::string name = "gibbon";
  for (const fs::path& part : folder) name += "::" + part.string();
  return name;
}

TEST(House, NamespacesFollowFolders) {
  std::size_t seen = 0;
  for (const fs::path& file : sources()) {
    const std::string text = text_of(file);
    const std::string wanted = namespace_of(file);
    for (std::size_t at = text.find("\nnamespace gibbon"); at != std::string::npos;
         at = text.find("\nnamespace gibbon", at + 1)) {
      const std::size_t begin = at + std::string_view("\nnamespace ").size();
      const std::string name = text.substr(begin, text.find(' ', begin) - begin);
      EXPECT_TRUE(name == wanted || name.starts_with(wanted + "::"))
          << file << ": namespace " << name << "; its folder says " << wanted;
      ++seen;
    }
  }
  EXPECT_GT(seen, 300U);
}

TEST(House, EveryFileSaysItsLicence) {
  std::size_t seen = 0;
  for (const fs::path& file : sources()) {
    EXPECT_TRUE(text_of(file).starts_with("// SPDX-License-Identifier: MIT\n")) << file;
    ++seen;
  }
  EXPECT_GT(seen, 400U);
}

// Who asks which norm it is would have to be asked about every further one: what is true of a norm
// says its entry, base/norms/. Only the mathematics of some norms, which refuses all others, asks.
TEST(House, ANormIsOneEntry) {
  const std::set<std::string> mathematics{"attacks/methods/hopskipjump.cpp",
                                          "attacks/methods/noise_salt_pepper.cpp",
                                          "attacks/methods/square.cpp",
                                          "attacks/methods/uap.cpp",
                                          "attacks/search/apgd.cpp",
                                          "attacks/search/decisions.cpp",
                                          "attacks/search/fab_search.cpp",
                                          "attacks/search/hyperplane.cpp",
                                          "attacks/search/iterate.cpp",
                                          "attacks/search/running_ball.cpp",
                                          "attacks/search/starts.cpp",
                                          "eval/judge/judge.cpp",
                                          "eval/lab/crosscheck.cpp",
                                          "eval/lab/explain_bounds.cpp",
                                          "eval/verify/dual.cpp",
                                          "eval/verify/falsify.cpp",
                                          "eval/verify/replay.cpp",
                                          "eval/verify/search.cpp",
                                          "models/bounds/bounder.cpp",
                                          "models/bounds/row_sums.hpp"};
  const std::regex asks("(==|!=) (attacks::)?Norm::k");
  const std::regex branches("case (attacks::)?Norm::k");
  const std::regex names("[=!]= *\"l(inf|[0-9])\"|\"l(inf|[0-9])\" *[=!]=");
  std::set<std::string> asking;
  for (const fs::path& file : sources()) {
    const std::string name = fs::relative(file, kRoot).generic_string();
    if (name.ends_with("_test.cpp") || name.ends_with("_bench.cpp")) continue;
    const std::string text = text_of(file);
    EXPECT_FALSE(std::regex_search(text, branches)) << name << ": a switch over the norms";
    EXPECT_FALSE(std::regex_search(text, names)) << name << ": a norm by its name";
    if (std::regex_search(text, asks)) asking.insert(name);
  }
  EXPECT_EQ(asking, mathematics);
}

TEST(House, TheRootHoldsTheModulesAndNothingElse) {
  std::set<std::string> folders;
  for (const auto& entry : fs::directory_iterator(kRoot)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && !name.starts_with(".")) folders.insert(name);
  }
  // What a build and a run leave behind.
  for (const char* made : {"build", "runs"}) folders.erase(made);
  const std::set<std::string> allowed{"base",    "datasets", "models",   "attacks", "eval",
                                      "reports", "docs",     "examples", "python"};
  for (const std::string& folder : folders) EXPECT_TRUE(allowed.contains(folder)) << folder;
}

}  // namespace
}  // namespace gibbon
