// SPDX-License-Identifier: MIT
#include <ATen/ops/clamp.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>
#include <cmath>

#include "models/torch/twin.hpp"

namespace gibbon::models::torch_twins {
namespace {

const Twin kActivation("activation", [](const ReferenceNode& node, at::ScalarType) -> Forward {
  const std::string_view name = node.blueprint.function;
  const double alpha = number(node, "alpha");
  const auto each = [](const auto& function) -> Forward {
    return [function](Values inputs, Values, bool) { return function(inputs[0]); };
  };
  using at::Tensor;
  if (name == "identity") return each([](const Tensor& z) { return z; });
  if (name == "relu") return each([](const Tensor& z) { return z.relu(); });
  if (name == "leaky-relu")
    return each([alpha](const Tensor& z) { return at::leaky_relu(z, alpha); });
  if (name == "sigmoid") return each([](const Tensor& z) { return z.sigmoid(); });
  if (name == "tanh") return each([](const Tensor& z) { return z.tanh(); });
  // Not at::gelu(): in float32, LibTorch 1.13's derivative of it is 0 where ∂J/∂y comes in another
  // memory layout than z.
  if (name == "gelu")
    return each([](const Tensor& z) { return 0.5 * z * (1.0 + (z * M_SQRT1_2).erf()); });
  // Its usual threshold of 20, above which it returns z, is an error of 1e-10; at 40 it is 1e-19.
  if (name == "softplus") return each([](const Tensor& z) { return at::softplus(z, 1.0, 40.0); });
  if (name == "elu") return each([alpha](const Tensor& z) { return at::elu(z, alpha); });
  if (name == "erf") return each([](const Tensor& z) { return z.erf(); });
  if (name == "silu") return each([alpha](const Tensor& z) { return z * (alpha * z).sigmoid(); });
  if (name == "step") return each([](const Tensor& z) { return (z > 0).to(z.scalar_type()); });
  throw std::runtime_error("LibTorch: no counterpart of activation '" + std::string(name) + "'");
});

/// One number per channel or feature, in the layout of a value.
at::Tensor per_channel(const std::vector<double>& all, const FeatureShape& shape,
                       at::ScalarType type) {
  const at::Tensor row = at::tensor(all, type).unsqueeze(0);
  if (all.size() == shape.size()) return to_value(row, shape);
  return row.unsqueeze(-1).unsqueeze(-1);
}

const Twin kScaleShift("scale-shift",
                       [](const ReferenceNode& node, at::ScalarType type) -> Forward {
                         return [factors = per_channel(numbers(node, "factors"), node.to, type),
                                 terms = per_channel(numbers(node, "terms"), node.to, type)](
                                    Values inputs, Values, bool) {
                           return factors * inputs[0] + terms;
                         };
                       });

/// What a multilayer perceptron does with its input.
const Twin kNormalise("normalise", [](const ReferenceNode& node, at::ScalarType type) -> Forward {
  return [shift = per_channel(numbers(node, "shift"), node.to, type),
          scale = per_channel(numbers(node, "scale"), node.to, type)](Values inputs, Values, bool) {
    return (inputs[0] - shift) / scale;
  };
});

const Twin kClip("clip", [](const ReferenceNode& node, at::ScalarType) -> Forward {
  return [low = number(node, "low"), high = number(node, "high")](Values inputs, Values, bool) {
    return at::clamp(inputs[0], low, high);
  };
});

const Twin kPRelu("prelu", [](const ReferenceNode& node, at::ScalarType type) -> Forward {
  return
      [slopes = per_channel(numbers(node, "slopes"), node.to, type)](Values inputs, Values, bool) {
        return at::where(inputs[0] > 0, inputs[0], slopes * inputs[0]);
      };
});

const Twin kReorder("reorder", [](const ReferenceNode& node, at::ScalarType) -> Forward {
  std::vector<std::int64_t> order;
  for (const double k : numbers(node, "order")) order.push_back(static_cast<std::int64_t>(k));
  const FeatureShape& from = node.from[0];
  const auto channels = dim(from.channels);
  const auto pixels = dim(from.height * from.width);
  bool flattens = is_vector(node.to);  // as LibTorch lays its values out
  for (std::int64_t k = 0; flattens && k < dim(order.size()); ++k)
    flattens = order[static_cast<std::size_t>(k)] == k % pixels * channels + k / pixels;
  if (flattens && order.size() == from.size())
    return [](Values inputs, Values, bool) { return inputs[0].flatten(1); };
  return [index = at::tensor(order, at::kLong), to = node.to](Values inputs, Values, bool) {
    return to_value(to_rows(inputs[0]).index_select(1, index), to);
  };
});

}  // namespace
}  // namespace gibbon::models::torch_twins
