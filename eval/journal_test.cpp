#include "eval/journal.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "datasets/error.hpp"
#include "datasets/files.hpp"

namespace gibbon::eval {
namespace {

using testing::HasSubstr;

class JournalTest : public testing::Test {
 protected:
  JournalTest() { std::filesystem::remove(path_); }
  ~JournalTest() override { std::filesystem::remove(path_); }

  static JournalPart part(std::uint32_t pair, std::uint32_t block) {
    JournalPart out{.pair = pair, .block = block, .zero_gradients = 2};
    out.records.resize(3);
    out.records[1].id = 77;
    out.tallies.resize(1);
    out.tallies[0].broken = 5;
    out.points = {0.5F, 0.25F};
    return out;
  }

  std::filesystem::path path_ = std::filesystem::temp_directory_path() / "gibbon_journal_test";
  nlohmann::ordered_json configuration_{{"model", "abc"}, {"seed", 1}};
};

TEST_F(JournalTest, GivesBackWhatWasFinished) {
  {
    Journal journal(path_, configuration_, false);
    journal.add(part(0, 0));
    journal.add(part(1, 4));
  }
  Journal again(path_, configuration_, true);
  EXPECT_EQ(again.restored(), 2U);
  EXPECT_EQ(again.find(0, 4), nullptr);
  const JournalPart* found = again.find(1, 4);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->records[1].id, 77U);
  EXPECT_EQ(found->tallies[0].broken, 5U);
  EXPECT_EQ(found->zero_gradients, 2U);
  EXPECT_THAT(found->points, testing::ElementsAre(0.5F, 0.25F));
  again.remove();
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(JournalTest, WithoutResumeItStartsAnew) {
  { Journal(path_, configuration_, false).add(part(0, 0)); }
  { EXPECT_EQ(Journal(path_, configuration_, false).restored(), 0U); }
  EXPECT_EQ(Journal(path_, configuration_, true).restored(), 0U);
}

TEST_F(JournalTest, IsCutOffAnywhereWithoutHarm) {
  std::size_t first = 0;
  {
    Journal journal(path_, configuration_, false);
    journal.add(part(0, 0));
    first = std::filesystem::file_size(path_);
    journal.add(part(0, 1));
  }
  const std::string whole = read_file(path_);
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    write_atomically(path_, whole.substr(0, size));
    {
      Journal journal(path_, configuration_, true);
      EXPECT_EQ(journal.restored(), size == whole.size() ? 2U : size >= first ? 1U : 0U) << size;
      journal.add(part(0, 2));
    }
    // What is added behind a cut is found.
    EXPECT_NE(Journal(path_, configuration_, true).find(0, 2), nullptr) << size;
  }
}

TEST_F(JournalTest, DropsWhatIsDamaged) {
  {
    Journal journal(path_, configuration_, false);
    journal.add(part(0, 0));
    journal.add(part(0, 1));
  }
  std::string bytes = read_file(path_);
  bytes[bytes.size() - 3] = static_cast<char>(bytes[bytes.size() - 3] ^ 1);
  write_atomically(path_, bytes);
  EXPECT_EQ(Journal(path_, configuration_, true).restored(), 1U);
}

TEST_F(JournalTest, RefusesAnotherSweepAndNamesTheDifference) {
  { Journal(path_, configuration_, false).add(part(0, 0)); }
  nlohmann::ordered_json other = configuration_;
  other["seed"] = 2;
  try {
    const Journal journal(path_, other, true);
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("seed is 2, it was 1"));
  }
  EXPECT_EQ(Journal(path_, configuration_, true).restored(), 1U) << "and leaves it alone";
}

}  // namespace
}  // namespace gibbon::eval
