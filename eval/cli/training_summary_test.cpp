// SPDX-License-Identifier: MIT
#include "eval/cli/training_summary.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

namespace gibbon::eval::cli {
namespace {

TEST(TrainingSummary, RowsAreTrueClassesAndColumnsPredictions) {
  const std::vector<int> labels{0, 0, 0, 1, 1};
  const std::vector<std::uint32_t> predicted{0, 0, 1, 1, 2};
  EXPECT_EQ(confusion_text(labels, predicted, std::vector<std::string>{"cat", "dog"}, {}),
            "confusion matrix, predicted class in columns:\n\n"
            "true   cat   dog   2\n"
            "────   ───   ───   ─\n"
            "cat      2     1   .\n"
            "dog      .     1   1\n"
            "2        .     .   .\n");
}

TEST(TrainingSummary, OfManyClassesTheMostFrequentMistakes) {
  std::vector<std::string> names;
  for (int c = 0; c < 30; ++c) names.push_back("c" + std::to_string(c));
  const std::vector<int> labels{3, 3, 4, 29, 3};
  const std::vector<std::uint32_t> predicted{4, 4, 5, 29, 3};
  EXPECT_EQ(confusion_text(labels, predicted, names, {}),
            "most frequent mistakes:\n"
            "  c3 taken for c4: 2 of 3\n"
            "  c4 taken for c5: 1 of 1\n");
}

}  // namespace
}  // namespace gibbon::eval::cli
