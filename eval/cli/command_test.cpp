// SPDX-License-Identifier: MIT
#include "eval/cli/command.hpp"

#include <gtest/gtest.h>

#include "base/files.hpp"
#include "base/temporary_folder.hpp"
#include "models/train/initialise.hpp"

namespace gibbon::eval::cli {
namespace {

std::string big_endian(std::size_t value) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(value >> shift & 0xFF);
  return bytes;
}

/// How many of so many training samples a plan with this attack learns from; 0: none are loaded.
std::size_t learned_from(std::size_t samples, const std::string& attack) {
  const TemporaryFolder folder;
  const std::filesystem::path stem = folder.path() / "mnist" / "train";
  std::filesystem::create_directories(stem.parent_path());
  const std::string pixels(samples, 'x');  // of one pixel each, in class 0
  write_atomically(
      stem.string() + "-images-idx3-ubyte",
      big_endian(0x803) + big_endian(samples) + big_endian(1) + big_endian(1) + pixels);
  write_atomically(stem.string() + "-labels-idx1-ubyte",
                   big_endian(0x801) + big_endian(samples) + std::string(samples, '\0'));
  const models::Network network = models::train::make_network(
      std::vector<std::size_t>{1, 10}, models::make_activation("identity"),
      models::Output::kSoftmax, models::train::find_initialiser("xavier"), 1);
  sweep::SweepPlan plan{.norms = {attacks::Norm::kLinf}, .epsilons = {0.1}};
  plan.attacks.push_back(sweep::parse_entry(attack));
  runs::load_training({.data = "mnist", .data_dir = folder.path()}, network, plan);
  return plan.training ? plan.training->size() : 0;
}

TEST(LoadTraining, FittedAttacksLearnFromTheFirstThousandSamples) {
  EXPECT_EQ(learned_from(1001, "uap"), 1000U);
  EXPECT_EQ(learned_from(1000, "uap"), 1000U);
  EXPECT_EQ(learned_from(999, "worst-case(fgsm,uap)"), 999U) << "all there are";
  EXPECT_EQ(learned_from(20, "fgsm"), 0U) << "it does not learn";
}

}  // namespace
}  // namespace gibbon::eval::cli
