// SPDX-License-Identifier: MIT
#include <algorithm>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "eval/cli/choices.hpp"
#include "eval/cli/shell.hpp"
#include "models/published_network.hpp"

namespace gibbon::eval::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(ModelsCli, ListsAndCompletesEveryNetwork) {
  const Shell shell;
  const Shell::Result listed = shell.run("gibbon models list");
  EXPECT_EQ(listed.status, 0) << listed.err;
  for (const models::PublishedNetwork& network : models::published_networks()) {
    EXPECT_THAT(listed.out, AllOf(HasSubstr(std::string(network.name) + " "),
                                  HasSubstr(network.source), HasSubstr(network.licence)));
    EXPECT_EQ(std::ranges::count(choices("models fetch", "NAME"), network.name), 1);
  }
}

TEST(ModelsCli, RefusesBeforeItAsksAnybody) {
  const Shell shell;
  const Shell::Result unknown = shell.run("gibbon models fetch squeezent");
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.err, HasSubstr("did you mean 'squeezenet'?"));
  const Shell::Result nowhere =
      shell.run("touch file; gibbon models fetch squeezenet --data-dir d -o file/x.onnx");
  EXPECT_EQ(nowhere.status, 3);
  EXPECT_THAT(nowhere.err, HasSubstr("file: cannot be"));
  EXPECT_FALSE(shell.has("d"));
}

}  // namespace
}  // namespace gibbon::eval::cli
