#pragma once

// What bounds know of an activation σ on an interval: two lines around it and its range.
namespace gibbon::models {

struct Line {
  double slope = 0.0;
  double intercept = 0.0;
};

/// Sound in real arithmetic for every z in [l, u]: lower(z) <= σ(z) <= upper(z), low <= σ(z) <=
/// high. The parameters are the doubles as they stand: their rounding is in the intercepts.
struct Relaxation {
  Line lower;
  Line upper;
  double low = 0.0;
  double high = 0.0;
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

/// All numbers NaN: nothing is known, and nothing that is computed from it certifies.
[[nodiscard]] Relaxation unknown_relaxation();

}  // namespace gibbon::models
