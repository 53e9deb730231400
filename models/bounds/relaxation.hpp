// SPDX-License-Identifier: MIT
#pragma once

#include <span>

// What bounds know of an activation σ on an interval: two lines around it and its range.
namespace gibbon::models::bounds {

struct Line {
  double slope = 0.0;
  double intercept = 0.0;
};

/// What a search for the best line may choose on [l, u]: θ in [low, high], a point where the line
/// touches σ, or for hinges the slope itself; `at` is what the line has now. Nothing to choose
/// where low == high.
struct Freedom {
  double low = 0.0;
  double high = 0.0;
  double at = 0.0;
};

/// Sound in real arithmetic for every z in [l, u]: lower(z) <= σ(z) <= upper(z), low <= σ(z) <=
/// high. The parameters are the doubles as they stand: their rounding is in the intercepts.
struct Relaxation {
  Line lower;
  Line upper;
  double low = 0.0;
  double high = 0.0;
  Freedom lower_freedom;
  Freedom upper_freedom;
};

/// How steep the lower line of a hinge is where it is not stable.
enum class SlopeRule {
  kAdaptive,  ///< the slope of the side that reaches farther: CROWN-Ada, DeepPoly
  kFastLin,   ///< that of the upper line: Fast-Lin, Wong & Kolter; smooth activations ignore it
};

/// σ(z) = z if z > 0, else a z; 0 <= a <= 1: ReLU and leaky ReLU. All NaN for another a, and when l
/// or u is not finite.
[[nodiscard]] Relaxation relax_hinge(double a, double l, double u, SlopeRule rule);

/// σ(z) = 1 / (1 + e^-z). All NaN when l or u is not finite.
[[nodiscard]] Relaxation relax_sigmoid(double l, double u);

enum class Side { kLower, kUpper };

/// Lines that touch σ at θ, as a search steps along them: `intercept` is rounded, so nothing is
/// proved by it; the change of the slope with θ makes its gradient. All of one size.
struct Tangents {
  std::span<double> slope;
  std::span<double> intercept;
  std::span<double> slope_change;
};

void follow_sigmoid(std::span<const double> theta, const Tangents& out);

/// The tightest sound line of this slope, moved into what is possible: [a, 1], [0, 1/4].
[[nodiscard]] Line line_of_hinge(double a, double slope, double l, double u, Side side);
[[nodiscard]] Line line_of_sigmoid(double slope, double l, double u, Side side);

/// All numbers NaN: nothing is known, and nothing that is computed from it certifies.
[[nodiscard]] Relaxation unknown_relaxation();

}  // namespace gibbon::models::bounds
