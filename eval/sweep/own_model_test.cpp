// SPDX-License-Identifier: MIT
// A model of a caller's own is swept like a network: here the functions are those of a network.
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/rng.hpp"
#include "eval/sweep/sweep.hpp"
#include "models/mlp.hpp"
#include "models/model_cases.hpp"
#include "reports/formats/npy.hpp"

namespace gibbon::eval::sweep {
namespace {

/// The functions of a network, which must outlive them.
models::OwnModel functions_of(const models::Mlp& model, const models::MlpOf<double>& exact,
                              models::Output output) {
  return {.name = "mine",
          .inputs = model.input_dim(),
          .classes = model.num_classes(),
          .output = output,
          .forward =
              [&](Rows x, MutableRows logits) {
                models::Tape tape = model.make_tape(x.rows);
                std::ranges::copy(model.forward(x, tape).flat(), logits.flat().begin());
              },
          .backward =
              [&](Rows x, Rows dlogits, MutableRows dx) {
                models::Tape tape = model.make_tape(x.rows);
                model.forward(x, tape);
                model.backward(tape, dlogits, dx);
              },
          .exact =
              [&](RowsOf<const double> x, RowsOf<double> logits) {
                models::TapeOf<double> tape = exact.make_tape(x.rows);
                std::ranges::copy(exact.forward(x, tape).flat(), logits.flat().begin());
              }};
}

struct Case {
  models::Network network = models::make_case(models::model_cases()[0]);
  datasets::Dataset data{.name = "noise", .split = "test"};
  SweepPlan plan{.norms = {attacks::Norm::kLinf}, .epsilons = {0.0, 0.05, 0.2}, .threads = 2};

  Case() {
    constexpr std::size_t kSamples = 40;
    data.images = Tensor(kSamples, network.input_dim());
    data.shape = {.height = 1, .width = network.input_dim(), .channels = 1};
    Rng rng(1, 0, "own-model-test");
    for (float& value : data.images.flat()) value = rng.uniform(0.0F, 1.0F);
    for (std::size_t n = 0; n < kSamples; ++n) {
      data.ids.push_back(n);
      data.labels.push_back(static_cast<int>(rng.below(network.num_classes())));
    }
    for (std::size_t c = 0; c < network.num_classes(); ++c)
      data.class_names.push_back(std::to_string(c));
    for (const char* attack : {"fgsm", "pgd", "square:queries=200", "noise-sign"})
      plan.attacks.push_back(parse_entry(attack));
  }

  [[nodiscard]] SweepResult run(const models::Target& target) const {
    return sweep(target, data, plan, [](const SweepStatus&) {});
  }
};

TEST(OwnModel, IsSweptToTheBitsOfTheNetworkItIs) {
  const Case c;
  const models::Mlp model(c.network);
  const models::MlpOf<double> exact(c.network);
  models::OwnModel own = functions_of(model, exact, c.network.output);
  const SweepResult theirs = c.run(models::Target(own));
  SweepResult ours = c.run(c.network);
  EXPECT_EQ(theirs.curve.size(), ours.curve.size());
  for (std::size_t k = 0; k < ours.curve.size(); ++k)
    EXPECT_EQ(theirs.curve[k].correct, ours.curve[k].correct) << k;
  EXPECT_EQ(reports::formats::to_npy(theirs.samples).size(),
            reports::formats::to_npy(ours.samples).size());
  for (std::size_t k = 0; k < ours.samples.size(); ++k) {
    EXPECT_EQ(theirs.samples[k].found_label, ours.samples[k].found_label) << k;
    EXPECT_EQ(theirs.samples[k].confidence, ours.samples[k].confidence) << k;
  }
}

TEST(OwnModel, WithoutAnExactOneIsJudgedByItself) {
  const Case c;
  const models::Mlp model(c.network);
  const models::MlpOf<double> exact(c.network);
  models::OwnModel own = functions_of(model, exact, c.network.output);
  own.exact = nullptr;
  const SweepResult theirs = c.run(models::Target(own));
  const SweepResult ours = c.run(c.network);
  for (std::size_t k = 0; k < ours.curve.size(); ++k)
    EXPECT_EQ(theirs.curve[k].correct, ours.curve[k].correct) << k;
}

TEST(OwnModel, RefusesWhatItCannotDo) {
  EXPECT_THROW(models::Target(models::OwnModel{.name = "none"}), std::logic_error);
  Case c;
  const models::Mlp model(c.network);
  const models::MlpOf<double> exact(c.network);
  const models::Target own(functions_of(model, exact, c.network.output));
  c.plan.crosscheck = true;
  try {
    static_cast<void>(c.run(own));
    ADD_FAILURE() << "LibTorch cannot know it";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), testing::HasSubstr("mine"));
  }
}

}  // namespace
}  // namespace gibbon::eval::sweep
