// SPDX-License-Identifier: MIT
#include "eval/lab/explain_entry.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace gibbon::eval::lab {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(ExplainEntry, NumbersAreThoseOfAPencil) {
  EXPECT_THAT(explain_entry("relu"),
              AllOf(HasSubstr("σ(z)          0.0000    0.0000    0.0000    0.0000    0.5000"),
                    HasSubstr("σ'(z)         0.0000    0.0000    0.0000    0.0000    1.0000")));
  EXPECT_THAT(explain_entry("sigmoid"), HasSubstr("0.5000"));
  // softmax(2, 1, -1) = (0.7054, 0.2595, 0.0351), J = -log of the first.
  EXPECT_THAT(explain_entry("cross-entropy"),
              AllOf(HasSubstr("J             0.3490\n"),
                    HasSubstr("∂J/∂z        -0.2946    0.2595    0.0351")));
  EXPECT_THAT(explain_entry("sgd"), HasSubstr("W             1.0000"));
  EXPECT_THAT(explain_entry("L2"), HasSubstr("x' - x = (0.3, -0.4): 0.5\n"));
  EXPECT_THAT(explain_entry("inf"),
              AllOf(HasSubstr("(0.3, -0.4): 0.4\n"), HasSubstr("up to 0.3 for 784 values")));
  EXPECT_THAT(explain_entry("l0"), HasSubstr("(0.3, -0.4): 2\n"));
}

TEST(ExplainEntry, EveryNameIsExplainedAndNoOther) {
  for (const std::string& name : explained_names()) {
    EXPECT_THAT(explain_entry(name), testing::StartsWith(name + "\n")) << name;
  }
  EXPECT_TRUE(is_explained("PGD"));
  EXPECT_FALSE(is_explained("cosine"));
  try {
    static_cast<void>(explain_entry("rellu"));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'relu'"));
  }
}

}  // namespace
}  // namespace gibbon::eval::lab
