// SPDX-License-Identifier: MIT
// Tables, well formed and not.
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/temporary_folder.hpp"
#include "datasets/dataset.hpp"

namespace gibbon::datasets {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Table : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& text) const {
    write_atomically(folder_.path() / name, text);
  }
  Dataset load_text(const std::string& text, const Request& request = {}) const {
    put("t.csv", text);
    return load((folder_.path() / "t.csv").string(), request);
  }
  std::string refused(const std::string& text, const Request& request = {}) const {
    try {
      static_cast<void>(load_text(text, request));
      return "";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("t."));
      return error.what();
    }
  }
  const TemporaryFolder folder_;
};

TEST_F(Table, TakesFeaturesFromTheirRangesAndSaysSo) {
  const Dataset set = load_text("age,income,label\n20,1000,0\n60,3000,1\n30,2000,1\n");
  EXPECT_THAT(set.images.row(0), ElementsAre(0.0F, 0.0F));
  EXPECT_THAT(set.images.row(1), ElementsAre(1.0F, 1.0F));
  EXPECT_THAT(set.images.row(2), ElementsAre(0.25F, 0.5F));
  EXPECT_THAT(set.labels, ElementsAre(0, 1, 1));
  EXPECT_EQ(set.shape, (Shape{1, 2, 1, false}));
  EXPECT_EQ(set.features[1].name, "income");
  EXPECT_EQ(set.features[1].upper, 3000.0);
  EXPECT_THAT(set.notes, AllOf(Contains(HasSubstr("the label is the column 'label'.")),
                               Contains(HasSubstr("0.1 moves 'income' (1000 … 3000) by up to 200")),
                               Contains(HasSubstr("t.ranges.csv for each of them")),
                               Contains(HasSubstr("one set of 3 samples"))));
  // The same from stated ranges, which must hold all values.
  put("t.ranges.csv", "name,min,max\nincome,0,4000\nage,0,100\n");
  EXPECT_THAT(load_text("age,income,label\n20,1000,0\n60,3000,1\n").images.row(0),
              ElementsAre(0.2F, 0.25F));
  EXPECT_THAT(refused("age,income,label\n20,1000,0\n120,3000,1\n"),
              HasSubstr("'age' is 120 in sample 1, outside of [0, 100]"));
  EXPECT_THAT(refused("age,height,label\n20,1000,0\n"), HasSubstr("'income' is not a feature"));
  put("t.ranges.csv", "name,min,max\nage,0,100\n");
  EXPECT_THAT(refused("age,income,label\n20,1000,0\n"), HasSubstr("no range of 'income'"));
  // Or one range for all.
  EXPECT_THAT(load_text("a,b,label\n2,8,0\n10,0,1\n", {.range = Interval{0.0, 10.0}}).images.row(0),
              ElementsAre(0.2F, 0.8F));
}

TEST_F(Table, OfNumbersInTheUnitIntervalStays) {
  const Dataset set = load_text("x,y,label\n0.25,0.5,1\n0.75,0.1,0\n");
  EXPECT_THAT(set.images.row(0), ElementsAre(0.25F, 0.5F)) << "beside a label, y is a feature";
  EXPECT_THAT(set.notes, Not(Contains(HasSubstr("range"))));
}

TEST_F(Table, FindsItsLabel) {
  EXPECT_THAT(load_text("y,a,b\n1,0.5,0.5\n0,0,1\n").labels, ElementsAre(1, 0));
  EXPECT_THAT(load_text("Class;a\n1;0.5\n0;0\n").labels, ElementsAre(1, 0)) << "semicolons";
  const Dataset last = load_text("a\tkind\n0.5\tdog\n0\tcat\n1\tdog\n");
  EXPECT_THAT(last.labels, ElementsAre(1, 0, 1));
  EXPECT_THAT(last.class_names, ElementsAre("cat", "dog"));
  EXPECT_THAT(last.notes, Contains(HasSubstr("the label is the column 'kind', the last one")));
  EXPECT_THAT(
      load_text("\xEF\xBB\xBF\"label\",\"a, b\"\r\n\"says \"\"no\"\"\",1\r\nyes,0\r\n").class_names,
      ElementsAre("says \"no\"", "yes"));
  EXPECT_THAT(refused("target,a,class\n0,1,0\n"), HasSubstr("'target' and 'class' may both be"));
  EXPECT_THAT(refused("a,b\n0,0.5\n1,3.7\n"),
              HasSubstr("t.csv: b: label 0.5 of sample 0 is not a class"));
  EXPECT_THAT(refused("7,0,0,255\n2,0,0,3\n"), HasSubstr("the first line is numbers"));
  EXPECT_THAT(refused("a,a,label\n0,0,1\n"), HasSubstr("two columns are called 'a'"));
}

TEST_F(Table, NamesLineAndColumnOfWhatIsNoNumber) {
  EXPECT_THAT(refused("a,b,label\n1,2,0\n1,,0\n"),
              HasSubstr("t.csv: line 3, column 'b': the value is missing ('')"));
  EXPECT_THAT(refused("a,b,label\n1,2,0\n1,NaN,0\n"), HasSubstr("is missing ('NaN')"));
  EXPECT_THAT(refused("a,b,label\n1,2,0\n1,inf,0\n"), HasSubstr("line 3, column 'b'"));
  EXPECT_THAT(refused("a,b,label\n\n1,red,0\n"),
              HasSubstr("line 3, column 'b': 'red' is not a number"));
  EXPECT_THAT(refused("a;label\n1,5;0\n"), HasSubstr("'1,5' is not a number; allowed are numbers "
                                                     "with a decimal point"));
  EXPECT_THAT(refused("a,b,label\n1,2,0\n1,2\n"), HasSubstr("line 3: has 2 columns, the header 3"));
  EXPECT_THAT(refused("a,b,label\n1,2,?\n"), HasSubstr("column 'label': the label is missing"));
  EXPECT_THAT(refused("a,label\n\"1,0\n"), HasSubstr("line 2: a quote is opened and not closed"));
  EXPECT_THAT(refused("a,label\n\"1\"2,0\n"), HasSubstr("'2' stands behind a closing quote"));
  EXPECT_THAT(refused("a,label\n"), HasSubstr("has a header and no rows"));
  EXPECT_THAT(refused(""), HasSubstr("is empty"));
}

TEST_F(Table, LeavesOutTheNumbersOfRows) {
  const Dataset set = load_text(",a,b,label\n0,0.5,1,0\n1,0.25,0,1\n");
  EXPECT_THAT(set.images.row(1), ElementsAre(0.25F, 0.0F));
  EXPECT_THAT(set.notes, Contains(HasSubstr("numbers the rows and is left out")));
  EXPECT_EQ(load_text("id,a,label\n3,0.5,0\n1,0.25,1\n").shape.width, 2U) << "no row numbers";
}

TEST_F(Table, OfPixelsIsASetOfPictures) {
  std::string text = "label";
  for (int k = 0; k < 64; ++k) text += fmt::format(",pixel{}", k);
  for (const int top : {255, 51}) {
    text += "\n1";
    for (int k = 0; k < 64; ++k) text += k == 9 ? fmt::format(",{}", top) : std::string(",0");
  }
  const Dataset set = load_text(text);
  EXPECT_EQ(set.shape, (Shape{8, 8, 1, true}));
  EXPECT_EQ(set.images.row(1)[9], 51.0F / 255.0F);
  EXPECT_THAT(set.notes, Contains(HasSubstr("divided by 255")));
  EXPECT_FALSE(load_text(text, {.layout = Layout::kPoints}).shape.image);
}

}  // namespace
}  // namespace gibbon::datasets
