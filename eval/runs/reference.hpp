// SPDX-License-Identifier: MIT
#pragma once

#include "datasets/dataset.hpp"
#include "eval/sweep/sweep.hpp"
#include "models/network.hpp"
#include "reports/gate/reference.hpp"

namespace gibbon::eval::runs {

/// What never changes from run to run, so that an attack that does less shows: 64 pictures of
/// 8 × 8 keyed random grey values, and a ReLU network 64-32-C of keyed random weights that is right
/// about all of them. C is 10, or `classes` where the data have more: a target has to exist.
struct ReferenceBench {
  models::Network network;
  datasets::Dataset data;
};
[[nodiscard]] ReferenceBench make_reference_bench(std::size_t classes);

/// Budgets at which strong attacks break some, about half and most of the reference pictures.
[[nodiscard]] std::vector<double> reference_epsilons(attacks::Norm norm);

/// Runs every entry of the plan, freshly made with its own knobs, in every norm on the reference
/// bench, with seed 0: nothing but the code of the attacks decides the outcome. Empty after Ctrl-C.
[[nodiscard]] std::vector<reports::gate::Strength> measure_strength(const sweep::SweepPlan& plan,
                                                                    std::size_t classes);

/// GFLOP/s of a product of 64 × 256 by 256 × 256 on one thread, best of several: what times are
/// compared beside, so that another machine is no slower attack. Takes about 30 ms.
[[nodiscard]] double measure_reference_gflops();

}  // namespace gibbon::eval::runs
