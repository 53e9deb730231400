#pragma once

#include "datasets/tensor.hpp"

namespace gibbon::attacks {

/// ||(point - x) + step · gradient||_2, in double.
[[nodiscard]] double moved_length(Row x, Row point, Row gradient, double step);

/// point = clip(x + scale · ((point - x) + step · gradient)), in double but for the result.
void move_and_scale(Row x, Row gradient, double step, double scale, Box box, MutableRow point);

}  // namespace gibbon::attacks
