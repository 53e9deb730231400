// SPDX-License-Identifier: MIT
#include "eval/runs/journal.hpp"

#include <cmath>
#include <gmock/gmock.h>
#include <limits>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/rng.hpp"
#include "base/temporary_folder.hpp"

namespace gibbon::eval::runs {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class JournalTest : public testing::Test {
 protected:
  /// Of 5 blocks of 2 samples, the last of 1; 2 pairs at 3 budgets.
  [[nodiscard]] sweep::Part part(std::uint32_t pair, std::uint32_t block) const {
    const std::size_t count = plan_.count(block);
    sweep::Part out{.pair = pair, .block = block, .zero_gradients = 1};
    out.records.resize(3 * count);
    for (std::size_t k = 0; k < out.records.size(); ++k) {
      reports::record::SampleRecord& r = out.records[k];
      r = {.id = ids_[2 * block + k % count],
           .label = 1,
           .clean_label = 1,
           .found_label = 0,
           .nearest = std::numeric_limits<double>::infinity()};
    }
    out.tallies.resize(plan_.members[pair]);
    out.tallies[0].broken = 5;
    out.points.assign(2 * count, 0.25F);
    return out;
  }
  [[nodiscard]] Journal open(bool resume) const { return {path_, configuration_, plan_, resume}; }
  [[nodiscard]] JournalContent read(std::string_view bytes) const {
    return read_journal(bytes, "resume.journal", configuration_, plan_);
  }
  /// What read() throws.
  [[nodiscard]] std::string complaint(std::string_view bytes, ErrorKind kind) const {
    try {
      static_cast<void>(read(bytes));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "accepted";
    return {};
  }
  /// A journal of three parts.
  [[nodiscard]] std::string whole() const {
    return journal_head(configuration_) + to_bytes(part(0, 0)) + to_bytes(part(1, 0)) +
           to_bytes(part(0, 4));
  }

  TemporaryFolder folder_;  // tests run side by side
  std::filesystem::path path_ = folder_.path() / "resume.journal";
  nlohmann::ordered_json configuration_{{"model", "abc"}, {"seed", 1}};
  std::vector<std::uint64_t> ids_{70, 71, 72, 73, 74, 75, 76, 77, 78};
  std::vector<int> labels_ = std::vector<int>(9, 1);
  sweep::PartLayout plan_{.members = {1, 2},
                          .budgets = 3,
                          .batch = 2,
                          .dim = 2,
                          .classes = 2,
                          .ids = ids_,
                          .labels = labels_};
};

TEST_F(JournalTest, GivesBackWhatWasFinished) {
  {
    Journal journal = open(false);
    journal.add(part(0, 0));
    journal.add(part(1, 4));
  }
  Journal again = open(true);
  EXPECT_EQ(again.restored(), 2U);
  EXPECT_EQ(again.dropped(), 0U);
  EXPECT_EQ(again.find(0, 4), nullptr);
  const sweep::Part* found = again.find(1, 4);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->records[1].id, 78U);
  EXPECT_EQ(found->tallies[0].broken, 5U);
  EXPECT_EQ(found->zero_gradients, 1U);
  EXPECT_THAT(found->points, testing::ElementsAre(0.25F, 0.25F));
  again.remove();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(JournalTest, WithoutResumeItStartsAnew) {
  { open(false).add(part(0, 0)); }
  { EXPECT_EQ(open(false).restored(), 0U); }
  EXPECT_EQ(open(true).restored(), 0U);
}

TEST_F(JournalTest, IsCutOffAnywhereWithoutHarm) {
  const std::size_t head = journal_head(configuration_).size();
  const std::size_t first = head + to_bytes(part(0, 0)).size();
  const std::string bytes =
      journal_head(configuration_) + to_bytes(part(0, 0)) + to_bytes(part(0, 1));
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const JournalContent content = read(bytes.substr(0, size));
    const bool all = size == bytes.size();
    EXPECT_EQ(content.parts.size(), all ? 2U : size >= first ? 1U : 0U) << size;
    EXPECT_EQ(content.good, all ? size : size >= first ? first : size >= head ? head : 0U) << size;
  }
  for (const std::size_t size : {head - 3, head, first - 1, first, first + 40}) {
    write_atomically(path_, bytes.substr(0, size));
    open(true).add(part(0, 2));
    EXPECT_NE(open(true).find(0, 2), nullptr) << "what is added behind a cut is found, " << size;
  }
}

TEST_F(JournalTest, DropsWhatIsDamagedAndSaysHowMuch) {
  {
    Journal journal = open(false);
    journal.add(part(0, 0));
    journal.add(part(0, 1));
  }
  std::string bytes = read_file(path_);
  bytes[bytes.size() - 3] = static_cast<char>(bytes[bytes.size() - 3] ^ 1);
  write_atomically(path_, bytes);
  const Journal again = open(true);
  EXPECT_EQ(again.restored(), 1U);
  EXPECT_EQ(again.dropped(), to_bytes(part(0, 1)).size());
}

TEST_F(JournalTest, EveryByteOfItIsGuarded) {
  const std::string bytes = whole();
  const std::size_t head = journal_head(configuration_).size();
  Rng rng(17, 0, "journal");
  for (int round = 0; round < 2000; ++round) {
    std::string damaged = bytes;
    std::size_t first = bytes.size();
    for (std::uint64_t k = 0; k <= rng.below(3); ++k) {
      const std::size_t at = rng.below(bytes.size());
      damaged[at] = static_cast<char>(damaged[at] ^ static_cast<int>(1 + rng.below(255)));
      if (damaged[at] != bytes[at]) first = std::min(first, at);
    }
    try {
      const JournalContent content = read(damaged);
      EXPECT_TRUE(damaged == bytes || first >= head) << round << ": a damaged head is accepted";
      EXPECT_LE(content.good, damaged == bytes ? bytes.size() : first) << round;
      for (const auto& [key, found] : content.parts) {
        EXPECT_EQ(to_bytes(found), to_bytes(part(key.first, key.second))) << round;
      }
    } catch (const Error& error) {
      EXPECT_LT(first, head) << round << ": " << error.what();
      EXPECT_THAT(error.what(), AllOf(HasSubstr("resume.journal"), HasSubstr("--force")));
    }
  }
}

// Checksums tell of damage, not of who wrote it: what a part says has to be possible, too.
TEST_F(JournalTest, TakesNoPartThatTheSweepCannotHaveMade) {
  const auto taken = [&](const auto& change) {
    sweep::Part changed = part(1, 1);
    change(changed);
    return read(journal_head(configuration_) + to_bytes(changed)).parts.size();
  };
  using sweep::Part;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(taken([](Part&) {}), 1U);
  EXPECT_EQ(taken([](Part& p) { p.pair = 2; }), 0U);
  EXPECT_EQ(taken([](Part& p) { p.block = 5; }), 0U);
  EXPECT_EQ(taken([](Part& p) { p.block = 0xFFFFFFFFU; }), 0U);
  EXPECT_EQ(taken([](Part& p) { p.block = 2; }), 0U) << "other samples";
  EXPECT_EQ(taken([](Part& p) { p.zero_gradients = 3; }), 0U);
  EXPECT_EQ(taken([](Part& p) { p.records.pop_back(); }), 0U);
  EXPECT_EQ(taken([](Part& p) { p.tallies.pop_back(); }), 0U);
  EXPECT_EQ(taken([](Part& p) { p.points.clear(); }), 0U);
  EXPECT_EQ(taken([](Part& p) { p.records[0].label = 0; }), 0U);
  EXPECT_EQ(taken([](Part& p) { p.records[0].found_label = 2; }), 0U);
  EXPECT_EQ(taken([](Part& p) { p.records[0].target = -2; }), 0U);
  EXPECT_EQ(taken([](Part& p) { p.records[0].member = 2; }), 0U);
  EXPECT_EQ(taken([](Part& p) { p.records[0].fooled = 2; }), 0U);
  EXPECT_EQ(taken([&](Part& p) { p.records[0].nearest = nan; }), 0U);
}

TEST_F(JournalTest, RefusesAnotherSweepAndNamesTheDifference) {
  { open(false).add(part(0, 0)); }
  const nlohmann::ordered_json mine = configuration_;
  configuration_["seed"] = 2;
  EXPECT_THAT(complaint(read_file(path_), ErrorKind::kUsage), HasSubstr("seed is 2, it was 1"));
  configuration_ = mine;
  EXPECT_EQ(open(true).restored(), 1U) << "and leaves it alone";
}

TEST_F(JournalTest, RefusesADamagedHeadAndOtherVersions) {
  EXPECT_THAT(complaint("gibbon journal 1\n{\"model\":\"abc\",\"seed\":1}\n", ErrorKind::kInput),
              HasSubstr("of another version of gibbon"));
  std::string bytes = whole();
  bytes[40] = '\xff';
  EXPECT_THAT(complaint(bytes, ErrorKind::kInput),
              HasSubstr("beginning of the journal is damaged"));
  EXPECT_THAT(complaint("\x7f"
                        "ELF",
                        ErrorKind::kInput),
              HasSubstr("damaged"));
  // Whole, but of values that nobody compares with.
  configuration_ = nlohmann::ordered_json::parse(std::string(5000, '[') + std::string(5000, ']'));
  const std::string deep = journal_head(configuration_);
  configuration_ = {{"seed", 1}};
  EXPECT_THAT(complaint(deep, ErrorKind::kInput), HasSubstr("damaged"));
  EXPECT_THAT(complaint(journal_head({1, 2}), ErrorKind::kUsage),
              HasSubstr("seed is 1, it was absent"));
}

}  // namespace
}  // namespace gibbon::eval::runs
