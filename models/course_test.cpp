// SPDX-License-Identifier: MIT
// models/README.md promises file and line for every formula of the course: here it keeps its word.
#include <fstream>
#include <regex>

#include <gtest/gtest.h>

#include "base/files.hpp"

namespace gibbon::models {
namespace {

TEST(Course, EveryFormulaStandsWhereThePageSays) {
  const std::string root = GIBBON_SOURCE_DIR;
  const std::string page = read_file(root + "/models/README.md");
  const std::regex row(R"(\| \[([a-z_0-9/.]+):(\d+)\]\([^)]*#L(\d+)\) \| `([^`]+)` \|)");
  std::size_t rows = 0;
  for (auto it = std::sregex_iterator(page.begin(), page.end(), row); it != std::sregex_iterator();
       ++it) {
    const auto& match = *it;
    std::ifstream file(root + "/" + match[1].str());
    std::string line;
    for (int k = 0; k < std::stoi(match[2]); ++k) std::getline(file, line);
    EXPECT_NE(line.find(match[4].str()), std::string::npos)
        << match[1] << ':' << match[2] << " is\n  " << line << "\nand not\n  " << match[4];
    EXPECT_EQ(match[2], match[3]);
    ++rows;
  }
  EXPECT_GE(rows, 24U);
}

}  // namespace
}  // namespace gibbon::models
