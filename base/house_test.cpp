// SPDX-License-Identifier: MIT
// The house rules that no compiler checks: where files lie, what their namespace is, whose they
// are.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <iterator>
#include <set>

#include <gtest/gtest.h>

namespace gibbon {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = GIBBON_SOURCE_DIR;
constexpr std::array kModules{"base", "datasets", "models", "attacks", "eval", "reports"};

/// Lists of entries rather than rooms: what lies there is in its module's namespace. And LibTorch
/// has taken the name torch.
const std::set<std::string> kLists{"datasets/sources",  "models/activations", "models/losses",
                                   "models/optimizers", "models/torch",       "attacks/methods",
                                   "base/norms",        "reports/exporters"};

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
  if (kLists.contains(folder.generic_string())) folder = folder.parent_path();
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
