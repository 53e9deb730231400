// SPDX-License-Identifier: MIT
// R+FGSM: a random sign step, then FGSM from there with what is left of the budget.
//
// Problem   untargeted or targeted; linf; fixed budget
// Access    gradients; 1 forward and 1 backward pass per sample
// Method    x_1 = clip(x + a · sign(N(0, I))), x' = clip(x_1 + (ε - a) · sign(∇ₓJ(θ, x_1, y)))
// Property  leaves the point where single-step training hides the gradient; on a linear model only
//           the second step is sure to help, so it is weaker there than FGSM
// Source    Tramèr et al. 2018, arXiv:1705.07204, section 4.1
// Differs   scale-free seed (losses.hpp); keeps x_1 where that is misclassified already

#include "attacks/attack.hpp"
#include "base/rng.hpp"

namespace gibbon::attacks {
namespace {

class RFgsm final : public Attack {
 public:
  std::vector<Field> fields() override {
    return {{"alpha", "the random step as a share of the budget", &alpha_, 0, 1}};
  }
  [[nodiscard]] double passes(std::size_t /*classes*/) const override { return 2.0; }

 private:
  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    for (std::size_t n = 0; n < problem.size(); ++n) {
      random_step(problem, n, candidate.row(n));
      project(problem.threat(n), problem.x.row(n), candidate.row(n));
    }
    Active active(work, problem.size());
    active.afford(oracle, 2);
    if (active.empty()) return;
    const Oracle::Gradient got =
        oracle.gradient(oracle.pack(candidate, active.items()), problem.labels,
                        scale_free_seed<float>, active.items());
    for (std::size_t k = 0; k < active.size(); ++k) {
      const std::size_t n = active[k];
      if (succeeded(got.logits.row(k), problem.labels[n], problem.targeted)) continue;
      const double size = (1.0 - alpha_) * problem.epsilons[n];
      ascend(problem.threat(n), problem.x.row(n), got.dx.row(k), problem.direction() * size,
             candidate.row(n));
    }
  }

  void random_step(const Problem& problem, std::size_t n, MutableRow row) const {
    Rng rng(problem.seed, problem.ids[n], "r-fgsm");
    const auto size = static_cast<float>(alpha_ * problem.epsilons[n]);
    std::uint64_t coins = 0;
    for (std::size_t d = 0; d < row.size(); ++d) {
      if (d % 64 == 0) coins = rng.bits();
      row[d] = problem.x.row(n)[d] + ((coins >> 63U) != 0 ? size : -size);
      coins <<= 1U;
    }
  }

  double alpha_ = 0.5;
};

}  // namespace

const AttackInfo& r_fgsm_info() {
  static const AttackInfo info{
      .name = "r-fgsm",
      .aliases = "rfgsm fgsm-rs",
      .summary = "Random sign step, then a gradient sign step with the rest of the budget.",
      .formula =
          "x₁ = clip(x + ε/2 · s), s = ±1 at random; x' = clip(x₁ + ε/2 · sign(∇ₓJ(θ, x₁, y)))",
      .source = "Tramèr et al. 2018, arXiv:1705.07204",
      .kind = Kind::kSingleStep,
      .access = Access::kGradients,
      .norms = {Norm::kLinf},
      .targeted = true,
      .make = make_attack<RFgsm>,
  };
  return info;
}

}  // namespace gibbon::attacks
