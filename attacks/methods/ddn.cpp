// SPDX-License-Identifier: MIT
// DDN: decoupled direction and norm. A step along the gradient, then back to a sphere around x that
// shrinks while the model is fooled and grows while it is not.
//
// Problem   untargeted or targeted; l2; minimal distance
// Access    gradients; `steps` forward and backward passes per sample, then 1 + 10 forward
// Method    δ += α_t · g / ||g||; ε *= 1 - γ where x + δ fools the model, else 1 + γ;
//           δ = clip(x + ε · δ / ||δ||) - x; α falls from `step` to a hundredth along a cosine
// Property  finds the optimum of two-class linear models
// Source    Rony et al. 2019, arXiv:1811.09600, algorithm 1
// Differs   scale-free seed instead of cross-entropy's: same direction, any confidence; 100 steps,
//           the paper's lowest budget: with the last point drawn back to the boundary (10 forward
//           passes) 1000 steps find MNIST medians 0.1 % lower; no rounding to pixel values, which
//           is the business of whoever saves pictures

#include "attacks/search/running_ball.hpp"
#include "attacks/search/schedule.hpp"
#include "attacks/search/successes.hpp"
#include "base/rng.hpp"

namespace gibbon::attacks {
namespace {

/// ||corner - x||_2 of the corner of the box that is farthest from x: no success lies beyond.
double farthest_corner(Row x, Box box) {
  double squares = 0.0;
  for (const float value : x) {
    const double side =
        std::max(double{value} - double{box.lower}, double{box.upper} - double{value});
    squares += side * side;
  }
  return std::sqrt(squares);
}

class Ddn final : public Attack {
 public:
  std::vector<Field> fields() override {
    return {{"steps", "gradients per sample; the paper: 100 to 1000", &steps_, 1, 1000000},
            {"step", "first step size, l2, input units; falls to a hundredth", &step_, 0.0, 1e6},
            {"gamma", "share by which the sphere grows or shrinks", &gamma_, 0.0, 0.99},
            {"epsilon", "first radius of the sphere, input units", &epsilon_, 1e-6, 1e6}};
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
    const MutableRows random = work.rows(1, problem.x.cols);
    const std::span<double> radius = work.take<double>(samples);
    const std::span<double> largest = work.take<double>(samples);
    const std::span<Rng> chance = work.take<Rng>(samples);  // directions where no gradient leads on
    std::ranges::copy(problem.x.flat(), points.data);
    for (std::size_t n = 0; n < samples; ++n) {
      chance[n] = Rng(problem.seed, problem.ids[n], "ddn");
      largest[n] = farthest_corner(problem.x.row(n), problem.domain);
      radius[n] = std::min(epsilon_, largest[n]);
    }
    Active active(work, samples);
    for (int t = 0; t < steps_; ++t) {
      active.afford(oracle, 2);
      if (active.empty()) break;
      const auto [logits, dx] = oracle.gradient(oracle.pack(points, active.items()), problem.labels,
                                                scale_free_seed<float>, active.items());
      const double alpha = search::cosine_decay(step_, 0.01 * step_, t, steps_);
      active.keep_if([&](auto k, auto n) {
        const bool fooled = succeeded(logits.row(k), problem.labels[n], problem.targeted);
        if (fooled) successes.offer(n, points.row(n));
        if (successes.done(n)) return false;
        radius[n] = std::min(radius[n] * (fooled ? 1.0 - gamma_ : 1.0 + gamma_), largest[n]);
        const Row x = problem.x.row(n);
        Row direction = dx.row(k);
        double slope = dual_length(Norm::kL2, direction);
        if (!(slope > 0.0)) {
          for (float& value : random.row(0)) value = static_cast<float>(chance[n].normal());
          direction = random.row(0);
          slope = dual_length(Norm::kL2, direction);
        }
        const double step = problem.direction() * alpha / slope;
        const double length = search::moved_length(x, points.row(n), direction, step);
        const double scale = length > 0.0 ? radius[n] / length : 0.0;
        search::move_and_scale(x, direction, step, scale, problem.domain, points.row(n));
        return true;
      });
    }
    search::offer_where_fooled(oracle, problem, active, points, successes);
    search::shrink(oracle, problem, work, successes);
  }

  int steps_ = 100;
  double step_ = 1.0;
  double gamma_ = 0.05;
  double epsilon_ = 1.0;
};

}  // namespace

const AttackInfo& ddn_info() {
  static const AttackInfo info{
      .name = "ddn",
      .summary =
          "Decoupled direction and norm: gradient steps on a sphere that follows the boundary.",
      .formula = "x' = clip(x + ε_t · δ / ||δ||), ε_t *= 1 ∓ γ",
      .source = "Rony et al. 2019, arXiv:1811.09600",
      .kind = Kind::kMinimalDistance,
      .access = Access::kGradients,
      .norms = {Norm::kL2},
      .targeted = true,
      .make = make_attack<Ddn>,
  };
  return info;
}

}  // namespace gibbon::attacks
