// SPDX-License-Identifier: MIT
#include "eval/runs/examples.hpp"

#include <cstdlib>
#include <gmock/gmock.h>
#include <sstream>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/rng.hpp"
#include "base/temporary_folder.hpp"
#include "datasets/arrays/npz.hpp"
#include "datasets/image_io.hpp"
#include "eval/judge/quantise.hpp"
#include "eval/runs/stored_examples.hpp"
#include "models/mlp.hpp"
#include "models/model_cases.hpp"

namespace gibbon::eval::runs {
namespace {

using attacks::Norm;
using testing::HasSubstr;

constexpr std::size_t kSamples = 60;

/// Random 3 × 4 pictures, all right when clean but the first.
class Examples : public testing::Test {
 protected:
  Examples() : network_(models::make_case(models::model_cases().back())) {
    data_ = {.name = "cloud",
             .split = "test",
             .images = {kSamples, 12},
             .shape = {3, 4, 1, true},
             .class_names = {"a", "b", "c"}};
    Rng rng(3, 0, "examples-test");
    for (float& value : data_.images.flat()) value = static_cast<float>(rng.below(256)) / 255.0F;
    const models::Mlp model(network_);
    auto tape = model.make_tape(kSamples);
    const Rows logits = model.forward(std::as_const(data_.images).view(), tape);
    for (std::size_t n = 0; n < kSamples; ++n) {
      const int says = attacks::predicted_class(logits.row(n));
      data_.labels.push_back(n == 0 ? (says + 1) % 3 : says);
      data_.ids.push_back(100 + n);
    }
    plan_ = {.norms = {attacks::Norm::kLinf}, .epsilons = {0.05, 0.2}, .keep_examples = true};
    for (const char* text : {"noise-sign", "worst-case(fgsm,pgd)", "fmn"}) {
      plan_.attacks.push_back(sweep::parse_entry(text));
    }
  }

  sweep::SweepResult run(const sweep::SweepPlan& plan, const datasets::Dataset& data) const {
    return sweep::sweep(network_, data, plan, [](const sweep::SweepStatus&) {});
  }

  static std::string problem_of(const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  models::Network network_;
  datasets::Dataset data_;
  sweep::SweepPlan plan_;
  TemporaryFolder folder_;  // tests run side by side
  std::filesystem::path path_ = folder_.path() / "examples.npz";
};

TEST_F(Examples, AreWhatTheSweepFoundAndComeBack) {
  const sweep::SweepResult result = run(plan_, data_);
  save_examples(path_, data_, plan_, result);
  const StoredExamples stored = load_examples(path_);
  EXPECT_TRUE(std::ranges::equal(stored.data.images.flat(), data_.images.flat()));
  EXPECT_EQ(stored.data.labels, data_.labels);
  EXPECT_EQ(stored.data.ids, data_.ids);
  EXPECT_EQ(stored.data.shape, data_.shape);
  EXPECT_EQ(stored.data.class_names, data_.class_names);
  EXPECT_EQ(stored.norm, attacks::Norm::kLinf);
  EXPECT_EQ(stored.epsilon, 0.2);
  const datasets::arrays::NpzFile file(path_);
  EXPECT_THAT(file.at("x_adv").shape, testing::ElementsAre(kSamples, 3, 4));
  const auto broken = file.numbers("broken");
  const auto distances = file.numbers("distances");
  const auto predictions = file.numbers("predictions");
  const auto attack = file.texts("attack");
  std::size_t count = 0;
  for (std::size_t n = 0; n < kSamples; ++n) {
    EXPECT_LE(distances[n], 0.2);
    EXPECT_NEAR(distances[n],
                attacks::distance(attacks::Norm::kLinf, data_.images.row(n), stored.points.row(n)),
                1e-15);
    EXPECT_EQ(broken[n] != 0.0, static_cast<int>(predictions[n]) != data_.labels[n]) << n;
    if (n > 0) {
      EXPECT_EQ(broken[n] != 0.0, !attack[n].empty());
    }
    count += broken[n] != 0.0 ? 1U : 0U;
  }
  EXPECT_EQ(attack[0], "") << "wrong when clean: nothing had to break it";
  EXPECT_GT(count, 30U);
  EXPECT_THAT(attack, testing::Contains("fgsm"));
  // The bench's own count at this budget, but for noise, which makes no examples.
  std::size_t out = 0;
  for (std::size_t n = 0; n < kSamples; ++n) {
    bool any = data_.labels[n] != result.samples[n].clean_label;
    for (const std::size_t row : {3U, 5U})
      any = any || result.samples[row * kSamples + n].fooled != 0;
    out += any ? 1U : 0U;
  }
  EXPECT_EQ(count, out);
}

TEST_F(Examples, AreJudgedAgainstAnyModelAtAnyBudget) {
  const sweep::SweepResult made = run(plan_, data_);
  save_examples(path_, data_, plan_, made);
  const StoredExamples stored = load_examples(path_);
  sweep::SweepPlan again{.norms = {attacks::Norm::kLinf}, .epsilons = {0.0, 0.1, 0.2}};
  again.attacks.push_back(stored_entry(stored, "stored"));
  const sweep::SweepResult same = run(again, stored.data);
  const auto broken = datasets::arrays::NpzFile(path_).numbers("broken");
  EXPECT_EQ(kSamples - same.curve[2].correct,
            static_cast<std::size_t>(std::ranges::count(broken, 1.0)))
      << "against the model they were made for: the same verdicts";
  EXPECT_GE(same.curve[1].correct, same.curve[2].correct) << "what is too far does not count";
  EXPECT_EQ(same.curve[0].correct, kSamples - 1);
  // Another model of the same shape.
  network_.layers.back().bias[0] += 5.0F;
  EXPECT_NE(run(again, stored.data).curve[2].correct, same.curve[2].correct);
}

TEST_F(Examples, AsPicturesAreStillInTheBall) {
  const sweep::SweepResult result = run(plan_, data_);
  const std::filesystem::path folder = folder_.path() / "pictures";
  save_pictures(folder, data_, plan_, result);
  std::istringstream csv(read_file(folder / "examples.csv"));
  std::string line;
  std::getline(csv, line);
  EXPECT_EQ(line, "file,id,label,prediction,adversarial_as_8bit,attack,distance");
  const models::MlpOf<double> model(network_);
  judge::Judge judge(model, network_.output, 1);
  std::size_t pictures = 0;
  while (std::getline(csv, line)) {
    ++pictures;
    const datasets::Picture saved =
        datasets::read_picture(folder / line.substr(0, line.find(',')), 1);
    const std::size_t n = std::stoul(line) - 100;
    Tensor x(1, 12);
    for (std::size_t d = 0; d < 12; ++d) {
      x.flat()[d] = static_cast<float>(saved.pixels[d]) / 255.0F;
      EXPECT_LE(std::abs(x.flat()[d] - data_.images.row(n)[d]), 0.2F + 1e-6F);
    }
    judge::Finding found;
    const std::array label{data_.labels[n]};
    judge.look(std::as_const(x).view(), label, std::span(&found, 1));
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
    EXPECT_EQ(cells[4], found.label != data_.labels[n] ? "1" : "0") << line;
  }
  EXPECT_GT(pictures, 30U);
}

// What every attack of the catalogue hands over, rounded to 8 bits: still inside ball and box.
TEST_F(Examples, OfEveryAttackStayInsideWhenRounded) {
  for (const attacks::AttackInfo& info : attacks::catalog()) {
    for (const attacks::Norm norm : info.norms) {
      sweep::SweepPlan plan{.norms = {norm},
                            .epsilons = {norm == attacks::Norm::kLinf ? 0.11
                                         : norm == attacks::Norm::kL0 ? 3.0
                                                                      : 0.7},
                            .max_queries = 200,
                            .keep_examples = true};
      if (info.fitted) plan.training = data_;
      plan.attacks.push_back(sweep::parse_entry(std::string(info.name)));
      const sweep::SweepResult result = run(plan, data_);
      const attacks::ThreatModel threat{norm, plan.epsilons[0], data_.range};
      std::vector<std::uint8_t> levels(12);
      Tensor rounded(1, 12);
      for (std::size_t n = 0; n < kSamples; ++n) {
        EXPECT_TRUE(result.samples[n].inside_ball != 0 && result.samples[n].inside_box != 0)
            << info.name << ' ' << attacks::to_string(norm);
        judge::to_8bit(threat, data_.images.row(n), result.examples.points.row(n), levels);
        judge::from_8bit(levels, rounded.row(0));
        EXPECT_LE(judge::measure(data_.images.row(n), rounded.row(0))[norm], threat.reach() + 1e-7)
            << info.name << ' ' << attacks::to_string(norm);
      }
    }
  }
}

TEST_F(Examples, OfAnotherShapeOrDamagedAreNamed) {
  const auto load = [&] { static_cast<void>(load_examples(path_)); };
  const auto saved = [&](const std::vector<datasets::arrays::NpyArray>& arrays) {
    write_atomically(path_, datasets::arrays::to_npz(arrays));
    return problem_of(load);
  };
  const std::vector<float> six(6, 0.5F);
  const std::vector<float> eight(8, 0.5F);
  const std::vector<float> nan(6, std::nanf(""));
  const std::vector<std::int64_t> two{0, 1};
  const std::vector<std::int64_t> three{0, 1, 2};
  const std::vector<std::int64_t> negative{0, -1};
  using datasets::arrays::array_of;
  using Floats = std::span<const float>;
  using Integers = std::span<const std::int64_t>;
  const auto x = datasets::arrays::array_of("x", {2, 3}, Floats(six));
  const auto adv = datasets::arrays::array_of("x_adv", {2, 3}, Floats(six));
  const auto labels = datasets::arrays::array_of("labels", {2}, Integers(two));
  EXPECT_EQ(saved({x, adv, labels}), "");
  EXPECT_THAT(saved({x, labels}), HasSubstr("no array 'x_adv'"));
  EXPECT_THAT(saved({x, datasets::arrays::array_of("x_adv", {2, 4}, Floats(eight)), labels}),
              HasSubstr("x_adv is 2 × 4; allowed is 2 × 3, the shape of x"));
  EXPECT_THAT(saved({x, datasets::arrays::array_of("x_adv", {2, 3}, Floats(nan)), labels}),
              HasSubstr("x_adv has nan in sample 0; allowed is finite numbers"));
  EXPECT_THAT(saved({x, adv, datasets::arrays::array_of("labels", {3}, Integers(three))}),
              HasSubstr("labels has 3 values; allowed is 2"));
  EXPECT_THAT(saved({x, adv, datasets::arrays::array_of("labels", {2}, Integers(negative))}),
              HasSubstr("labels [1] is -1; allowed is a class 0, 1, …"));
  EXPECT_THAT(problem_of([] { static_cast<void>(load_examples("nothing.npz")); }),
              HasSubstr("nothing.npz"));
  sweep::SweepPlan two_norms = plan_;
  two_norms.norms = {attacks::Norm::kLinf, attacks::Norm::kL2};
  EXPECT_THAT(problem_of([&] { require_savable(path_, data_, two_norms); }),
              HasSubstr("examples have one norm, not 2"));
}

}  // namespace
}  // namespace gibbon::eval::runs
