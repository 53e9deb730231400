// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "base/deadline.hpp"

namespace gibbon::eval::verify {

/// A linear form a · x + constant.
struct Affine {
  std::vector<double> slope;
  double constant = 0.0;
};

/// What a linear program says. Nothing here is trusted: the point is replayed, the multipliers make
/// a bound that is evaluated soundly.
struct LeafSolution {
  bool solved = false;
  bool feasible = false;
  double value = 0.0;               ///< least largest objective, if feasible
  std::vector<double> point;        ///< where it is, if feasible
  std::vector<double> weights;      ///< of the objectives, >= 0, sum 1, if feasible
  std::vector<double> multipliers;  ///< of the constraints, >= 0; if infeasible those of a sum that
                                    ///< is positive everywhere in the box
};

/// Minimises the largest of `objectives` over lower <= x <= upper subject to constraints >= 0, by
/// the simplex method of CLP. Throws TimeOver when the deadline passes.
[[nodiscard]] LeafSolution solve_leaf(std::span<const Affine> objectives,
                                      std::span<const Affine> constraints,
                                      std::span<const double> lower, std::span<const double> upper,
                                      const Deadline& deadline = {});

}  // namespace gibbon::eval::verify
