// SPDX-License-Identifier: MIT
// Corruptions, rotations and translations of pictures, against plain loops in double.
#include "eval/shift/measure.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/environment.hpp"
#include "base/error.hpp"
#include "eval/shift/contact_sheet.hpp"
#include "models/graph.hpp"
#include "models/model_file.hpp"

namespace gibbon::eval::shift {
namespace {

using attacks::Pose;
using reports::record::CorruptedSample;

const ShiftProgress kSilent = [](std::size_t, std::size_t) {};

/// The class of one picture, in double.
int answer(const models::Target& target, Row x) {
  const std::vector<double> wide(x.begin(), x.end());
  models::TapeOf<double> tape = target.exact->make_tape(1);
  const auto z = target.exact->forward({wide.data(), 1, wide.size()}, tape).row(0);
  return static_cast<int>(std::ranges::max_element(z) - z.begin());
}

int answer_at(const models::Target& target, const datasets::Dataset& data, std::size_t n,
              const Pose& pose) {
  std::vector<float> point(data.shape.size());
  attacks::put(data.shape, data.range, data.images.row(n), pose, point);
  return answer(target, point);
}

/// 8 × 8 grey pixels, a convolution and four classes, drawn.
models::Graph small_graph() {
  Rng rng(3, 0, "shift-test");
  const auto drawn = [&](std::size_t rows, std::size_t cols) {
    Tensor out(rows, cols);
    for (float& w : out.flat()) w = rng.uniform(-1.0F, 1.0F);
    return out;
  };
  models::Graph graph{.input = {8, 8, 1}};
  const models::Window window{
      .height = 3, .width = 3, .top = 1, .bottom = 1, .left = 1, .right = 1};
  graph.nodes.push_back({"a", models::conv2d(window, 1, drawn(4, 9), std::vector<float>(4)), {0}});
  graph.nodes.push_back({"b", models::activate(models::make_activation("relu")), {1}});
  graph.nodes.push_back({"c", models::dense(drawn(4, 256), std::vector<float>(4)), {2}});
  return graph;
}

/// Noise that the model labels itself, but for every seventh.
datasets::Dataset pictures(const models::Target& target) {
  constexpr std::size_t kSamples = 40;
  datasets::Dataset data{.name = "noise", .split = "test", .shape = {8, 8, 1, true}};
  data.images = Tensor(kSamples, 64);
  Rng rng(4, 0, "shift-test");
  for (float& value : data.images.flat()) value = rng.uniform(0.0F, 1.0F);
  for (std::size_t n = 0; n < kSamples; ++n) {
    const int label = answer(target, data.images.row(n));
    data.ids.push_back(100 + n);
    data.labels.push_back(n % 7 == 0 ? (label + 1) % 4 : label);
  }
  data.class_names = {"a", "b", "c", "d"};
  return data;
}

ShiftPlan small_plan(std::size_t threads) {
  ShiftPlan plan{.severities = {1, 4}, .poses = PosePlan{}, .seed = 7, .threads = threads};
  for (const char* name : {"gaussian-noise", "fog", "pixelate"}) {
    plan.corruptions.push_back(&attacks::find_corruption(name));
  }
  plan.poses->box = {.most = {4.0, 0.2, 0.2}, .degrees = 5, .down = 3, .right = 3};
  plan.poses->worst_of = 6;
  return plan;
}

bool same(const CorruptedSample& a, const CorruptedSample& b) {
  const auto same_pose = [](const auto& p, const auto& q) {
    return p.correct == q.correct && p.predicted == q.predicted && p.has_pose == q.has_pose &&
           p.degrees == q.degrees && p.down == q.down && p.right == q.right;
  };
  return a.id == b.id && a.label == b.label && a.clean == b.clean && a.predicted == b.predicted &&
         std::ranges::equal(a.posed, b.posed, same_pose);
}

TEST(Shift, DoesNotDependOnThreadsOrNeighbours) {
  const models::Target target(small_graph());
  const datasets::Dataset data = pictures(target);
  const ShiftResult one = measure(target, data, small_plan(1), kSilent);
  const ShiftResult three = measure(target, data, small_plan(3), kSilent);
  EXPECT_TRUE(std::ranges::equal(one.samples, three.samples, same));
  EXPECT_EQ(one.passes, three.passes);
  const std::vector<std::size_t> some{31, 8};
  const ShiftResult few = measure(target, datasets::take_rows(data, some), small_plan(1), kSilent);
  EXPECT_TRUE(same(few.samples[0], one.samples[31]));
  EXPECT_TRUE(same(few.samples[1], one.samples[8]));
}

TEST(Shift, JudgesEveryCorruptedPicture) {
  const models::Target target(small_graph());
  const datasets::Dataset data = pictures(target);
  const ShiftPlan plan = small_plan(2);
  const ShiftResult result = measure(target, data, plan, kSilent);
  std::vector<float> point(64);
  std::size_t changed = 0;
  for (std::size_t n = 0; n < data.size(); ++n) {
    const CorruptedSample& sample = result.samples[n];
    EXPECT_EQ(sample.clean, answer(target, data.images.row(n)));
    ASSERT_EQ(sample.predicted.size(), 6U);
    std::size_t place = 0;
    for (const attacks::CorruptionInfo* corruption : plan.corruptions) {
      for (const std::size_t severity : plan.severities) {
        attacks::corrupt(*corruption, severity, {7, data.ids[n]}, data.shape, data.range,
                         data.images.row(n), point);
        EXPECT_EQ(sample.predicted[place], answer(target, point));
        changed += sample.predicted[place++] != sample.clean ? 1U : 0U;
      }
    }
  }
  EXPECT_GT(changed, 0U);
}

/// Every claim of the searches holds, and the grid breaks what a plain loop in double breaks.
void expect_exhaustive(const models::Target& target, const datasets::Dataset& data,
                       const ShiftPlan& plan, const ShiftResult& result) {
  const std::vector<Pose> grid = attacks::grid_of(plan.poses->box);
  for (std::size_t n = 0; n < data.size(); ++n) {
    const CorruptedSample& sample = result.samples[n];
    ASSERT_EQ(sample.posed.size(), 4U);
    Rng rng(plan.seed, data.ids[n], "rotation-translation");
    bool random_holds = sample.clean == sample.label;
    for (std::size_t k = 0; k < plan.poses->worst_of; ++k) {
      const Pose pose = attacks::random_pose(plan.poses->box, rng);
      const bool right = answer_at(target, data, n, pose) == sample.label;
      ASSERT_TRUE(k > 0 || sample.posed[0].correct == right) << n;
      random_holds = random_holds && right;
    }
    const bool grid_holds =
        sample.clean == sample.label && std::ranges::all_of(grid, [&](const Pose& pose) {
          return answer_at(target, data, n, pose) == sample.label;
        });
    EXPECT_EQ(sample.posed[1].correct, random_holds) << n;
    EXPECT_EQ(sample.posed[2].correct, grid_holds) << n;
    EXPECT_TRUE((random_holds && grid_holds) || !sample.posed[3].correct) << n;
    for (const auto& posed : sample.posed) {
      if (!posed.has_pose) continue;
      const Pose pose{posed.degrees, posed.down, posed.right};
      EXPECT_EQ(plan.poses->box.clamped(pose), pose);
      EXPECT_EQ(answer_at(target, data, n, pose), posed.predicted) << n;
    }
  }
}

std::size_t broken(const ShiftResult& result, std::size_t search) {
  return static_cast<std::size_t>(std::ranges::count_if(
      result.samples, [&](const CorruptedSample& s) { return !s.posed[search].correct; }));
}

TEST(Shift, TheGridIsExhaustiveOnASmallNetwork) {
  const models::Target target(small_graph());
  const datasets::Dataset data = pictures(target);
  const ShiftPlan plan = small_plan(2);
  const ShiftResult result = measure(target, data, plan, kSilent);
  expect_exhaustive(target, data, plan, result);
  EXPECT_GT(broken(result, 3), broken(result, 2)) << "the refined search finds more here";
  EXPECT_GT(broken(result, 2), data.size() / 7 + 1) << "more than clean errors";
  EXPECT_LT(broken(result, 3), data.size());
  EXPECT_GT(result.passes, data.size());
}

TEST(Shift, TheGridIsExhaustiveOnLenet) {
  const std::string oracles = environment("GIBBON_ORACLES");
  if (oracles.empty() || environment("GIBBON_DATA").empty()) {
    GTEST_SKIP() << "set GIBBON_ORACLES to the folder with conv/, GIBBON_DATA to that with mnist/";
  }
  const models::Target target(models::read_model(oracles + "/conv/lenet5.onnx"));
  const datasets::Dataset data =
      datasets::select(datasets::load("mnist", {.split = "test"}), "0:60");
  ShiftPlan plan{.poses = PosePlan{}, .threads = 2};
  plan.poses->box = {.most = {15.0, 2.0, 2.0}, .degrees = 3, .down = 3, .right = 3};
  plan.poses->worst_of = 3;
  const ShiftResult result = measure(target, data, plan, kSilent);
  expect_exhaustive(target, data, plan, result);
  EXPECT_GT(broken(result, 2), 20U);
  EXPECT_LT(broken(result, 2), 60U);
}

TEST(Shift, DataThatAreNoPicturesAreRefused) {
  const models::Target target(small_graph());
  datasets::Dataset data = pictures(target);
  data.shape = {1, 64, 1, false};
  try {
    static_cast<void>(measure(target, data, small_plan(1), kSilent));
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("--data noise: the samples are not pictures"));
  }
}

TEST(Shift, TheContactSheetIsAPng) {
  const models::Target target(small_graph());
  const datasets::Dataset data = pictures(target);
  const ShiftPlan plan = small_plan(1);
  reports::record::Corrupted all{.model = "m", .data = "noise", .severities = {1, 4}};
  all.samples = measure(target, data, plan, kSilent).samples;
  all.searches = search_names(*plan.poses);
  EXPECT_EQ(all.searches,
            (std::vector<std::string>{"random", "worst-of-6", "grid-5x3x3", "grid-5x3x3-refined"}));
  const std::string png = draw_contact_sheet(data, plan, all);
  EXPECT_TRUE(png.starts_with("\x89PNG\r\n"));
  EXPECT_EQ(draw_contact_sheet(data, plan, all), png);
}

}  // namespace
}  // namespace gibbon::eval::shift
