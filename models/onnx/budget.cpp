// SPDX-License-Identifier: MIT
#include "models/onnx/budget.hpp"

namespace gibbon::models::onnx {

void Budget::take(std::initializer_list<std::size_t> factors) {
  std::size_t bytes = 1;
  bool fits = true;
  for (const std::size_t factor : factors) {
    // A product that overflowed on the way may still be 0.
    if (factor == 0) return;
    fits = fits && !__builtin_mul_overflow(bytes, factor, &bytes);
  }
  if (!fits || bytes > left_) {
    misfit("its content takes more than {} bytes of memory; allow more with --file-limit", limit_);
  }
  left_ -= bytes;
}

}  // namespace gibbon::models::onnx
