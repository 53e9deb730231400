// SPDX-License-Identifier: MIT
#include "reports/gallery/gallery.hpp"

#include <algorithm>
#include <cairo/cairo.h>
#include <cstring>

#include "reports/gallery/canvas.hpp"
#include "reports/gallery/colour_map.hpp"
#include "reports/gallery/gallery_set.hpp"
#include "reports/gallery/picture.hpp"
#include "reports/record/error.hpp"
#include "reports/record/record_cases.hpp"

namespace gibbon::reports::gallery {
namespace {

// A PNG decoded by Cairo.
class Picture {
 public:
  explicit Picture(const std::string& png) : rest_(png) {
    surface_ = cairo_image_surface_create_from_png_stream(read, &rest_);
    width = cairo_image_surface_get_width(surface_);
    height = cairo_image_surface_get_height(surface_);
  }
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;
  ~Picture() { cairo_surface_destroy(surface_); }

  [[nodiscard]] Rgb at(int x, int y) const {
    std::uint32_t word = 0;
    std::memcpy(&word,
                cairo_image_surface_get_data(surface_) +
                    static_cast<std::ptrdiff_t>(y) * cairo_image_surface_get_stride(surface_) +
                    4L * x,
                sizeof(word));
    return {.red = static_cast<std::uint8_t>(word >> 16U),
            .green = static_cast<std::uint8_t>(word >> 8U),
            .blue = static_cast<std::uint8_t>(word)};
  }

  [[nodiscard]] std::ptrdiff_t count(Rgb colour) const {
    std::ptrdiff_t found = 0;
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) found += at(x, y) == colour ? 1 : 0;
    return found;
  }

  [[nodiscard]] bool has_white_edges(int edge) const {
    const Rgb white{255, 255, 255};
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < edge; ++x)
        if (!(at(x, y) == white && at(width - 1 - x, y) == white)) return false;
    return true;
  }

  int width = 0;
  int height = 0;

 private:
  static cairo_status_t read(void* closure, unsigned char* data, unsigned int length) {
    auto& rest = *static_cast<std::string_view*>(closure);
    if (rest.size() < length) return CAIRO_STATUS_READ_ERROR;
    std::copy_n(rest.begin(), length, data);
    rest.remove_prefix(length);
    return CAIRO_STATUS_SUCCESS;
  }
  std::string_view rest_;
  cairo_surface_t* surface_ = nullptr;
};

TEST(ColourMap, DivergesFromWhite) {
  EXPECT_EQ(diverging(0.0), (Rgb{255, 255, 255}));
  EXPECT_EQ(diverging(1.0), (Rgb{178, 24, 43}));
  EXPECT_EQ(diverging(-1.0), (Rgb{33, 102, 172}));
  EXPECT_EQ(diverging(-7.0), diverging(-1.0));
  EXPECT_EQ(diverging(record::cases::kNan), diverging(0.0));
}

TEST(ColourMap, ShowsOneChannelOfThree) {
  const std::vector<float> values{0.0F, 0.5F, -0.5F};
  const record::Pixels one{.height = 1, .width = 1, .channels = 3, .values = {}};
  EXPECT_EQ(signed_pixels(values, one, 0, 0.5).values, (std::vector<std::uint8_t>{255, 255, 255}));
  EXPECT_EQ(signed_pixels(values, one, 1, 0.5).values, (std::vector<std::uint8_t>{178, 24, 43}));
  EXPECT_EQ(signed_pixels(values, one, 2, 0.5).values, (std::vector<std::uint8_t>{33, 102, 172}));
  EXPECT_EQ(signed_pixels(values, one, 2, 0.0).values, (std::vector<std::uint8_t>{255, 255, 255}));
}

TEST(Gallery, NamesItsFilesAndSortsRowsByEpsilon) {
  const std::vector<Figure> figures = draw_gallery(record::cases::gallery());
  std::vector<std::string> files;
  for (const Figure& figure : figures) files.push_back(figure.file);
  ASSERT_EQ(files,
            (std::vector<std::string>{"gallery/by_class.png", "gallery/by_epsilon.png",
                                      "gallery/by_confidence.png", "gallery/fragile.png",
                                      "gallery/sample_00007.png", "gallery/sample_00042.png"}));
  EXPECT_EQ(
      figures[5].caption,
      "fgsm, l∞, sample 42, true class one: clean image plus the difference of the 8-bit images "
      "gives the adversarial image, at the ε before and at which the answer changes. Without "
      "attack the model says one · 99.8 %; at ε = 0.02 it says one · 97.1 %; at ε = "
      "0.1 it says <two> · 97.1 %.");
}

TEST(Gallery, TheModelsAnswerIsNotCalledTheTruth) {
  record::Gallery gallery = record::cases::gallery();
  gallery.labels_are_answers = true;
  for (const Figure& figure : draw_gallery(gallery))
    EXPECT_EQ(figure.caption.find("true class one"), std::string::npos) << figure.caption;
  EXPECT_NE(draw_gallery(gallery)[5].caption.find("without attack the model says one"),
            std::string::npos);
}

TEST(Gallery, PicturesHaveTheSizeTheyClaim) {
  for (const Figure& figure : draw_gallery(record::cases::gallery())) {
    const Picture picture(figure.png);
    EXPECT_EQ(picture.width, static_cast<int>(2 * figure.width)) << figure.file;
    EXPECT_EQ(picture.height, static_cast<int>(2 * figure.height)) << figure.file;
    EXPECT_TRUE(picture.has_white_edges(16)) << figure.file;
  }
}

TEST(Gallery, PerturbationIsRedAboveAndBlueBelowZero) {
  record::Gallery gallery = record::cases::gallery();
  gallery.items.resize(1);
  const Picture picture(draw_gallery(gallery).back().png);
  // Of 4 × 4 squares of (2 · 224 / 4)² pixels one column is +ε, one is -ε.
  const std::ptrdiff_t column = 4 * 112 * 112;
  EXPECT_NEAR(static_cast<double>(picture.count(diverging(1.0))), static_cast<double>(column),
              3000);
  EXPECT_NEAR(static_cast<double>(picture.count(diverging(-1.0))), static_cast<double>(column),
              3000);
  // The middle image starts at 20 + 2 · 224 + … : its first square, in the centre of the picture
  // less half.
  const int left = picture.width / 2 - 224;
  const int row = 2 * 74 + 56;
  EXPECT_EQ(picture.at(left + 56, row), diverging(1.0));
  EXPECT_EQ(picture.at(left + 112 + 56, row), diverging(-1.0));
  EXPECT_EQ(picture.at(left + 224 + 56, row), diverging(0.0));
}

TEST(Gallery, ColoursEndAtEpsilonWhateverTheDifference) {
  record::Gallery gallery = record::cases::gallery();
  gallery.items.resize(1);
  for (float& change : gallery.items[0].perturbation) change /= 2;  // cut off, or rounded
  EXPECT_EQ(colour_end(gallery.items[0]), 0.1);
  const Picture half(draw_gallery(gallery).back().png);
  EXPECT_NEAR(static_cast<double>(half.count(diverging(double{0.1F / 2} / 0.1))), 4.0 * 112 * 112,
              3000);
  gallery.items[0].norm = "l2";
  EXPECT_FLOAT_EQ(static_cast<float>(colour_end(gallery.items[0])), 0.05F);
}

TEST(Gallery, TheDirectionIsShownBesideTheDifference) {
  record::Gallery gallery = record::cases::gallery();
  gallery.items.resize(1);
  record::GalleryItem& item = gallery.items[0];
  const Picture without(draw_gallery(gallery).back().png);
  item.direction.assign(item.perturbation.size(), -1.0F);
  const Picture with(draw_gallery(gallery).back().png);
  EXPECT_EQ(with.width, without.width + 2 * (224 + 40));
  // All of its sixteen squares, where the difference has four.
  EXPECT_NEAR(static_cast<double>(with.count(diverging(-1.0))), 20.0 * 112 * 112, 6000);
}

TEST(Gallery, ASampleIsShownAroundItsFlip) {
  record::Gallery gallery{.class_names = {}, .items = {}};
  for (int i = 1; i <= 6; ++i) gallery.items.push_back(record::cases::item(1, 0.02 * i));
  const std::vector<GallerySet> sets = sets_of(gallery);
  const Items& items = sets[0].samples.at(1);
  const auto epsilons = [](const Items& some) {
    std::vector<double> all;
    for (const record::GalleryItem* item : some) all.push_back(item->epsilon);
    return all;
  };
  EXPECT_EQ(epsilons(around_flip(items)), (std::vector<double>{0.04, 0.06}));
  EXPECT_FALSE(wanders(items));
  EXPECT_EQ(epsilons(around_flip({items.begin() + 2, items.end()})), (std::vector<double>{0.06}));
  gallery.items[4].still_adversarial = false;
  EXPECT_TRUE(wanders(items));
  for (record::GalleryItem& item : gallery.items) item.still_adversarial = false;
  EXPECT_EQ(epsilons(around_flip(items)), (std::vector<double>{0.12}));
  EXPECT_FALSE(wanders(items));
}

TEST(Gallery, FiguresOfTheFirstAttackAloneNameItStill) {
  record::Gallery gallery = record::cases::gallery();
  gallery.items[1].attack = "pgd";
  std::vector<std::string> files;
  for (const Figure& figure : draw_gallery(gallery, Drawn::kFirstOfEachNorm))
    files.push_back(figure.file);
  EXPECT_EQ(std::ranges::count(files, "gallery/by_attack_linf.png"), 1);
  EXPECT_EQ(std::ranges::count(files, "gallery/sample_00042_linf_fgsm.png"), 1);
  EXPECT_EQ(std::ranges::count(files, "gallery/sample_00042_linf_pgd.png"), 0);
}

TEST(Gallery, LongNamesStayInsideThePicture) {
  record::Gallery gallery = record::cases::gallery();
  for (std::string& name : gallery.class_names) name = std::string(300, 'W');
  gallery.items[0].attack = gallery.items[1].attack = gallery.items[2].attack =
      std::string(300, 'A');
  for (const Figure& figure : draw_gallery(gallery)) {
    EXPECT_LE(figure.width, 1400.0) << figure.file;
    EXPECT_TRUE(Picture(figure.png).has_white_edges(16)) << figure.file;
  }
}

TEST(Gallery, SeveralAttacksGetTheirOwnFiles) {
  record::Gallery gallery = record::cases::gallery();
  gallery.items[1].attack = "pgd:steps=4";
  gallery.items[2].attack = "pgd:steps 4";
  std::vector<std::string> files;
  for (const Figure& figure : draw_gallery(gallery)) files.push_back(figure.file);
  EXPECT_EQ(
      files,
      (std::vector<std::string>{
          "gallery/by_attack_linf.png", "gallery/by_epsilon_linf_fgsm.png",
          "gallery/sample_00042_linf_fgsm.png", "gallery/by_epsilon_linf_pgd-steps-4.png",
          "gallery/sample_00042_linf_pgd-steps-4.png", "gallery/by_epsilon_linf_pgd-steps-4-2.png",
          "gallery/sample_00007_linf_pgd-steps-4-2.png"}))
      << "one sample alone needs no grid by class";
}

TEST(Gallery, AttacksStandSideBySideWhereTheyDiffer) {
  record::Gallery gallery{.class_names = {}, .items = {}};
  for (const char* attack : {"weak", "strong"})
    for (const double epsilon : {0.02, 0.06, 0.2}) {
      record::GalleryItem item = record::cases::item(1, epsilon);
      item.attack = attack;
      item.still_adversarial = epsilon > (item.attack == "weak" ? 0.1 : 0.05);
      gallery.items.push_back(item);
    }
  gallery.labels["weak"] = "Weak\none";
  EXPECT_EQ(sets_of(gallery)[0].heading(), "Weak one, l∞");
  EXPECT_EQ(sets_of(gallery)[1].heading(), "strong, l∞");
  EXPECT_EQ(
      draw_gallery(gallery).front().caption,
      "l∞: the same samples under every attack at ε = 0.06, with the prediction of the model.");
}

TEST(Gallery, LongNamesOfAttacksAreNoLongNamesOfFiles) {
  record::Gallery gallery = record::cases::gallery();
  gallery.items[0].attack = std::string(300, 'A');
  gallery.items[1].attack = std::string(300, 'A') + "B";
  std::vector<std::string> files;
  for (const Figure& figure : draw_gallery(gallery)) {
    EXPECT_LT(figure.file.size(), 130U);
    EXPECT_EQ(std::count(files.begin(), files.end(), figure.file), 0) << figure.file;
    files.push_back(figure.file);
  }
}

TEST(Gallery, DrawsColourImagesAndSamplesWithManyBudgets) {
  record::Gallery gallery{.class_names = {}, .items = {}};
  for (int i = 1; i <= 30; ++i) gallery.items.push_back(record::cases::item(1, 0.01 * i, 3));
  const std::vector<Figure> figures = draw_gallery(gallery);
  EXPECT_NE(figures.back().caption.find("2 of 30 budgets."), std::string::npos);
  EXPECT_NE(figures[0].caption.find("7 of 30 budgets."), std::string::npos);
}

TEST(Gallery, NothingToDrawIsNoFigure) { EXPECT_TRUE(draw_gallery({}).empty()); }

TEST(Gallery, WrongShapesAreNamed) {
  record::Gallery gallery = record::cases::gallery();
  gallery.items[0].perturbation.pop_back();
  EXPECT_EQ(
      record::cases::message_of<record::Error>([&] { return draw_gallery(gallery); }),
      "gallery: sample 42: the perturbation has 15 values for 4 × 4 pixels of 1 channels; 1 or 3 "
      "channels and all their values are needed; write the gallery again");
}

TEST(Gallery, ManifestNamesEveryItem) {
  const auto manifest = nlohmann::json::parse(to_manifest(record::cases::gallery()));
  ASSERT_EQ(manifest.size(), 3U);
  EXPECT_EQ(manifest[0]["id"], 42);
  EXPECT_EQ(manifest[0]["label_name"], "one");
  EXPECT_EQ(manifest[0]["found_name"], "<two>");
  EXPECT_EQ(manifest[0]["found_confidence"], 0.971);
  EXPECT_EQ(manifest[0]["epsilon"], 0.1);
  EXPECT_EQ(manifest[0]["file"], "images/one.png");
  EXPECT_EQ(manifest[0]["still_adversarial"], true);
  EXPECT_EQ(manifest[0]["distances"]["linf"], 0.1);
  EXPECT_EQ(manifest[0]["sha256"], "5a");
  EXPECT_EQ(manifest[0]["forwards"], 3);
  EXPECT_FALSE(manifest[0].contains("nearest")) << "not stored is not never";
}

TEST(Wrap, BreaksBehindSeparatorsAndLosesNothing) {
  const Font font{.size = 12};
  const double room = text_width("worst-case(fgsm,", font) + 1;
  EXPECT_EQ(wrap("worst-case(fgsm,pgd:steps=3)", font, room, 3),
            (std::vector<std::string>{"worst-case(fgsm,", "pgd:steps=3)"}));
  EXPECT_EQ(wrap("one two three", font, 1, 2), (std::vector<std::string>{"one", "two three"}));
  EXPECT_EQ(wrap("", font, 100, 3), (std::vector<std::string>{""}));
}

TEST(Labels, TheConfidenceIsNeverCut) {
  const Label label{.text = "says " + std::string(300, 'W'), .colour = kInk, .tail = "98.1 %"};
  EXPECT_EQ(lines_of(label, {.size = 12}, 120).back(), "98.1 %");
  EXPECT_EQ(lines_of({.text = "says 3", .colour = kInk, .tail = "98.1 %"}, {.size = 12}, 120),
            (std::vector<std::string>{"says 3 · 98.1 %"}));
}

TEST(Canvas, TextNeverLeavesItsRoom) {
  Canvas canvas(400, 40);
  canvas.text(20, 24, 100, std::string(500, 'M'), {.size = 14, .weight = Weight::kBold}, kInk,
              Align::kLeft);
  const Picture picture(canvas.png());
  for (int y = 0; y < picture.height; ++y)
    for (int x = 2 * 121; x < picture.width; ++x)
      ASSERT_EQ(picture.at(x, y), (Rgb{255, 255, 255})) << x << " " << y;
}

TEST(Canvas, SizeIsBounded) {
  EXPECT_EQ(
      record::cases::message_of<record::Error>([] { return Canvas(20000, 10).png(); }),
      "picture: 40000 × 20 pixels are outside [1, 32767]; choose fewer samples or budgets for the "
      "gallery");
}

}  // namespace
}  // namespace gibbon::reports::gallery
