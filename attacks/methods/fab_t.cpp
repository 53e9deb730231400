// SPDX-License-Identifier: MIT
// FAB-T: FAB with one run towards each of the classes that come next, as AutoAttack uses it.
//
// Problem   untargeted; linf, l2, l1; minimal distance
// Access    gradients; per step and target 2 forward passes and 1 backward pass
// Method    FAB with l fixed to the class of clean-logit rank 2, 3, …, `targets` + 1 in turn; any
//           wrong answer counts
// Property  one gradient per step instead of C - 1; needs as many runs as targets
// Source    Croce & Hein 2020, arXiv:1907.02044; targets: arXiv:2003.01690, section 5
// Differs   as FAB does

#include "attacks/search/fab_search.hpp"

namespace gibbon::attacks {
namespace {

class FabT final : public Attack {
 public:
  FabT() { settings_.targets = 9; }
  std::vector<Field> fields() override {
    std::vector<Field> fields = search::fab_fields(settings_);
    fields.push_back({"targets", "number of target classes, in order of their clean logits",
                      &settings_.targets, 1, 1000});
    return fields;
  }
  [[nodiscard]] double passes(std::size_t classes) const override {
    const double targets = std::min(settings_.targets, static_cast<int>(classes) - 1);
    return 3.0 * settings_.steps * settings_.restarts * targets;
  }

 private:
  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    search::fab_search(oracle, problem, work, candidate, settings_, "fab-t");
  }

  search::FabSettings settings_;
};

}  // namespace

const AttackInfo& fab_t_info() {
  static const AttackInfo info{
      .name = "fab-t",
      .summary = "Targeted FAB: one boundary walk towards each runner-up class.",
      .formula = "FAB with the class fixed, clean-logit ranks 2 … targets + 1",
      .source = "Croce & Hein 2020, arXiv:1907.02044 and arXiv:2003.01690",
      .kind = Kind::kMinimalDistance,
      .access = Access::kGradients,
      .norms = {Norm::kLinf, Norm::kL2, Norm::kL1},
      .targeted = false,
      .make = make_attack<FabT>,
  };
  return info;
}

}  // namespace gibbon::attacks
