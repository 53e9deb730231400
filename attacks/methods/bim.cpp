// SPDX-License-Identifier: MIT
// BIM: the fast gradient sign method in small steps from the input itself.
//
// Problem   untargeted or targeted; linf, l2, l1; fixed budget
// Access    gradients; steps + 1 forward and `steps` backward passes per sample
// Method    x_0 = x, x_{t+1} = project(x_t + ε / steps · steepest(∇ₓJ(θ, x_t, y)))
// Property  reaches any point of the ball, but only just: a step that goes astray is not made up
//           for; deterministic
// Source    Kurakin, Goodfellow, Bengio 2017, arXiv:1607.02533, section 2.2
// Differs   hands over the first misclassified point or the one of the lowest margin, not the last;
//           scale-free seed (losses.hpp); l1 spreads a step over several coordinates (iterate.hpp)

#include "attacks/search/iterate.hpp"

namespace gibbon::attacks {
namespace {

class Bim final : public Attack {
 public:
  std::vector<Field> fields() override {
    return {{"steps", "number of steps", &steps_, 1, 100000},
            {"step", "length of a step as a share of the budget; 0: 1 / steps", &step_, 0, 10}};
  }
  [[nodiscard]] double passes(std::size_t /*classes*/) const override { return 2.0 * steps_ + 1.0; }

 private:
  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    search::ProjectedStep rule(problem, step_ > 0.0 ? step_ : 1.0 / steps_);
    search::iterate(oracle, problem, work, candidate, {.steps = steps_}, rule);
  }

  int steps_ = 10;
  double step_ = 0.0;
};

}  // namespace

const AttackInfo& bim_info() {
  static const AttackInfo info{
      .name = "bim",
      .aliases = "i-fgsm ifgsm basic-iterative",
      .summary = "Basic iterative method: gradient sign steps of ε / steps from the input.",
      .formula = "x' = P(x' + ε / steps · sign(∇ₓJ(θ, x', y))), 10 times, from x' = x",
      .source = "Kurakin et al. 2017, arXiv:1607.02533",
      .kind = Kind::kFixedBudget,
      .access = Access::kGradients,
      .norms = length_norms(),
      .targeted = true,
      .make = make_attack<Bim>,
  };
  return info;
}

}  // namespace gibbon::attacks
