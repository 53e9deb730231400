// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdlib>
#include <gmock/gmock.h>
#include <set>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/sha256.hpp"
#include "base/temporary_folder.hpp"
#include "datasets/dataset.hpp"
#include "datasets/image_io.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::ThrowsMessage;

const SourceInfo& digits() {
  return *std::find_if(sources().begin(), sources().end(),
                       [](const SourceInfo& source) { return source.name == "digits"; });
}

/// A sheet whose cells can be told apart: three pixels in a row hold the cell's number in base 200,
/// plus 50 to be visible, at a place that depends on the cell.
class Sheet {
 public:
  static constexpr std::size_t kCells = 5000;

  static std::size_t top(std::size_t cell) { return cell % 20; }
  static std::size_t left(std::size_t cell) { return cell % 18; }
  static std::vector<std::uint8_t> code(std::size_t cell) {
    return {static_cast<std::uint8_t>(50 + cell / 200), static_cast<std::uint8_t>(50 + cell % 200),
            50};
  }
  static Picture picture() {
    Picture sheet{
        .height = 1000, .width = 2000, .channels = 1, .pixels = std::vector<std::uint8_t>(2000000)};
    for (std::size_t cell = 0; cell < kCells; ++cell) {
      const std::size_t y = cell / 100 * 20 + top(cell);
      const std::size_t x = cell % 100 * 20 + left(cell);
      const std::vector<std::uint8_t> pixels = code(cell);
      std::copy(pixels.begin(), pixels.end(),
                sheet.pixels.begin() + static_cast<std::ptrdiff_t>(y * 2000 + x));
    }
    return sheet;
  }
};

class Digits : public testing::Test {
 protected:
  void put(const Picture& sheet) const {
    fs::create_directories(path().parent_path());
    write_png(path(), sheet);
  }
  [[nodiscard]] fs::path path() const { return data_.path() / "digits/digits.png"; }
  [[nodiscard]] Dataset load_split(const std::string& split) const {
    return load("digits", {.split = split, .data_dir = data_.path()});
  }

  const TemporaryFolder data_;
};

/// First non-zero byte of sample n, as its position in the 28 × 28 field.
std::size_t first_pixel(const Dataset& set, std::size_t n) {
  const Row row = set.images.row(n);
  return static_cast<std::size_t>(
      std::find_if(row.begin(), row.end(), [](float value) { return value > 0; }) - row.begin());
}

std::uint8_t byte(float value) { return static_cast<std::uint8_t>(value * 255.0F + 0.5F); }

/// The cell that sample n shows, by the code of its three pixels.
std::size_t cell_of(const Dataset& set, std::size_t n) {
  const Row row = set.images.row(n);
  const std::size_t at = first_pixel(set, n);
  return (byte(row[at]) - 50U) * 200U + byte(row[at + 1]) - 50U;
}

TEST_F(Digits, EveryCellIsInOneSplitOnceWithItsLabel) {
  put(Sheet::picture());
  std::set<std::size_t> seen;
  for (const char* split : {"train", "test"}) {
    const Dataset set = load_split(split);
    const std::size_t count = split == std::string("train") ? 4000 : 1000;
    ASSERT_EQ(set.size(), count);
    EXPECT_EQ(set.shape, (Shape{28, 28, 1, true}));
    EXPECT_EQ(set.class_names.size(), 10U);
    EXPECT_EQ(set.sha256.size(), 64U);
    for (std::size_t n = 0; n < count; ++n) {
      const std::size_t cell = cell_of(set, n);
      EXPECT_TRUE(seen.insert(cell).second) << cell;
      EXPECT_EQ(static_cast<std::size_t>(set.labels[n]), cell / 500);
      EXPECT_EQ(static_cast<std::size_t>(set.labels[n]), n % 10);
      EXPECT_EQ(set.ids[n], n);
    }
  }
  EXPECT_EQ(seen.size(), Sheet::kCells);
  EXPECT_LT(*seen.rbegin(), Sheet::kCells);
}

TEST_F(Digits, TheSplitIsMixed) {
  put(Sheet::picture());
  const Dataset test = load_split("test");
  std::vector<std::size_t> zeros;  // cells of digit 0, in the order of the split
  for (std::size_t n = 0; n < test.size(); n += 10) zeros.push_back(cell_of(test, n));
  EXPECT_FALSE(std::is_sorted(zeros.begin(), zeros.end()));
  EXPECT_GT(*std::max_element(zeros.begin(), zeros.end()), 400U);
  std::vector<std::size_t> ones;
  for (std::size_t n = 1; n < test.size(); n += 10) ones.push_back(cell_of(test, n) - 500);
  EXPECT_NE(zeros, ones);  // each digit has its own shuffle
}

TEST_F(Digits, CentresTheMass) {
  put(Sheet::picture());
  const Dataset set = load_split("test");
  for (std::size_t n = 0; n < set.size(); ++n) {
    const std::size_t cell = cell_of(set, n);
    const std::vector<std::uint8_t> code = Sheet::code(cell);
    // Centre of mass inside the cell, and the offset in 0 … 8 that brings it nearest to 14.
    const double x = static_cast<double>(Sheet::left(cell)) +
                     (code[1] + 2.0 * code[2]) / (code[0] + code[1] + code[2]);
    const auto y = static_cast<double>(Sheet::top(cell));
    const auto nearest = [](double centre) {
      std::size_t best = 0;
      for (std::size_t o = 1; o <= 8; ++o) {
        const auto distance = [&](std::size_t at) {
          return std::abs(static_cast<double>(at) + centre - 14.0);
        };
        if (distance(o) < distance(best)) best = o;
      }
      return best;
    };
    const std::size_t at = first_pixel(set, n);
    EXPECT_EQ(at / 28, nearest(y) + Sheet::top(cell)) << cell;
    EXPECT_EQ(at % 28, nearest(x) + Sheet::left(cell)) << cell;
    EXPECT_EQ(byte(set.images.row(n)[at + 2]), 50);
    const Row row = set.images.row(n);
    EXPECT_EQ(std::count_if(row.begin(), row.end(), [](float value) { return value > 0; }), 3);
  }
}

TEST_F(Digits, AcceptsEmptyCells) {
  put({.height = 1000, .width = 2000, .channels = 1, .pixels = std::vector<std::uint8_t>(2000000)});
  EXPECT_THAT(load_split("test").images.flat(), Each(0.0F));
}

TEST_F(Digits, RefusesAnotherSize) {
  put({.height = 1000, .width = 1980, .channels = 1, .pixels = std::vector<std::uint8_t>(1980000)});
  EXPECT_THAT(
      [&] { (void)load_split("test"); },
      ThrowsMessage<Error>(AllOf(HasSubstr("digits.png: 1000 x 1980 pixels (height x width)"),
                                 HasSubstr("the sheet of digits has 1000 x 2000"))));
}

TEST_F(Digits, RefusesWhatIsNoImage) {
  fs::create_directories(path().parent_path());
  write_atomically(path(), "<html>not found</html>");
  EXPECT_THAT([&] { (void)load_split("test"); },
              ThrowsMessage<Error>(HasSubstr("digits.png: is not an image")));
}

TEST_F(Digits, SaysWhereItLooked) {
  EXPECT_THAT([&] { (void)load_split("test"); },
              ThrowsMessage<Error>(
                  AllOf(HasSubstr(path().string()), HasSubstr("run `gibbon data fetch digits`"))));
}

bool has_real_sheet() {
  std::vector<fs::path> sheets{"/usr/share/doc/opencv-doc/examples/data/digits.png"};
  for (const fs::path& folder : search_path({})) sheets.push_back(folder / "digits/digits.png");
  return std::any_of(sheets.begin(), sheets.end(), [](const fs::path& p) { return fs::exists(p); });
}

// The hashes change when the samples or their order do, and then no published number about the set
// can be compared any more.
TEST(RealDigits, IsTheSameEverywhere) {
  if (!has_real_sheet()) GTEST_SKIP() << "no sheet of digits; run `gibbon data fetch digits`";
  const Dataset test = load("digits", {.split = "test"});
  EXPECT_EQ(test.sha256, "07d929ef18d73e353ddf2e52063c8a9fedb64f4e6df48289e9d89d42922e8ced");
  EXPECT_EQ(load("digits", {.split = "train"}).sha256,
            "dae3ba223a4abe653a68e80e6a27ea329f04a479d117546abc093c00ac9c9f66");
}

// ------------------------------------------------------------------ fetching, with other programs

/// Puts a folder with a program of our own first on $PATH.
class FetchDigits : public testing::Test {
 protected:
  FetchDigits() : path_(std::getenv("PATH")) {
    ::setenv("PATH", (programs_.path().string() + ":" + path_).c_str(), 1);
  }
  ~FetchDigits() override { ::setenv("PATH", path_.c_str(), 1); }
  FetchDigits(const FetchDigits&) = delete;
  FetchDigits& operator=(const FetchDigits&) = delete;

  void put_apt_get(const std::string& script) const {
    const fs::path program = programs_.path() / "apt-get";
    write_atomically(program, "#!/bin/sh\n" + script);
    fs::permissions(program, fs::perms::owner_all);
  }

  const std::string path_;
  const TemporaryFolder programs_;
  const TemporaryFolder data_;
};

TEST_F(FetchDigits, QuotesAptWhenItFails) {
  put_apt_get("echo \"asked for: $*\"\necho 'E: Unable to locate package' >&2\nexit 100\n");
  EXPECT_THAT([&] { digits().fetch(data_.path(), {}); },
              ThrowsMessage<Error>(AllOf(HasSubstr("failed:\nasked for: "),
                                         HasSubstr("download opencv-doc\nE: Unable to locate"),
                                         HasSubstr("run `apt-get update` first"))));
  EXPECT_FALSE(fs::exists(data_.path() / "digits/digits.png"));
}

TEST_F(FetchDigits, RefusesAnotherSheet) {
  put_apt_get(
      "mkdir -p tree/DEBIAN tree/usr/share/doc && echo other >tree/usr/share/doc/digits.png\n"
      "printf 'Package: opencv-doc\\nVersion: 1\\nArchitecture: all\\nMaintainer: x <x@x>\\n"
      "Description: x\\n' >tree/DEBIAN/control\n"
      "dpkg-deb --build tree opencv-doc_1_all.deb\n");
  std::set<std::string> reported;
  EXPECT_THAT(
      [&] {
        digits().fetch(data_.path(), [&](std::string_view file, std::uint64_t, std::uint64_t) {
          reported.emplace(file);
        });
      },
      ThrowsMessage<Error>(
          AllOf(HasSubstr("SHA-256 " + sha256_hex("other\n") + " instead of 60c91775"),
                HasSubstr("another version of the sheet"))));
  EXPECT_FALSE(fs::exists(data_.path() / "digits/digits.png"));
}

}  // namespace
}  // namespace gibbon::datasets
