// SPDX-License-Identifier: MIT
#include "datasets/classes.hpp"

#include <gmock/gmock.h>
#include <stdexcept>

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace gibbon::datasets {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::vector<std::string> kAnimals{"tench, Tinca tinca", "crane", "giant panda, panda",
                                        "Crane", "crane"};

template <class Call>
std::string message(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string refusal(const std::string& text, const std::vector<std::string>& names = kAnimals) {
  return message([&] { static_cast<void>(find_class("--class", text, names)); });
}

TEST(ClassNames, AreReadAsStrictlyAsAnyFits) {
  EXPECT_THAT(classes_called("crane", kAnimals), ElementsAre(1, 4));
  EXPECT_THAT(classes_called("Crane", kAnimals), ElementsAre(3));
  EXPECT_THAT(classes_called("CRANE", kAnimals), ElementsAre(1, 3, 4));
  EXPECT_THAT(classes_called("Tinca tinca", kAnimals), ElementsAre(0));
  EXPECT_THAT(classes_called("tench, Tinca tinca", kAnimals), ElementsAre(0));
  EXPECT_THAT(classes_called("Giant_Panda", kAnimals), ElementsAre(2));
  EXPECT_THAT(classes_called("pand", kAnimals), IsEmpty());
}

TEST(ClassNames, AClassIsItsNameOrItsNumber) {
  EXPECT_EQ(find_class("--class", "panda", kAnimals), 2);
  EXPECT_EQ(find_class("--class", "3", kAnimals), 3);
  EXPECT_EQ(find_class("--class", "#1", kAnimals), 1);
  const std::vector<std::string> digits{"0", "1", "2"};
  EXPECT_EQ(find_class("--class", "2", digits), 2);
  const std::vector<std::string> shifted{"1", "2", "7"};
  EXPECT_EQ(refusal("1", shifted),
            "--class: class '1' is ambiguous: it may be #1 (2), #0 (1); give # and the number");
  EXPECT_EQ(find_class("--class", "#1", shifted), 1);
  EXPECT_EQ(find_class("--class", "7", shifted), 2);
}

TEST(ClassNames, WhatIsNoClassIsAnsweredWithTheNearOnes) {
  EXPECT_EQ(refusal("crane"),
            "--class: class 'crane' is ambiguous: it may be #1 (crane), #4 (crane); give # and the "
            "number");
  EXPECT_EQ(
      refusal("tensh"),
      "--class: unknown class 'tensh'; did you mean 'tench'? allowed are class numbers 0 to 4 "
      "and tench, Tinca tinca, crane, giant panda, panda, Crane, crane");
  EXPECT_THAT(refusal("#5"), HasSubstr("unknown class '#5'"));
  EXPECT_THAT(refusal("5"), HasSubstr("unknown class '5'"));
  const std::vector<std::string> many(1000, "wombat");
  EXPECT_EQ(refusal("zebra", many),
            "--class: unknown class 'zebra'; allowed are class numbers 0 to 999 and the names of "
            "the classes");
}

Dataset folders(const std::vector<std::string>& names) {
  Dataset data{.name = "pics", .class_names = names, .naming = Naming::kFolders};
  for (std::size_t c = 0; c < names.size(); ++c) data.labels.push_back(static_cast<int>(c));
  return data;
}

TEST(NameClasses, FoldersAreTheClassesOfTheirNames) {
  Dataset data = folders({"giant panda", "tench"});
  name_classes(data, {.names = kAnimals, .source = "names.txt"});
  EXPECT_EQ(data.labels, (std::vector{2, 0}));
  EXPECT_EQ(data.class_names, kAnimals);
  EXPECT_THAT(data.notes,
              ElementsAre("pics: each folder is the class of names.txt that has its name."));
  data = folders({"1", "3"});
  name_classes(data, {.names = kAnimals, .source = "names.txt"});
  EXPECT_EQ(data.labels, (std::vector{1, 3}));
  data = folders({"b", "a"});
  name_classes(data, {.names = {"dog", "cat"}, .source = "names.txt"});
  EXPECT_EQ(data.labels, (std::vector{0, 1}));
  EXPECT_THAT(data.notes, ElementsAre("pics: no folder is called like a class of names.txt: they "
                                      "are taken in their order (0 = b, 1 = a)."));
}

TEST(NameClasses, FoldersThatFitInPartAreRefused) {
  const auto refused = [](const std::vector<std::string>& names) {
    return message([&] {
      Dataset data = folders(names);
      name_classes(data, {.names = kAnimals, .source = "names.txt"});
    });
  };
  EXPECT_THAT(refused({"tench", "Crano"}),
              HasSubstr("the folder 'Crano' is not called like a class of names.txt, but others "
                        "are; did you mean 'Crane'?; name"));
  EXPECT_THAT(refused({"tench", "crane"}), HasSubstr("the folder 'crane' may be class 1 or 4"));
  EXPECT_THAT(refused({"tench", "Tinca tinca"}), HasSubstr("two folders are called like one"));
  Dataset data = folders({"a", "b"});
  EXPECT_THROW(name_classes(data, {.names = {"a"}, .source = "x"}), std::logic_error);
}

TEST(NameClasses, LabelsOfOtherDataStay) {
  Dataset data = folders({"x", "y"});
  data.naming = Naming::kNumbers;
  name_classes(data, {.names = {"y", "x"}, .source = "names.txt"});
  EXPECT_EQ(data.labels, (std::vector{0, 1}));
  EXPECT_EQ(data.class_names, (std::vector<std::string>{"y", "x"}));
  EXPECT_THAT(data.notes, IsEmpty());
  name_classes(data, {.names = kAnimals, .source = "names.txt"});
  EXPECT_THAT(data.notes, ElementsAre("pics has 2 classes, the model 5: labels are taken as the "
                                      "model's class numbers."));
}

}  // namespace
}  // namespace gibbon::datasets
