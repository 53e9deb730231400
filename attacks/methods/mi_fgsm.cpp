// SPDX-License-Identifier: MIT
// MI-FGSM: BIM along a running mean of the gradients instead of the last one.
//
// Problem   untargeted or targeted; linf, l2; fixed budget
// Access    gradients; steps + 1 forward and `steps` backward passes per sample
// Method    G = momentum · G + g / ||g||_1, x_{t+1} = project(x_t + ε / steps · steepest(G)), from
//           x_0 = x and G = 0
// Property  momentum carries over small bumps of the loss; its points transfer better than BIM's;
//           deterministic
// Source    Dong et al. 2018, arXiv:1710.06081, algorithm 1
// Differs   hands over the first misclassified point or the one of the lowest margin, not the last;
//           scale-free seed (losses.hpp); a zero gradient leaves momentum · G instead of NaN

#include "attacks/search/iterate.hpp"

namespace gibbon::attacks {
namespace {

class MiFgsm final : public Attack {
 public:
  std::vector<Field> fields() override {
    return {
        {"steps", "number of steps", &steps_, 1, 100000},
        {"step", "length of a step as a share of the budget; 0: 1 / steps", &step_, 0, 10},
        {"momentum", "share of the mean gradient that is kept in each step", &momentum_, 0, 10}};
  }
  [[nodiscard]] double passes(std::size_t /*classes*/) const override { return 2.0 * steps_ + 1.0; }

 private:
  class Rule final : public search::StepRule {
   public:
    Rule(const Problem& problem, Workspace& work, double share, double momentum)
        : problem_(problem),
          mean_(work.rows(problem.size(), problem.x.cols)),
          share_(share),
          momentum_(static_cast<float>(momentum)) {}

    void begin(std::uint32_t n) override { std::ranges::fill(mean_.row(n), 0.0F); }

    void step(std::uint32_t n, Row gradient, MutableRow x) override {
      // ||g||_1 is the dual length for linf.
      const double length = dual_length(Norm::kLinf, gradient);
      const float scale = length > 0.0 ? static_cast<float>(1.0 / length) : 0.0F;
      const MutableRow mean = mean_.row(n);
      for (std::size_t d = 0; d < mean.size(); ++d) {
        mean[d] = momentum_ * mean[d] + scale * gradient[d];
      }
      ascend(problem_.threat(n), problem_.x.row(n), mean,
             problem_.direction() * share_ * problem_.epsilons[n], x);
    }

   private:
    const Problem& problem_;
    MutableRows mean_;  // G, by sample
    double share_;
    float momentum_;
  };

  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    Rule rule(problem, work, step_ > 0.0 ? step_ : 1.0 / steps_, momentum_);
    search::iterate(oracle, problem, work, candidate, {.steps = steps_}, rule);
  }

  int steps_ = 10;
  double step_ = 0.0;
  double momentum_ = 1.0;
};

}  // namespace

const AttackInfo& mi_fgsm_info() {
  static const AttackInfo info{
      .name = "mi-fgsm",
      .aliases = "mifgsm mim",
      .summary = "Momentum iterative FGSM: sign steps along a running mean of the gradients.",
      .formula = "G = μ · G + g / ||g||₁, x' = P(x' + ε / steps · sign(G)), 10 times, from x' = x",
      .source = "Dong et al. 2018, arXiv:1710.06081",
      .kind = Kind::kFixedBudget,
      .access = Access::kGradients,
      .norms = {Norm::kLinf, Norm::kL2},
      .targeted = true,
      .make = make_attack<MiFgsm>,
  };
  return info;
}

}  // namespace gibbon::attacks
