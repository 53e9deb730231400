// SPDX-License-Identifier: MIT
#pragma once

#include "attacks/attack.hpp"

namespace gibbon::attacks::search {

/// The knobs of FAB and of its targeted variant, with the defaults of the paper.
struct FabSettings {
  int steps = 100;
  int restarts = 1;        ///< runs in all: the first from x, the others from random points
  int targets = 0;         ///< runs towards so many runner-up classes; 0: the nearest of all
  double alpha_max = 0.1;  ///< largest weight of the step from x
  double eta = 1.05;       ///< how far a step goes beyond the hyperplane
  double beta = 0.9;       ///< what is kept of the way from x after a success
};

/// Fast adaptive boundary walk: alternates projections of the current point and of x onto the
/// linearised boundary with steps back towards x after each success. Croce & Hein 2020,
/// arXiv:1907.02044. `candidate` gets the nearest success within reach, else x. Passes per step:
/// two forward, and one backward per class looked at.
void fab_search(Oracle& oracle, const Problem& problem, Workspace& work, MutableRows candidate,
                const FabSettings& settings, std::string_view purpose);

/// The knobs that both variants have.
[[nodiscard]] std::vector<Field> fab_fields(FabSettings& settings);

}  // namespace gibbon::attacks::search
