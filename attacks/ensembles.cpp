// SPDX-License-Identifier: MIT
#include "attacks/ensembles.hpp"

#include <algorithm>

namespace gibbon::attacks {

bool Ensemble::supports(Norm norm) const {
  return std::ranges::any_of(
      versions, [&](const Version& v) { return std::ranges::count(v.norms, norm) > 0; });
}

std::span<const Ensemble> ensembles() {
  // Order, restarts and targets of the reference (fra31/auto-attack): its l1 version has restarts
  // and a schedule of budgets instead of single runs.
  static const std::vector<Ensemble> all{
      {.name = "autoattack",
       .aliases = "auto-attack aa",
       .summary =
           "AutoAttack: four parameter-free attacks, each on the survivors of the ones before.",
       .source = "Croce & Hein 2020, arXiv:2003.01690; l1: Croce & Hein 2021, arXiv:2103.01208",
       .versions = {
           {"standard", {Norm::kLinf, Norm::kL2}, {"apgd-ce", "apgd-t", "fab-t", "square"}},
           {"standard", {Norm::kL1}, {"apgd-ce:restarts=5", "apgd-t:targets=5", "fab-t", "square"}},
           {"plus",
            {Norm::kLinf, Norm::kL2},
            {"apgd-ce:restarts=5", "apgd-dlr:restarts=5", "fab:restarts=5", "square", "apgd-t",
             "fab-t"}},
           {"plus",
            {Norm::kL1},
            {"apgd-ce:restarts=5", "apgd-dlr:restarts=5", "fab:restarts=5", "square",
             "apgd-t:targets=5", "fab-t"}},
           {"rand", {Norm::kLinf, Norm::kL2, Norm::kL1}, {"apgd-ce:eot=20", "apgd-dlr:eot=20"}}}}};
  return all;
}

}  // namespace gibbon::attacks
