// SPDX-License-Identifier: MIT
// Arrays as people name and lay them out.
#include "datasets/arrays/npz.hpp"

#include <cmath>
#include <filesystem>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/temporary_folder.hpp"
#include "datasets/classes.hpp"
#include "datasets/dataset.hpp"

namespace gibbon::datasets {
namespace {

using arrays::array_of;
using arrays::NpyArray;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

NpyArray floats(const std::string& name, const std::vector<std::size_t>& shape,
                const std::vector<float>& values) {
  return array_of(name, shape, std::span<const float>(values));
}
NpyArray integers(const std::string& name, const std::vector<std::int64_t>& values) {
  return array_of(name, {values.size()}, std::span<const std::int64_t>(values));
}

/// k / size: numbers of [0, 1] that are told apart.
std::vector<float> ramp(std::size_t size) {
  std::vector<float> values;
  for (std::size_t k = 0; k < size; ++k)
    values.push_back(static_cast<float>(k) / static_cast<float>(size));
  return values;
}

class Arrays : public testing::Test {
 protected:
  Dataset load_arrays(const std::vector<NpyArray>& arrays, Request request = {}) const {
    write_atomically(folder_.path() / "d.npz", arrays::to_npz(arrays));
    return load((folder_.path() / "d.npz").string(), request);
  }
  /// The error, which names the file; "" for none.
  std::string refused(const std::vector<NpyArray>& arrays, const Request& request = {}) const {
    try {
      static_cast<void>(load_arrays(arrays, request));
      return "";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("d.npz"));
      return error.what();
    }
  }
  Dataset put_and_load(const std::string& name, const NpyArray& x) const {
    write_atomically(folder_.path() / name, arrays::to_npy(x));
    return load((folder_.path() / name).string(), {});
  }
  const TemporaryFolder folder_;
};

TEST_F(Arrays, OfOneSetAreEverySplitAndSaySo) {
  for (const auto& [x, y] : std::vector<std::pair<std::string, std::string>>{
           {"x", "y"}, {"images", "labels"}, {"X", "Y"}, {"data", "target"}, {"arr_0", "arr_1"}}) {
    for (const char* split : {"train", "test"}) {
      const Dataset set =
          load_arrays({floats(x, {3, 2}, ramp(6)), integers(y, {0, 2, 1})}, {.split = split});
      EXPECT_THAT(set.labels, ElementsAre(0, 2, 1)) << x;
      EXPECT_EQ(set.shape, (Shape{1, 2, 1, false}));
      EXPECT_EQ(set.images.row(2)[1], ramp(6)[5]);
      EXPECT_THAT(set.ids, ElementsAre(0U, 1U, 2U));
      EXPECT_EQ(set.split, "all");
      EXPECT_TRUE(set.one_set);
      EXPECT_THAT(set.notes, Contains(HasSubstr("one set of 3 samples, which is taken for training "
                                                "and for tests")));
    }
  }
}

TEST_F(Arrays, OfTwoSetsAreTheSplits) {
  const std::vector<NpyArray> arrays{
      floats("x_train", {2, 2}, ramp(4)), integers("y_train", {0, 1}),
      floats("x_test", {1, 2}, {0.25F, 0.5F}), integers("y_test", {1})};
  const Dataset train = load_arrays(arrays, {.split = "train"});
  const Dataset test = load_arrays(arrays, {.split = "test"});
  EXPECT_EQ(train.size(), 2U);
  EXPECT_THAT(test.images.flat(), ElementsAre(0.25F, 0.5F));
  EXPECT_FALSE(test.one_set);
  EXPECT_NE(train.sha256, test.sha256);
  EXPECT_THAT(refused({arrays[0], arrays[1]}), HasSubstr("no arrays of the split 'test'"));
  EXPECT_THAT(refused({arrays[0]}, {.split = "train"}),
              HasSubstr("x_train and no array of labels"));
  EXPECT_THAT(refused({floats("x", {1, 2}, ramp(2)), floats("images", {1, 2}, ramp(2)),
                       integers("y", {0})}),
              HasSubstr("x or images may be the samples"));
  EXPECT_THAT(refused({floats("pixels", {1, 2}, ramp(2))}), HasSubstr("found pixels"));
}

TEST_F(Arrays, AxesAreToldByShapeOrByTheUser) {
  const auto shaped = [&](const std::vector<std::size_t>& shape) {
    std::size_t size = 1;
    for (const std::size_t s : shape) size *= s;
    return std::vector{floats("x", shape, ramp(size)),
                       integers("y", std::vector<std::int64_t>(shape[0], 0))};
  };
  EXPECT_EQ(load_arrays(shaped({2, 5, 4})).shape, (Shape{5, 4, 1, true}));
  EXPECT_EQ(load_arrays(shaped({2, 64})).shape, (Shape{8, 8, 1, true}));
  EXPECT_THAT(load_arrays(shaped({2, 64})).notes, Contains(HasSubstr("square pictures of 8 × 8")));
  EXPECT_EQ(load_arrays(shaped({2, 64}), {.layout = Layout::kPoints}).shape,
            (Shape{1, 64, 1, false}));
  EXPECT_EQ(load_arrays(shaped({2, 49})).shape, (Shape{1, 49, 1, false})) << "7 × 7 is no picture";
  const Dataset last = load_arrays(shaped({2, 4, 5, 3}));
  EXPECT_EQ(last.shape, (Shape{4, 5, 3, true}));
  EXPECT_EQ(last.images.row(1)[7], ramp(120)[67]);
  const Dataset first = load_arrays(shaped({2, 3, 4, 5}));
  EXPECT_EQ(first.shape, (Shape{4, 5, 3, true}));
  // Sample 1, row 2, column 3, channel 1: place ((1 · 3 + 1) · 4 + 2) · 5 + 3 in the file.
  EXPECT_EQ(first.images.row(1)[(2 * 5 + 3) * 3 + 1], ramp(120)[((1 * 3 + 1) * 4 + 2) * 5 + 3]);
  EXPECT_THAT(first.notes, Contains(HasSubstr("channels come first")));
  EXPECT_THAT(refused(shaped({2, 3, 32, 3})),
              AllOf(HasSubstr("may come first or last"), HasSubstr("--layout nchw")));
  EXPECT_EQ(load_arrays(shaped({2, 3, 32, 3}), {.layout = Layout::kChannelsFirst}).shape,
            (Shape{32, 3, 3, true}));
  EXPECT_EQ(load_arrays(shaped({2, 3, 32, 3}), {.layout = Layout::kChannelsLast}).shape,
            (Shape{3, 32, 3, true}));
  EXPECT_THAT(refused(shaped({2, 4, 8, 8})), HasSubstr("neither 1 nor 3 channels"));
  EXPECT_THAT(refused(shaped({2, 5, 4}), {.layout = Layout::kChannelsLast}),
              HasSubstr("which --layout nhwc does not fit"));
  EXPECT_THAT(refused(shaped({4})), HasSubstr("has 1 axes"));
  EXPECT_THROW(static_cast<void>(parse_layout("hwc")), Error);
}

TEST_F(Arrays, NumbersMeanWhatTheirTypeAndRangeLeaveNoDoubtOf) {
  const NpyArray y = integers("y", {0, 1});
  const auto with = [&](std::vector<float> values) {
    values.resize(128, values.back());
    return std::vector{floats("x", {2, 8, 8}, values), y};
  };
  EXPECT_EQ(load_arrays(with({0.0F, 0.25F, 1.0F})).images.row(0)[1], 0.25F);
  EXPECT_EQ(load_arrays(with({0.0F, 51.0F, 255.0F})).images.row(0)[1], 51.0F / 255.0F);
  EXPECT_THAT(load_arrays(with({0.0F, 51.0F, 255.0F})).notes,
              Contains(HasSubstr("whole numbers, taken as levels 0 … 255 and divided by 255")));
  for (const auto& odd :
       {std::vector{0.0F, 16.0F}, std::vector{0.0F, 100.5F}, std::vector{-1.0F, 1.0F},
        std::vector{0.0F, 1.5F}, std::vector{0.0F, 300.0F}})
    EXPECT_THAT(refused(with(odd)),
                AllOf(HasSubstr("d.npz: x: has floats from"), HasSubstr("--data-range")));
  const Dataset between = load_arrays(with({-1.0F, 0.0F, 1.0F}), {.range = Interval{-1.0, 1.0}});
  EXPECT_THAT(std::vector(between.images.row(0).begin(), between.images.row(0).begin() + 3),
              ElementsAre(0.0F, 0.5F, 1.0F));
  EXPECT_THAT(between.notes, Contains(HasSubstr("--input-range -1,1")));
  EXPECT_THAT(refused(with({-1.0F, 1.5F}), {.range = Interval{-1.0, 1.0}}),
              HasSubstr("is 1.5 in sample 0, number 1 of it, outside of --data-range -1,1"));
  std::vector<float> holes(128, 0.5F);
  holes[70] = std::nanf("");
  EXPECT_THAT(refused(with(holes)), HasSubstr("is nan in sample 1, number 6 of it"));
  EXPECT_THAT(load_arrays(with({0.0F, 1.0F / 255.0F})).notes,
              Contains(HasSubstr("divided by 255 twice")));
  NpyArray bytes{.name = "x", .descr = "|u1", .shape = {2, 2}, .bytes = {0, 51, 102, 17}};
  EXPECT_EQ(load_arrays({bytes, y}).images.row(0)[1], 51.0F / 255.0F);
  bytes.bytes = {0, 1, 1, 0};
  EXPECT_THAT(refused({bytes, y}), HasSubstr("of 0 … 255 or of fewer levels"));
  EXPECT_THAT(load_arrays({bytes, y}, {.range = Interval{}}).images.row(0), ElementsAre(0, 1));
  bytes.descr = "|b1";
  EXPECT_THAT(load_arrays({bytes, y}).images.row(1), ElementsAre(1, 0));
  EXPECT_THAT(refused({integers("x", {0, 70000}), y}), HasSubstr("d.npz"));
  for (const char* wrong : {"1", "1,0", "a,b", "0,inf", "0,1,2", ","})
    EXPECT_THROW(static_cast<void>(parse_range(wrong)), Error) << wrong;
}

TEST_F(Arrays, LabelsAreNumbersOneHotRowsOrTexts) {
  const NpyArray x = floats("x", {3, 2}, ramp(6));
  EXPECT_THAT(load_arrays({x, floats("y", {3}, {2, 0, 1})}).labels, ElementsAre(2, 0, 1));
  EXPECT_THAT(load_arrays({x, floats("y", {3, 1}, {2, 0, 1})}).labels, ElementsAre(2, 0, 1));
  const Dataset hot = load_arrays({x, floats("y", {3, 4}, {0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0})});
  EXPECT_THAT(hot.labels, ElementsAre(1, 0, 2));
  EXPECT_EQ(hot.class_names.size(), 4U) << "a class without samples";
  EXPECT_THAT(hot.notes, Contains(HasSubstr("one-hot labels")));
  EXPECT_THAT(refused({x, floats("y", {3, 2}, {0, 1, 1, 1, 1, 0})}),
              HasSubstr("row 1 is not one-hot: 2 ones"));
  EXPECT_THAT(refused({x, floats("y", {3}, {0, 0.5F, 1})}),
              HasSubstr("label 0.5 of sample 1 is not a class"));
  EXPECT_THAT(refused({x, integers("y", {0, -1, 1})}), HasSubstr("label -1 of sample 1"));
  EXPECT_THAT(refused({x, integers("y", {0, 1})}), HasSubstr("has 2 labels for 3 samples"));
  const std::vector<std::string> words{"dog", "cat", "dog"};
  Dataset named = load_arrays({x, array_of("y", words)});
  EXPECT_THAT(named.labels, ElementsAre(1, 0, 1));
  EXPECT_THAT(named.class_names, ElementsAre("cat", "dog"));
  EXPECT_THAT([&] { take_classes(named, 3); },
              testing::ThrowsMessage<Error>(HasSubstr("has labels of 2 classes (0 = cat")));
  name_classes(named, {.names = {"dog", "emu", "cat"}, .source = "c.txt"});
  EXPECT_THAT(named.labels, ElementsAre(0, 2, 0));
  const std::vector<std::string> names{"ant", "bee", "cat", "dog"};
  EXPECT_EQ(load_arrays({x, integers("y", {0, 2, 1}), array_of("class_names", names)}).class_names,
            names);
}

TEST_F(Arrays, LabelsFromOneAreCountedFromZeroForAModelThatTheyFit) {
  const NpyArray x = floats("x", {3, 2}, ramp(6));
  Dataset set = load_arrays({x, integers("y", {3, 1, 2})});
  EXPECT_THAT(set.notes, Contains(HasSubstr("labels are 1 … 3 and none is 0")));
  Dataset other = set;
  count_from_zero(other, 4);
  EXPECT_THAT(other.labels, ElementsAre(3, 1, 2)) << "four classes, 0 has no samples";
  count_from_zero(set, 3);
  EXPECT_THAT(set.labels, ElementsAre(2, 0, 1));
  EXPECT_THAT(set.class_names, ElementsAre("1", "2", "3"));
}

TEST_F(Arrays, OfOneFileFindTheirLabelsBesideIt) {
  const NpyArray x = floats("x", {3, 2}, ramp(6));
  EXPECT_THAT(
      [&] { static_cast<void>(put_and_load("x_test.npy", x)); },
      testing::ThrowsMessage<Error>(AllOf(HasSubstr("x_test.npy: has samples and no labels"),
                                          HasSubstr("x_test_labels.npy, y_test.npy"))));
  const std::vector<std::pair<std::string, std::string>> pairs{
      {"a.npy", "labels.npy"},
      {"x_test.npy", "y_test.npy"},
      {"test_images.npy", "test_labels.npy"},
      {"a.npy", "a_labels.npy"}};
  for (const auto& [samples, labels] : pairs) {  // each hides what is found before
    write_atomically(folder_.path() / labels, arrays::to_npy(integers("y", {2, 1, 0})));
    const Dataset set = put_and_load(samples, x);
    EXPECT_THAT(set.labels, ElementsAre(2, 1, 0));
    EXPECT_THAT(set.notes.front(), HasSubstr(labels + "."));
  }
}

TEST_F(Arrays, OfOneClassOrOneSampleFitAnyModel) {
  Dataset one = load_arrays({floats("x", {1, 2}, ramp(2)), integers("y", {7})});
  take_classes(one, 10);
  EXPECT_EQ(one.class_names.size(), 10U);
  EXPECT_THAT(one.labels, ElementsAre(7));
}

}  // namespace
}  // namespace gibbon::datasets
