// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <span>

#include "models/layer.hpp"

namespace gibbon::models {

/// Gives a layer both precisions of Operation<Float>(layer, input shapes).
template <class Self, template <class> class Operation>
class LayerOf : public Layer {
 public:
  [[nodiscard]] std::unique_ptr<OperationOf<float>> single(
      std::span<const FeatureShape> inputs) const final {
    return std::make_unique<Operation<float>>(static_cast<const Self&>(*this), inputs);
  }
  [[nodiscard]] std::unique_ptr<OperationOf<double>> exact(
      std::span<const FeatureShape> inputs) const final {
    return std::make_unique<Operation<double>>(static_cast<const Self&>(*this), inputs);
  }
};

}  // namespace gibbon::models
