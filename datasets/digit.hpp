// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "datasets/picture.hpp"

namespace gibbon::datasets {

/// What a picture became on its way to a digit of MNIST.
struct DigitStep {
  std::string name;
  Picture picture;  ///< grey
};

inline constexpr std::size_t kDigitSide = 28;

/// A photograph or drawing of one digit as MNIST has its digits: grey, light on dark, uneven light
/// taken away, contrast stretched, specks left out, the longer side of the digit 20 pixels, and its
/// centre of mass at (14, 14) of 28 × 28 (LeCun et al. 1998, doi:10.1109/5.726791). Steps in order;
/// the last is the digit. Throws a usage Error naming the file when there is nothing to be seen.
[[nodiscard]] std::vector<DigitStep> prepare_digit(const Picture& picture, const std::string& name);

}  // namespace gibbon::datasets
