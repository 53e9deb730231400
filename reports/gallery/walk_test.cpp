// SPDX-License-Identifier: MIT
#include "reports/gallery/walk.hpp"

#include "reports/formats/webp.hpp"
#include "reports/record/record_cases.hpp"

namespace gibbon::reports::gallery {
namespace {

// What webpinfo, a reader that is not ours, says about a file.
std::string info(const std::string& webp) {
  const std::string path = record::cases::scratch_file("walk.webp", webp);
  const std::string output = record::cases::scratch().file("webpinfo.txt");
  const int status = std::system(("webpinfo '" + path + "' > '" + output + "' 2>&1").c_str());
  return (status == 0 ? "" : "failed: ") + record::cases::read_file(output);
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

formats::Frame grey(std::uint8_t level) {
  return {.pixels = {.height = 3,
                     .width = 5,
                     .channels = 3,
                     .values = std::vector<std::uint8_t>(3 * 3 * 5, level)},
          .milliseconds = 70};
}

TEST(Webp, IsLosslessAndPlaysForEver) {
  const std::string text = info(formats::to_webp(std::vector{grey(10), grey(200), grey(11)}));
  EXPECT_EQ(text.find("failed"), std::string::npos) << text;
  EXPECT_NE(text.find("Canvas size 5 x 3"), std::string::npos) << text;
  EXPECT_NE(text.find("Loop count      : 0"), std::string::npos) << text;
  EXPECT_EQ(count(text, "Duration: 70"), 3U) << text;
  EXPECT_EQ(count(text, "Format: Lossless (2)"), 3U) << text;
}

TEST(Walk, OnePerClassFromCleanToTheLargestBudget) {
  record::Gallery gallery =
      record::cases::gallery();  // sample 42 at two budgets, sample 7 at one, both of class 1
  for (record::GalleryItem& item : gallery.items) {
    item.clean_confidences = {0.001F, 0.998F, 0.001F};
    item.confidences = {0.0F, 0.029F, 0.971F};
    if (item.id == 42) item.label = 2;
  }
  const std::vector<Walk> walks = draw_walks(gallery);
  ASSERT_EQ(walks.size(), 2U);
  EXPECT_EQ(walks[0].file, "gallery/walk_00007.webp");
  EXPECT_EQ(walks[1].file, "gallery/walk_00042.webp");
  const std::string text = info(walks[1].webp);
  EXPECT_EQ(count(text, "Duration: "), 3U) << text;
  EXPECT_EQ(count(text, "Duration: 1500"), 2U) << "the ends are shown longer; it flips at one\n"
                                               << text;
  EXPECT_LT(walks[1].webp.size(), 300'000U);
}

TEST(Walk, RestsWhereTheAnswerChanges) {
  record::Gallery gallery;
  for (int i = 1; i <= 40; ++i) gallery.items.push_back(record::cases::item(1, 0.01 * i));
  const std::string text = info(draw_walks(gallery).front().webp);
  EXPECT_EQ(count(text, "Duration: "), 17U) << text;
  EXPECT_EQ(count(text, "Duration: 1500"), 3U) << "both ends and the flip\n" << text;
}

TEST(Walk, SamplesThatWanderAreNotShown) {
  record::Gallery gallery;
  for (const std::uint64_t id : {1U, 2U})
    for (int i = 1; i <= 4; ++i) gallery.items.push_back(record::cases::item(id, 0.04 * i));
  gallery.items[2].still_adversarial = false;  // of sample 1: fooled, right, fooled
  const std::vector<Walk> walks = draw_walks(gallery);
  ASSERT_EQ(walks.size(), 1U);
  EXPECT_EQ(walks[0].file, "gallery/walk_00002.webp");
  gallery.items.resize(4);
  EXPECT_TRUE(draw_walks(gallery).empty());
}

TEST(Walk, NeedsNoConfidencesAndTakesColour) {
  record::Gallery gallery{.class_names = {std::string(200, 'W')},
                          .items = {record::cases::item(1, 0.1, 3)}};
  EXPECT_EQ(count(info(draw_walks(gallery).front().webp), "Duration: "), 2U);
  EXPECT_TRUE(draw_walks({}).empty());
}

}  // namespace
}  // namespace gibbon::reports::gallery
