// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "base/norm.hpp"
#include "base/tensor.hpp"

namespace gibbon::attacks {

using gibbon::find_norm;
using gibbon::kNorms;
using gibbon::Norm;
using gibbon::to_string;

/// The norms in which a budget is a length: those of attacks that know no more of a norm than
/// NormInfo says. linf, l2, l1.
[[nodiscard]] std::vector<Norm> length_norms();

/// What the adversary may do: move x within { x' : ||x' - x||_norm <= epsilon, x' in domain }.
/// epsilon is in input units: for pixels scaled to [0, 1], 8/255 is 0.0313…; for l0 it is a number
/// of input values. Infinity: anywhere in the domain.
struct ThreatModel {
  Norm norm = Norm::kLinf;
  double epsilon = 0.0;
  Box domain;

  /// Largest distance a candidate may be found at: epsilon itself for linf and l0, epsilon ·
  /// (1 + 1e-6) for l2 and l1, whose float32 candidates cannot always lie on the sphere.
  [[nodiscard]] double reach() const;
};

/// ||candidate - origin|| in the given norm, in double.
[[nodiscard]] double distance(Norm norm, Row origin, Row candidate);

/// ||gradient|| in the dual norm: the slope of the loss per unit of the norm's steepest step. l0,
/// which is no norm, goes by the largest entry, as l1 does.
[[nodiscard]] double dual_length(Norm norm, Row gradient);

/// Moves `candidate` into ball ∩ box of an origin that lies in the box. linf: clamps to bounds that
/// are rounded towards the origin. l2: scales towards the origin, then clips. l1: Euclidean
/// projection on ball ∩ box (Duchi et al. 2008; Croce & Hein 2021). The result is within reach().
void project(const ThreatModel& threat, Row origin, MutableRow candidate);

/// candidate += size · argmax_{||d|| <= 1} <gradient, d>: sign for linf (sign(0) = 0), unit
/// gradient for l2, all weight on the largest |gradient| for l1 and l0, ties shared. A zero
/// gradient moves nothing.
void steepest_step(Norm norm, Row gradient, double size, MutableRow candidate);

/// steepest_step(), then project(): same bits, one pass over memory for linf. What loops call.
void ascend(const ThreatModel& threat, Row origin, Row gradient, double size, MutableRow candidate);

/// candidate = origin, then ascend(): candidate is overwritten without being read. The single step
/// of FGSM; on a small network copying the origin first would take as long as the layers.
void ascend_from_origin(const ThreatModel& threat, Row origin, Row gradient, double size,
                        MutableRow candidate);

/// previous = P(x + pull · (v - x) + (1 - pull) · (x - previous)), v = P(x + size · S(gradient)): P
/// as project(), S as in steepest_step(). The step of APGD; `previous`, the point before x, is
/// overwritten by the point after it. One pass over memory for linf, where the inner projection
/// goes by float32 bounds that may be one rounding off.
void ascend_with_momentum(const ThreatModel& threat, Row origin, Row x, Row gradient, double size,
                          double pull, MutableRow previous);

/// candidate = origin + argmax <gradient, d> over ball ∩ box exactly, times the sign of
/// `direction`. l1: coordinates are filled by falling |gradient| up to the side of the box; l2:
/// clamp(λ · gradient) with the λ that spends the budget; not for l0 (logic_error).
void boxed_step(const ThreatModel& threat, Row origin, Row gradient, double direction,
                MutableRow candidate);

}  // namespace gibbon::attacks
