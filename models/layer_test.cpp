// SPDX-License-Identifier: MIT
// Every layer against its definition in plain loops and against finite differences.
#include "models/layer.hpp"

#include <array>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "models/graph.hpp"
#include "models/layer_cases.hpp"

namespace gibbon::models {
namespace {

using namespace layer_cases;

/// A layer in double, on drawn inputs.
class Bench {
 public:
  explicit Bench(const Case& c)
      : shape_(c.layer->shape(c.inputs)), operation_(c.layer->exact(c.inputs)) {
    for (std::size_t k = 0; k < c.inputs.size(); ++k) {
      x_.push_back(drawn<double>(kSamples, c.inputs[k].size(), k));
      dx_.push_back(drawn<double>(kSamples, c.inputs[k].size(), 20 + k));  // to be added to
    }
    scratch_.resize(operation_->scratch(kSamples));
  }

  TensorOf<double> forward() {
    std::vector<RowsOf<const double>> inputs;
    for (const TensorOf<double>& x : x_) inputs.push_back(x.view());
    TensorOf<double> y = drawn<double>(kSamples, shape_.size(), 99);  // to be overwritten
    operation_->forward(inputs, y.view(), scratch_);
    return y;
  }

  /// What the layer was made of, as training hands it over.
  void take_parameters(const Layer& layer) {
    std::vector<double> parameters;
    for (const Parameter& p : layer.parameters())
      parameters.insert(parameters.end(), p.values.begin(), p.values.end());
    operation_->take(parameters);
  }

  /// Statistics come last and have no gradient.
  static std::size_t learned_count(const Layer& layer) {
    std::size_t count = 0;
    for (const Parameter& p : layer.parameters())
      count += p.role == Role::kStatistic ? 0 : p.values.size();
    return count;
  }

  /// J = <dy, y> by the parameters, moved in double.
  void expect_parameter_gradient(const Layer& layer) {
    std::vector<double> parameters;
    for (const Parameter& p : layer.parameters()) {
      parameters.insert(parameters.end(), p.values.begin(), p.values.end());
    }
    std::vector<RowsOf<const double>> inputs;
    for (const TensorOf<double>& x : x_) inputs.push_back(x.view());
    const TensorOf<double> dy = drawn<double>(kSamples, shape_.size(), 50);
    std::vector<double> gradient(parameters.size(), 0.5);  // to be added to
    operation_->take(parameters);
    operation_->backward_parameters(inputs, dy.view(), gradient, scratch_);
    constexpr double kStep = 1e-6;
    for (std::size_t d = 0; d < learned_count(layer); ++d) {
      const double middle = parameters[d];
      const auto objective = [&](double at) {
        parameters[d] = at;
        operation_->take(parameters);
        const TensorOf<double> y = forward();
        return std::inner_product(y.flat().begin(), y.flat().end(), dy.flat().begin(), 0.0);
      };
      const double slope = (objective(middle + kStep) - objective(middle - kStep)) / (2.0 * kStep);
      parameters[d] = middle;
      EXPECT_NEAR(gradient[d] - 0.5, slope, 1e-6) << "parameter " << d;
    }
  }

  /// J = <dy, y>
  void expect_gradient() {
    const TensorOf<double> dy = drawn<double>(kSamples, shape_.size(), 50);
    const TensorOf<double> y = forward();
    std::vector<RowsOf<const double>> inputs;
    std::vector<RowsOf<double>> gradients;
    const std::vector<TensorOf<double>> before = dx_;
    for (std::size_t k = 0; k < x_.size(); ++k) {
      inputs.push_back(std::as_const(x_[k]).view());
      gradients.push_back(dx_[k].view());
    }
    operation_->backward(inputs, y.view(), dy.view(), gradients, scratch_);
    constexpr double kStep = 1e-6;
    std::size_t kinks = 0;
    std::size_t slopes = 0;
    for (std::size_t k = 0; k < x_.size(); ++k) {
      for (std::size_t d = 0; d < x_[k].flat().size(); ++d) {
        double& value = x_[k].flat()[d];
        const double middle = value;
        const auto objective = [&](double at) {
          value = at;
          const TensorOf<double> moved = forward();
          return std::inner_product(moved.flat().begin(), moved.flat().end(), dy.flat().begin(),
                                    0.0);
        };
        const double left = (objective(middle) - objective(middle - kStep)) / kStep;
        const double right = (objective(middle + kStep) - objective(middle)) / kStep;
        value = middle;
        ++slopes;
        if (std::abs(left - right) > 1e-3) {
          ++kinks;
          continue;
        }
        EXPECT_NEAR(dx_[k].flat()[d] - before[k].flat()[d], (left + right) / 2.0, 1e-7)
            << "input " << k << ", number " << d;
      }
    }
    EXPECT_LE(kinks * 20, slopes);
  }

 private:
  FeatureShape shape_;
  std::unique_ptr<OperationOf<double>> operation_;
  std::vector<TensorOf<double>> x_;
  std::vector<TensorOf<double>> dx_;
  std::vector<double> scratch_;
};

class LayerTest : public testing::TestWithParam<Case> {};

TEST_P(LayerTest, BackwardIsAddedAndMatchesFiniteDifferences) {
  Bench(GetParam()).expect_gradient();
}

TEST_P(LayerTest, BackwardMatchesFiniteDifferencesInTraining) {
  Bench bench(GetParam());
  bench.take_parameters(*GetParam().layer);
  bench.expect_gradient();
}

TEST_P(LayerTest, ParameterGradientsAreAddedAndMatchFiniteDifferences) {
  Bench(GetParam()).expect_parameter_gradient(*GetParam().layer);
}

// Its parameters out and in again: dims and values agree with the count, and not a bit is lost.
TEST_P(LayerTest, ItsParametersRebuildIt) {
  const Layer& layer = *GetParam().layer;
  std::vector<float> all;
  for (const Parameter& p : layer.parameters()) {
    EXPECT_EQ(std::accumulate(p.dims.begin(), p.dims.end(), std::size_t{1}, std::multiplies{}),
              p.values.size())
        << p.name;
    all.insert(all.end(), p.values.begin(), p.values.end());
  }
  if (all.empty()) {
    EXPECT_THROW(static_cast<void>(layer.with(all)), std::logic_error);
    return;
  }
  EXPECT_EQ(all.size(), layer.parameter_count());
  std::vector<float> other = all;
  for (float& value : other) value += 1.0F;
  const LayerPtr moved = layer.with(other);
  std::vector<float> back;
  for (const Parameter& p : moved->parameters()) {
    back.insert(back.end(), p.values.begin(), p.values.end());
  }
  EXPECT_EQ(back, other);
  EXPECT_EQ(moved->describe(), layer.describe());
}

/// A graph of one layer whose inputs are all the input.
Graph graph_of(const Case& c) {
  Graph graph{.input = c.inputs[0]};
  graph.nodes.push_back({"one", c.layer, std::vector<std::size_t>(c.inputs.size(), 0)});
  return graph;
}

bool of_one_shape(const Case& c) {
  return std::ranges::all_of(c.inputs, [&](const FeatureShape& s) { return s == c.inputs[0]; });
}

// 1 to 2 blocks of rows, alone, in pieces and at another place: not a bit changes.
TEST_P(LayerTest, ARowDependsOnItselfAlone) {
  const Case& c = GetParam();
  if (!of_one_shape(c)) return;
  constexpr std::size_t kRows = 130;
  const GraphModelOf<float> model(graph_of(c));
  const Tensor x = drawn<float>(kRows, model.input_dim(), 3);
  const Tensor dy = drawn<float>(kRows, model.num_classes(), 4);
  Tensor dx(kRows, model.input_dim());
  Tape tape = model.make_tape(kRows);
  const Rows whole = model.forward(x.view(), tape);
  const std::vector<float> logits(whole.flat().begin(), whole.flat().end());
  model.backward(tape, dy.view(), dx.view());
  for (const std::size_t rows : {1U, 3U, 64U, 65U}) {
    for (const std::size_t first : {std::size_t{1}, kRows - rows}) {
      Tape other = model.make_tape(rows);
      const Rows some = model.forward(x.view().slice(first, rows), other);
      const auto want = std::span(logits).subspan(first * model.num_classes(), some.flat().size());
      ASSERT_TRUE(std::ranges::equal(some.flat(), want)) << rows << " rows from " << first;
      Tensor part(rows, model.input_dim());
      model.backward(other, dy.view().slice(first, rows), part.view());
      ASSERT_TRUE(std::ranges::equal(std::as_const(part).flat(),
                                     std::as_const(dx).view().slice(first, rows).flat()))
          << rows << " rows from " << first;
    }
  }
}

TEST_P(LayerTest, FloatAgreesWithDouble) {
  const Case& c = GetParam();
  if (!of_one_shape(c)) return;
  const GraphModelOf<float> single(graph_of(c));
  const GraphModelOf<double> exact(graph_of(c));
  const Tensor x = drawn<float>(kSamples, single.input_dim(), 3);
  TensorOf<double> x64(kSamples, single.input_dim());
  std::ranges::copy(x.flat(), x64.flat().begin());
  Tape tape = single.make_tape(kSamples);
  TapeOf<double> tape64 = exact.make_tape(kSamples);
  const Rows y = single.forward(x.view(), tape);
  const RowsOf<const double> y64 = exact.forward(std::as_const(x64).view(), tape64);
  for (std::size_t k = 0; k < y.flat().size(); ++k)
    EXPECT_NEAR(static_cast<double>(y.flat()[k]), y64.flat()[k], 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Every, LayerTest, testing::ValuesIn(cases()),
                         [](const auto& c) { return c.param.name; });

/// The definition of a convolution, number by number.
TEST(Conv2d, IsItsFormula) {
  for (const std::size_t groups : {1U, 2U}) {
    const Window window{.height = 3,
                        .width = 2,
                        .stride_y = 2,
                        .stride_x = 1,
                        .dilation_y = 1,
                        .dilation_x = 2,
                        .top = 1,
                        .left = 2,
                        .right = 1};
    const FeatureShape input{5, 4, 2};
    const Tensor w = weights(4, 6 * (2 / groups));
    const std::vector<float> b = bias(4);
    const Case one{"conv", conv2d(window, groups, w, b), {input}};
    const FeatureShape output = one.layer->shape(one.inputs);
    EXPECT_EQ(output, (FeatureShape{2, 5, 4}));
    const GraphModelOf<double> model(graph_of(one));
    const TensorOf<double> x = drawn<double>(1, input.size(), 5);
    TapeOf<double> tape = model.make_tape(1);
    const auto y = model.forward(x.view(), tape).row(0);
    const std::size_t own = 2 / groups;
    for (std::size_t h = 0; h < output.height; ++h) {
      for (std::size_t v = 0; v < output.width; ++v) {
        for (std::size_t o = 0; o < 4; ++o) {
          double sum = static_cast<double>(b[o]);
          for (int i = 0; i < 3; ++i) {
            for (int j = 0; j < 2; ++j) {
              const int row = static_cast<int>(h) * 2 + i - 1;
              const int col = static_cast<int>(v) + 2 * j - 2;
              if (row < 0 || row >= 5 || col < 0 || col >= 4) continue;
              for (std::size_t c = 0; c < own; ++c) {
                const std::size_t channel = o / (4 / groups) * own + c;
                sum +=
                    static_cast<double>(w.row(o)[(static_cast<std::size_t>(i * 2 + j)) * own + c]) *
                    x.row(0)[(static_cast<std::size_t>(row * 4 + col)) * 2 + channel];
              }
            }
          }
          EXPECT_NEAR(y[(h * output.width + v) * 4 + o], sum, 1e-14);
        }
      }
    }
  }
}

// Two channels of x = 1, 3 and 2, 2 over two samples of one pixel.
TEST(BatchNorm, GoesByRunningStatisticsUntilItIsTrained) {
  const LayerPtr layer =
      batch_norm(2)->with(std::vector<float>{2.0F, 3.0F, 0.5F, -1.0F, 1.0F, 0.0F, 4.0F, 1.0F});
  const std::vector<FeatureShape> shape{{1, 1, 2}};
  const auto operation = layer->exact(shape);
  const std::vector<double> x{1.0, 2.0, 3.0, 2.0};
  const RowsOf<const double> rows{x.data(), 2, 2};
  std::vector<double> y(4);
  operation->forward(std::array{rows}, {y.data(), 2, 2}, {});
  // 2 (x - 1) / 2 + 0.5 and 3 x - 1, up to ε = 1e-5
  EXPECT_NEAR(y[0], 0.5, 1e-4);
  EXPECT_NEAR(y[2], 2.5, 1e-4);
  EXPECT_NEAR(y[3], 5.0, 1e-4);
  const std::vector<double> dy{1.0, 1.0, 2.0, 1.0};
  std::vector<double> gradient(8);
  operation->backward_parameters(std::array{rows}, {dy.data(), 2, 2}, gradient, {});
  // ∂J/∂γ = Σ dy x̂: 1 · 0 + 2 · 1 and 2 + 2; ∂J/∂β = Σ dy; statistics follow nothing
  const std::vector<double> frozen{2.0, 4.0, 3.0, 2.0, 0.0, 0.0, 0.0, 0.0};
  for (std::size_t k = 0; k < 8; ++k) EXPECT_NEAR(gradient[k], frozen[k], 1e-4) << k;

  operation->take(std::vector<double>{2.0, 3.0, 0.5, -1.0, 1.0, 0.0, 4.0, 1.0});
  operation->forward(std::array{rows}, {y.data(), 2, 2}, {});
  // mean 2, variance 1: x̂ = -1 and 1; the other channel does not vary
  EXPECT_NEAR(y[0], -1.5, 1e-4);
  EXPECT_NEAR(y[2], 2.5, 1e-4);
  EXPECT_EQ(y[1], -1.0);
  std::ranges::fill(gradient, 0.0);
  operation->backward_parameters(std::array{rows}, {dy.data(), 2, 2}, gradient, {});
  // the statistics: means, and variances of a sample of two
  const std::vector<double> trained{1.0, 0.0, 3.0, 2.0, 2.0, 2.0, 2.0, 0.0};
  for (std::size_t k = 0; k < 8; ++k) EXPECT_NEAR(gradient[k], trained[k], 1e-4) << k;
}

TEST(MaxPool, TheFirstOfEqualsHasTheDerivative) {
  const GraphModelOf<double> model(graph_of(
      {"pool", max_pool({.height = 2, .width = 2, .stride_y = 2, .stride_x = 2}), {{2, 2, 1}}}));
  TapeOf<double> tape = model.make_tape(1);
  const std::vector<double> x{1.0, 3.0, 3.0, 3.0};
  std::vector<double> dx(4);
  const std::vector<double> dy{5.0};
  EXPECT_EQ(model.forward({x.data(), 1, 4}, tape).row(0)[0], 3.0);
  model.backward(tape, {dy.data(), 1, 1}, {dx.data(), 1, 4});
  EXPECT_EQ(dx, (std::vector<double>{0.0, 5.0, 0.0, 0.0}));
}

TEST(MaxPool, AWindowWithTwoLargestIsAKink) {
  const LayerPtr pool = max_pool({.height = 1, .width = 2, .stride_x = 2});
  const std::vector<FeatureShape> shapes{{1, 4, 1}};
  const auto passes = pool->exact(shapes);
  const std::vector<double> apart{1.0, 3.0, -4.0, 2.0};
  EXPECT_FALSE(passes->near_kink(apart, 0.4)) << "the largest is 4, two are 2 apart";
  EXPECT_TRUE(passes->near_kink(apart, 0.5));
  const std::vector<double> equal{1.0, 3.0, 2.0, 2.0};
  EXPECT_TRUE(passes->near_kink(equal, 0.0));
}

TEST(AveragePool, PaddingCountsOrNot) {
  const Window window{.height = 2, .width = 2, .stride_y = 2, .stride_x = 2, .top = 1, .left = 1};
  const std::vector<double> x{6.0, 1.0, 1.0, 1.0};
  for (const bool counts : {true, false}) {
    const GraphModelOf<double> model(graph_of({"pool", average_pool(window, counts), {{2, 2, 1}}}));
    TapeOf<double> tape = model.make_tape(1);
    EXPECT_EQ(model.forward({x.data(), 1, 4}, tape).row(0)[0], counts ? 1.5 : 6.0);
  }
}

TEST(Graph, NamesTheNodeThatDoesNotFit) {
  Graph graph{.input = {1, 1, 3}};
  graph.nodes.push_back({"node 'a'", dense(weights(2, 4), bias(2)), {0}});
  try {
    static_cast<void>(graph.shapes());
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "node 'a': its weight takes 4 inputs, but 3 arrive");
  }
}

TEST(Graph, TheArchitectureNamesLayersWithWeights) {
  Graph graph{.input = {5, 5, 1}};
  graph.nodes.push_back({"a", conv2d({.height = 2, .width = 2}, 1, weights(4, 4), bias(4)), {0}});
  graph.nodes.push_back({"b", activate(make_activation("relu")), {1}});
  graph.nodes.push_back({"c", dense(weights(3, 64), bias(3)), {2}});
  EXPECT_EQ(graph.architecture(), "5×5×1-conv4-3");
  for (std::size_t k = 3; k < 20; ++k)
    graph.nodes.push_back({"n", dense(weights(k + 1, k), bias(k + 1)), {k}});
  EXPECT_EQ(graph.architecture(), "5×5×1-conv4-…-20, 19 layers with weights");
}

/// A graph with a branch around a layer, whose output meets the input again: every value's gradient
/// passes through, and the input's own is asked for by nobody.
TEST(Graph, ParameterGradientsMatchFiniteDifferencesThroughBranches) {
  Graph graph{.input = {4, 4, 2}};
  const Window three{.height = 3, .width = 3, .top = 1, .bottom = 1, .left = 1, .right = 1};
  graph.nodes.push_back({"a", conv2d(three, 1, weights(2, 18), bias(2)), {0}});
  graph.nodes.push_back({"b", activate(make_activation("tanh")), {1}});
  graph.nodes.push_back({"c", conv2d(three, 2, weights(2, 9), bias(2)), {2}});
  graph.nodes.push_back({"d", add(), {0, 2, 3}});
  graph.nodes.push_back({"e", dense(weights(3, 32), bias(3)), {4}});
  std::vector<std::string> names;
  std::vector<float> parameters;
  for (const Parameter& p : graph.parameters()) {
    names.push_back(p.name);
    parameters.insert(parameters.end(), p.values.begin(), p.values.end());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"a.weight", "a.bias", "c.weight", "c.bias", "e.weight",
                                             "e.bias"}));
  const TensorOf<double> x = drawn<double>(kSamples, 32, 5);
  const TensorOf<double> dy = drawn<double>(kSamples, 3, 6);
  const GraphModelOf<double> model(graph);
  ASSERT_EQ(model.parameter_count(), parameters.size());
  TapeOf<double> tape = model.make_tape(kSamples + 1);
  std::vector<double> gradient(parameters.size(), 7.0);  // to be overwritten
  model.forward(x.view(), tape);
  model.backward_parameters(tape, dy.view(), gradient);
  std::size_t at = 0;
  for (Node& node : graph.nodes) {
    if (node.layer->parameters().empty()) continue;
    const LayerPtr before = node.layer;
    const std::size_t count = before->parameter_count();
    const std::span<float> own = std::span(parameters).subspan(at, count);
    for (std::size_t d = 0; d < count; ++d) {
      const float middle = own[d];
      const auto objective = [&](float value) {
        own[d] = value;
        node.layer = before->with(own);
        const GraphModelOf<double> moved(graph);
        const auto y = moved.forward(x.view(), tape);
        return std::inner_product(y.flat().begin(), y.flat().end(), dy.flat().begin(), 0.0);
      };
      const float right = middle + 0x1p-12F;
      const float left = middle - 0x1p-12F;
      const double slope = (objective(right) - objective(left)) / static_cast<double>(right - left);
      own[d] = middle;
      EXPECT_NEAR(gradient[at + d], slope, 1e-6) << node.name << ", parameter " << d;
    }
    node.layer = before;
    at += count;
  }
}

// y = x + 2 x and both ways back: a value that feeds two nodes gets both derivatives.
TEST(Graph, DerivativesAddUpWhereBranchesMeet) {
  Graph graph{.input = {1, 1, 1}};
  graph.nodes.push_back({"twice", scale_shift({2.0}, {1.0}), {0}});
  graph.nodes.push_back({"sum", add(), {0, 1}});
  EXPECT_EQ(graph.architecture(), "1");
  const GraphModelOf<double> model(graph);
  TapeOf<double> tape = model.make_tape(1);
  const std::vector<double> x{5.0};
  std::vector<double> dx{7.0};
  const std::vector<double> dy{1.0};
  EXPECT_EQ(model.forward({x.data(), 1, 1}, tape).row(0)[0], 16.0);
  model.backward(tape, {dy.data(), 1, 1}, {dx.data(), 1, 1});
  EXPECT_EQ(dx[0], 3.0);
}

}  // namespace
}  // namespace gibbon::models
