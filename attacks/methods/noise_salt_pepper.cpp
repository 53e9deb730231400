// SPDX-License-Identifier: MIT
// Salt-and-pepper noise: a control. Features in random order go to one side of the box or the
// other, by a coin, until the budget is spent.
//
// Problem   linf, l2, l1, l0; fixed budget; does not look at the model
// Access    none
// Method    l0: ε features; l1, l2: as many as fit, the last one part of the way; linf: all, each
//           by no more than ε
// Property  a larger budget moves the same features and then more: ε is no key of the draw
// Source    control; as in Foolbox's salt-and-pepper attack: Rauber et al. 2017, arXiv:1707.04131
// Differs   the budget says how many features, where Foolbox raises their share until the
//           model errs

#include <cmath>
#include <numeric>

#include "attacks/attack.hpp"
#include "base/rng.hpp"

namespace gibbon::attacks {
namespace {

class NoiseSaltPepper final : public Attack {
 public:
  [[nodiscard]] double passes(std::size_t /*classes*/) const override { return 0.0; }

 private:
  void search(Oracle& /*oracle*/, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    const std::span<std::uint32_t> order = work.take<std::uint32_t>(candidate.cols);
    for (std::size_t n = 0; n < candidate.rows; ++n) {
      std::ranges::copy(problem.x.row(n), candidate.row(n).begin());
      Rng rng(problem.seed, problem.ids[n], "noise-salt-pepper");
      std::iota(order.begin(), order.end(), 0U);
      shuffle(order, rng);
      sprinkle(problem.threat(n), order, rng, candidate.row(n));
      project(problem.threat(n), problem.x.row(n), candidate.row(n));
    }
  }

  /// Of a budget in the norm's own measure (l2: squares) every feature takes its share.
  static void sprinkle(const ThreatModel& threat, std::span<const std::uint32_t> order, Rng& rng,
                       MutableRow row) {
    double left = threat.norm == Norm::kL2 ? threat.epsilon * threat.epsilon : threat.epsilon;
    for (const std::uint32_t d : order) {
      const bool salt = (rng.bits() >> 63U) != 0;
      const float side = salt ? threat.domain.upper : threat.domain.lower;
      const double way = double{side} - double{row[d]};
      if (way == 0.0) continue;
      double length = std::abs(way);
      if (threat.norm == Norm::kLinf) {
        length = std::min(length, threat.epsilon);
      } else if (threat.norm == Norm::kL2) {
        length = std::min(length, std::sqrt(left));
        left = std::max(0.0, left - length * length);
      } else if (threat.norm == Norm::kL1) {
        length = std::min(length, left);
        left -= length;
      } else {  // l0
        if (left < 1.0) return;
        left -= 1.0;
      }
      row[d] = length == std::abs(way)
                   ? side
                   : static_cast<float>(double{row[d]} + std::copysign(length, way));
      if (left <= 0.0) return;
    }
  }
};

}  // namespace

const AttackInfo& noise_salt_pepper_info() {
  static const AttackInfo info{
      .name = "noise-salt-pepper",
      .aliases = "salt-and-pepper salt-pepper",
      .summary =
          "Control: random features go to a random side of the box, as many as the budget "
          "allows.",
      .formula = "x'_i = lower or upper for i in random order until ||x' - x|| = ε",
      .source = "control; Rauber et al. 2017 (Foolbox), arXiv:1707.04131",
      .kind = Kind::kControl,
      .access = Access::kNone,
      .norms = {Norm::kLinf, Norm::kL2, Norm::kL1, Norm::kL0},
      .targeted = false,
      .make = make_attack<NoiseSaltPepper>,
  };
  return info;
}

}  // namespace gibbon::attacks
