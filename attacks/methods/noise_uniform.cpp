// Uniform noise: a control. A point drawn evenly from the ball, which an attack must beat by far.
//
// Problem   linf, l2, l1; fixed budget; does not look at the model
// Access    none
// Method    linf: each feature U(-ε, ε); l2: a Gaussian direction, length ε · U^(1/D);
//           l1: random signs, sizes ε · E_i / Σ(E_1 … E_{D+1}) with E exponential; then clip
// Property  ε is not a key of the draw: one sample's noise keeps its direction over a sweep
// Source    Calafiore, Dabbene & Tempo 1999 (even draws from lp balls); as start in
// arXiv:1706.06083

#include <cmath>

#include "attacks/attack.hpp"
#include "datasets/rng.hpp"

namespace gibbon::attacks {
namespace {

class NoiseUniform final : public Attack {
 public:
  double passes(std::size_t /*classes*/) const override { return 0.0; }

 private:
  void search(Oracle& /*oracle*/, const Problem& problem, Workspace& /*work*/,
              MutableRows candidate) const override {
    for (std::size_t n = 0; n < candidate.rows; ++n) {
      Rng rng(problem.seed, problem.ids[n], "noise-uniform");
      std::ranges::copy(problem.x.row(n), candidate.row(n).begin());
      add_noise(problem.threat(n), rng, candidate.row(n));
      project(problem.threat(n), problem.x.row(n), candidate.row(n));
    }
  }

  static void add_noise(const ThreatModel& threat, Rng& rng, MutableRow row) {
    const auto add = [](float& value, double noise) {
      value = static_cast<float>(double{value} + noise);
    };
    switch (threat.norm) {
      case Norm::kLinf:
        for (float& value : row) add(value, threat.epsilon * (2.0 * rng.unit() - 1.0));
        return;
      case Norm::kL2: {
        // Two passes over the same stream, the first for the length: no buffer.
        Rng again = rng;
        double squares = 0.0;
        for (std::size_t d = 0; d < row.size(); ++d) {
          const double g = rng.normal();
          squares += g * g;
        }
        const double radius = std::pow(rng.unit(), 1.0 / static_cast<double>(row.size()));
        const double scale = threat.epsilon * radius / std::sqrt(squares);
        for (float& value : row) add(value, scale * again.normal());
        return;
      }
      case Norm::kL1: {
        Rng again = rng;
        double total = 0.0;
        for (std::size_t d = 0; d < row.size(); ++d) {
          total += rng.exponential();
          rng.bits();  // the sign's draw
        }
        total += rng.exponential();
        for (float& value : row) {
          const double size = threat.epsilon * again.exponential() / total;
          add(value, (again.bits() & 1U) != 0 ? size : -size);
        }
        return;
      }
      case Norm::kL0: throw std::logic_error("noise-uniform: not for l0");
    }
  }
};

}  // namespace

const AttackInfo& noise_uniform_info() {
  static const AttackInfo info{
      .name = "noise-uniform",
      .summary = "Control: noise drawn evenly from the ball of the same budget.",
      .formula = "x' = clip(x + u), u uniform in { ||u|| <= ε }",
      .source = "control; even draws from lp balls: Calafiore et al. 1999",
      .kind = Kind::kControl,
      .access = Access::kNone,
      .norms = {Norm::kLinf, Norm::kL2, Norm::kL1},
      .targeted = false,
      .make = make_attack<NoiseUniform>,
  };
  return info;
}

}  // namespace gibbon::attacks
