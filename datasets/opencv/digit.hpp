// SPDX-License-Identifier: MIT
#pragma once

#include <opencv2/core.hpp>

#include "datasets/digit.hpp"

namespace gibbon::datasets {

/// A view, which must not outlive the picture.
[[nodiscard]] cv::Mat to_mat(const Picture& picture);
[[nodiscard]] Picture to_picture(const cv::Mat& image);

/// prepare_digit(), with no steps when there is nothing to be seen.
[[nodiscard]] std::vector<DigitStep> digit_steps(const Picture& picture);

}  // namespace gibbon::datasets
