// SPDX-License-Identifier: MIT
#include "datasets/folder.hpp"

#include <fstream>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/temporary_folder.hpp"
#include "datasets/classes.hpp"
#include "datasets/image_io.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

/// 1 × 1, 16 × 16: the smallest JPEGs of one colour are not worth a line here; PNG is exact.
Picture grey(std::uint8_t value, std::size_t height = 2, std::size_t width = 3) {
  return {.height = height,
          .width = width,
          .channels = 1,
          .pixels = std::vector<std::uint8_t>(height * width, value)};
}

class Folder : public testing::Test {
 protected:
  void put(const fs::path& name, const Picture& picture) const {
    fs::create_directories((folder_.path() / name).parent_path());
    write_png(folder_.path() / name, picture);
  }
  void put_text(const fs::path& name, std::string_view text) const {
    fs::create_directories((folder_.path() / name).parent_path());
    write_atomically(folder_.path() / name, text);
  }
  [[nodiscard]] Dataset load_split(const std::string& split) const {
    return load(folder_.path().string(), {.split = split});
  }

  const TemporaryFolder folder_;
};

TEST_F(Folder, ReadsSplitsInTheOrderOfNames) {
  put("test/cat/b.png", grey(20));
  put("test/cat/a.PNG", grey(10));
  put("test/ant/z.png", grey(30));
  put("train/dog/x.png", grey(40));
  put_text("test/cat/notes.txt", "no picture");
  put_text("test/.hidden/x.png", "no picture");
  put_text("test/readme.png/none.txt", "a folder without pictures is no class");
  const Dataset test = load_split("test");
  EXPECT_THAT(test.class_names, ElementsAre("ant", "cat", "dog"));
  EXPECT_THAT(test.labels, ElementsAre(0, 1, 1));
  EXPECT_THAT(test.ids, ElementsAre(0U, 1U, 2U));
  EXPECT_EQ(test.shape, (Shape{2, 3, 1, true}));
  EXPECT_EQ(test.images.row(0)[5], 30.0F / 255.0F);
  EXPECT_EQ(test.images.row(1)[0], 10.0F / 255.0F);
  EXPECT_EQ(test.images.row(2)[0], 20.0F / 255.0F);
  EXPECT_EQ(test.range, Box{});
  const Dataset train = load_split("train");
  EXPECT_THAT(train.class_names, ElementsAre("ant", "cat", "dog"));
  EXPECT_THAT(train.labels, ElementsAre(2));
  EXPECT_NE(train.sha256, test.sha256);
}

TEST_F(Folder, KeepsRowsAndColumns) {
  put("a/x.png", {.height = 2, .width = 3, .channels = 1, .pixels = {1, 2, 3, 4, 5, 6}});
  put("b/x.png", grey(0));
  put("test/skip/x.txt", grey(0));
  fs::remove_all(folder_.path() / "test");
  for (const char* split : {"train", "test"}) {
    Dataset set;
    try {
      set = load_split(split);
    } catch (const Error&) {
      continue;  // two pictures need not reach both splits
    }
    if (set.labels[0] != 0) continue;
    for (std::size_t i = 0; i < 6; ++i) {
      EXPECT_EQ(set.images.row(0)[i], static_cast<float>(i + 1) / 255.0F);
    }
    return;
  }
  FAIL() << "the picture of class a is in no split";
}

TEST_F(Folder, TurnsGreyIntoColourBesideColour) {
  put("test/a/grey.png", grey(7, 1, 1));
  put("test/b/red.png", {.height = 1, .width = 1, .channels = 3, .pixels = {255, 1, 2}});
  const Dataset set = load_split("test");
  EXPECT_EQ(set.shape, (Shape{1, 1, 3, true}));
  EXPECT_THAT(set.images.row(0), Each(7.0F / 255.0F));
  EXPECT_THAT(set.images.row(1), ElementsAre(1.0F, 1.0F / 255.0F, 2.0F / 255.0F));  // R, G, B
}

TEST_F(Folder, DividesByTheHashOfThePath) {
  constexpr std::size_t kCount = 200;
  for (std::size_t n = 0; n < kCount; ++n) {
    put(fmt::format("{}/{}.png", n % 2, n), grey(static_cast<std::uint8_t>(n)));
  }
  const Dataset test = load_split("test");
  const Dataset train = load_split("train");
  EXPECT_EQ(test.size() + train.size(), kCount);
  std::vector<int> seen(kCount);
  for (const Dataset* set : {&test, &train}) {
    for (std::size_t n = 0; n < set->size(); ++n) {
      const auto value = static_cast<std::size_t>(set->images.row(n)[0] * 255.0F + 0.5F);
      ++seen[value];
      EXPECT_EQ(static_cast<std::size_t>(set->labels[n]), value % 2);
    }
  }
  EXPECT_THAT(seen, Each(1));
  // Binomial(200, 1/5): 40 with a standard deviation of 5.7, here within four of them.
  EXPECT_NEAR(static_cast<double>(test.size()), 40.0, 23.0);
  EXPECT_EQ(load_split("test").sha256, test.sha256);
  // What a picture's split is depends on no other picture, nor on where the folder lies.
  for (std::size_t n = 1; n < kCount; n += 2)
    fs::remove(folder_.path() / fmt::format("1/{}.png", n));
  put("1/1.png", grey(1));
  std::vector<float> zeros;
  std::vector<float> zeros_again;
  for (std::size_t n = 0; n < test.size() && test.labels[n] == 0; ++n) {
    zeros.push_back(test.images.row(n)[0]);
  }
  const Dataset again = load_split("test");
  for (std::size_t n = 0; n < again.size() && again.labels[n] == 0; ++n) {
    zeros_again.push_back(again.images.row(n)[0]);
  }
  EXPECT_EQ(zeros, zeros_again);
}

TEST_F(Folder, AllowsAnyClassName) {
  const std::string strange = "a \"b\", <c>\n|%s{}\\ ü";
  put(fs::path("test") / strange / "x.png", grey(1));
  put("test/plain/x.png", grey(2));
  EXPECT_THAT(load_split("test").class_names, ElementsAre(strange, "plain"));
}

TEST_F(Folder, TakesGreyStoredAsColourAsGrey) {
  put("test/a/1.png", {.height = 1, .width = 2, .channels = 3, .pixels = {7, 7, 7, 9, 9, 9}});
  put("test/a/2.png", grey(3, 1, 2));
  const Dataset set = load_split("test");
  EXPECT_EQ(set.shape, (Shape{1, 2, 1, true}));
  EXPECT_THAT(set.images.row(0), ElementsAre(7.0F / 255.0F, 9.0F / 255.0F));
  EXPECT_THAT(set.notes, testing::Contains(HasSubstr("1 of 2 pictures of")));
}

TEST_F(Folder, KeepsAllSixteenBitsAndReadsOtherFormats) {
  const std::string deep = "P5 2 1 65535\n\x12\x34\xff\xff";
  put_text("test/a/1.pgm", deep);
  put_text("test/a/2.pgm", "P5 2 1 255\n\x05\xfa");
  const Dataset set = load_split("test");
  EXPECT_THAT(set.images.row(0), ElementsAre(4660.0F / 65535.0F, 1.0F));
  EXPECT_THAT(set.images.row(1), ElementsAre(5.0F / 255.0F, 250.0F / 255.0F));
  EXPECT_THAT(set.notes, testing::Contains(HasSubstr("1 of 2 pictures of")));
  put_text("test/a/3.pgm", "P5 2 1 4095\n\x01\x02\x03\x04");
  EXPECT_THAT([&] { (void)load_split("test"); },
              ThrowsMessage<Error>(HasSubstr("3.pgm: its largest level is 4095")));
}

TEST_F(Folder, NamesTheFirstPictureOfAnotherSize) {
  put("test/a/1.png", grey(1));
  put("test/a/2.png", grey(1));
  put("test/b/3.png", grey(1, 3, 2));
  put("test/b/4.png", grey(1, 9, 9));
  EXPECT_THAT([&] { (void)load_split("test"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("test/b/3.png: 3 x 2 pixels, but "),
                                         HasSubstr("test/a/1.png has 2 x 3"))));
}

TEST_F(Folder, NamesWhatDoesNotDecode) {
  put("test/a/1.png", grey(1));
  put_text("test/b/2.png", "GIF89a");
  EXPECT_THAT([&] { (void)load_split("test"); },
              ThrowsMessage<Error>(HasSubstr("test/b/2.png: is not an image; PNG, JPEG, WebP")));
  const std::string whole = read_file(folder_.path() / "test/a/1.png");
  put_text("test/b/2.png", whole.substr(0, whole.size() / 2));
  EXPECT_THAT([&] { (void)load_split("test"); },
              ThrowsMessage<Error>(HasSubstr("test/b/2.png: the image is damaged or truncated")));
}

TEST_F(Folder, NeedsAClassWithSamples) {
  EXPECT_THAT([&] { (void)load_split("test"); },
              ThrowsMessage<Error>(HasSubstr("no subfolder with pictures; each class needs one")));
  put("a.png", grey(1));
  EXPECT_THAT([&] { (void)load_split("test"); },
              ThrowsMessage<Error>(HasSubstr("no subfolder with pictures")));
}

TEST_F(Folder, SaysWhatItLeavesOutAndHowItDivides) {
  put("test/0/1.png", grey(1));
  put("test/1/2.png", grey(2));
  EXPECT_THAT(load_split("test").notes, IsEmpty()) << "numbered folders are the labels";
  put_text("test/1/3.gif", "GIF");
  put_text("test/1/4.GIF", "GIF");
  put_text("test/docs/readme.txt", "no class");
  put_text("test/2/5.gif", "GIF");
  const Dataset set = load_split("test");
  EXPECT_THAT(set.class_names, ElementsAre("0", "1", "2"))
      << "a class none of whose pictures is read keeps its place";
  EXPECT_THAT(set.notes,
              ElementsAre(AllOf(HasSubstr("3 of 5 files of"), HasSubstr("left out, e.g. test/1/3")),
                          HasSubstr("test/docs of"),
                          HasSubstr("1 of the 3 classes of " + folder_.path().string() +
                                    " have no picture in the test split: 2.")));
}

TEST_F(Folder, SaysWhichShareIsTheTestSplit) {
  for (int n = 0; n < 40; ++n) put(fmt::format("{}/{}.png", n % 2, n), grey(1));
  const Dataset test = load_split("test");
  EXPECT_THAT(test.notes,
              ElementsAre(AllOf(HasSubstr("has no train/ and test/: one picture in five"),
                                HasSubstr(fmt::format("has {} of 40.", test.size())))));
}

TEST_F(Folder, OrdersNumbersAsNumbersAndSaysTheOrderOfOtherNames) {
  for (int c = 0; c < 12; ++c) put(fmt::format("test/{}/x.png", c), grey(1));
  const Dataset numbered = load_split("test");
  EXPECT_THAT(numbered.class_names,
              ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"));
  EXPECT_THAT(numbered.notes, ElementsAre(HasSubstr("ordered as numbers, 2 before 10")));
  fs::remove_all(folder_.path() / "test");
  for (const char* name : {"zero", "one", "two"}) put(fmt::format("test/{}/x.png", name), grey(1));
  fs::create_directories(folder_.path() / "test/three");
  EXPECT_THAT(load_split("test").notes,
              ElementsAre(HasSubstr("0 = one, 1 = three, 2 = two, 3 = zero."),
                          HasSubstr("have no picture in the test split: three.")));
}

TEST_F(Folder, WithFewerClassesThanTheModelGoesByNumbers) {
  for (const char* name : {"0", "1", "2", "4"}) put(fmt::format("test/{}/x.png", name), grey(1));
  Dataset set = load_split("test");
  EXPECT_THAT(set.labels, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(set.notes, ElementsAre(HasSubstr("not numbered from 0 on: classes are counted in "
                                               "their order (0 = 0, 1 = 1, 2 = 2, 3 = 4)")));
  take_classes(set, 4);
  EXPECT_THAT(set.labels, ElementsAre(0, 1, 2, 3)) << "as many as the model has: places";
  take_classes(set, 6);
  EXPECT_THAT(set.labels, ElementsAre(0, 1, 2, 4));
  EXPECT_THAT(set.class_names, ElementsAre("0", "1", "2", "3", "4", "5"));
  EXPECT_THAT(set.notes.back(), HasSubstr("has folders of 4 of the model's 6 classes"));
  put("test/cat/x.png", grey(1));
  Dataset named = load_split("test");
  EXPECT_THAT([&] { take_classes(named, 6); },
              ThrowsMessage<Error>(AllOf(HasSubstr("has folders of 5 classes"),
                                         HasSubstr("add an empty folder for each"))));
}

TEST(Classes, OfOtherDataAreTheModelsFirst) {
  Dataset set{.name = "x", .labels = {0, 1}, .class_names = {"no", "yes"}};
  take_classes(set, 3);
  EXPECT_THAT(set.class_names, ElementsAre("no", "yes", "2"));
  EXPECT_THAT(set.labels, ElementsAre(0, 1));
  EXPECT_THAT(set.notes, ElementsAre(HasSubstr("x has 2 classes, the model 3")));
}

TEST_F(Folder, SaysThatASplitIsMissingOrEmpty) {
  put("train/a/1.png", grey(1));
  put("train/b/1.png", grey(1));
  EXPECT_THAT([&] { (void)load_split("test"); },
              ThrowsMessage<Error>(HasSubstr("has no subfolder test/ for that split")));
  fs::create_directory(folder_.path() / "test");
  EXPECT_THAT([&] { (void)load_split("test"); },
              ThrowsMessage<Error>(HasSubstr("the split 'test' is empty: no pictures")));
  EXPECT_THAT([&] { (void)load_split("validation"); },
              ThrowsMessage<Error>(HasSubstr("unknown split 'validation'")));
}

TEST(Load, SaysWhatIsKnown) {
  EXPECT_THAT([] { (void)load("mnits", {}); },
              ThrowsMessage<Error>(AllOf(
                  HasSubstr("unknown data set 'mnits'; did you mean 'mnist'? known are blobs, "),
                  HasSubstr("; or a file or folder that does not exist"))));
  EXPECT_THAT([] { (void)load("no/such", {}); },
              ThrowsMessage<Error>(HasSubstr("no/such: no such file or folder")));
}

TEST(Catalogue, IsOrderedAndComplete) {
  std::vector<std::string_view> names;
  for (const SourceInfo& source : sources()) {
    names.push_back(source.name);
    EXPECT_FALSE(source.summary.empty());
    EXPECT_FALSE(source.source.empty());
    EXPECT_NE(source.load, nullptr);
  }
  EXPECT_THAT(names, ElementsAre("blobs", "cifar10", "circles", "digits", "emnist-digits",
                                 "fashion-mnist", "kmnist", "mnist", "moons"));
}

}  // namespace
}  // namespace gibbon::datasets
