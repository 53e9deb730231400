// SPDX-License-Identifier: MIT
#pragma once

#include "base/tensor.hpp"

/// What several norms (base/norms/) need of rows.
namespace gibbon {

[[nodiscard]] double linf_length(Row a);
[[nodiscard]] double l2_length(Row a);
[[nodiscard]] double l1_length(Row a);

/// Room of feature x in the direction of `sign` before it meets the side of the box.
[[nodiscard]] inline double room(Box box, float x, double sign) {
  return sign > 0.0 ? double{box.upper} - double{x} : double{x} - double{box.lower};
}

void clip(Box box, MutableRow candidate);

/// candidate = origin + scale · (candidate - origin), each product in double.
void scale_towards(Row origin, double scale, MutableRow candidate);

/// Float32 rounding may leave a point farther from the origin than epsilon · (1 + rounding); each
/// round takes it in a little more.
void settle(double (*distance)(Row, Row), double epsilon, double rounding, Row origin,
            MutableRow candidate);

/// candidate += size, shared among the entries of the largest |gradient|, with their signs.
void step_along_largest(Row gradient, double size, MutableRow candidate);

/// NormInfo::usual_step of linf: 0.025 for digits, 1/255 for photographs.
[[nodiscard]] double usual_linf_step(std::size_t features);

/// The nearest of 1, 2, 2.5 and 5 times a power of ten, in proportion.
[[nodiscard]] double round_step(double step);

}  // namespace gibbon
