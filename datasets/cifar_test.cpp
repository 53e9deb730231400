// SPDX-License-Identifier: MIT
#include "datasets/cifar.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/sha256.hpp"
#include "base/temporary_folder.hpp"
#include "datasets/dataset.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// A record whose colours are told apart: red is the column, green the row, blue 7.
std::string record(int label) {
  std::string out(1, static_cast<char>(label));
  for (int k = 0; k < 1024; ++k) out += static_cast<char>(k % 32);
  for (int k = 0; k < 1024; ++k) out += static_cast<char>(k / 32);
  return out + std::string(1024, '\7');
}

class Cifar10 : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& bytes) const {
    fs::create_directories((data_.path() / name).parent_path());
    write_atomically(data_.path() / name, bytes);
  }
  [[nodiscard]] Dataset load_split(const std::string& split) const {
    return load("cifar10", {.split = split, .data_dir = data_.path()});
  }

  const TemporaryFolder data_;
};

TEST_F(Cifar10, PutsTheChannelsOfAPixelTogether) {
  put("cifar10/test_batch.bin", record(3) + record(9));
  const Dataset set = load_split("test");
  EXPECT_EQ(set.shape, (Shape{.height = 32, .width = 32, .channels = 3, .image = true}));
  EXPECT_THAT(set.labels, ElementsAre(3, 9));
  EXPECT_THAT(set.ids, ElementsAre(0U, 1U));
  EXPECT_EQ(set.class_names[3], "cat");
  EXPECT_EQ(set.sha256, sha256_hex(record(3) + record(9)));
  for (const std::size_t row : {0U, 5U, 31U}) {
    for (const std::size_t column : {0U, 17U, 31U}) {
      const Row pixel = set.images.row(1).subspan((row * 32 + column) * 3, 3);
      EXPECT_EQ(pixel[0], static_cast<float>(column) / 255.0F);
      EXPECT_EQ(pixel[1], static_cast<float>(row) / 255.0F);
      EXPECT_EQ(pixel[2], 7.0F / 255.0F);
    }
  }
}

TEST_F(Cifar10, TrainIsFiveFilesInOrderWhereverTheyWereUnpacked) {
  for (int k = 1; k <= 5; ++k)
    put("cifar10/cifar-10-batches-bin/data_batch_" + std::to_string(k) + ".bin", record(k));
  EXPECT_THAT(load_split("train").labels, ElementsAre(1, 2, 3, 4, 5));
  fs::remove(data_.path() / "cifar10/cifar-10-batches-bin/data_batch_4.bin");
  EXPECT_THAT([&] { static_cast<void>(load_split("train")); },
              ThrowsMessage<Error>(AllOf(HasSubstr("cifar10: no files of the split 'train'"),
                                         HasSubstr("run `gibbon data fetch cifar10`"))));
}

TEST_F(Cifar10, RefusesBrokenFiles) {
  const auto refuses = [&](const std::string& bytes, const std::string& why) {
    put("cifar10/test_batch.bin", bytes);
    EXPECT_THAT([&] { static_cast<void>(load_split("test")); },
                ThrowsMessage<Error>(HasSubstr(why)));
  };
  refuses("", "0 bytes, which are no whole records of 3073 bytes");
  refuses(record(1) + "x", "3074 bytes, which are no whole records");
  refuses(record(1) + record(10), "record 1 has label 10; allowed are 0 to 9");
}

TEST_F(Cifar10, TheArchiveIsUnpacked) {
  for (const char* name : {"test_batch.bin", "data_batch_1.bin", "readme.html"})
    put(std::string("cifar-10-batches-bin/") + name, record(2));
  fs::create_directories(data_.path() / "cifar10");
  run_command({"tar", "-czf", "cifar10/a.tar.gz", "cifar-10-batches-bin"}, data_.path(), [] {});
  unpack_cifar(data_.path() / "cifar10/a.tar.gz");
  EXPECT_THAT(load_split("test").labels, ElementsAre(2));
  EXPECT_TRUE(is_there(data_.path() / "cifar10/data_batch_1.bin"));
  EXPECT_FALSE(is_there(data_.path() / "cifar10/readme.html"));
}

}  // namespace
}  // namespace gibbon::datasets
