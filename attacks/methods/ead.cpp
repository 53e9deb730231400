// SPDX-License-Identifier: MIT
// EAD: elastic-net attack. C&W's objective with an l1 term, minimised by FISTA: gradient steps on
// the smooth part, then every change is shrunk by a constant, so that small ones vanish.
//
// Problem   untargeted or targeted; l1; minimal distance
// Access    gradients; at most rounds · steps · (2 forward + 1 backward) passes per sample, 1
//           forward
// Method    v' = S_β(y - a_k ∇g(y)), y' = v' + k / (k + 3) · (v' - v), g = c · hinge + ||y - x||²;
//           S_β shrinks y - x by β, then clips; a_k = step · sqrt(1 - k / steps); c as in C&W
// Property  the nearest v by l1 that succeeds, over all steps and all c
// Source    Chen et al. 2018, arXiv:1709.04114, algorithm 1 and section "EAD"
// Differs   β = 0.01, the paper's 0.001 leaves l1 distances almost half larger on MNIST; the l1
//           rule only; success is that of v, never of the extrapolated y

#include "attacks/search/hinge.hpp"
#include "base/simd.hpp"

namespace gibbon::attacks {
namespace {

/// One step of FISTA. On entry y is where dx = ∂hinge/∂y was taken and v the last iterate; both are
/// overwritten by the next. momentum = k / (k + 3).
GIBBON_SIMD void fista_step(Row x, Row dx, float c, float step, float beta, float momentum, Box box,
                            MutableRow v, MutableRow y) {
  for (std::size_t d = 0; d < x.size(); ++d) {
    const float delta = y[d] - x[d] - step * (2.0F * (y[d] - x[d]) + c * dx[d]);
    const float size = std::max(std::abs(delta) - beta, 0.0F);
    const float moved = x[d] + (delta < 0.0F ? -size : size);
    const float next = std::min(std::max(moved, box.lower), box.upper);
    y[d] = next + momentum * (next - v[d]);
    v[d] = next;
  }
}

class Ead final : public Attack {
 public:
  std::vector<Field> fields() override {
    return {{"steps", "FISTA steps per round", &steps_, 1, 1000000},
            {"rounds", "values of c tried", &rounds_, 1, 100},
            {"c", "first weight of the hinge", &c_, 1e-9, 1e9},
            {"step", "first step size; falls to 0 as a square root", &step_, 0.0, 10.0},
            {"beta", "shrinkage of each change per step, input units; the paper: 0.001", &beta_,
             0.0, 1.0},
            {"confidence", "margin that a success has to have, in logits", &confidence_, 0.0, 1e6}};
  }
  [[nodiscard]] double passes(std::size_t /*classes*/) const override {
    return 3.0 * rounds_ * steps_ + 1.0;
  }

 private:
  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    const std::size_t samples = problem.size();
    const search::Hinge hinge{confidence_, problem.targeted};
    search::Successes successes(problem, work, candidate);
    search::ConstantSearch search(work, samples, c_);
    search::Plateau plateau(work, samples, steps_ / 10);
    const MutableRows v = work.rows(samples, problem.x.cols);
    const MutableRows y = work.rows(samples, problem.x.cols);
    Active alive(work, samples);
    Active active(work, samples);
    search::offer_where_met(oracle, problem, alive, hinge, successes);
    for (int round = 0; round < rounds_; ++round) {
      alive.keep_if([&](auto, auto n) { return !successes.done(n); });
      alive.afford(oracle, 3);
      if (alive.empty()) return;
      if (round > 0) search.next_round();
      if (rounds_ >= 10 && round == rounds_ - 1) search.take_upper();
      plateau.restart();
      std::ranges::copy(problem.x.flat(), v.data);
      std::ranges::copy(problem.x.flat(), y.data);
      active.assign(alive);
      for (int k = 0; k < steps_; ++k) {
        active.afford(oracle, 3);
        if (active.empty()) break;
        step(oracle, problem, active, hinge, search, k, v, y);
        const Rows logits = oracle.logits(oracle.pack(v, active.items()), active.items());
        active.keep_if([&](auto i, auto n) {
          const int label = problem.labels[n];
          if (hinge.met(logits.row(i), label)) {
            search.hit(n);
            successes.offer(n, v.row(n));
            if (successes.done(n)) return false;
          }
          const double l2 = distance(Norm::kL2, problem.x.row(n), v.row(n));
          const double l1 = distance(Norm::kL1, problem.x.row(n), v.row(n));
          const double loss =
              search.c(n) * hinge.value(logits.row(i), label) + l2 * l2 + beta_ * l1;
          return !plateau.reached(n, k, loss);
        });
      }
    }
  }

  /// Step k of all active samples: one forward and one backward pass at y.
  void step(Oracle& oracle, const Problem& problem, const Active& active,
            const search::Hinge& hinge, const search::ConstantSearch& search, int k, MutableRows v,
            MutableRows y) const {
    const Rows logits = oracle.logits(oracle.pack(y, active.items()), active.items());
    const MutableRows seeds = oracle.seeds();
    for (std::size_t i = 0; i < active.size(); ++i) {
      hinge.seed(logits.row(i), problem.labels[active[i]], seeds.row(i));
    }
    const Rows dx = oracle.backward(seeds);
    const double left = 1.0 - double(k) / double(steps_);
    const double momentum = double(k) / (double(k) + 3.0);
    for (std::size_t i = 0; i < active.size(); ++i) {
      const std::uint32_t n = active[i];
      fista_step(problem.x.row(n), dx.row(i), static_cast<float>(search.c(n)),
                 static_cast<float>(step_ * std::sqrt(left)), static_cast<float>(beta_),
                 static_cast<float>(momentum), problem.domain, v.row(n), y.row(n));
    }
  }

  int steps_ = 1000;
  int rounds_ = 9;
  double c_ = 1e-3;
  double step_ = 0.01;
  double beta_ = 1e-2;
  double confidence_ = 0.0;
};

}  // namespace

const AttackInfo& ead_info() {
  static const AttackInfo info{
      .name = "ead",
      .aliases = "elastic-net",
      .summary = "Elastic-net attack: C&W's objective with an l1 term, minimised by FISTA.",
      .formula =
          "v' = S_β(y - a ∇g(y)), y' = v' + k/(k + 3) · (v' - v), g = c · hinge + ||y - x||²",
      .source = "Chen et al. 2018, arXiv:1709.04114",
      .kind = Kind::kMinimalDistance,
      .access = Access::kGradients,
      .norms = {Norm::kL1},
      .targeted = true,
      .make = make_attack<Ead>,
  };
  return info;
}

}  // namespace gibbon::attacks
