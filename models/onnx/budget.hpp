// SPDX-License-Identifier: MIT
#pragma once

#include <initializer_list>

#include "base/limits.hpp"
#include "models/onnx/axes.hpp"

namespace gibbon::models::onnx {

/// How much memory one model file may still have: file_limit, counted for everything that reading
/// it makes, whether or not that is given back. So it bounds the work as well.
class Budget {
 public:
  /// Takes the product of `factors` in bytes; throws a Misfit where that is more than is left.
  void take(std::initializer_list<std::size_t> factors);

 private:
  std::size_t limit_ = file_limit;
  std::size_t left_ = limit_;
};

}  // namespace gibbon::models::onnx
