// SPDX-License-Identifier: MIT
// FMN: fast minimum norm. Steps along the gradient of the margin inside a ball around x that
// shrinks while the model is fooled and grows while it is not; its first radius is the distance to
// the boundary of the linearised model.
//
// Problem   untargeted or targeted; linf, l2, l1, l0; minimal distance
// Access    gradients; `steps` forward and backward passes per sample, then 1 + 10 forward
// Method    f = max_{j≠y} z_j - z_y, g = ∇f at x + δ. ε = min(ε (1 - γ_t), ||best||) where f > 0;
//           ε (1 + γ_t) elsewhere once there was a success, before that ||δ|| + |f| / ||g||_dual;
//           δ = clip(project(δ + α_t · g / ||g||_2, ε)); α and γ fall along a cosine.
//           l0: ε starts at 1 and changes by 1 at least; the ε largest |δ_i| stay
// Property  finds the optimum of two-class linear models
// Source    Pintor et al. 2021, arXiv:2102.12827, algorithm 1
// Differs   before the first success ε grows by γ_t at least: what the box cuts off the step would
//           else be as much as |f| / ||g|| adds, for ever (l2, l1: 4 to 21 % of MNIST never
//           found); projects onto the l2 ball (one widespread version scales by norm / norm = 1);
//           the nearest success is drawn back to the boundary, l0: to fewer features (10 forward
//           passes)

#include "attacks/search/running_ball.hpp"
#include "attacks/search/schedule.hpp"
#include "attacks/search/successes.hpp"

namespace gibbon::attacks {
namespace {

class Fmn final : public Attack {
 public:
  std::vector<Field> fields() override {
    return {{"steps", "gradients per sample", &steps_, 1, 1000000},
            {"step", "first step size, l2, input units; falls to a hundredth", &step_, 0.0, 1e6},
            {"gamma", "first share by which the ball grows or shrinks; falls to a fiftieth",
             &gamma_, 0.0, 0.99}};
  }
  [[nodiscard]] double passes(std::size_t /*classes*/) const override {
    return 2.0 * steps_ + 1.0 + search::kShrinkRounds;
  }

 private:
  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    const std::size_t samples = problem.size();
    search::Successes successes(problem, work, candidate);
    const MutableRows points = work.rows(samples, problem.x.cols);
    const std::span<double> radius = work.take<double>(samples);
    const search::MoveScratch scratch(work, problem.x.cols);
    std::ranges::copy(problem.x.flat(), points.data);
    std::ranges::fill(radius,
                      info_of(problem.norm).counts ? 1.0 : std::numeric_limits<double>::infinity());
    Active active(work, samples);
    for (int t = 0; t < steps_; ++t) {
      active.afford(oracle, 2);
      if (active.empty()) break;
      const auto [logits, dx] = oracle.gradient(oracle.pack(points, active.items()), problem.labels,
                                                margin_seed<float>, active.items());
      const double alpha = search::cosine_decay(step_, 0.01 * step_, t, steps_);
      const double gamma = search::cosine_decay(gamma_, 0.02 * gamma_, t, steps_);
      active.keep_if([&](auto k, auto n) {
        const bool fooled = succeeded(logits.row(k), problem.labels[n], problem.targeted);
        if (fooled) successes.offer(n, points.row(n));
        if (successes.done(n)) return false;
        const double slope = dual_length(Norm::kL2, dx.row(k));
        if (!(slope > 0.0)) return true;  // no way to go; another point only by another attack
        const double f{margin(logits.row(k), problem.labels[n])};
        radius[n] = next_radius(problem, n, fooled, gamma, successes, radius[n], [&] {
          return distance(problem.norm, problem.x.row(n), points.row(n)) +
                 std::abs(f) / dual_length(problem.norm, dx.row(k));
        });
        search::move_in_ball({problem.norm, radius[n], problem.domain}, problem.x.row(n), dx.row(k),
                             problem.direction() * alpha / slope, scratch, points.row(n));
        return true;
      });
    }
    search::offer_where_fooled(oracle, problem, active, points, successes);
    search::shrink(oracle, problem, work, successes);
  }

  /// `linear`: distance at which the linearised model changes class.
  template <class Linear>
  static double next_radius(const Problem& problem, std::size_t n, bool fooled, double gamma,
                            const search::Successes& successes, double radius, Linear linear) {
    if (info_of(problem.norm).counts) {
      const double next =
          fooled
              ? std::min({radius - 1.0, std::floor(radius * (1.0 - gamma)), successes.distance(n)})
              : std::max(radius + 1.0, std::floor(radius * (1.0 + gamma)));
      return std::clamp(next, 1.0, static_cast<double>(problem.x.cols));
    }
    if (fooled) return std::min(radius * (1.0 - gamma), successes.distance(n));
    if (successes.found(n)) return radius * (1.0 + gamma);
    return std::isinf(radius) ? linear() : std::max(linear(), radius * (1.0 + gamma));
  }

  int steps_ = 100;
  double step_ = 1.0;
  double gamma_ = 0.05;
};

}  // namespace

const AttackInfo& fmn_info() {
  static const AttackInfo info{
      .name = "fmn",
      .summary = "Fast minimum norm: gradient steps in a ball that follows the boundary.",
      .formula = "x' = clip(x + project(δ + α_t · g / ||g||_2, ε_t)), ε_t *= 1 ∓ γ_t",
      .source = "Pintor et al. 2021, arXiv:2102.12827",
      .kind = Kind::kMinimalDistance,
      .access = Access::kGradients,
      .norms = {Norm::kLinf, Norm::kL2, Norm::kL1, Norm::kL0},
      .targeted = true,
      .make = make_attack<Fmn>,
  };
  return info;
}

}  // namespace gibbon::attacks
