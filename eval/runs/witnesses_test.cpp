// SPDX-License-Identifier: MIT
#include "eval/runs/witnesses.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "eval/runs/stored_examples.hpp"

namespace gibbon::eval::runs {
namespace {

datasets::Dataset points() {
  datasets::Dataset data;
  data.name = "points";
  data.split = "test";
  data.images = Tensor(2, 2);
  std::ranges::copy(std::vector<float>{0.25F, 0.5F, 0.75F, 1.0F}, data.images.flat().begin());
  data.labels = {0, 1};
  data.ids = {4, 7};
  data.shape = {.height = 1, .width = 2, .channels = 1};
  data.class_names = {"a", "b"};
  return data;
}

TEST(Witnesses, AreReadAsStoredExamples) {
  const std::filesystem::path folder = testing::TempDir();
  const std::vector<certify::Witness> witnesses{
      {.sample = 1, .epsilon = 0.5, .x = {0.5F, 0.75F}},
  };
  write_witnesses(folder, points(), attacks::Norm::kL2, witnesses);
  const std::filesystem::path file = witnesses_file(folder, "l2");
  const StoredExamples read = load_examples(file);
  EXPECT_EQ(read.norm, attacks::Norm::kL2);
  EXPECT_EQ(read.epsilon, 0.5);
  EXPECT_EQ(read.data.ids, (std::vector<std::uint64_t>{7}));
  EXPECT_EQ(read.data.labels, (std::vector<int>{1}));
  EXPECT_THAT(read.data.images.flat(), testing::ElementsAre(0.75F, 1.0F));
  EXPECT_THAT(read.points.flat(), testing::ElementsAre(0.5F, 0.75F));

  write_witnesses(folder, points(), attacks::Norm::kL2, {});
  EXPECT_FALSE(std::filesystem::exists(file)) << "none are left of an older search";
}

}  // namespace
}  // namespace gibbon::eval::runs
