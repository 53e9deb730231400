// SPDX-License-Identifier: MIT
// FGSM: one full-budget step along the sign of the loss gradient (l2: along the gradient; l1: along
// its largest coordinate).
//
// Problem   untargeted or targeted; linf, l2, l1; fixed budget, single step
// Access    gradients; 1 forward and 1 backward pass per sample
// Method    x' = clip(x + epsilon · steepest(∇ₓJ(θ, x, y)))
// Property  exact for two-class linear models whose optimum lies inside the box; weak elsewhere
// Source    Goodfellow, Shlens, Szegedy 2015, arXiv:1412.6572, section 4
// Differs   scale-free seed instead of cross-entropy's: same direction, any confidence (losses.hpp)

#include "attacks/attack.hpp"

namespace gibbon::attacks {
namespace {

class Fgsm final : public Attack {
 public:
  std::vector<Field> fields() override {
    return {{"boxed", "1: best step inside ball and valid range together; 0: step, then clip",
             &boxed_, 0, 1}};
  }
  [[nodiscard]] double passes(std::size_t /*classes*/) const override { return 2.0; }

 private:
  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    Active active(work, problem.size());
    active.afford(oracle, 2);
    if (active.size() < problem.size()) std::ranges::copy(problem.x.flat(), candidate.data);
    if (active.empty()) return;
    const Rows dx = oracle.known_gradient(oracle.pack(problem.x, active.items()), problem.labels,
                                          scale_free_seed<float>, active.items());
    for (std::size_t k = 0; k < active.size(); ++k) {
      const std::size_t n = active[k];
      const ThreatModel threat = problem.threat(n);
      if (boxed_ != 0) {
        boxed_step(threat, problem.x.row(n), dx.row(k), problem.direction(), candidate.row(n));
      } else {
        ascend_from_origin(threat, problem.x.row(n), dx.row(k),
                           problem.direction() * threat.epsilon, candidate.row(n));
      }
    }
  }

  int boxed_ = 0;
};

}  // namespace

const AttackInfo& fgsm_info() {
  static const AttackInfo info{
      .name = "fgsm",
      .summary = "Fast gradient sign method: one full-budget step along the loss gradient.",
      .formula = "x' = clip(x + ε · sign(∇ₓJ(θ, x, y)))",
      .source = "Goodfellow et al. 2015, arXiv:1412.6572",
      .kind = Kind::kSingleStep,
      .access = Access::kGradients,
      .norms = length_norms(),
      .targeted = true,
      .make = make_attack<Fgsm>,
  };
  return info;
}

}  // namespace gibbon::attacks
