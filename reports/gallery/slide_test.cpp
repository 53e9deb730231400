// SPDX-License-Identifier: MIT
#include "reports/gallery/slide.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "reports/gallery/gallery.hpp"
#include "reports/gallery/likeliest.hpp"
#include "reports/record/record_cases.hpp"

namespace gibbon::reports::gallery {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint32_t kSide = 80;

/// A photograph in three classes, moved by +ε in red, -ε in green and not at all in blue.
record::GalleryItem photograph(double epsilon) {
  record::GalleryItem item = record::cases::item(0, epsilon);
  item.clean = {.height = kSide, .width = kSide, .channels = 3, .values = {}};
  item.perturbation.clear();
  for (std::uint32_t k = 0; k < kSide * kSide; ++k) {
    item.clean.values.insert(item.clean.values.end(), {10, 200, 30});
    for (const double sign : {1.0, -1.0, 0.0})
      item.perturbation.push_back(static_cast<float>(sign * epsilon));
  }
  item.adversarial = item.clean;
  item.clean_confidences = {0.001F, 0.998F, 0.001F};
  item.confidences = {0.02F, 0.009F, 0.971F};
  record::Slide slide{.label = 2,
                      .confidence = 0.991,
                      .confidences = {0.005F, 0.004F, 0.991F},
                      .scale = epsilon,
                      .clipped = 0.25,
                      .noise = item.clean,
                      .noise_label = 0,
                      .noise_confidence = 0.333};
  slide.noise.values = noise_levels(item.perturbation, epsilon);
  item.slide = slide;
  return item;
}

record::Gallery photographs() {
  return {.class_names = {"zero", "one", "<two>"}, .items = {photograph(0.1)}};
}

TEST(Slide, NoiseIsGreyBlackAndWhite) {
  const std::vector<float> change{0.0F, 0.007F, -0.007F, 0.0035F, 1.0F};
  EXPECT_EQ(noise_levels(change, 0.007), (std::vector<std::uint8_t>{128, 255, 0, 191, 255}));
  EXPECT_EQ(noise_levels(change, 0.0), (std::vector<std::uint8_t>(5, 128)));
}

TEST(Slide, PhotographsAreLarge) {
  EXPECT_TRUE(is_photograph(64, 64));
  EXPECT_FALSE(is_photograph(63, 227));
  EXPECT_FALSE(is_photograph(28, 28));
}

TEST(Slide, HasThreePicturesOfWholePixels) {
  const Figure figure = draw_gallery(photographs()).back();
  EXPECT_EQ(figure.file, "gallery/sample_00000.png");
  EXPECT_EQ(figure.caption,
            "fgsm, l∞, sample 0: x is “one”, 99.8 %; with the perturbation in the middle it is at "
            "ε = 0.1 “<two>”, 99.1 %.");
  // 80 pixels grow six times: 480 of the PNG, 240 CSS pixels, and three of them beside each other.
  EXPECT_GE(figure.width, 3 * 240.0 + 2 * 24.0);
  EXPECT_LE(figure.width, 1000.0);
  const record::Gallery gallery = photographs();
  const record::GalleryItem& item = gallery.items[0];
  const SlidePart part{.pixels = &item.clean, .formula = "x", .name = "a", .confidence = "1 %"};
  SlidePart noise = part;
  noise.pixels = &item.slide->noise;
  const SlideRow row{.clean = part, .factor = "0.1", .noise = noise, .adversarial = part};
  const record::Pixels drawn = draw_slide({&row, 1}).pixels();
  const auto count = [&](std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
    std::size_t found = 0;
    for (std::size_t k = 0; k < drawn.values.size(); k += 3)
      found += drawn.values[k] == red && drawn.values[k + 1] == green && drawn.values[k + 2] == blue
                   ? 1U
                   : 0U;
    return found;
  };
  // The frame, which is drawn over the outermost half pixel, takes one row and column at most.
  EXPECT_GE(count(10, 200, 30), std::size_t{2} * 478 * 478);
  EXPECT_LE(count(10, 200, 30), std::size_t{2} * 480 * 480);
  EXPECT_GE(count(255, 0, 128), std::size_t{478} * 478);
}

TEST(Slide, RowsFollowEpsilonAndLongNamesStayInside) {
  record::Gallery gallery = photographs();
  const double one = draw_gallery(gallery).back().height;
  gallery.items.push_back(photograph(0.02));
  gallery.items.back().still_adversarial = false;
  const Figure two = draw_gallery(gallery).back();
  EXPECT_GT(two.height, 1.8 * one);
  EXPECT_THAT(two.caption, HasSubstr("ε = 0.02 “<two>”, 99.1 %; at ε = 0.1 “<two>”"));
  for (std::string& name : gallery.class_names) name = std::string(300, 'W');
  for (record::GalleryItem& item : gallery.items) item.attack = std::string(300, 'A');
  EXPECT_LE(draw_gallery(gallery).back().width, 1000.0);
}

TEST(Slide, TheManifestHasTheTopFiveAndTheTarget) {
  record::Gallery gallery = photographs();
  gallery.items[0].target = 2;
  const auto item = nlohmann::json::parse(to_manifest(gallery))[0];
  EXPECT_EQ(item["target_name"], "<two>");
  EXPECT_EQ(item["target_reached"], true);
  EXPECT_EQ(item["unrounded"]["name"], "<two>");
  EXPECT_EQ(item["unrounded"]["confidence"], 0.991);
  EXPECT_EQ(item["noise"]["name"], "zero");
  EXPECT_EQ(item["noise"]["clipped"], 0.25);
  ASSERT_EQ(item["top5"]["clean"].size(), 3U);
  EXPECT_EQ(item["top5"]["clean"][0]["name"], "one");
  EXPECT_EQ(item["top5"]["clean"][1]["name"], "zero") << "the lower number of equals";
  EXPECT_EQ(item["top5"]["unrounded"][0]["label"], 2);
  EXPECT_EQ(item["top5"]["file"][1]["name"], "zero");
  gallery.items[0].target = 0;
  EXPECT_EQ(nlohmann::json::parse(to_manifest(gallery))[0]["target_reached"], false);
  const auto small = nlohmann::json::parse(to_manifest(record::cases::gallery()))[0];
  for (const char* key : {"top5", "unrounded", "noise", "target"})
    EXPECT_FALSE(small.contains(key)) << key;
}

TEST(Likeliest, NamesTheTopOfEveryImage) {
  record::Gallery gallery = photographs();
  EXPECT_EQ(likeliest_text(gallery),
            "fgsm, l∞, ε = 0.1; label changed\n"
            "  clean                               adversarial                         adversarial "
            "as 8-bit PNG\n"
            "    99.8 % one                          99.1 % <two>                        97.1 % "
            "<two>\n"
            "     0.1 % zero                          0.5 % zero                          2.0 % "
            "zero\n"
            "     0.1 % <two>                         0.4 % one                           0.9 % "
            "one\n");
  gallery.items[0].target = 0;
  gallery.class_names[2] = std::string(40, 'M') + "\x1B[31m";
  EXPECT_THAT(likeliest_text(gallery),
              AllOf(HasSubstr("; label changed, target zero not reached\n"),
                    HasSubstr(std::string(24, 'M') + "…"), Not(HasSubstr("\x1B"))));
  gallery.items[0].slide.reset();
  EXPECT_THAT(likeliest_text(gallery), Not(HasSubstr("8-bit")));
  for (const double epsilon : {0.2, 0.3, 0.01}) gallery.items.push_back(photograph(epsilon));
  EXPECT_THAT(likeliest_text(gallery),
              AllOf(HasSubstr("ε = 0.1;"), HasSubstr("ε = 0.3;"), Not(HasSubstr("ε = 0.01;")),
                    Not(HasSubstr("ε = 0.2"))))
      << "the first that fools it, and the last";
  EXPECT_EQ(likeliest_text(record::cases::gallery()), "") << "no confidences were stored";
}

}  // namespace
}  // namespace gibbon::reports::gallery
