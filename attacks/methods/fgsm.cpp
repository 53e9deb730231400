// FGSM: one full-budget step along the sign of the loss gradient (l2: along the gradient; l1: along
// its largest coordinate).
//
// Problem   untargeted or targeted; linf, l2, l1; fixed budget
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
    return {{"boxed", "1: the best step inside ball and box together, instead of step, then clip",
             &boxed_, 0, 1}};
  }

 private:
  void search(Oracle& oracle, const Problem& problem, Workspace& /*work*/,
              MutableRows candidate) const override {
    const Rows dx = oracle.gradient(problem.x, problem.labels, scale_free_seed<float>).dx;
    for (std::size_t n = 0; n < candidate.rows; ++n) {
      if (boxed_ != 0) {
        boxed_step(problem.threat, problem.x.row(n), dx.row(n), problem.direction(),
                   candidate.row(n));
      } else {
        ascend_from_origin(problem.threat, problem.x.row(n), dx.row(n),
                           problem.direction() * problem.threat.epsilon, candidate.row(n));
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
      .kind = Kind::kFixedBudget,
      .access = Access::kGradients,
      .norms = {Norm::kLinf, Norm::kL2, Norm::kL1},
      .targeted = true,
      .make = make_attack<Fgsm>,
  };
  return info;
}

}  // namespace gibbon::attacks
