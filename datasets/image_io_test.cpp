#include "datasets/image_io.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "datasets/error.hpp"
#include "datasets/files.hpp"
#include "datasets/temporary_folder.hpp"

namespace gibbon::datasets {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(ImageIo, PngKeepsEveryByte) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "x.png";
  const Picture colour{.height = 1, .width = 2, .channels = 3, .pixels = {255, 1, 2, 3, 4, 250}};
  write_png(path, colour);
  EXPECT_EQ(read_picture(path, 0).pixels, colour.pixels);
  EXPECT_EQ(read_picture(path, 3).pixels, colour.pixels);
  const Picture grey{.height = 2, .width = 1, .channels = 1, .pixels = {9, 200}};
  write_png(path, grey);
  EXPECT_EQ(read_picture(path, 0).pixels, grey.pixels);
  EXPECT_EQ(read_picture(path, 0).channels, 1U);
  EXPECT_EQ(read_picture(path, 0).height, 2U);
  EXPECT_THAT(read_picture(path, 3).pixels, ElementsAre(9, 9, 9, 200, 200, 200));
}

TEST(ImageIo, ColourBecomesGreyByBrightness) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "x.png";
  write_png(path,
            {.height = 1, .width = 3, .channels = 3, .pixels = {255, 0, 0, 0, 255, 0, 0, 0, 255}});
  // ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B, in the decoder's integers
  const Picture grey = read_picture(path, 1);
  EXPECT_EQ(grey.channels, 1U);
  EXPECT_NEAR(grey.pixels.at(0), 76, 1);
  EXPECT_NEAR(grey.pixels.at(1), 150, 1);
  EXPECT_NEAR(grey.pixels.at(2), 29, 1);
}

/// 16 rows of 24 grey pixels: 12 of about 40, 12 of about 200. Written by OpenCV, quality 90.
std::string jpeg() {
  const std::string_view digits =
      "ffd8ffe000104a46494600010100000100010000ffdb004300030202030202030303030403030405"
      "0805050404050a070706080c0a0c0c0b0a0b0b0d0e12100d0e110e0b0b1016101113141515150c0f"
      "171816141812141514ffc0000b080010001801011100ffc400150001010000000000000000000000"
      "0000000809ffc40018100100030100000000000000000000000000094785c4ffda0008010100003f"
      "000a1ad1bb6267751aa8a86b46ed899dd46abfffd9";
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

TEST(ImageIo, ReadsJpegAndNoticesItsEnd) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "x.jpg";
  write_atomically(path, jpeg());
  const Picture picture = read_picture(path, 0);
  EXPECT_EQ(picture.height, 16U);
  EXPECT_EQ(picture.width, 24U);
  EXPECT_EQ(picture.channels, 1U);
  EXPECT_NEAR(picture.pixels[0], 40, 4);
  EXPECT_NEAR(picture.pixels[23], 200, 4);
  for (const std::size_t size : {jpeg().size() / 2, jpeg().size() - 10, jpeg().size() - 2}) {
    write_atomically(path, jpeg().substr(0, size));
    EXPECT_THAT([&] { (void)read_picture(path, 0); },
                ThrowsMessage<Error>(HasSubstr("x.jpg: the image is damaged or cut off")))
        << size;
  }
}

TEST(ImageIo, NamesWhatCannotBeRead) {
  EXPECT_THAT([] { (void)read_picture("/nowhere/x.png", 0); },
              ThrowsMessage<Error>(HasSubstr("/nowhere/x.png: cannot be read: No such file")));
  const TemporaryFolder folder;
  write_atomically(folder.path() / "x.png", "");
  EXPECT_THAT([&] { (void)read_picture(folder.path() / "x.png", 1); },
              ThrowsMessage<Error>(HasSubstr("x.png: is not an image")));
}

TEST(ImageIo, FitsTheMiddleByAveragingAreas) {
  // 2 × 6: only the middle 2 × 2 count, and become one pixel.
  const Picture wide{.height = 2,
                     .width = 6,
                     .channels = 1,
                     .pixels = {255, 255, 10, 20, 255, 255, 255, 255, 30, 40, 255, 255}};
  EXPECT_THAT(fit(wide, {.height = 1, .width = 1, .channels = 1}).pixels, ElementsAre(25));
  EXPECT_THAT(fit(wide, {.height = 1, .width = 1, .channels = 3}).pixels, ElementsAre(25, 25, 25));
  const Picture red{.height = 1, .width = 1, .channels = 3, .pixels = {255, 0, 0}};
  EXPECT_THAT(fit(red, {.height = 2, .width = 1, .channels = 1}).pixels, ElementsAre(76, 76))
      << "0.299 of red; larger than the picture";
  EXPECT_EQ(fit(wide, {.height = 2, .width = 6, .channels = 1}).pixels, wide.pixels);
}

TEST(ImageIo, AnyFormatOfOpenCv) {
  const TemporaryFolder folder;
  write_atomically(folder.path() / "x.pgm", "P5 2 1 255\n\x05\xfa");
  EXPECT_THAT(read_any_picture(folder.path() / "x.pgm").pixels, ElementsAre(5, 250));
  write_atomically(folder.path() / "x.ppm", "P6 1 1 255\n\x01\x02\x03");
  EXPECT_THAT(read_any_picture(folder.path() / "x.ppm").pixels, ElementsAre(1, 2, 3)) << "RGB";
}

TEST(Pictures, ThatDeclareGigabytesAreNotDecoded) {
  for (const char* name : {"sixty_thousand.png", "sixty_five_thousand.jpg"}) {
    const auto path =
        std::filesystem::path(GIBBON_SOURCE_DIR) / "datasets/fuzz_seeds/folder" / name;
    for (const bool any : {false, true}) {
      try {
        static_cast<void>(any ? read_any_picture(path) : read_picture(path, 0));
        ADD_FAILURE() << name;
      } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("--file-limit"), std::string::npos)
            << error.what();
      }
    }
  }
}

}  // namespace
}  // namespace gibbon::datasets
