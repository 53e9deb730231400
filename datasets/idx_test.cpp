// SPDX-License-Identifier: MIT
#include "datasets/idx.hpp"

#include <cstdlib>
#include <gmock/gmock.h>
#include <zlib.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/sha256.hpp"
#include "base/temporary_folder.hpp"
#include "datasets/idx_source.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

std::string idx(std::uint32_t magic, const std::vector<std::uint32_t>& sizes,
                std::string_view payload) {
  std::string bytes;
  const auto add = [&](std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFFU);
  };
  add(magic);
  for (const std::uint32_t size : sizes) add(size);
  return bytes += payload;
}

constexpr std::uint32_t kImages = 0x803;
constexpr std::uint32_t kLabels = 0x801;
constexpr std::string_view kSixPixels("\x00\x01\x7F\x80\xFE\xFF", 6);

auto images_fail_with(const std::string& bytes) {
  return [bytes] { (void)parse_idx_images(bytes, "dir/images"); };
}
auto labels_fail_with(const std::string& bytes) {
  return [bytes] { (void)parse_idx_labels(bytes, 10, "dir/labels"); };
}

TEST(Idx, ReadsImagesAndLabels) {
  const std::string file = idx(kImages, {1, 2, 3}, kSixPixels);
  const IdxImages images = parse_idx_images(file, "x");
  EXPECT_EQ(images.count, 1U);
  EXPECT_EQ(images.height, 2U);
  EXPECT_EQ(images.width, 3U);
  EXPECT_EQ(to_text(images.pixels), kSixPixels);
  EXPECT_THAT(parse_idx_labels(idx(kLabels, {3}, std::string_view("\x09\x00\x05", 3)), 10, "x"),
              ElementsAre(9, 0, 5));
}

TEST(Idx, ChecksTheMagicNumber) {
  EXPECT_THAT(images_fail_with(idx(0x01000803, {1, 2, 3}, kSixPixels)),
              ThrowsMessage<Error>(AllOf(
                  HasSubstr("dir/images: magic number 0x01000803: not an IDX file: the first two "
                            "bytes are not zero; expected 0x00000803, images"),
                  HasSubstr("fetch the file again"))));
  EXPECT_THAT(images_fail_with(idx(0x00010803, {1, 2, 3}, kSixPixels)),
              ThrowsMessage<Error>(HasSubstr("the first two bytes are not zero")));
  EXPECT_THAT(images_fail_with(idx(0x00000D03, {1, 2, 3}, kSixPixels)),
              ThrowsMessage<Error>(HasSubstr("type code 0x0D, 32-bit floats; gibbon reads 0x08")));
  EXPECT_THAT(images_fail_with(idx(0x00000703, {1, 2, 3}, kSixPixels)),
              ThrowsMessage<Error>(HasSubstr("type code 0x07, no known type")));
  EXPECT_THAT(images_fail_with(idx(0x00000804, {1, 2, 3, 1}, kSixPixels)),
              ThrowsMessage<Error>(HasSubstr("4 dimensions instead of 3")));
}

TEST(Idx, NoticesExchangedFiles) {
  EXPECT_THAT(images_fail_with(idx(kLabels, {2}, "\x01\x02")),
              ThrowsMessage<Error>(HasSubstr("a file of labels; expected 0x00000803, images")));
  EXPECT_THAT(labels_fail_with(idx(kImages, {1, 2, 3}, kSixPixels)),
              ThrowsMessage<Error>(HasSubstr("a file of images; expected 0x00000801, labels")));
}

TEST(Idx, NoticesTruncation) {
  const std::string whole = idx(kImages, {1, 2, 3}, kSixPixels);
  for (std::size_t size = 0; size < 16; ++size) {
    EXPECT_THAT(images_fail_with(whole.substr(0, size)),
                ThrowsMessage<Error>(HasSubstr(fmt::format(
                    "truncated: {} bytes, but the header of an IDX file of images has 16", size))));
  }
  for (std::size_t size = 16; size < whole.size(); ++size) {
    EXPECT_THAT(images_fail_with(whole.substr(0, size)),
                ThrowsMessage<Error>(HasSubstr(
                    fmt::format("dir/images: truncated: {} bytes after the header, but 1 images of "
                                "2 x 3 pixels need 6; fetch",
                                size - 16))));
  }
  EXPECT_THAT(labels_fail_with(idx(kLabels, {3}, "\x01\x02")),
              ThrowsMessage<Error>(HasSubstr("truncated: 2 bytes after the header, but 3 labels")));
  EXPECT_THAT(labels_fail_with(idx(kLabels, {}, "")),
              ThrowsMessage<Error>(HasSubstr("truncated: 4 bytes, but the header")));
}

TEST(Idx, NoticesSurplusBytes) {
  EXPECT_THAT(images_fail_with(idx(kImages, {1, 2, 3}, std::string(kSixPixels) + "x")),
              ThrowsMessage<Error>(HasSubstr("dir/images: oversized: 7 bytes after the header")));
  EXPECT_THAT(labels_fail_with(idx(kLabels, {1}, "\x01\x02")),
              ThrowsMessage<Error>(HasSubstr("dir/labels: oversized: 2 bytes after the header")));
}

TEST(Idx, ChecksTheSizes) {
  EXPECT_THAT(images_fail_with(idx(kImages, {0, 2, 3}, "")),
              ThrowsMessage<Error>(HasSubstr("announces 0 images; at least 1 is needed")));
  EXPECT_THAT(labels_fail_with(idx(kLabels, {0}, "")),
              ThrowsMessage<Error>(HasSubstr("announces 0 labels; at least 1 is needed")));
  EXPECT_THAT(images_fail_with(idx(kImages, {1, 0, 3}, "")),
              ThrowsMessage<Error>(HasSubstr("0 x 3 pixels; each side is allowed 1 to 4096")));
  EXPECT_THAT(images_fail_with(idx(kImages, {1, 2, 4097}, "")),
              ThrowsMessage<Error>(HasSubstr("2 x 4097 pixels; each side is allowed 1 to 4096")));
  // The product of these is far beyond 32 bits.
  EXPECT_THAT(images_fail_with(idx(kImages, {0xFFFFFFFF, 4096, 4096}, "x")),
              ThrowsMessage<Error>(HasSubstr("need 72057594021150720")));
}

TEST(Idx, ChecksTheLabels) {
  EXPECT_THAT(labels_fail_with(idx(kLabels, {3}, "\x01\x0A\x02")),
              ThrowsMessage<Error>(HasSubstr("label 10 of sample 1 is outside 0 ... 9")));
}

// ------------------------------------------------------------------ loading from a data folder

void put_split(const fs::path& folder, const std::string& prefix, const std::string& images,
               const std::string& labels) {
  fs::create_directories(folder);
  write_atomically(folder / (prefix + "-images-idx3-ubyte"), images);
  write_atomically(folder / (prefix + "-labels-idx1-ubyte"), labels);
}

std::string every_byte() {
  std::string bytes;
  for (int k = 0; k < 256; ++k) bytes += static_cast<char>(k);
  return bytes;
}

TEST(LoadIdx, ScalesEveryByteExactly) {
  const TemporaryFolder data;
  const std::string images = idx(kImages, {2, 8, 16}, every_byte());
  const std::string labels = idx(kLabels, {2}, "\x03\x04");
  put_split(data.path() / "mnist", "t10k", images, labels);
  const Dataset set = load("mnist", {.split = "test", .data_dir = data.path()});
  EXPECT_EQ(set.name, "mnist");
  EXPECT_EQ(set.split, "test");
  EXPECT_EQ(set.shape, (Shape{8, 16, 1, true}));
  EXPECT_EQ(set.images.rows(), 2U);
  EXPECT_EQ(set.images.cols(), 128U);
  EXPECT_EQ(set.class_names.size(), 10U);
  EXPECT_THAT(set.labels, ElementsAre(3, 4));
  EXPECT_THAT(set.ids, ElementsAre(0U, 1U));
  EXPECT_EQ(set.range, Box{});
  EXPECT_EQ(set.sha256, sha256_hex(images + labels));
  for (std::size_t k = 0; k < 256; ++k) {  // the nearest float32 to the exact quotient
    EXPECT_EQ(set.images.flat()[k], static_cast<float>(static_cast<double>(k) / 255.0)) << k;
  }
}

TEST(LoadIdx, TakesTheSplitAskedFor) {
  const TemporaryFolder data;
  put_split(data.path() / "kmnist", "t10k", idx(kImages, {1, 1, 1}, "a"), idx(kLabels, {1}, "\1"));
  put_split(data.path() / "kmnist", "train", idx(kImages, {1, 1, 1}, "b"), idx(kLabels, {1}, "\2"));
  EXPECT_THAT(load("kmnist", {.split = "test", .data_dir = data.path()}).labels, ElementsAre(1));
  EXPECT_THAT(load("kmnist", {.split = "train", .data_dir = data.path()}).labels, ElementsAre(2));
  EXPECT_THAT([&] { (void)load("kmnist", {.split = "tset", .data_dir = data.path()}); },
              ThrowsMessage<Error>(
                  "kmnist: unknown split 'tset'; did you mean 'test'? known are test, train"));
}

TEST(LoadIdx, ReadsCompressedFiles) {
  const TemporaryFolder data;
  const fs::path folder = data.path() / "fashion-mnist";
  put_split(folder, "t10k", idx(kImages, {1, 1, 2}, "ab"), idx(kLabels, {1}, "\7"));
  const fs::path plain = folder / "t10k-images-idx3-ubyte";
  const std::string bytes = read_file(plain);
  gzFile file = gzopen((plain.string() + ".gz").c_str(), "wb");
  ASSERT_GT(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())), 0);
  ASSERT_EQ(gzclose(file), Z_OK);
  fs::remove(plain);
  const Dataset set = load("fashion-mnist", {.split = "test", .data_dir = data.path()});
  EXPECT_EQ(set.images.flat()[1], static_cast<float>('b') / 255.0F);
  EXPECT_EQ(set.class_names.at(7), "Sneaker");
}

TEST(LoadIdx, TurnsEmnistUpright) {
  const TemporaryFolder data;
  // An upright image of 2 rows "abc", "def", as EMNIST stores it: columns first.
  put_split(data.path() / "emnist-digits", "emnist-digits-test", idx(kImages, {1, 3, 2}, "adbecf"),
            idx(kLabels, {1}, "\1"));
  const Dataset set = load("emnist-digits", {.split = "test", .data_dir = data.path()});
  EXPECT_EQ(set.shape, (Shape{2, 3, 1, true}));
  const std::string upright = "abcdef";
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(set.images.flat()[i], static_cast<float>(upright[i]) / 255.0F) << i;
  }
}

TEST(LoadIdx, ComparesTheCounts) {
  const TemporaryFolder data;
  put_split(data.path() / "mnist", "t10k", idx(kImages, {2, 1, 1}, "ab"),
            idx(kLabels, {3}, "\1\2\3"));
  EXPECT_THAT([&] { (void)load("mnist", {.split = "test", .data_dir = data.path()}); },
              ThrowsMessage<Error>(AllOf(HasSubstr("labels-idx1-ubyte: 3 labels for the 2 images"),
                                         HasSubstr("t10k-images-idx3-ubyte; both counts"))));
}

TEST(LoadIdx, ListsWhereItLooked) {
  const TemporaryFolder data;
  const std::string stem = (data.path() / "mnist/train").string();
  EXPECT_THAT(
      [&] { (void)load("mnist", {.split = "train", .data_dir = data.path()}); },
      ThrowsMessage<Error>(AllOf(
          HasSubstr(stem + "-images-idx3-ubyte\n"), HasSubstr(stem + "-images-idx3-ubyte.gz\n"),
          HasSubstr(stem + "-labels-idx1-ubyte.gz\n"), HasSubstr("run `gibbon data fetch mnist`"),
          HasSubstr("--data-dir or $GIBBON_DATA"))));
}

TEST(LoadIdx, LooksInTheNextFolder) {
  const TemporaryFolder cache;
  const TemporaryFolder data;
  const char* old_data = std::getenv("GIBBON_DATA");
  const std::string kept = old_data == nullptr ? "" : old_data;
  const char* old_cache = std::getenv("XDG_CACHE_HOME");
  const std::string kept_cache = old_cache == nullptr ? "" : old_cache;
  ::setenv("GIBBON_DATA", data.path().c_str(), 1);
  ::setenv("XDG_CACHE_HOME", cache.path().c_str(), 1);
  put_split(cache.path() / "gibbon/mnist", "t10k", idx(kImages, {1, 1, 1}, "a"),
            idx(kLabels, {1}, "\1"));
  EXPECT_THAT(load("mnist", {}).labels, ElementsAre(1));
  put_split(data.path() / "mnist", "t10k", idx(kImages, {1, 1, 1}, "a"), idx(kLabels, {1}, "\2"));
  EXPECT_THAT(load("mnist", {}).labels, ElementsAre(2));
  EXPECT_THAT(search_path({}), ElementsAre(data.path(), cache.path() / "gibbon"));
  EXPECT_THAT(search_path({.data_dir = "/only"}), ElementsAre("/only"));
  old_data == nullptr ? ::unsetenv("GIBBON_DATA") : ::setenv("GIBBON_DATA", kept.c_str(), 1);
  old_cache == nullptr ? ::unsetenv("XDG_CACHE_HOME")
                       : ::setenv("XDG_CACHE_HOME", kept_cache.c_str(), 1);
}

// ------------------------------------------------------------------ the real files, when at hand

fs::path real_mnist() {
  const char* data = std::getenv("GIBBON_DATA");
  const fs::path folder = data == nullptr ? fs::path() : fs::path(data) / "mnist";
  return fs::exists(folder / "t10k-images-idx3-ubyte.gz") ? folder : fs::path();
}

TEST(RealMnist, HasTheKnownHashesAndLabels) {
  const fs::path folder = real_mnist();
  if (folder.empty()) GTEST_SKIP() << "set $GIBBON_DATA to a folder with mnist/*-ubyte.gz";
  const auto hash = [&](const char* name) { return sha256_hex(read_file(folder / name)); };
  EXPECT_EQ(hash("train-images-idx3-ubyte.gz"),
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db");
  EXPECT_EQ(hash("train-labels-idx1-ubyte.gz"),
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5");
  EXPECT_EQ(hash("t10k-images-idx3-ubyte.gz"),
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7");
  EXPECT_EQ(hash("t10k-labels-idx1-ubyte.gz"),
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2");
  const Dataset test = load("mnist", {.split = "test"});
  EXPECT_EQ(test.size(), 10000U);
  EXPECT_EQ(test.shape, (Shape{28, 28, 1, true}));
  EXPECT_THAT(std::vector(test.labels.begin(), test.labels.begin() + 5),
              ElementsAre(7, 2, 1, 0, 4));
  const Dataset train = load("mnist", {.split = "train"});
  EXPECT_EQ(train.size(), 60000U);
  EXPECT_THAT(std::vector(train.labels.begin(), train.labels.begin() + 5),
              ElementsAre(5, 0, 4, 1, 9));
}

TEST(RealMnist, NeedsNoFetching) {
  const fs::path folder = real_mnist();
  if (folder.empty()) GTEST_SKIP() << "set $GIBBON_DATA to a folder with mnist/*-ubyte.gz";
  const TemporaryFolder copy;
  fs::copy(folder, copy.path() / "mnist");
  std::size_t files = 0;
  for (const SourceInfo& source : sources()) {
    if (source.name != "mnist") continue;
    source.fetch(copy.path(), [&](std::string_view, std::uint64_t done, std::uint64_t total) {
      EXPECT_EQ(done, total);
      ++files;
    });
  }
  EXPECT_EQ(files, 4U);
}

}  // namespace
}  // namespace gibbon::datasets
