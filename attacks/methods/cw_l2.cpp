// SPDX-License-Identifier: MIT
// C&W: Carlini and Wagner's l2 attack. Adam on squared distance plus c times the margin, in a
// variable that cannot leave the box; the smallest c that succeeds is searched for.
//
// Problem   untargeted or targeted; l2; minimal distance
// Access    gradients; at most rounds · steps forward and backward passes per sample, and 1 forward
// Method    x' = lo + (hi - lo) · (tanh(w) + 1) / 2; minimize ||x' - x||² + c · max(m + κ, 0) over
//           w; c is multiplied by 10 until a success, then bisected
// Property  finds the optimum of two-class linear models; on others a local one
// Source    Carlini & Wagner 2017, arXiv:1608.04644, sections V and VI.A
// Differs   9 rounds of 1000 steps, not 10,000 (paper: 20 rounds); a round ends early as in the
//           authors' code, but no sooner than a feature on a side of the box can get away from it
//           (725 steps); the distance is that to x itself, not to the x that tanh gives back

#include "attacks/search/hinge.hpp"
#include "base/simd.hpp"
#include "models/kernels/exp.hpp"

namespace gibbon::attacks {
namespace {

/// Keeps w finite where x lies on a side of the box; there it is ± 7.25.
constexpr double kInside = 0.999999;

/// w with x = lo + (hi - lo) · (tanh(w) + 1) / 2, almost.
void to_tanh_space(Row x, Box box, MutableRow w) {
  const double width = double{box.upper} - double{box.lower};
  for (std::size_t d = 0; d < x.size(); ++d) {
    const double t = 2.0 * (double{x[d]} - double{box.lower}) / width - 1.0;
    w[d] = static_cast<float>(std::atanh(kInside * t));
  }
}

/// point = lo + (hi - lo) · (tanh(w) + 1) / 2 and slope = ∂point/∂w. With e = exp(-2|w|) the
/// distance to the nearer side is (hi - lo) · e / (1 + e), so neither cancels near the sides.
GIBBON_SIMD void from_tanh_space(Row w, Box box, MutableRow point, MutableRow slope) {
  const float width = box.upper - box.lower;
  for (std::size_t d = 0; d < w.size(); ++d) {
    const float e = models::kernels::exp_of(-2.0F * std::abs(w[d]));
    const float share = e / (1.0F + e);
    const float moved = w[d] < 0.0F ? box.lower + width * share : box.upper - width * share;
    point[d] = std::min(std::max(moved, box.lower), box.upper);
    slope[d] = 2.0F * width * share / (1.0F + e);
  }
}

/// slope becomes ∂loss/∂w = slope · (2 (point - x) + c · dx).
GIBBON_SIMD void to_gradient(Row x, Row point, Row dx, float c, MutableRow slope) {
  for (std::size_t d = 0; d < x.size(); ++d) {
    slope[d] *= 2.0F * (point[d] - x[d]) + c * dx[d];
  }
}

/// What depends on the number of the step alone: Adam's means start at 0 and are corrected for it.
struct Rates {
  Rates(int t, double rate)
      : size(static_cast<float>(rate / (1.0 - std::pow(0.9, t + 1)))),
        root(static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(0.999, t + 1)))) {}
  float size;
  float root;
};

/// One step of Adam (Kingma & Ba 2015, arXiv:1412.6980) with gradient g; means of g and of g².
GIBBON_SIMD void adam_step(Row g, Rates rates, MutableRow mean, MutableRow squares, MutableRow w) {
  constexpr float kKeepMean = 0.9F;
  constexpr float kKeepSquares = 0.999F;
  constexpr float kTiny = 1e-8F;
  for (std::size_t d = 0; d < g.size(); ++d) {
    mean[d] = kKeepMean * mean[d] + (1.0F - kKeepMean) * g[d];
    squares[d] = kKeepSquares * squares[d] + (1.0F - kKeepSquares) * g[d] * g[d];
    w[d] -= rates.size * mean[d] / (std::sqrt(squares[d]) * rates.root + kTiny);
  }
}

class CwL2 final : public Attack {
 public:
  std::vector<Field> fields() override {
    return {{"steps", "Adam steps per round; the paper: 10000", &steps_, 1, 1000000},
            {"rounds", "values of c tried; the paper: 20, its code: 9", &rounds_, 1, 100},
            {"c", "first weight of the hinge", &c_, 1e-9, 1e9},
            {"step", "Adam's learning rate, in tanh space", &step_, 0.0, 10.0},
            {"confidence", "margin that a success has to have, in logits", &confidence_, 0.0, 1e6}};
  }
  [[nodiscard]] double passes(std::size_t /*classes*/) const override {
    return 2.0 * rounds_ * steps_ + 1.0;
  }

 private:
  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    const std::size_t samples = problem.size();
    const std::size_t features = problem.x.cols;
    const search::Hinge hinge{confidence_, problem.targeted};
    search::Successes successes(problem, work, candidate);
    search::ConstantSearch search(work, samples, c_);
    search::Plateau plateau(work, samples, std::max(steps_ / 10, steps_to_leave_a_side()));
    const MutableRows first = work.rows(samples, features);
    const MutableRows w = work.rows(samples, features);
    const MutableRows mean = work.rows(samples, features);
    const MutableRows squares = work.rows(samples, features);
    const MutableRows points = work.rows(samples, features);
    const MutableRows slopes = work.rows(samples, features);
    for (std::size_t n = 0; n < samples; ++n) {
      to_tanh_space(problem.x.row(n), problem.domain, first.row(n));
    }
    Active alive(work, samples);
    Active active(work, samples);
    search::offer_where_met(oracle, problem, alive, hinge, successes);
    for (int round = 0; round < rounds_; ++round) {
      alive.keep_if([&](auto, auto n) { return !successes.done(n); });
      alive.afford(oracle, 2);
      if (alive.empty()) return;
      if (round > 0) search.next_round();
      if (rounds_ >= 10 && round == rounds_ - 1) search.take_upper();
      plateau.restart();
      std::ranges::copy(first.flat(), w.data);
      std::ranges::fill(mean.flat(), 0.0F);
      std::ranges::fill(squares.flat(), 0.0F);
      active.assign(alive);
      for (int t = 0; t < steps_; ++t) {
        active.afford(oracle, 2);
        if (active.empty()) break;
        for (const std::uint32_t n : active.items()) {
          from_tanh_space(w.row(n), problem.domain, points.row(n), slopes.row(n));
        }
        const Rows logits = oracle.logits(oracle.pack(points, active.items()), active.items());
        const MutableRows seeds = oracle.seeds();
        for (std::size_t k = 0; k < active.size(); ++k) {
          hinge.seed(logits.row(k), problem.labels[active[k]], seeds.row(k));
        }
        const Rows dx = oracle.backward(seeds);
        const Rates rates(t, step_);
        active.keep_if([&](auto k, auto n) {
          const int label = problem.labels[n];
          if (hinge.met(logits.row(k), label)) {
            search.hit(n);
            successes.offer(n, points.row(n));
            if (successes.done(n)) return false;
          }
          const double far = distance(Norm::kL2, problem.x.row(n), points.row(n));
          const double loss = far * far + search.c(n) * hinge.value(logits.row(k), label);
          if (plateau.reached(n, t, loss)) return false;
          to_gradient(problem.x.row(n), points.row(n), dx.row(k), static_cast<float>(search.c(n)),
                      slopes.row(n));
          adam_step(slopes.row(n), rates, mean.row(n), squares.row(n), w.row(n));
          return true;
        });
      }
    }
  }

  /// Where x lies on sides of the box, Adam moves by `step` a step through tanh's flat part, and
  /// the loss shows nothing of it for so long.
  [[nodiscard]] int steps_to_leave_a_side() const {
    return static_cast<int>(std::min(std::atanh(kInside) / std::max(step_, 1e-9), 1e6));
  }

  int steps_ = 1000;
  int rounds_ = 9;
  double c_ = 1e-3;
  double step_ = 0.01;
  double confidence_ = 0.0;
};

}  // namespace

const AttackInfo& cw_l2_info() {
  static const AttackInfo info{
      .name = "cw-l2",
      .aliases = "cw carlini-wagner",
      .summary =
          "Carlini and Wagner's l2 attack: Adam on squared distance plus c times the margin.",
      .formula = "minimize ||x' - x||² + c · max(m(x') + κ, 0), x' = lo + (hi - lo)(tanh(w) + 1)/2",
      .source = "Carlini & Wagner 2017, arXiv:1608.04644",
      .kind = Kind::kMinimalDistance,
      .access = Access::kGradients,
      .norms = {Norm::kL2},
      .targeted = true,
      .make = make_attack<CwL2>,
  };
  return info;
}

}  // namespace gibbon::attacks
