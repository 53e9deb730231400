// SPDX-License-Identifier: MIT
// Uniform noise: a control. A point drawn evenly from the ball, which an attack must beat by far.
//
// Problem   linf, l2, l1; fixed budget; does not look at the model
// Access    none
// Method    linf: each feature U(-ε, ε); l2: a Gaussian direction, length ε · U^(1/D);
//           l1: random signs, sizes ε · E_i / Σ(E_1 … E_{D+1}) with E exponential; then clip
// Property  ε is not a key of the draw: one sample's noise keeps its direction over a sweep
// Source    Calafiore, Dabbene & Tempo 1999 (even draws from lp balls); as start in
//           arXiv:1706.06083

#include "attacks/search/starts.hpp"

namespace gibbon::attacks {
namespace {

class NoiseUniform final : public Attack {
 public:
  [[nodiscard]] double passes(std::size_t /*classes*/) const override { return 0.0; }

 private:
  void search(Oracle& /*oracle*/, const Problem& problem, Workspace& /*work*/,
              MutableRows candidate) const override {
    for (std::size_t n = 0; n < candidate.rows; ++n) {
      Rng rng(problem.seed, problem.ids[n], "noise-uniform");
      std::ranges::copy(problem.x.row(n), candidate.row(n).begin());
      search::add_ball_noise(problem.norm, problem.epsilons[n], rng, candidate.row(n));
      project(problem.threat(n), problem.x.row(n), candidate.row(n));
    }
  }
};

}  // namespace

const AttackInfo& noise_uniform_info() {
  static const AttackInfo info{
      .name = "noise-uniform",
      .aliases = "uniform-noise",
      .summary = "Control: noise drawn evenly from the ball of the same budget.",
      .formula = "x' = clip(x + u), u uniform in { ||u|| <= ε }",
      .source = "control; even draws from lp balls: Calafiore et al. 1999",
      .kind = Kind::kControl,
      .access = Access::kNone,
      .norms = length_norms(),
      .targeted = false,
      .make = make_attack<NoiseUniform>,
  };
  return info;
}

}  // namespace gibbon::attacks
