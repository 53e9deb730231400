// SPDX-License-Identifier: MIT
// FAB: a walk along the decision boundary that is drawn back towards x after every success.
//
// Problem   untargeted; linf, l2, l1; minimal distance
// Access    gradients; per step and run 2 forward passes and one backward pass per other class
// Method    l = argmin |z_l - z_y| / ||∇(z_l - z_y)||_dual; d1, d2 = shortest moves of u and x onto
//           { z_l = z_y, linearised at u } ∩ box; u = clip((1-α)(u + η d1) + α(x + η d2)),
//           α = min(|d1| / (|d1| + |d2|), α_max); after a success u = x + β(u - x)
// Property  no step size; indifferent to the scale of the logits; near the optimum of linear models
// Source    Croce & Hein 2020, arXiv:1907.02044, algorithm 1
// Differs   the point drawn back counts, too, where it still fools the model: its logits are known;
//           projections without sorting (hyperplane.hpp); no final search, as in AutoAttack

#include "attacks/search/fab_search.hpp"

namespace gibbon::attacks {
namespace {

class Fab final : public Attack {
 public:
  std::vector<Field> fields() override { return search::fab_fields(settings_); }
  [[nodiscard]] double passes(std::size_t classes) const override {
    return static_cast<double>(settings_.steps) * settings_.restarts *
           (1.0 + static_cast<double>(classes));
  }

 private:
  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    search::fab_search(oracle, problem, work, candidate, settings_, "fab");
  }

  search::FabSettings settings_;
};

}  // namespace

const AttackInfo& fab_info() {
  static const AttackInfo info{
      .name = "fab",
      .summary = "Fast adaptive boundary attack: nearest success along the boundary, all classes.",
      .formula = "x' = clip((1-α)(u + η d1) + α(x + η d2)), nearest success kept",
      .source = "Croce & Hein 2020, arXiv:1907.02044",
      .kind = Kind::kMinimalDistance,
      .access = Access::kGradients,
      .norms = {Norm::kLinf, Norm::kL2, Norm::kL1},
      .targeted = false,
      .make = make_attack<Fab>,
  };
  return info;
}

}  // namespace gibbon::attacks
