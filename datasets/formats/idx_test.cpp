// SPDX-License-Identifier: MIT
// The files of MNIST and CIFAR-10 by path, and paths that are nothing.
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/environment.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/temporary_folder.hpp"
#include "datasets/dataset.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;
using namespace std::string_literals;

class Paths : public testing::Test {
 protected:
  void put(const fs::path& name, const std::string& bytes) const {
    fs::create_directories((folder_.path() / name).parent_path());
    write_atomically(folder_.path() / name, bytes);
  }
  Dataset load_path(const fs::path& name, const Request& request = {}) const {
    return load((folder_.path() / name).string(), request);
  }
  void put_idx(const std::string& stem, const std::string& pixels,
               const std::string& labels) const {
    const char count = static_cast<char>(labels.size());
    put(stem + "-images-idx3-ubyte",
        "\0\0\x08\x03\0\0\0"s + count + "\0\0\0\x01\0\0\0\x02"s + pixels);
    put(stem + "-labels-idx1-ubyte", "\0\0\x08\x01\0\0\0"s + count + labels);
  }
  const TemporaryFolder folder_;
};

TEST_F(Paths, OfMnistsFilesAreReadFromTheirFolderAndAboveIt) {
  put_idx("MNIST/raw/train", "\0\x33"s, "\x02"s);
  put_idx("MNIST/raw/t10k", "\0\x66\x33\0"s, "\0\x01"s);
  for (const char* path : {"MNIST/raw", "MNIST", "."}) {
    const Dataset test = load_path(path);
    EXPECT_THAT(test.labels, ElementsAre(0, 1)) << path;
    EXPECT_EQ(test.images.row(0)[1], 102.0F / 255.0F);
    EXPECT_EQ(test.shape, (Shape{1, 2, 1, true}));
    EXPECT_FALSE(test.one_set);
    EXPECT_THAT(load_path(path, {.split = "train"}).labels, ElementsAre(2));
  }
  const Dataset one = load_path("MNIST/raw/train-images-idx3-ubyte");
  EXPECT_TRUE(one.one_set);
  EXPECT_THAT(one.class_names, ElementsAre("0", "1", "2"));
  EXPECT_THAT([&] { static_cast<void>(load_path("MNIST/raw/train-labels-idx1-ubyte")); },
              ThrowsMessage<Error>(HasSubstr("is a file of labels")));
  fs::remove(folder_.path() / "MNIST/raw/t10k-labels-idx1-ubyte");
  EXPECT_THAT([&] { static_cast<void>(load_path("MNIST")); },
              ThrowsMessage<Error>(HasSubstr("its labels are missing")));
  put_idx("other/emnist-letters", "\x01\x02"s, "\x01"s);
  EXPECT_THAT(load_path("other").notes, Contains(HasSubstr("turned upright")));
  EXPECT_EQ(load_path("other").shape, (Shape{2, 1, 1, true}));
}

TEST_F(Paths, OfMnistGiveWhatItsNameGives) {
  if (environment("GIBBON_DATA").empty()) GTEST_SKIP() << "set GIBBON_DATA: a folder with mnist/";
  const Dataset named = load("mnist", {});
  const Dataset found = load((fs::path(environment("GIBBON_DATA")) / "mnist").string(), {});
  EXPECT_EQ(found.sha256, named.sha256);
  EXPECT_EQ(found.labels, named.labels);
  EXPECT_TRUE(std::ranges::equal(found.images.flat(), named.images.flat()));
}

TEST_F(Paths, OfCifarsFilesAreRead) {
  const auto record = [](char label) {
    std::string bytes(3073, '\x33');
    bytes.front() = label;
    return bytes;
  };
  put("c/cifar-10-batches-bin/test_batch.bin", record(3));
  for (int k = 1; k < 5; ++k)
    put(fmt::format("c/cifar-10-batches-bin/data_batch_{}.bin", k), record(static_cast<char>(k)));
  EXPECT_THAT([&] { static_cast<void>(load_path("c", {.split = "train"})); },
              ThrowsMessage<Error>(HasSubstr("has 4 of the 5 files of the split 'train'")));
  put("c/cifar-10-batches-bin/data_batch_5.bin", record(5));
  for (const char* path : {"c", "c/cifar-10-batches-bin"}) {
    EXPECT_THAT(load_path(path).labels, ElementsAre(3));
    EXPECT_THAT(load_path(path, {.split = "train"}).labels, ElementsAre(1, 2, 3, 4, 5));
  }
  EXPECT_TRUE(load_path("c/cifar-10-batches-bin/data_batch_2.bin").one_set);
  fs::create_directories(folder_.path() / "p/cifar-10-batches-py");
  EXPECT_THAT([&] { static_cast<void>(load_path("p")); },
              ThrowsMessage<Error>(
                  AllOf(HasSubstr("never unpickled"), HasSubstr("gibbon data fetch cifar10"))));
}

TEST_F(Paths, OfNoFormatAreRefused) {
  put("x.parquet", "PAR1");
  EXPECT_THAT([&] { static_cast<void>(load_path("x.parquet")); },
              ThrowsMessage<Error>(AllOf(HasSubstr("x.parquet: is not a format of data"),
                                         HasSubstr("FILE.csv, FILE.npy, FILE.npz"))));
  EXPECT_THAT([&] { static_cast<void>(load_path("absent.npz")); },
              ThrowsMessage<Error>(HasSubstr("absent.npz: no such file or folder")));
}

}  // namespace
}  // namespace gibbon::datasets
