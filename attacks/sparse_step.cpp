#include "attacks/sparse_step.hpp"

#include <cmath>
#include <functional>
#include <vector>

#include "datasets/simd.hpp"

namespace gibbon::attacks {
namespace {

/// slope[d] = |gradient[d]| where candidate[d] can move along gradient · sign, else 0.
GIBBON_SIMD void free_slopes(Row gradient, float sign, Box box, Row candidate, MutableRow slope) {
  for (std::size_t d = 0; d < gradient.size(); ++d) {
    const float g = sign * gradient[d];
    const bool up = g > 0.0F && candidate[d] < box.upper;
    const bool down = g < 0.0F && candidate[d] > box.lower;
    slope[d] = up || down ? std::abs(g) : 0.0F;
  }
}

}  // namespace

void sparse_step(Row gradient, double size, std::size_t keep, Box box, MutableRow candidate) {
  thread_local std::vector<float> slope;
  thread_local std::vector<float> sorted;
  slope.resize(gradient.size());
  const float sign = size < 0.0 ? -1.0F : 1.0F;
  free_slopes(gradient, sign, box, candidate, slope);
  sorted.assign(slope.begin(), slope.end());
  keep = std::clamp<std::size_t>(keep, 1, gradient.size());
  const auto last = sorted.begin() + static_cast<std::ptrdiff_t>(keep - 1);
  std::ranges::nth_element(sorted, last, std::greater());
  // The least positive float32 as threshold leaves zeros out.
  const float least = std::max(*last, std::numeric_limits<float>::denorm_min());
  const auto count = std::ranges::count_if(slope, [=](float s) { return s >= least; });
  if (count == 0) return;
  const double share = std::abs(size) / static_cast<double>(count);
  for (std::size_t d = 0; d < gradient.size(); ++d) {
    if (slope[d] < least) continue;
    const double moved = sign * gradient[d] > 0.0F ? share : -share;
    candidate[d] = static_cast<float>(double{candidate[d]} + moved);
  }
}

}  // namespace gibbon::attacks
