// SPDX-License-Identifier: MIT
#include "eval/runs/class_names.hpp"

#include <array>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/temporary_folder.hpp"
#include "eval/judge/comparer.hpp"
#include "eval/runs/plan.hpp"

namespace gibbon::eval::runs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> parsed(std::string_view text) { return parse_class_names(text, "n.txt"); }

template <class Call>
std::string message(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ParseClassNames, TakesOneNameALine) {
  EXPECT_THAT(parsed("tench\ngoldfish, Carassius auratus\n"),
              ElementsAre("tench", "goldfish, Carassius auratus"));
  EXPECT_THAT(parsed("\xEF\xBB\xBF"
                     "Bär\r\n  猫\t\r\n<b>&\"x\""),
              ElementsAre("Bär", "猫", "<b>&\"x\""));
  EXPECT_THAT(parsed("n01440764 tench, Tinca tinca\nn01443537\tgoldfish\n"),
              ElementsAre("tench, Tinca tinca", "goldfish"));
  EXPECT_THAT(parsed("n01440764 tench\nnewt\n"), ElementsAre("n01440764 tench", "newt"))
      << "only where every line has an id";
}

TEST(ParseClassNames, TakesJsonAndWhatPythonPrints) {
  EXPECT_THAT(parsed(R"(["tench", "crow's, \"nest\"", "Bär"])"),
              ElementsAre("tench", "crow's, \"nest\"", "Bär"));
  EXPECT_THAT(parsed(R"( {"1": "goldfish", "0": "tench"})"), ElementsAre("tench", "goldfish"));
  EXPECT_THAT(parsed(R"({"0": ["n01440764", "tench"], "1": ["n01443537", "goldfish"]})"),
              ElementsAre("tench", "goldfish"));
  EXPECT_THAT(parsed(R"({0: 'tench', 1: "crow's", 2: 'say "12: x"', 3: 'it\'s'})"),
              ElementsAre("tench", "crow's", "say \"12: x\"", "it's"));
}

TEST(ParseClassNames, SaysWhatIsWrong) {
  const auto error = [](std::string_view text) {
    return message([&] { static_cast<void>(parsed(text)); });
  };
  EXPECT_THAT(error(""), HasSubstr("n.txt: not names of classes; allowed are one name a line"));
  EXPECT_EQ(error("a\n\nb\n"), "n.txt: class 1 has an empty name; every class needs one");
  EXPECT_THAT(error("a\n\xFFz\n"), HasSubstr("the name of class 1, '\uFFFDz', is not UTF-8 text"));
  EXPECT_THAT(error("a\nb\x1B[31m\n"), HasSubstr("holds control characters"));
  EXPECT_THAT(error("[1, 2]"), HasSubstr("is not a text"));
  EXPECT_THAT(error("[\"a\", "), HasSubstr("n.txt"));
  EXPECT_THAT(error(R"({"0": "a", "2": "b"})"), HasSubstr("n.txt"));
}

/// Two classes, and what its file says of them.
models::Target target(const std::string& key = "", const std::string& value = "") {
  models::Network network = judge::comparer();
  if (!key.empty()) network.metadata[key] = value;
  return network;
}

TEST(ClassNames, TheFileGoesBeforeTheMetadata) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "names.txt";
  write_atomically(file, "left\nright\n");
  std::vector<std::string> notes;
  const models::Target named = target("names", "{0: 'x', 1: 'y'}");
  EXPECT_THAT(class_names(file, named, notes).names, ElementsAre("left", "right"));
  EXPECT_THAT(class_names({}, named, notes).names, ElementsAre("x", "y"));
  EXPECT_THAT(class_names({}, target("classes", R"(["p", "q"])"), notes).names,
              ElementsAre("p", "q"));
  EXPECT_THAT(class_names({}, target("classes", "2"), notes).names, IsEmpty());
  EXPECT_THAT(class_names({}, target(), notes).names, IsEmpty());
  EXPECT_THAT(notes, IsEmpty());
  EXPECT_THAT(class_names({}, target("names", "[\"a\"]"), notes).names, IsEmpty());
  EXPECT_THAT(class_names({}, target("names", "[\"a\""), notes).names, IsEmpty());
  EXPECT_THAT(notes, ElementsAre("The model's metadata 'names' hold 1 names, but it has 2 classes: "
                                 "they are not used.",
                                 HasSubstr("The names in the model's metadata are not used: the "
                                           "model's metadata 'names'")));
  write_atomically(file, "one\ntwo\nthree\n");
  EXPECT_THAT(message([&] { static_cast<void>(class_names(file, named, notes)); }),
              HasSubstr("names.txt: 3 names, but 2-2 has 2 classes; give one name for each class"));
  EXPECT_THAT(message([&] { static_cast<void>(class_names("none.txt", named, notes)); }),
              HasSubstr("none.txt"));
}

TEST(ClassNames, ArriveInTheData) {
  datasets::Dataset data = judge::pairs(std::vector<std::array<float, 2>>{{0.5F, 0.25F}});
  EXPECT_THAT(fit_data(data, target()).class_names, ElementsAre("a", "b"));
  EXPECT_THAT(fit_data(data, target("names", R"(["x", "y"])")).class_names, ElementsAre("x", "y"));
}

}  // namespace
}  // namespace gibbon::eval::runs
