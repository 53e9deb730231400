// SPDX-License-Identifier: MIT
// Random-sign noise: a control of exactly FGSM's size, with a coin in the place of the gradient's
// sign.
//
// Problem   linf, l2, l1; fixed budget; does not look at the model
// Access    none
// Method    x' = clip(x + s · size), s = ±1 per feature; size = ε (linf), ε / √D (l2), ε / D (l1)
// Property  ε is not a key of the draw: one sample's signs stay over a sweep
// Source    the control of Goodfellow et al. 2015, arXiv:1412.6572, section 4

#include <cmath>

#include "attacks/attack.hpp"
#include "base/rng.hpp"

namespace gibbon::attacks {
namespace {

class NoiseSign final : public Attack {
 public:
  [[nodiscard]] double passes(std::size_t /*classes*/) const override { return 0.0; }

 private:
  void search(Oracle& /*oracle*/, const Problem& problem, Workspace& /*work*/,
              MutableRows candidate) const override {
    const double share = info_of(problem.norm).diameter(1.0, candidate.cols);
    for (std::size_t n = 0; n < candidate.rows; ++n) {
      const double size = problem.epsilons[n] / share;
      Rng rng(problem.seed, problem.ids[n], "noise-sign");
      std::ranges::copy(problem.x.row(n), candidate.row(n).begin());
      std::uint64_t coins = 0;
      for (std::size_t d = 0; d < candidate.cols; ++d) {
        if (d % 64 == 0) coins = rng.bits();
        float& value = candidate.row(n)[d];
        value = static_cast<float>(double{value} + ((coins & 1U) != 0 ? size : -size));
        coins >>= 1U;
      }
      project(problem.threat(n), problem.x.row(n), candidate.row(n));
    }
  }
};

}  // namespace

const AttackInfo& noise_sign_info() {
  static const AttackInfo info{
      .name = "noise-sign",
      .summary = "Control: random signs at FGSM's full step size.",
      .formula = "x' = clip(x + ε · s), s = ±1 at random",
      .source = "control of Goodfellow et al. 2015, arXiv:1412.6572, section 4",
      .kind = Kind::kControl,
      .access = Access::kNone,
      .norms = length_norms(),
      .targeted = false,
      .make = make_attack<NoiseSign>,
  };
  return info;
}

}  // namespace gibbon::attacks
