// SPDX-License-Identifier: MIT
// Gaussian noise: a control. A normal draw per feature, scaled to the full budget.
//
// Problem   linf, l2, l1; fixed budget; does not look at the model
// Access    none
// Method    x' = clip(x + ε · g / ||g||), g ~ N(0, I), the norm being that of the budget
// Property  l2: every direction is equally likely. ε is not a key of the draw: one sample's noise
//           keeps its direction over a sweep
// Source    control; additive Gaussian noise as in Hendrycks & Dietterich 2019, arXiv:1903.12261

#include "attacks/search/starts.hpp"

namespace gibbon::attacks {
namespace {

class NoiseGaussian final : public Attack {
 public:
  [[nodiscard]] double passes(std::size_t /*classes*/) const override { return 0.0; }

 private:
  void search(Oracle& /*oracle*/, const Problem& problem, Workspace& /*work*/,
              MutableRows candidate) const override {
    for (std::size_t n = 0; n < candidate.rows; ++n) {
      const MutableRow row = candidate.row(n);
      Rng rng(problem.seed, problem.ids[n], "noise-gaussian");
      std::ranges::copy(problem.x.row(n), row.begin());
      search::add_gaussian_noise(problem.norm, problem.epsilons[n], rng, row);
      project(problem.threat(n), problem.x.row(n), row);
    }
  }
};

}  // namespace

const AttackInfo& noise_gaussian_info() {
  static const AttackInfo info{
      .name = "noise-gaussian",
      .aliases = "gaussian-noise",
      .summary = "Control: Gaussian noise scaled to the budget.",
      .formula = "x' = clip(x + ε · g / ||g||), g ~ N(0, I)",
      .source = "control; Hendrycks & Dietterich 2019, arXiv:1903.12261",
      .kind = Kind::kControl,
      .access = Access::kNone,
      .norms = length_norms(),
      .targeted = false,
      .make = make_attack<NoiseGaussian>,
  };
  return info;
}

}  // namespace gibbon::attacks
