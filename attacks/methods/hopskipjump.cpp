// SPDX-License-Identifier: MIT
// HopSkipJump: walks along the decision boundary, guided by a gradient estimated from answers
// alone.
//
// Problem   untargeted or targeted; l2, linf; minimal distance
// Access    labels; some 35,000 forward passes per sample at 64 steps: Σ probes · √t, and about 20
//           per step for its length and for the bisection
// Method    bisect to the boundary; g = Σ (φ_k - mean φ) · v_k over probes x_t + δ v_k, φ_k = ±1
//           whether they fool the model; x_{t+1} = bisect(x_t + ξ · g / ||g||), linf: sign(g),
//           ξ = distance / √t, halved until that fools the model
// Property  finds the optimum of linear models as probes grow; otherwise a stationary point
// Source    Chen, Jordan, Wainwright 2020, arXiv:1904.02144, algorithms 1 and 2
// Differs   hands over the nearest point met, not the last; starts from blended noise of several
//           kinds (the paper: even noise), so aiming at a class needs a known point or luck

#include <cmath>

#include "attacks/attack.hpp"
#include "attacks/search/decisions.hpp"
#include "attacks/search/directions.hpp"
#include "base/simd.hpp"

namespace gibbon::attacks {
namespace {

/// out = clip(base + size · direction); may be the same memory as direction.
GIBBON_SIMD void move_clipped(Box box, Row base, Row direction, float size, MutableRow out) {
  for (std::size_t d = 0; d < base.size(); ++d) {
    const float value = base[d] + size * direction[d];
    out[d] = std::min(std::max(value, box.lower), box.upper);
  }
}

/// sum += point - base.
GIBBON_SIMD void add_difference(Row point, Row base, MutableRow sum) {
  for (std::size_t d = 0; d < base.size(); ++d) sum[d] += point[d] - base[d];
}

/// out = a · scale_a - b · scale_b; may be the same memory as either.
GIBBON_SIMD void combine(Row a, float scale_a, Row b, float scale_b, MutableRow out) {
  for (std::size_t d = 0; d < a.size(); ++d) out[d] = a[d] * scale_a - b[d] * scale_b;
}

class HopSkipJump final : public Attack {
 public:
  std::vector<Field> fields() override {
    return {
        {"steps", "gradient estimates, each followed by a jump and a bisection", &steps_, 1, 10000},
        {"probes",
         "points around the boundary in the first estimate; the t-th has √t times as "
         "many",
         &probes_, 1, 100000},
        {"most-probes", "maximum number of points per estimate", &most_probes_, 1, 100000},
        {"tries", "noise images to start from before giving up", &tries_, 1, 100000}};
  }
  [[nodiscard]] double passes(std::size_t /*classes*/) const override {
    double sum = 0.0;
    for (int t = 1; t <= steps_; ++t) sum += probes_at(t) + 20.0;
    return sum;
  }

 private:
  std::uint32_t probes_at(int t) const {
    return static_cast<std::uint32_t>(std::min<double>(probes_ * std::sqrt(t), most_probes_));
  }

  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    const std::size_t samples = problem.size();
    const std::size_t dim = problem.x.cols;
    Nearest nearest(problem, work, candidate);
    search::Decisions decisions(oracle, problem, work);
    Active active(work, samples);
    const std::span<Rng> rng = work.take<Rng>(samples);
    const std::span<std::uint32_t> fooling = work.take<std::uint32_t>(samples);
    const std::span<std::uint32_t> jumping = work.take<std::uint32_t>(samples);
    const std::span<double> size = work.take<double>(samples);
    const MutableRows at = work.rows(samples, dim);  // fools the model, at the boundary
    const MutableRows direction = work.rows(samples, dim);
    const MutableRows holding = work.rows(samples, dim);
    const bool linf = problem.norm == Norm::kLinf;
    const auto d = static_cast<double>(dim);
    const double tolerance = linf ? std::pow(d, -2.0) : std::pow(d, -1.5);

    const auto settle = [&](Owners moved) {
      decisions.to_boundary(moved, tolerance, at);
      for (const std::uint32_t n : moved) nearest.offer(n, at.row(n));
    };
    const auto drop_reached = [&] {
      active.keep_if([&](std::size_t, std::uint32_t n) { return !nearest.reached(n); });
    };
    const auto away = [&](std::uint32_t n) {
      return distance(problem.norm, problem.x.row(n), at.row(n));
    };

    for (std::size_t n = 0; n < samples; ++n)
      rng[n] = {problem.seed, problem.ids[n], "hopskipjump"};
    decisions.find_starts(rng, tries_, active, nearest, at);
    settle(active.items());
    drop_reached();

    for (int t = 1; t <= steps_; ++t) {
      const std::uint32_t probes = probes_at(t);
      active.afford(oracle, probes + 1);
      if (active.empty()) return;

      // The sum of all probes that fool, and of those that do not.
      for (const std::uint32_t n : active.items()) {
        std::ranges::fill(direction.row(n), 0.0F);
        std::ranges::fill(holding.row(n), 0.0F);
        fooling[n] = 0;
        size[n] = t == 1 ? 0.1 * (double{problem.domain.upper} - double{problem.domain.lower})
                         : away(n) / d;
      }
      decisions.ask(
          active.items(), probes,
          [&](std::uint32_t n, std::uint32_t, MutableRow row) {
            if (linf) {
              search::draw_even(rng[n], row);
            } else {
              search::draw_normals(rng[n], row);
            }
            const double length = std::max(dual_length(Norm::kL2, row), 1e-30);
            move_clipped(problem.domain, at.row(n), row, static_cast<float>(size[n] / length), row);
          },
          [&](std::uint32_t n, std::uint32_t, Row row, bool fools) {
            fooling[n] += fools ? 1U : 0U;
            add_difference(row, at.row(n), fools ? direction.row(n) : holding.row(n));
          });
      for (const std::uint32_t n : active.items()) {
        // Σ (φ - mean φ) v with φ = ±1: weights 2 · share that holds and -2 · share that fools.
        const float share = static_cast<float>(fooling[n]) / static_cast<float>(probes);
        const bool agree = fooling[n] == 0 || fooling[n] == probes;
        combine(direction.row(n), agree ? 1.0F : 1.0F - share, holding.row(n), agree ? 1.0F : share,
                direction.row(n));
        if (linf) {
          for (float& g : direction.row(n)) g = g > 0.0F ? 1.0F : (g < 0.0F ? -1.0F : 0.0F);
        } else {
          const double length = std::max(dual_length(Norm::kL2, direction.row(n)), 1e-30);
          const auto scale = static_cast<float>(1.0 / length);
          for (float& g : direction.row(n)) g *= scale;
        }
        size[n] = away(n) / std::sqrt(t);
      }

      // Jump; half as far as long as that does not fool the model.
      std::ranges::copy(active.items(), jumping.begin());
      std::size_t count = active.size();
      for (int halvings = 0; halvings < kHalvings && count > 0; ++halvings) {
        std::size_t kept = 0;
        for (std::size_t k = 0; k < count; ++k) {
          if (oracle.affords(jumping[k], 1)) jumping[kept++] = jumping[k];
        }
        count = kept;
        decisions.ask(
            Owners(jumping).first(count), 1,
            [&](std::uint32_t n, std::uint32_t, MutableRow row) {
              move_clipped(problem.domain, at.row(n), direction.row(n), static_cast<float>(size[n]),
                           row);
            },
            [&](std::uint32_t n, std::uint32_t, Row row, bool fools) {
              if (fools) std::ranges::copy(row, at.row(n).begin());
              size[n] = fools ? 0.0 : 0.5 * size[n];
            });
        kept = 0;
        for (std::size_t k = 0; k < count; ++k) {
          if (size[jumping[k]] > 0.0) jumping[kept++] = jumping[k];
        }
        count = kept;
      }
      settle(active.items());
      drop_reached();
    }
  }

  static constexpr int kHalvings = 30;
  int steps_ = 64;
  int probes_ = 100;
  int most_probes_ = 10000;
  int tries_ = 100;
};

}  // namespace

const AttackInfo& hopskipjump_info() {
  static const AttackInfo info{
      .name = "hopskipjump",
      .aliases = "hop-skip-jump hsja",
      .summary = "Decision-based: jumps along a gradient estimated from predictions only.",
      .formula = "x_{t+1} = bisect(x_t + ξ_t · g / ||g||), g = Σ (φ_k - mean φ) · v_k",
      .source = "Chen et al. 2020, arXiv:1904.02144",
      .kind = Kind::kMinimalDistance,
      .access = Access::kLabels,
      .norms = {Norm::kLinf, Norm::kL2},
      .targeted = true,
      .make = make_attack<HopSkipJump>,
  };
  return info;
}

}  // namespace gibbon::attacks
