#include "attacks/l2_move.hpp"

#include <cmath>

#include "attacks/lanes.hpp"
#include "datasets/simd.hpp"

namespace gibbon::attacks {

GIBBON_SIMD double moved_length(Row x, Row point, Row gradient, double step) {
  return std::sqrt(sum_in_lanes(x.size(), [=](std::size_t d) {
    const double delta = double{point[d]} - double{x[d]} + step * double{gradient[d]};
    return delta * delta;
  }));
}

GIBBON_SIMD void move_and_scale(Row x, Row gradient, double step, double scale, Box box,
                                MutableRow point) {
  for (std::size_t d = 0; d < x.size(); ++d) {
    const double delta = double{point[d]} - double{x[d]} + step * double{gradient[d]};
    const auto moved = static_cast<float>(double{x[d]} + scale * delta);
    point[d] = std::min(std::max(moved, box.lower), box.upper);
  }
}

}  // namespace gibbon::attacks
