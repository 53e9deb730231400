// SPDX-License-Identifier: MIT
#pragma once

#include "eval/sweep/sweep.hpp"

namespace gibbon::eval::sweep {

/// Gives every target of the plan its class by number or name (datasets::find_class()). Throws a
/// usage Error that names the attack when there is none of that name, or more than one.
void resolve_targets(SweepPlan& plan, const std::vector<std::string>& class_names);

/// Leaves out the samples of classes that some entry of the plan cannot attack, since all it does
/// is aim at that very class: they would count as robust. One n for all rows; how many these were
/// is noted. Throws a usage Error when no sample is left.
void leave_out_targets(const SweepPlan& plan, datasets::Dataset& data);

/// Whether an entry does nothing to samples of class `label` but aim at that class.
[[nodiscard]] bool aims_only_at(const Pair& pair, int label);

}  // namespace gibbon::eval::sweep
