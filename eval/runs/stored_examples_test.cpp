// SPDX-License-Identifier: MIT
#include "eval/runs/stored_examples.hpp"

#include <cmath>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "attacks/losses.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/temporary_folder.hpp"
#include "datasets/arrays/npz.hpp"
#include "datasets/classes.hpp"
#include "models/mlp.hpp"
#include "models/model_cases.hpp"

namespace gibbon::eval::runs {
namespace {

using attacks::Norm;
using datasets::arrays::NpyArray;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::size_t kN = 60;
constexpr std::size_t kD = 12;
using Floats = std::vector<float>;
using Integers = std::vector<std::int64_t>;

/// Files as other tools write them, of random 8-bit pictures that a model of three classes gets
/// right.
class Stored : public testing::Test {
 protected:
  Stored() : network_(models::make_case(models::model_cases().back())), x_(kN, kD), adv_(kN, kD) {
    Rng rng(5, 0, "stored-examples-test");
    for (float& value : x_.flat()) {
      levels_ += static_cast<char>(rng.below(256));
      value = static_cast<float>(static_cast<unsigned char>(levels_.back())) / 255.0F;
    }
    const std::vector<int> says = answers(x_);
    labels_.assign(says.begin(), says.end());
    // Foolbox: clip(x + .1 sign(g)), all in float32.
    for (std::size_t k = 0; k < kN * kD; ++k) {
      const float sign = rng.below(2) == 0 ? -1.0F : 1.0F;
      adv_.flat()[k] = std::clamp(x_.flat()[k] + 0.1F * sign, 0.0F, 1.0F);
    }
  }

  std::vector<int> answers(const Tensor& points) const {
    const models::Mlp model(network_);
    auto tape = model.make_tape(kN);
    const Rows logits = model.forward(std::as_const(points).view(), tape);
    std::vector<int> out;
    for (std::size_t n = 0; n < kN; ++n) out.push_back(attacks::predicted_class(logits.row(n)));
    return out;
  }

  static datasets::arrays::NpyArray floats(const std::string& name, std::vector<std::size_t> shape,
                                           std::span<const float> values) {
    return datasets::arrays::array_of(name, std::move(shape), values);
  }
  static datasets::arrays::NpyArray integers(const std::string& name, const Integers& values) {
    return datasets::arrays::array_of(name, {values.size()}, std::span<const std::int64_t>(values));
  }
  static datasets::arrays::NpyArray doubles(const std::string& name,
                                            const std::vector<double>& values) {
    return datasets::arrays::array_of(name, {values.size()}, std::span<const double>(values));
  }
  static datasets::arrays::NpyArray bytes(const std::string& name, const std::string& levels) {
    return {.name = name, .descr = "|u1", .shape = {kN, kD}, .bytes = levels};
  }

  std::vector<datasets::arrays::NpyArray> foolbox() const {
    return {floats("x", {kN, kD}, x_.flat()), floats("x_adv", {kN, kD}, adv_.flat()),
            integers("labels", labels_), doubles("epsilon", {0.1})};
  }

  StoredExamples load(const std::vector<datasets::arrays::NpyArray>& arrays) const {
    write_atomically(folder_.path() / "e.npz", datasets::arrays::to_npz(arrays));
    return load_examples(folder_.path() / "e.npz");
  }
  std::string refused(const std::vector<datasets::arrays::NpyArray>& arrays,
                      const std::vector<double>& epsilons = {0.1}) const {
    try {
      StoredExamples stored = load(arrays);
      settle_examples(stored, epsilons);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "";
  }

  sweep::SweepResult judge(const StoredExamples& stored, std::vector<double> epsilons) const {
    sweep::SweepPlan plan{.norms = {stored.norm}, .epsilons = std::move(epsilons)};
    plan.attacks.push_back(stored_entry(stored, "stored"));
    return sweep::sweep(network_, stored.data, plan, [](const sweep::SweepStatus&) {});
  }

  /// Samples that the model answers as they are labelled at these points.
  std::size_t right(const Tensor& points) const {
    const std::vector<int> says = answers(points);
    std::size_t count = 0;
    for (std::size_t n = 0; n < kN; ++n) count += says[n] == labels_[n] ? 1U : 0U;
    return count;
  }

  models::Network network_;
  Tensor x_;
  Tensor adv_;
  std::string levels_;
  Integers labels_;
  const TemporaryFolder folder_;
};

TEST_F(Stored, RoundedOutOfTheBallAreProjectedAndCounted) {
  const std::size_t robust = right(adv_);
  ASSERT_LT(robust, kN - 2) << "examples that break something";
  StoredExamples stored = load(foolbox());
  std::size_t outside = 0;
  for (std::size_t n = 0; n < kN; ++n)
    outside += attacks::distance(attacks::Norm::kLinf, stored.data.images.row(n),
                                 stored.points.row(n)) > 0.1
                   ? 1U
                   : 0U;
  ASSERT_EQ(outside, kN) << "by float32 rounding alone";
  settle_examples(stored, std::array{0.05, 0.1, 0.2});
  const sweep::SweepResult result = judge(stored, {0.05, 0.1, 0.2});
  EXPECT_EQ(result.curve[0].correct, kN);
  EXPECT_EQ(result.curve[1].correct, robust);
  EXPECT_EQ(result.curve[2].correct, robust);
  EXPECT_EQ(result.distances[0].found, kN - robust) << "and the table of distances agrees";
  EXPECT_THAT(stored.data.notes,
              ElementsAre(AllOf(HasSubstr("60 of 60 stored examples"),
                                HasSubstr("no more than float32 rounding (at most"))));
  // A hair farther than rounding goes is outside.
  Tensor far = adv_;
  for (float& value : far.flat()) value = value < 0.5F ? value + 2e-6F : value - 2e-6F;
  for (std::size_t k = 0; k < kN * kD; ++k)
    if (std::abs(far.flat()[k] - x_.flat()[k]) < 0.1F) far.flat()[k] = adv_.flat()[k];
  auto arrays = foolbox();
  arrays[1] = floats("x_adv", {kN, kD}, far.flat());
  EXPECT_THAT(refused(arrays),
              HasSubstr("lie outside the linf ball of ε = 0.1, by at most 2.1e-06"));
}

TEST_F(Stored, OutsideBallAndRangeAreCountedByReason) {
  for (const std::size_t n : {3U, 40U}) adv_.row(n)[1] = x_.row(n)[1] > 0.5F ? 0.0F : 1.0F;
  adv_.row(7)[2] = 1.25F;
  StoredExamples stored = load(foolbox());
  settle_examples(stored, std::array{0.1});
  EXPECT_THAT(
      stored.data.notes,
      ElementsAre(HasSubstr("projected into it"),
                  HasSubstr("1 of 60 stored examples lie outside the valid range [0, 1], by "
                            "at most 0.25; they count as not broken"),
                  AllOf(HasSubstr("2 of 60 stored examples lie outside the linf ball of "),
                        HasSubstr("they count as not broken"))));
  const sweep::SweepResult result = judge(stored, {0.1});
  for (std::size_t n = 0; n < kN; ++n) {
    EXPECT_EQ(result.samples[n].inside_ball, n == 3 || n == 40 || n == 7 ? 0 : 1) << n;
    EXPECT_EQ(result.samples[n].inside_box, n == 7 ? 0 : 1) << n;
  }
  EXPECT_THAT(result.diagnosis, testing::Not(testing::Contains(HasSubstr("please report"))));
  // More than a few contradict what the file says of itself.
  for (std::size_t n = 0; n < 10; ++n) adv_.row(n)[1] = x_.row(n)[1] > 0.5F ? 0.0F : 1.0F;
  EXPECT_THAT(refused(foolbox()),
              AllOf(HasSubstr("outside the linf ball of ε = 0.1"), HasSubstr("e.g. --epsilons")));
  EXPECT_EQ(refused(foolbox(), {0.1, 1.0}), "") << "asked for the ε they have";
  for (std::size_t n = 0; n < kN; ++n) adv_.row(n)[2] *= 255.0F;
  EXPECT_THAT(refused(foolbox(), {1.0}), AllOf(HasSubstr("outside the valid range [0, 1]"),
                                               HasSubstr("divide x_adv by what x was divided by")));
}

TEST_F(Stored, IntegersAreLevelsAndOtherScalesAreRefused) {
  std::string moved = levels_;
  for (char& level : moved) {
    const auto value = static_cast<unsigned char>(level);
    level = static_cast<char>(value < 128 ? value + 40 : value - 40);
  }
  const std::vector<datasets::arrays::NpyArray> arrays{bytes("x", levels_), bytes("x_adv", moved),
                                                       integers("labels", labels_)};
  StoredExamples stored = load(arrays);
  EXPECT_TRUE(std::ranges::equal(stored.data.images.flat(), x_.flat()));
  EXPECT_NEAR(stored.epsilon, 40.0 / 255.0, 1e-7);
  EXPECT_THAT(stored.data.notes,
              ElementsAre(HasSubstr("x of e.npz has integers ('|u1'): taken as 0 … 255"),
                          HasSubstr("x_adv of e.npz has integers")));
  settle_examples(stored, std::array{stored.epsilon});
  EXPECT_EQ(judge(stored, {stored.epsilon}).curve[0].correct, right(stored.points));
  EXPECT_LT(right(stored.points), kN);
  auto whole = arrays;
  whole.push_back(doubles("epsilon", {40.0}));
  EXPECT_THAT(refused(whole), HasSubstr("epsilon is 40, of integers that are divided by 255"));
  whole = arrays;
  whole[0] = bytes("x", std::string(kN * kD, '\1'));
  EXPECT_THAT(refused(whole), HasSubstr("x has integers of at most 1, of [0, 1] or of 0 … 255"));
  for (float& value : x_.flat()) value *= 255.0F;
  EXPECT_THAT(refused(foolbox()), AllOf(HasSubstr("allowed is [0, 1], the valid range"),
                                        HasSubstr("divide x and x_adv by 255")));
}

TEST_F(Stored, KeysTellSamplesApart) {
  const auto with_ids = [&](const std::vector<double>& ids) {
    auto arrays = foolbox();
    arrays.push_back(doubles("ids", ids));
    return refused(arrays);
  };
  std::vector<double> ids;
  for (std::size_t n = 0; n < kN; ++n) ids.push_back(static_cast<double>(1000 + n));
  EXPECT_EQ(with_ids(ids), "");
  ids[17] = 1003.0;
  EXPECT_THAT(with_ids(ids), HasSubstr("ids [17] is 1003 for the second time"));
  for (const double wrong : {-1.0, 0.5, 0x1p53, std::nan("")}) {
    ids[17] = wrong;
    EXPECT_THAT(with_ids(ids), HasSubstr("ids [17] is")) << wrong;
  }
}

TEST_F(Stored, LabelsAndShapesAreWhatTheyShouldBe) {
  auto arrays = foolbox();
  arrays[2] = doubles("labels", std::vector<double>(kN, 1.0));
  EXPECT_THAT(refused(arrays), HasSubstr("save labels.astype('int64')"));
  arrays[2] = floats("labels", {kN, 3}, Floats(kN * 3, 0.0F));
  EXPECT_THAT(refused(arrays), AllOf(HasSubstr("labels is 60 × 3, as one-hot labels are"),
                                     HasSubstr("save labels.argmax(axis=1)")));
  const auto shaped = [&](const std::vector<std::size_t>& shape) {
    auto out = foolbox();
    out[0] = floats("x", shape, x_.flat());
    out[1] = floats("x_adv", shape, adv_.flat());
    return out;
  };
  const StoredExamples first = load(shaped({kN, 1, 3, 4}));
  EXPECT_EQ(first.data.shape, (datasets::Shape{3, 4, 1, true}));
  EXPECT_THAT(first.data.notes, ElementsAre(HasSubstr("60 × 1 × 3 × 4, channels first")));
  EXPECT_EQ(load(shaped({kN, 3, 4, 1})).data.shape, (datasets::Shape{3, 4, 1, true}));
  EXPECT_EQ(load(shaped({kN, 2, 2, 3})).data.shape, (datasets::Shape{2, 2, 3, true}));
  EXPECT_THAT(refused(shaped({kN, 3, 2, 2})),
              AllOf(HasSubstr("channels first"), HasSubstr("x.transpose(0, 2, 3, 1)")));
  EXPECT_THAT(refused(shaped({kN, 3, 2, 2, 1})), HasSubstr("x has 5 dimensions"));
}

TEST_F(Stored, OfOneClassFitAModelOfThree) {
  StoredExamples stored = load(foolbox());
  std::vector<std::size_t> ones;
  for (std::size_t n = 0; n < kN; ++n)
    if (labels_[n] == 0) ones.push_back(n);
  ASSERT_GT(ones.size(), 3U);
  const sweep::SweepResult all = judge(stored, {0.2});
  std::size_t broken = 0;
  for (const std::size_t n : ones) broken += all.samples[n].broken;
  StoredExamples some = load(foolbox());
  some.data = datasets::take_rows(std::move(some.data), ones);
  some.points = Tensor(ones.size(), kD);
  for (std::size_t k = 0; k < ones.size(); ++k)
    std::ranges::copy(stored.points.row(ones[k]), some.points.row(k).begin());
  some.data.class_names = {"0"};
  datasets::take_classes(some.data, network_.num_classes());
  const sweep::SweepResult result = judge(some, {0.2});
  EXPECT_EQ(result.curve[0].n, ones.size());
  EXPECT_EQ(result.curve[0].n - result.curve[0].correct, broken);
  EXPECT_THAT(result.curve[0].class_n, ElementsAre(ones.size(), 0U, 0U));
}

}  // namespace
}  // namespace gibbon::eval::runs
