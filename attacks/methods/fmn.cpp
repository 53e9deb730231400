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
//           else be as much as |f| / ||g|| adds, for ever (l2, l1: 10 to 20 % of MNIST never
//           found); projects onto the l2 ball (one widespread version scales by norm / norm = 1);
//           the nearest success is drawn back to the boundary, l0: to fewer features (10 forward
//           passes)

#include <bit>

#include "attacks/l2_move.hpp"
#include "attacks/lanes.hpp"
#include "attacks/schedule.hpp"
#include "attacks/successes.hpp"
#include "datasets/simd.hpp"

namespace gibbon::attacks {
namespace {

/// point = clip(clamp(point + step · gradient, x ± epsilon)).
GIBBON_SIMD void move_linf(Row x, Row gradient, double step, double epsilon, Box box,
                           MutableRow point) {
  for (std::size_t d = 0; d < x.size(); ++d) {
    const double delta = double{point[d]} - double{x[d]} + step * double{gradient[d]};
    const double inside = std::min(std::max(delta, -epsilon), epsilon);
    const auto moved = static_cast<float>(double{x[d]} + inside);
    point[d] = std::min(std::max(moved, box.lower), box.upper);
  }
}

/// delta = (point - x) + step · gradient; returns Σ |delta|.
GIBBON_SIMD double write_delta(Row x, Row point, Row gradient, double step,
                               std::span<double> delta) {
  for (std::size_t d = 0; d < x.size(); ++d) {
    delta[d] = double{point[d]} - double{x[d]} + step * double{gradient[d]};
  }
  return sum_in_lanes(x.size(), [=](auto d) { return std::abs(delta[d]); });
}

GIBBON_SIMD double sum_above(std::span<const double> delta, double lambda) {
  return sum_in_lanes(delta.size(),
                      [=](auto d) { return std::max(std::abs(delta[d]) - lambda, 0.0); });
}

GIBBON_SIMD double count_above(std::span<const double> delta, double lambda) {
  return sum_in_lanes(delta.size(),
                      [=](auto d) { return std::abs(delta[d]) > lambda ? 1.0 : 0.0; });
}

/// The λ with Σ max(|delta_i| - λ, 0) = epsilon < Σ |delta_i| = total. Newton's method from the
/// left: the sum is convex and piecewise linear in λ, so it never goes too far and ends after
/// finitely many pieces, about ten, without sorting (Michelot 1986).
double l1_threshold(std::span<const double> delta, double total, double epsilon) {
  double lambda = 0.0;
  double sum = total;
  while (sum > epsilon * (1.0 + 1e-9)) {
    const double next = lambda + (sum - epsilon) / count_above(delta, lambda);
    if (!(next > lambda)) break;
    lambda = next;
    sum = sum_above(delta, lambda);
  }
  return lambda;
}

/// point = clip(x + sign(delta) · max(|delta| - lambda, 0)).
GIBBON_SIMD void write_soft(Row x, std::span<const double> delta, double lambda, Box box,
                            MutableRow point) {
  for (std::size_t d = 0; d < x.size(); ++d) {
    const double size = std::max(std::abs(delta[d]) - lambda, 0.0);
    const auto moved = static_cast<float>(double{x[d]} + (delta[d] < 0.0 ? -size : size));
    point[d] = std::min(std::max(moved, box.lower), box.upper);
  }
}

/// The bits of |delta_d| after clipping to the box, as float32, which order as the numbers do; the
/// clipped point itself goes into `point`.
GIBBON_SIMD void write_sizes(Row x, Row gradient, double step, Box box, MutableRow point,
                             std::span<std::int32_t> sizes) {
  for (std::size_t d = 0; d < x.size(); ++d) {
    const auto moved = static_cast<float>(double{point[d]} + step * double{gradient[d]});
    point[d] = std::min(std::max(moved, box.lower), box.upper);
    sizes[d] = std::bit_cast<std::int32_t>(std::abs(point[d] - x[d]));
  }
}

GIBBON_SIMD std::int32_t count_from(std::span<const std::int32_t> sizes, std::int32_t least) {
  std::int32_t count = 0;
  for (const std::int32_t size : sizes) count += size >= least ? 1 : 0;
  return count;
}

/// Takes back all but the `kept` largest changes; among equal ones the first stay. The smallest
/// size that stays is found bit by bit: 31 counts are faster than a sort.
void keep_largest(Row x, std::span<const std::int32_t> sizes, std::int32_t kept, MutableRow point) {
  std::int32_t least = 0;  // the largest with at least `kept` sizes from it on
  for (std::int32_t bit = 1 << 30; bit > 0; bit >>= 1) {
    if (count_from(sizes, least | bit) >= kept) least |= bit;
  }
  std::int32_t equal = kept - count_from(sizes, least + 1);
  for (std::size_t d = 0; d < x.size(); ++d) {
    if (sizes[d] > least || (sizes[d] == least && equal-- > 0)) continue;
    point[d] = x[d];
  }
}

class Fmn final : public Attack {
 public:
  std::vector<Field> fields() override {
    return {{"steps", "gradients per sample", &steps_, 1, 1000000},
            {"step", "first step size, l2, input units; falls to a hundredth", &step_, 0.0, 1e6},
            {"gamma", "first share by which the ball grows or shrinks; falls to a fiftieth",
             &gamma_, 0.0, 0.99}};
  }
  double passes(std::size_t /*classes*/) const override {
    return 2.0 * steps_ + 1.0 + kShrinkRounds;
  }

 private:
  /// What a move needs beside the rows it belongs to.
  struct Scratch {
    std::span<double> delta;
    std::span<std::int32_t> sizes;
  };

  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    const std::size_t samples = problem.size();
    Successes successes(problem, work, candidate);
    const MutableRows points = work.rows(samples, problem.x.cols);
    const std::span<double> radius = work.take<double>(samples);
    const Scratch scratch{work.take<double>(problem.x.cols),
                          work.take<std::int32_t>(problem.x.cols)};
    std::ranges::copy(problem.x.flat(), points.data);
    std::ranges::fill(radius,
                      problem.norm == Norm::kL0 ? 1.0 : std::numeric_limits<double>::infinity());
    Active active(work, samples);
    for (int t = 0; t < steps_; ++t) {
      active.afford(oracle, 2);
      if (active.empty()) break;
      const auto [logits, dx] = oracle.gradient(oracle.pack(points, active.items()), problem.labels,
                                                margin_seed<float>, active.items());
      const double alpha = cosine_decay(step_, 0.01 * step_, t, steps_);
      const double gamma = cosine_decay(gamma_, 0.02 * gamma_, t, steps_);
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
        move(problem, n, dx.row(k), problem.direction() * alpha / slope, radius[n], scratch,
             points.row(n));
        return true;
      });
    }
    offer_where_fooled(oracle, problem, active, points, successes);
    shrink(oracle, problem, work, successes);
  }

  /// `linear`: distance at which the linearised model changes class.
  template <class Linear>
  static double next_radius(const Problem& problem, std::size_t n, bool fooled, double gamma,
                            const Successes& successes, double radius, Linear linear) {
    if (problem.norm == Norm::kL0) {
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

  /// point = clip(project(point + step · gradient, epsilon)).
  static void move(const Problem& problem, std::size_t n, Row gradient, double step, double epsilon,
                   const Scratch& scratch, MutableRow point) {
    const Row x = problem.x.row(n);
    switch (problem.norm) {
      case Norm::kLinf: return move_linf(x, gradient, step, epsilon, problem.domain, point);
      case Norm::kL2: {
        const double length = moved_length(x, point, gradient, step);
        const double scale = length > epsilon ? epsilon / length : 1.0;
        return move_and_scale(x, gradient, step, scale, problem.domain, point);
      }
      case Norm::kL1: {
        const double total = write_delta(x, point, gradient, step, scratch.delta);
        const double lambda = l1_threshold(scratch.delta, total, epsilon);
        return write_soft(x, scratch.delta, lambda, problem.domain, point);
      }
      case Norm::kL0:
        write_sizes(x, gradient, step, problem.domain, point, scratch.sizes);
        return keep_largest(x, scratch.sizes, static_cast<std::int32_t>(epsilon), point);
    }
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
