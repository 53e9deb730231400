// SPDX-License-Identifier: MIT
#include "eval/lab/crosscheck.hpp"

#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <limits>
#include <utility>

#include <gtest/gtest.h>

#include "base/environment.hpp"
#include "base/error.hpp"
#include "base/rng.hpp"
#include "models/known_answers.hpp"
#include "models/mlp.hpp"
#include "models/model_cases.hpp"
#include "models/model_file.hpp"
#include "models/optimizer.hpp"
#include "models/train/architecture.hpp"
#include "models/train/initialise.hpp"

namespace gibbon::eval::lab {
namespace {

using models::Network;
using models::Precision;

/// 12 features, 3 classes: what model_cases() take.
datasets::Dataset random_data() {
  constexpr std::size_t kSamples = 200;
  datasets::Dataset data{.name = "noise",
                         .split = "test",
                         .images = {kSamples, 12},
                         .shape = {.width = 12},
                         .class_names = {"a", "b", "c"}};
  Rng rng(5, 0, "crosscheck-test");
  for (float& value : data.images.flat()) value = rng.uniform(0.0F, 1.0F);
  for (std::size_t n = 0; n < kSamples; ++n) {
    data.labels.push_back(static_cast<int>(rng.below(3)));
    data.ids.push_back(n);
  }
  return data;
}

CrosscheckSettings settings_for(const models::Network& network) {
  const bool softmax = network.output == models::Output::kSoftmax;
  return {.loss = models::make_loss(softmax ? "cross-entropy" : "mse", network.output)};
}

CrosscheckReport check(const models::Network& network, const CrosscheckTamper& tamper = {}) {
  return crosscheck(network, random_data(), settings_for(network), tamper);
}

models::Network example(const std::string& name) {
  const auto cases = models::model_cases();
  return models::make_case(*std::ranges::find(cases, name, &models::ModelCase::name));
}

/// Names of the lines that fail, per precision.
std::vector<std::string> failures(const CrosscheckReport& report, models::Precision precision) {
  std::vector<std::string> names;
  for (const CrosscheckLine& line : report.lines) {
    if (!line.ok && line.precision == precision) names.push_back(line.name);
  }
  return names;
}

bool contains(const std::vector<std::string>& names, std::string_view part) {
  return std::ranges::any_of(names, [&](const auto& name) { return name.find(part) != name.npos; });
}

class CrosscheckCases : public testing::TestWithParam<models::ModelCase> {};

TEST_P(CrosscheckCases, AgreesWithLibTorchEverywhere) {
  const CrosscheckReport report = check(models::make_case(GetParam()));
  EXPECT_TRUE(report.ok()) << to_text(report);
  EXPECT_GE(report.samples, 190U) << to_text(report);
}

INSTANTIATE_TEST_SUITE_P(All, CrosscheckCases, testing::ValuesIn(models::model_cases()),
                         [](const auto& instance) { return instance.param.name; });

TEST(Crosscheck, WalksOverLossesGradientsAttacksAndOptimizers) {
  const CrosscheckReport report = check(example("deep_sigmoid"));
  const std::string text = to_text(report);
  for (const std::string_view part :
       {"logits", "cross-entropy: J", "mse of softmax: ∂J/∂W1", "mse of sigmoid: ∂J/∂b2",
        "quadratic of identity: ∂J/∂x", "scale-free seed: ∂J/∂b3", "FGSM linf", "FGSM l2",
        "20 updates by adam", "20 updates by nesterov"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in\n" << text;
  }
  EXPECT_NE(text.find(fmt::format("all {} lines agree", report.lines.size())), std::string::npos);
}

TEST(Crosscheck, ThreadsChangeNothing) {
  const models::Network network = example("deep_tanh");
  CrosscheckSettings settings = settings_for(network);
  const std::string one = to_text(crosscheck(network, random_data(), settings));
  settings.threads = 3;
  EXPECT_EQ(one, to_text(crosscheck(network, random_data(), settings)));
}

TEST(Crosscheck, StepNetworksAreComparedForwardOnlyAndSaySo) {
  const CrosscheckReport report = check(example("deep_step"));
  EXPECT_TRUE(report.ok()) << to_text(report);
  EXPECT_EQ(report.lines.back().note, "not compared: an activation has no derivative to follow");
  EXPECT_EQ(to_text(report).find("∂J"), std::string::npos);
}

TEST(Crosscheck, FindsOneWrongEntryOfTheParameterGradient) {
  const CrosscheckReport report = check(
      example("deep_sigmoid"), {.parameter_gradient = [](std::span<double> g) { g[7] *= 1.01; }});
  for (const models::Precision precision :
       {models::Precision::kFloat64, models::Precision::kFloat32}) {
    const auto failed = failures(report, precision);
    EXPECT_TRUE(contains(failed, "cross-entropy: ∂J/∂W1")) << to_text(report);
    EXPECT_FALSE(contains(failed, "W2"));
  }
  EXPECT_NE(to_text(report).find("FAILED"), std::string::npos);
  EXPECT_NE(to_text(report).find("lines do not agree"), std::string::npos);
}

// What a tolerance is worth shows at its edge: 200 samples are the longest sum, and √200 · 16 units
// of the tensor's largest number are allowed, a unit more per seed beside it.
TEST(Crosscheck, AllowsSixteenUnitsTimesTheRootOfTheLongestSum) {
  const auto off_by = [](double units) {
    return check(example("deep_sigmoid"), {.parameter_gradient = [=](std::span<double> g) {
                   const auto weights = g.first(17UL * 12UL);
                   const auto [low, high] = std::ranges::minmax(weights);
                   const double largest = std::max(-low, high);
                   *std::ranges::max_element(weights) +=
                       units * std::sqrt(200.0) * 0x1p-24 * largest;
                 }});
  };
  const CrosscheckReport inside = off_by(10.0);
  EXPECT_FALSE(contains(failures(inside, models::Precision::kFloat32), "∂J/∂W1"))
      << to_text(inside);
  const CrosscheckReport outside = off_by(30.0);
  EXPECT_TRUE(contains(failures(outside, models::Precision::kFloat32), "cross-entropy: ∂J/∂W1"))
      << to_text(outside);
  EXPECT_TRUE(contains(failures(inside, models::Precision::kFloat64), "cross-entropy: ∂J/∂W1"))
      << "in float64 it is far too much";
}

TEST(Crosscheck, FindsADroppedBiasGradient) {
  const models::Network network = example("deep_tanh");
  const models::MlpOf<double> layout(network);
  const CrosscheckReport report = check(network, {.parameter_gradient = [&](std::span<double> g) {
                                          std::ranges::fill(layout.bias(g, 1), 0.0);
                                        }});
  for (const models::Precision precision :
       {models::Precision::kFloat64, models::Precision::kFloat32}) {
    EXPECT_TRUE(contains(failures(report, precision), "cross-entropy: ∂J/∂b2")) << to_text(report);
  }
}

TEST(Crosscheck, FindsAFlippedSignOfTheInputGradient) {
  const CrosscheckReport report =
      check(example("deep_relu"),
            {.input_gradient = [](RowsOf<double> dx) { dx.row(3)[5] = -dx.row(3)[5]; }});
  for (const models::Precision precision :
       {models::Precision::kFloat64, models::Precision::kFloat32}) {
    EXPECT_TRUE(contains(failures(report, precision), "cross-entropy: ∂J/∂x")) << to_text(report);
  }
}

TEST(Crosscheck, FindsNan) {
  const CrosscheckReport report =
      check(example("linear"), {.input_gradient = [](RowsOf<double> dx) {
              dx.row(0)[0] = std::numeric_limits<double>::quiet_NaN();
            }});
  EXPECT_FALSE(report.ok());
  EXPECT_NE(to_text(report).find("FAILED; not finite"), std::string::npos) << to_text(report);
}

/// The network with another derivative, which LibTorch, going by names, does not see.
void set_backward(models::Network& network, models::ActivationInfo& memory, std::string_view of) {
  const models::ActivationInfo& other = models::find_activation(of);
  memory = *network.layers.front().activation.info;
  memory.backward = other.backward;
  memory.backward64 = other.backward64;
  network.layers.front().activation.info = &memory;
}

TEST(Crosscheck, FindsAWrongActivationDerivative) {
  models::Network network = example("deep_sigmoid");
  models::ActivationInfo wrong = *network.layers.front().activation.info;
  set_backward(network, wrong, "tanh");
  const CrosscheckReport report = check(network);
  for (const models::Precision precision :
       {models::Precision::kFloat64, models::Precision::kFloat32}) {
    const auto failed = failures(report, precision);
    EXPECT_TRUE(contains(failed, "∂J/∂W1")) << to_text(report);
    EXPECT_TRUE(contains(failed, "∂J/∂x"));
    EXPECT_FALSE(contains(failed, "∂J/∂W2")) << "W2 lies behind the wrong derivative";
    EXPECT_FALSE(contains(failed, "logits"));
    for (const models::OptimizerInfo& optimizer : models::optimizers()) {
      EXPECT_TRUE(contains(failed, fmt::format("by {}:", optimizer.name))) << to_text(report);
    }
  }
  EXPECT_TRUE(contains(failures(report, models::Precision::kFloat32), "FGSM"));
}

TEST(Crosscheck, RefusesDataOfAnotherShape) {
  datasets::Dataset data = random_data();
  data.class_names.emplace_back("d");
  const models::Network network = example("linear");
  EXPECT_THROW(static_cast<void>(crosscheck(network, data, settings_for(network))), Error);
}

// As below, for everyone: all values are far from the kinks at 1/2.
TEST(Crosscheck, AgreesOnNetworksWithKnownAnswers) {
  for (const models::Network& network :
       {models::known::diamond(16, 2.0), models::known::slope(16, 8.0)}) {
    const CrosscheckReport report =
        crosscheck(network, models::known::pictures(80, 0.05F, 0.2F, network.num_classes()),
                   settings_for(network));
    EXPECT_TRUE(report.ok()) << to_text(report);
    EXPECT_EQ(report.samples, 80U);
  }
}

/// 6 × 6 grey pixels; a convolution that branches, batch norm, both pools, three classes.
models::Graph small_graph() {
  Rng rng(3, 0, "crosscheck-test");
  const auto drawn = [&](std::size_t rows, std::size_t cols) {
    Tensor out(rows, cols);
    for (float& w : out.flat()) w = rng.uniform(-1.0F, 1.0F);
    return out;
  };
  const auto biases = [&](std::size_t count) {
    const Tensor row = drawn(1, count);
    return std::vector<float>(row.flat().begin(), row.flat().end());
  };
  models::Graph graph{.input = {6, 6, 1}};
  const models::Window window{
      .height = 3, .width = 3, .top = 1, .bottom = 1, .left = 1, .right = 1};
  const models::Window halves{.height = 2, .width = 2, .stride_y = 2, .stride_x = 2};
  graph.nodes.push_back({"a", models::conv2d(window, 1, drawn(4, 9), biases(4)), {0}});
  graph.nodes.push_back({"b", models::batch_norm(4), {1}});
  graph.nodes.push_back({"c", models::activate(models::make_activation("relu")), {2}});
  graph.nodes.push_back({"d", models::conv2d(window, 2, drawn(4, 18), biases(4)), {3}});
  graph.nodes.push_back({"e", models::add(), {3, 4}});
  graph.nodes.push_back({"f", models::concat(), {5, 2}});
  graph.nodes.push_back({"g", models::max_pool(halves), {6}});
  graph.nodes.push_back({"h", models::average_pool(window, true), {7}});
  graph.nodes.push_back({"i", models::dense(drawn(3, 72), biases(3)), {8}});
  return graph;
}

/// The first `flat` samples are one grey: every window of the pool has ties.
datasets::Dataset small_pictures(std::size_t flat) {
  constexpr std::size_t kSamples = 40;
  datasets::Dataset data{.name = "noise",
                         .split = "test",
                         .images = {kSamples, 36},
                         .shape = {6, 6, 1, true},
                         .class_names = {"a", "b", "c"}};
  Rng rng(4, 0, "crosscheck-test");
  for (std::size_t n = 0; n < kSamples; ++n) {
    for (float& value : data.images.row(n)) value = n < flat ? 0.5F : rng.uniform(0.0F, 1.0F);
    data.labels.push_back(static_cast<int>(rng.below(3)));
    data.ids.push_back(n);
  }
  return data;
}

CrosscheckReport check_graph(std::size_t flat, const CrosscheckTamper& tamper = {}) {
  return crosscheck(small_graph(), small_pictures(flat),
                    {.loss = models::make_loss("cross-entropy", models::Output::kSoftmax)}, tamper);
}

TEST(CrosscheckGraph, AgreesLayerByLayerAndAsAWhole) {
  const CrosscheckReport report = check_graph(0);
  const std::string text = to_text(report);
  EXPECT_TRUE(report.ok()) << text;
  EXPECT_EQ(report.samples, 40U);
  EXPECT_EQ(report.other_branch[0], 0U) << "in float64 no rounding decides\n" << text;
  for (const std::string_view part :
       {"1 conv 4: 3×3, pad 1: y", "2 batch norm: ∂J/∂θ", "6 concat: ∂J/∂x", "8 average pool 3×3",
        "logits", "cross-entropy: ∂J/∂W1", "cross-entropy: ∂J/∂b2", "mse of sigmoid: ∂J/∂W4",
        "quadratic of identity: ∂J/∂x", "FGSM linf", "20 updates by adam"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " is missing in\n" << text;
  }
}

// Batch norm carries rounding on from step to step: LibTorch's own float32 leaves its float64 as
// far.
TEST(CrosscheckGraph, AgreesOnResidualNetworks) {
  const models::Graph network = models::train::make_graph(
      models::train::full_architecture("resnet8", 3), {.height = 6, .width = 6, .channels = 1},
      models::Output::kSoftmax, models::train::find_initialiser("he"), 1);
  const CrosscheckReport report =
      crosscheck(network, small_pictures(0),
                 {.loss = models::make_loss("cross-entropy", models::Output::kSoftmax)});
  EXPECT_TRUE(report.ok()) << to_text(report);
  EXPECT_THAT(to_text(report), testing::HasSubstr("20 updates by momentum"));
}

// What differs far from every kink is wrong; at a tie it is counted and named.
TEST(CrosscheckGraph, OnlyASampleAtAKinkMayDiffer) {
  const auto tamper_all = [](RowsOf<double> dx) {
    if (dx.rows == 40)
      for (double& value : dx.flat()) value += 1.0;
  };
  const CrosscheckReport apart = check_graph(0, {.input_gradient = tamper_all});
  EXPECT_EQ(apart.other_branch[0], 0U);
  EXPECT_TRUE(contains(failures(apart, Precision::kFloat64), "cross-entropy: ∂J/∂x"));
  const CrosscheckReport tied = check_graph(40, {.input_gradient = tamper_all});
  EXPECT_EQ(tied.other_branch[0], 40U);
  EXPECT_EQ(
      failures(tied, Precision::kFloat64),
      (std::vector<std::string>{"losses, gradients", "updates by adam", "updates by gd",
                                "updates by momentum", "updates by nesterov", "updates by sgd"}))
      << "a graph that never agrees is wrong";
  const CrosscheckReport some = check_graph(7, {.input_gradient = tamper_all});
  EXPECT_EQ(some.other_branch[0], 7U);
  EXPECT_NE(to_text(some).find("left out of losses and gradients: 7 samples in float64"),
            std::string::npos);
}

TEST(CrosscheckGraph, FindsAWrongParameterGradient) {
  const CrosscheckReport report =
      check_graph(0, {.parameter_gradient = [](std::span<double> g) { g[7] *= 1.01; }});
  for (const Precision precision : {Precision::kFloat64, Precision::kFloat32}) {
    const auto failed = failures(report, precision);
    EXPECT_TRUE(contains(failed, "cross-entropy: ∂J/∂W1")) << to_text(report);
    EXPECT_FALSE(contains(failed, "W3"));
  }
}

class CrosscheckPublishedGraphs : public testing::TestWithParam<const char*> {};

TEST_P(CrosscheckPublishedGraphs, AgreeOnMnist) {
  const std::string folder = environment("GIBBON_ORACLES");
  if (folder.empty()) GTEST_SKIP() << "GIBBON_ORACLES is not set: no trained networks to look at";
  if (environment("GIBBON_DATA").empty()) GTEST_SKIP() << "GIBBON_DATA is not set: MNIST is needed";
  const models::ModelFile file = models::read_model(std::filesystem::path(folder) / "conv" /
                                                    (std::string(GetParam()) + ".onnx"));
  const CrosscheckReport report = crosscheck(
      *file.graph, datasets::load("mnist", {}),
      {.loss = models::make_loss("cross-entropy", models::Output::kSoftmax), .samples = 8});
  EXPECT_TRUE(report.ok()) << to_text(report);
  EXPECT_LE(report.other_branch[0], 4U) << to_text(report);
}

INSTANTIATE_TEST_SUITE_P(All, CrosscheckPublishedGraphs, testing::Values("lenet5", "wong_conv_0.1"),
                         [](const auto& instance) {
                           std::string name = instance.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

class CrosscheckOracles : public testing::TestWithParam<const char*> {};

TEST_P(CrosscheckOracles, AgreeOnMnist) {
  const std::string folder = environment("GIBBON_ORACLES");
  if (folder.empty()) GTEST_SKIP() << "GIBBON_ORACLES is not set: no trained networks to look at";
  if (environment("GIBBON_DATA").empty()) GTEST_SKIP() << "GIBBON_DATA is not set: MNIST is needed";
  const models::Network network = models::read_model(std::filesystem::path(folder) / "mlp" /
                                                     (std::string(GetParam()) + ".onnx"))
                                      .network;
  const CrosscheckReport report =
      crosscheck(network, datasets::load("mnist", {}), settings_for(network));
  EXPECT_TRUE(report.ok()) << to_text(report);
  EXPECT_GE(report.samples, 64U) << to_text(report);
}

INSTANTIATE_TEST_SUITE_P(All, CrosscheckOracles,
                         testing::Values("mlp256", "mlp256_adv", "seed_relu", "seed_sigmoid"),
                         [](const auto& instance) { return std::string(instance.param); });

}  // namespace
}  // namespace gibbon::eval::lab
