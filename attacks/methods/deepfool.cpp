// SPDX-License-Identifier: MIT
// DeepFool: steps to the nearest decision boundary of the network as it looks from the current
// point, until the class changes.
//
// Problem   untargeted; linf, l2; minimal distance
// Access    gradients; 1 forward and C - 1 backward passes per step and sample, then 10 forward
// Method    w_k = ∇(z_k - z_y), f_k = z_k - z_y, l = argmin_k |f_k| / ||w_k||_dual;
//           r += (|f_l| / ||w_l||_dual + 1e-4) · steepest(w_l); x' = clip(x + (1 + overshoot) · r)
// Property  one step reaches the boundary of a linear model; on others near it, not nearest
// Source    Moosavi-Dezfooli, Fawzi, Frossard 2016, arXiv:1511.04599, algorithm 2; lp: section 3.3
// Differs   all classes, not the ten most probable; the last point is drawn back to the boundary,
//           which takes away the overshoot; from the label, which for correct samples is the class
//           the model answers

#include "attacks/search/successes.hpp"

namespace gibbon::attacks {
namespace {

/// Added to every step, in input units: a step that ends on the boundary has not crossed it.
constexpr double kExtra = 1e-4;

class DeepFool final : public Attack {
 public:
  std::vector<Field> fields() override {
    return {{"steps", "steps at most", &steps_, 1, 100000},
            {"overshoot", "share of the way added to it", &overshoot_, 0.0, 10.0}};
  }
  [[nodiscard]] double passes(std::size_t classes) const override {
    // Ten steps are usual, whatever `steps` allows.
    return static_cast<double>(std::min(steps_, 10)) * static_cast<double>(classes) +
           search::kShrinkRounds;
  }

 private:
  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    const std::size_t samples = problem.size();
    const std::size_t classes = oracle.num_classes();
    search::Successes successes(problem, work, candidate);
    const MutableRows points = work.rows(samples, problem.x.cols);
    const MutableRows moved = work.rows(samples, problem.x.cols);    // r
    const MutableRows nearest = work.rows(samples, problem.x.cols);  // w_l
    const MutableRows logits = work.rows(samples, classes);
    const std::span<double> way = work.take<double>(samples);  // |f_l| / ||w_l||_dual
    std::ranges::copy(problem.x.flat(), points.data);
    std::ranges::fill(moved.flat(), 0.0F);
    Active active(work, samples);
    for (int step = 0; step <= steps_; ++step) {
      active.afford(oracle, step < steps_ ? classes : 1);
      if (active.empty()) break;
      const Rows z = oracle.logits(oracle.pack(points, active.items()), active.items());
      std::ranges::copy(z.flat(), logits.data);
      if (step < steps_) find_nearest(oracle, problem, active.items(), logits, way, nearest);
      active.keep_if([&](auto k, auto n) {
        if (!succeeded(logits.row(k), problem.labels[n], false)) return std::isfinite(way[n]);
        successes.offer(n, points.row(n));
        return false;
      });
      for (const std::uint32_t n : active.items()) {
        steepest_step(problem.norm, nearest.row(n), way[n] + kExtra, moved.row(n));
        const Row x = problem.x.row(n);
        for (std::size_t d = 0; d < x.size(); ++d) {
          const double to = double{x[d]} + (1.0 + overshoot_) * double{moved.row(n)[d]};
          points.row(n)[d] =
              std::clamp(static_cast<float>(to), problem.domain.lower, problem.domain.upper);
        }
      }
    }
    search::shrink(oracle, problem, work, successes);
  }

  /// The boundary nearest to every active sample, and how far it is: infinitely, if no class has a
  /// gradient. logits are packed as `active`, way and nearest are not. C - 1 backward passes.
  static void find_nearest(Oracle& oracle, const Problem& problem, Owners active, Rows logits,
                           std::span<double> way, MutableRows nearest) {
    for (const std::uint32_t n : active) way[n] = std::numeric_limits<double>::infinity();
    for (std::size_t other = 0; other + 1 < logits.cols; ++other) {
      const auto rival = [&](std::size_t y) { return other < y ? other : other + 1; };
      const MutableRows seeds = oracle.seeds();
      for (std::size_t k = 0; k < active.size(); ++k) {
        const auto y = static_cast<std::size_t>(problem.labels[active[k]]);
        std::ranges::fill(seeds.row(k), 0.0F);
        seeds.row(k)[y] = -1.0F;
        seeds.row(k)[rival(y)] = 1.0F;
      }
      const Rows dx = oracle.backward(seeds);
      for (std::size_t k = 0; k < active.size(); ++k) {
        const std::uint32_t n = active[k];
        const auto y = static_cast<std::size_t>(problem.labels[n]);
        const double f = double{logits.row(k)[rival(y)]} - double{logits.row(k)[y]};
        const double slope = dual_length(problem.norm, dx.row(k));
        if (!(slope > 0.0 && std::abs(f) / slope < way[n])) continue;
        way[n] = std::abs(f) / slope;
        std::ranges::copy(dx.row(k), nearest.row(n).begin());
      }
    }
  }

  int steps_ = 50;
  double overshoot_ = 0.02;
};

}  // namespace

const AttackInfo& deepfool_info() {
  static const AttackInfo info{
      .name = "deepfool",
      .summary = "DeepFool: steps to the nearest boundary of the linearised network.",
      .formula = "x' = clip(x + 1.02 · Σ r), r = |f_l| / ||w_l|| · steepest(w_l), l nearest class",
      .source = "Moosavi-Dezfooli et al. 2016, arXiv:1511.04599",
      .kind = Kind::kMinimalDistance,
      .access = Access::kGradients,
      .norms = {Norm::kLinf, Norm::kL2},
      .targeted = false,
      .make = make_attack<DeepFool>,
  };
  return info;
}

}  // namespace gibbon::attacks
