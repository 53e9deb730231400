// SPDX-License-Identifier: MIT
// The front: the first layer for points that differ in few features.
#include <gtest/gtest.h>

#include "models/mlp.hpp"
#include "models/model_cases.hpp"

namespace gibbon::models {
namespace {

constexpr std::size_t kSamples = 5;

template <class Float>
TensorOf<Float> inputs(std::size_t cols) {
  TensorOf<Float> x(kSamples, cols);
  Rng rng(1, 0, "front-test");
  for (Float& value : x.flat()) value = rng.uniform(0.0F, 1.0F);
  return x;
}

class FrontTest : public testing::TestWithParam<ModelCase> {};

TEST_P(FrontTest, TheTwoHalvesAreTheWholeBitForBit) {
  const Mlp model(make_case(GetParam()));
  const Tensor x = inputs<float>(model.input_dim());
  Tape tape = model.make_tape(kSamples);
  const Rows logits = model.forward(x.view(), tape);
  const std::vector<float> whole(logits.flat().begin(), logits.flat().end());
  Tensor z(kSamples, model.front()->width());
  model.front()->start(x.view(), tape, z.view());
  EXPECT_TRUE(std::ranges::equal(model.front()->finish(z.view(), tape).flat(), whole));
  Tensor dx(kSamples, model.input_dim());
  Tensor seeds(kSamples, model.num_classes());
  EXPECT_THROW(model.backward(tape, seeds.view(), dx.view()), std::logic_error)
      << "the tape does not have what a backward pass needs";
}

// In double, so that a forgotten scale or feature cannot hide in rounding. 0 to 9 changes: with and
// without a rest of the four at a time.
TEST_P(FrontTest, ChangesAddUpToTheProduct) {
  const MlpOf<double> model(make_case(GetParam()));
  TensorOf<double> x = inputs<double>(model.input_dim());
  TapeOf<double> tape = model.make_tape(kSamples);
  TensorOf<double> before(kSamples, model.front()->width());
  TensorOf<double> after(kSamples, model.front()->width());
  model.front()->start(x.view(), tape, before.view());
  Rng rng(2, 0, "front-test");
  for (std::size_t count = 0; count < 10; ++count) {
    std::vector<Change> changes;
    for (std::size_t d = 0; d < count; ++d) {
      const float to = rng.uniform(0.0F, 1.0F);
      const auto feature = static_cast<std::uint32_t>((5 * d + 1) % model.input_dim());
      changes.push_back({feature, static_cast<float>(x.row(2)[feature]), to});
      x.row(2)[feature] = double{to};
    }
    model.front()->add(changes, before.row(2));
    model.front()->start(x.view(), tape, after.view());
    for (std::size_t o = 0; o < model.front()->width(); ++o) {
      EXPECT_NEAR(before.row(2)[o], after.row(2)[o], 1e-12) << count;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Every, FrontTest, testing::ValuesIn(model_cases()),
                         [](const auto& c) { return c.param.name; });

TEST(FrontOfTraining, IsNotThere) {
  EXPECT_EQ(TrainableMlp(make_case(model_cases()[0])).front(), nullptr);
}

}  // namespace
}  // namespace gibbon::models
