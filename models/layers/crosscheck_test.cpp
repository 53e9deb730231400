// SPDX-License-Identifier: MIT
// Every layer against its twin in LibTorch, number by number: y, ∂J/∂x of every input, ∂J/∂θ.
#include <cmath>

#include <gtest/gtest.h>

#include "models/layer_cases.hpp"
#include "models/reference.hpp"

namespace gibbon::models {
namespace {

using layer_cases::Case;

/// What the finite differences walk, and what they cannot.
std::vector<Case> all_cases() {
  std::vector<Case> out = layer_cases::cases();
  out.push_back({"batch_norm_of_a_vector", batch_norm(3), {{1, 1, 3}}});
  out.push_back({"step", activate(make_activation("step")), {{2, 3, 2}}});
  return out;
}

template <class Float>
void expect_near(const std::string& what, RowsOf<const Float> ours, const TensorOf<double>& theirs,
                 double tolerance) {
  ASSERT_EQ(ours.flat().size(), theirs.flat().size()) << what;
  double scale = 1.0;
  for (const double value : theirs.flat()) scale = std::max(scale, std::abs(value));
  for (std::size_t k = 0; k < ours.flat().size(); ++k) {
    ASSERT_NEAR(static_cast<double>(ours.flat()[k]), theirs.flat()[k], tolerance * scale)
        << what << ", number " << k;
  }
}

template <class Float>
TensorOf<double> widened(const TensorOf<Float>& from) {
  TensorOf<double> out(from.rows(), from.cols());
  std::ranges::copy(from.flat(), out.flat().begin());
  return out;
}

/// Three samples, drawn; `whole`: rounded to -1, 0 and 1, so that maxima have ties.
template <class Float>
void expect_agreement(const Case& c, double tolerance, bool whole) {
  const FeatureShape to = c.layer->shape(c.inputs);
  const auto reference = open_reference(
      *c.layer, c.inputs, std::is_same_v<Float, float> ? Precision::kFloat32 : Precision::kFloat64);
  std::unique_ptr<OperationOf<Float>> operation;
  if constexpr (std::is_same_v<Float, float>) {
    operation = c.layer->single(c.inputs);
  } else {
    operation = c.layer->exact(c.inputs);
  }
  constexpr std::size_t kRows = layer_cases::kSamples;
  std::vector<TensorOf<Float>> x;
  std::vector<TensorOf<Float>> dx;
  for (std::size_t k = 0; k < c.inputs.size(); ++k) {
    x.push_back(layer_cases::drawn<Float>(kRows, c.inputs[k].size(), k));
    if (whole) {
      for (Float& value : x.back().flat()) value = std::round(value);
    }
    dx.emplace_back(kRows, c.inputs[k].size());
  }
  std::vector<RowsOf<const Float>> inputs;
  std::vector<RowsOf<Float>> gradients;
  std::vector<TensorOf<double>> wide;
  for (std::size_t k = 0; k < x.size(); ++k) {
    inputs.push_back(std::as_const(x[k]).view());
    gradients.push_back(dx[k].view());
    wide.push_back(widened(x[k]));
  }
  const TensorOf<Float> dy = layer_cases::drawn<Float>(kRows, to.size(), 50);
  TensorOf<Float> y(kRows, to.size());
  std::vector<Float> scratch(operation->scratch(kRows));
  std::size_t count = 0;
  for (const Parameter& p : c.layer->parameters()) count += p.values.size();
  TensorOf<Float> parameters(1, count);
  operation->forward(inputs, y.view(), scratch);
  operation->backward(inputs, std::as_const(y).view(), dy.view(), gradients, scratch);
  operation->backward_parameters(inputs, dy.view(), parameters.flat(), scratch);

  std::vector<RowsOf<const double>> given;
  for (const TensorOf<double>& rows : wide) given.push_back(rows.view());
  const ReferencePass theirs = reference->layer(0, given, widened(dy).view());
  expect_near<Float>("y", std::as_const(y).view(), theirs.y, tolerance);
  for (std::size_t k = 0; k < dx.size(); ++k) {
    expect_near<Float>("∂J/∂x" + std::to_string(k), std::as_const(dx[k]).view(), theirs.inputs[k],
                       tolerance);
  }
  TensorOf<double> wanted(1, count);
  ASSERT_EQ(theirs.parameters.size(), count);
  std::ranges::copy(theirs.parameters, wanted.flat().begin());
  expect_near<Float>("∂J/∂θ", std::as_const(parameters).view(), wanted, tolerance);
}

class LayerCrosscheck : public testing::TestWithParam<Case> {};

TEST_P(LayerCrosscheck, AgreesInFloat64) { expect_agreement<double>(GetParam(), 1e-10, false); }

TEST_P(LayerCrosscheck, AgreesInFloat32) { expect_agreement<float>(GetParam(), 1e-5, false); }

// The first of equals has the derivative in both; |z| = 0 is a kink that both take alike.
TEST_P(LayerCrosscheck, AgreesOnWholeNumbers) { expect_agreement<double>(GetParam(), 1e-10, true); }

INSTANTIATE_TEST_SUITE_P(Every, LayerCrosscheck, testing::ValuesIn(all_cases()),
                         [](const auto& c) { return c.param.name; });

}  // namespace
}  // namespace gibbon::models
