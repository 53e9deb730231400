// SPDX-License-Identifier: MIT
#include "datasets/image_io.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/temporary_folder.hpp"

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

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

/// 16 rows of 24 grey pixels: 12 of about 40, 12 of about 200. Written by OpenCV, quality 90.
std::string jpeg() {
  const std::string_view digits =
      "ffd8ffe000104a46494600010100000100010000ffdb004300030202030202030303030403030405"
      "0805050404050a070706080c0a0c0c0b0a0b0b0d0e12100d0e110e0b0b1016101113141515150c0f"
      "171816141812141514ffc0000b080010001801011100ffc400150001010000000000000000000000"
      "0000000809ffc40018100100030100000000000000000000000000094785c4ffda0008010100003f"
      "000a1ad1bb6267751aa8a86b46ed899dd46abfffd9";
  return from_hex(digits);
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
                ThrowsMessage<Error>(HasSubstr("x.jpg: the image is damaged or truncated")))
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

TEST(ImageIo, ReadsPnm) {
  const TemporaryFolder folder;
  write_atomically(folder.path() / "x.pgm", "P5 2 1 255\n\x05\xfa");
  EXPECT_THAT(read_deep_picture(folder.path() / "x.pgm", Background::kBlack).picture.pixels,
              ElementsAre(5, 250));
  write_atomically(folder.path() / "x.ppm", "P6 1 1 255\n\x01\x02\x03");
  EXPECT_THAT(read_deep_picture(folder.path() / "x.ppm", Background::kBlack).picture.pixels,
              ElementsAre(1, 2, 3))
      << "RGB";
}

/// A PNG of one row: the header's width, bit depth and colour type, then the chunks to the end.
std::string png(const std::string& width_to_type, const std::string& chunks) {
  return from_hex("89504e470d0a1a0a0000000d49484452000000" + width_to_type.substr(0, 2) +
                  "00000001" + width_to_type.substr(2) + chunks + "0000000049454e44ae426082");
}

struct Special {
  const char* what;
  std::string bytes;
  std::vector<std::uint8_t> pixels;  // empty: refused
  std::string error;
};

// Written chunk by chunk with Python's zlib; values as in the comments.
const std::vector<Special>& specials() {
  static const std::vector<Special> all{
      {"grey 0 with alpha 255, grey 0 with alpha 0: ink that is all in the alpha channel",
       png("0208040000005e2bb701", "0000000d4944415478da6360f8cfc000000302010046c52984"),
       {},
       "has transparent pixels"},
      {"grey 7 and 9, opaque",
       png("0208040000005e2bb701", "0000000d4944415478da6360ffcff91f00042f020ffb0fb7da"),
       {7, 9},
       ""},
      {"RGB 1 2 3 with alpha 254",
       png("0108060000001f15c489", "0000000d4944415478da63606462fe07000113010579f27107"),
       {},
       "has transparent pixels"},
      {"RGB 1 2 3, opaque",
       png("0108060000001f15c489", "0000000d4944415478da63606462fe0f000114010609e7b455"),
       {1, 2, 3},
       ""},
      {"16 bits, 0x1234 and 0",
       png("02100000000081d9fc15", "0000000d4944415478da6310326160000000e9004723a876c7"),
       {},
       "has more than 8 bits per channel"},
      {"16 bits that are 8: 0x1212 and 0xffff",
       png("02100000000081d9fc15", "0000000d4944415478da631012faff1f000380022315e972da"),
       {0x12, 0xff},
       ""},
      {"a palette of three colours",
       png("0308030000002c3ee486",
           "00000009504c54450a141e010203c864322c8eacec0000000c4944415478da6360606402000008000408"
           "1d630a"),
       {10, 20, 30, 1, 2, 3, 200, 100, 50},
       ""},
      {"a palette of three greys, 2 bits a pixel",
       png("030203000000668efc27",
           "00000009504c54450a0a0a010101c8c8c8645d6d940000000a4944415478da63900000001a001980008e"
           "bb"),
       {10, 1, 200},
       ""},
      {"a palette with a transparent colour",
       png("020803000000c3fc8fb8",
           "00000006504c54450a141e0102038ba7d2480000000274524e53ff00e5b7304a0000000b494441547"
           "8da6360600400000400022cde48ad"),
       {},
       "has transparent pixels"},
      {"a palette whose colours are all opaque",
       png("020803000000c3fc8fb8",
           "00000006504c54450a141e0102038ba7d2480000000274524e53ffffc8b5dfc70000000b494441547"
           "8da6360600400000400022cde48ad"),
       {10, 20, 30, 1, 2, 3},
       ""},
      {"grey in which 0 stands for transparent",
       png("020800000000d1492056",
           "0000000274524e5300007693cd380000000b4944415478da6360e00400000c000aa4007bd5"),
       {},
       "has transparent pixels"},
      {"1 bit: white, black, white",
       png("030100000000339b2919", "0000000a4944415478da6358000000a200a17105cb41"),
       {255, 0, 255},
       ""},
      {"2 bits: 0, 1, 2, 3",
       png("04020000000096e748b0", "0000000a4944415478da63900600001d001c237c8fac"),
       {0, 85, 170, 255},
       ""},
  };
  return all;
}

TEST(ImageIo, KeepsAllOfAPngOrRefusesIt) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "x.png";
  for (const Special& special : specials()) {
    write_atomically(path, special.bytes);
    const auto read = [&] { return read_picture(path, 0); };
    if (special.pixels.empty()) {
      EXPECT_THAT([&] { (void)read(); }, ThrowsMessage<Error>(HasSubstr(special.error)))
          << special.what;
    } else {
      EXPECT_EQ(read().pixels, special.pixels) << special.what;
      const DeepPicture deep = read_deep_picture(path, Background::kWhite);
      EXPECT_EQ(deep.picture.pixels, special.pixels) << special.what;
      EXPECT_FALSE(deep.transparent) << special.what;
    }
  }
}

/// A special picture by the start of its description, on a background.
DeepPicture special_on(Background background, std::string_view what) {
  for (const Special& special : specials()) {
    if (std::string_view(special.what).starts_with(what))
      return decode_deep_picture(special.bytes, "x.png", background);
  }
  throw std::logic_error("no such picture");
}

TEST(ImageIo, PutsTransparentPixelsOnTheBackground) {
  const DeepPicture hidden = special_on(Background::kBlack, "grey 0 with alpha 255");
  EXPECT_TRUE(hidden.transparent);
  EXPECT_TRUE(hidden.ink_in_alpha) << "black ink on black";
  const DeepPicture seen = special_on(Background::kWhite, "grey 0 with alpha 255");
  EXPECT_THAT(seen.picture.pixels, ElementsAre(0, 255)) << "one channel";
  EXPECT_FALSE(seen.ink_in_alpha);
  // 254 / 255 of 1 2 3, and 1 / 255 of white: 1.996, 2.992, 3.988.
  EXPECT_THAT(special_on(Background::kWhite, "RGB 1 2 3 with alpha 254").picture.pixels,
              ElementsAre(2, 3, 4));
  EXPECT_THAT(special_on(Background::kBlack, "RGB 1 2 3 with alpha 254").picture.pixels,
              ElementsAre(1, 2, 3));
  const DeepPicture palette = special_on(Background::kWhite, "a palette with a transparent");
  EXPECT_TRUE(palette.transparent);
  EXPECT_THAT(palette.picture.pixels, ElementsAre(10, 20, 30, 255, 255, 255));
  EXPECT_THAT([] { (void)special_on(Background::kWhite, "grey in which 0 stands for"); },
              ThrowsMessage<Error>(HasSubstr("has transparent pixels")));
}

TEST(ImageIo, KeepsLevelsOfSixteenBits) {
  DeepPicture deep = special_on(Background::kBlack, "16 bits, 0x1234");
  EXPECT_THAT(deep.levels, ElementsAre(0x1234, 0));
  EXPECT_THAT(to_8bit(std::move(deep)).pixels, ElementsAre(18, 0)) << "4660 / 257 = 18.1";
}

TEST(Pictures, ThatClaimToBeMedicalReachNoDecoderOfThese) {
  // The decoder that OpenCV takes for these ended the process: found by the fuzzer.
  const TemporaryFolder folder;
  const auto path = folder.path() / "x.png";
  for (std::string start : {"", "\x89PNG\r\n", "II*"}) {
    start.resize(128);
    write_atomically(path, start + "DICM" + std::string("\x08\0\0\0\0\0", 6));
    EXPECT_THAT([&] { (void)read_deep_picture(path, Background::kBlack); },
                ThrowsMessage<Error>(HasSubstr("x.png: ")));
    EXPECT_THAT([&] { (void)read_picture(path, 0); },
                ThrowsMessage<Error>(HasSubstr("x.png: is not an image")));
  }
}

TEST(Pictures, ThatDeclareGigabytesAreNotDecoded) {
  for (const char* name :
       {"sixty_thousand.png", "sixty_five_thousand.jpg", "jpeg_garbage_before_frame"}) {
    const auto path =
        std::filesystem::path(GIBBON_SOURCE_DIR) / "datasets/fuzz_seeds/folder" / name;
    for (const bool any : {false, true}) {
      try {
        if (any) {
          static_cast<void>(read_deep_picture(path, Background::kBlack));
        } else {
          static_cast<void>(read_picture(path, 0));
        }
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
