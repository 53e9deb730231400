// SPDX-License-Identifier: MIT
#include "attacks/search/fab_search.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include "attacks/search/hyperplane.hpp"
#include "base/lanes.hpp"
#include "base/rng.hpp"
#include "base/simd.hpp"

namespace gibbon::attacks::search {
namespace {

/// w · (u - x)
GIBBON_SIMD double dot_of_move(Row w, Row u, Row x) {
  return sum_in_lanes(w.size(),
                      [=](auto d) { return double{w[d]} * (double{u[d]} - double{x[d]}); });
}

/// u = clip((1 - α) (u + η d1) + α (x + η d2))
GIBBON_SIMD void combine(Row x, Row d1, Row d2, float alpha, float eta, Box box, MutableRow u) {
  const float own = 1.0F - alpha;
  for (std::size_t d = 0; d < u.size(); ++d) {
    const float moved = own * (u[d] + eta * d1[d]) + alpha * (x[d] + eta * d2[d]);
    u[d] = std::min(std::max(moved, box.lower), box.upper);
  }
}

/// u = x + β (u - x)
GIBBON_SIMD void draw_back(Row x, float beta, MutableRow u) {
  for (std::size_t d = 0; d < u.size(); ++d) u[d] = x[d] + beta * (u[d] - x[d]);
}

class Search {
 public:
  Search(Oracle& oracle, const Problem& problem, Workspace& work, MutableRows candidate,
         const FabSettings& settings, std::string_view purpose)
      : oracle_(oracle),
        problem_(problem),
        settings_(settings),
        others_(oracle.num_classes() - 1),
        targets_(std::min(static_cast<std::size_t>(settings.targets), others_)),
        nearest_(problem, work, candidate),
        active_(work, problem.size()),
        walkers_(work.take<std::uint32_t>(problem.size())),
        done_(work.take<std::uint8_t>(problem.size())),
        stuck_(work.take<std::uint8_t>(problem.size())),
        rng_(work.take<Rng>(problem.size())),
        ranking_(work.take<int>(problem.size() * others_)),
        gaps_(work.take<double>(problem.size() * others_)),
        ratios_(work.take<double>(problem.size())),
        chosen_(work.take<double>(problem.size())),
        u_(work.rows(problem.size(), problem.x.cols)),
        w_(work.rows(targets_ == 0 ? problem.size() : 0, problem.x.cols)),
        moves_(work.rows(2, problem.x.cols)) {
    for (std::size_t n = 0; n < problem.size(); ++n) {
      rng_[n] = Rng(problem.seed, problem.ids[n], purpose);
      done_[n] = problem.epsilons[n] == 0.0 ? 1 : 0;
    }
  }

  void run() {
    rank();
    for (std::size_t target = 0; target < std::max<std::size_t>(targets_, 1); ++target) {
      for (int restart = 0; restart < settings_.restarts; ++restart) walk(target, restart);
    }
  }

 private:
  /// Orders the classes other than the label by their logits at x, the highest first: the targets.
  void rank() {
    active_.keep_if([&](std::size_t, std::uint32_t n) { return done_[n] == 0; });
    active_.afford(oracle_, 1);
    if (active_.empty()) return;
    const Owners owners = active_.items();
    const Rows logits = oracle_.logits(oracle_.pack(problem_.x, owners), owners);
    for (std::size_t k = 0; k < owners.size(); ++k) {
      const std::uint32_t n = owners[k];
      const Row z = logits.row(k);
      const std::span<int> order = ranking_.subspan(n * others_, others_);
      for (std::size_t r = 0; r < others_; ++r) order[r] = other(n, r);
      std::ranges::sort(order, [&](int a, int b) {  // stable_sort would allocate
        const float z_a = z[static_cast<std::size_t>(a)];
        const float z_b = z[static_cast<std::size_t>(b)];
        return z_a != z_b ? z_a > z_b : a < b;
      });
      if (succeeded(z, problem_.labels[n], false)) offer(n, problem_.x.row(n));
    }
  }

  /// The r-th class that is not the label.
  [[nodiscard]] int other(std::uint32_t n, std::size_t r) const {
    const int c = static_cast<int>(r);
    return c < problem_.labels[n] ? c : c + 1;
  }

  void offer(std::uint32_t n, Row point) {
    nearest_.offer(n, point);
    if (nearest_.reached(n) || nearest_.distance(n) == 0.0) done_[n] = 1;
  }

  void walk(std::size_t target, int restart) {
    std::size_t count = 0;
    for (const std::uint32_t n : active_.items()) {
      if (done_[n] != 0) continue;
      stuck_[n] = 0;
      begin(n, restart);
      walkers_[count++] = n;
    }
    const std::uint64_t passes = 2 + (targets_ == 0 ? others_ : 1);
    for (int step = 0; step < settings_.steps; ++step) {
      count = static_cast<std::size_t>(std::ranges::remove_if(walkers_.first(count),
                                                              [&](std::uint32_t n) {
                                                                return done_[n] != 0 ||
                                                                       stuck_[n] != 0 ||
                                                                       !oracle_.affords(n, passes);
                                                              })
                                           .begin() -
                                       walkers_.begin());
      if (count == 0) return;
      const Owners owners = walkers_.first(count);
      if (targets_ == 0) {
        step_to_nearest(owners);
      } else {
        step_to_target(owners, target);
      }
      judge(owners);
    }
  }

  void begin(std::uint32_t n, int restart) {
    const Row x = problem_.x.row(n);
    const MutableRow u = u_.row(n);
    // Half of what is known to do or has to do; of where the last run ended, without either.
    double radius = std::min(problem_.epsilons[n], nearest_.distance(n));
    if (restart > 0 && !std::isfinite(radius)) radius = distance(problem_.norm, x, u);
    std::ranges::copy(x, u.begin());
    if (restart == 0) return;
    Rng& rng = rng_[n];
    const MutableRow noise = moves_.row(0);
    for (float& value : noise) {
      value = problem_.norm == Norm::kLinf ? rng.uniform(-1.0F, 1.0F)
                                           : static_cast<float>(rng.normal());
    }
    const MutableRow zero = moves_.row(1);
    std::ranges::fill(zero, 0.0F);
    const double length = distance(problem_.norm, zero, noise);
    const auto scale = static_cast<float>(0.5 * radius / length);
    for (std::size_t d = 0; d < u.size(); ++d) {
      u[d] = std::clamp(u[d] + scale * noise[d], problem_.domain.lower, problem_.domain.upper);
    }
  }

  /// Logits at u; who is beyond the boundary there has found something for free.
  Rows look(Owners owners) {
    const Rows logits = oracle_.logits(oracle_.pack(u_, owners), owners);
    for (std::size_t k = 0; k < owners.size(); ++k) {
      if (succeeded(logits.row(k), problem_.labels[owners[k]], false)) {
        offer(owners[k], u_.row(owners[k]));
      }
    }
    return logits;
  }

  static double gap(Row logits, int other, int label) {
    return double{logits[static_cast<std::size_t>(other)]} -
           double{logits[static_cast<std::size_t>(label)]};
  }

  void seed(std::size_t k, int other, int label) {
    const MutableRow seeds = oracle_.seeds().row(k);
    std::ranges::fill(seeds, 0.0F);
    seeds[static_cast<std::size_t>(other)] = 1.0F;
    seeds[static_cast<std::size_t>(label)] = -1.0F;
  }

  void step_to_target(Owners owners, std::size_t target) {
    const Rows logits = look(owners);
    for (std::size_t k = 0; k < owners.size(); ++k) {
      const std::uint32_t n = owners[k];
      const int wanted = ranking_[n * others_ + target];
      chosen_[k] = gap(logits.row(k), wanted, problem_.labels[n]);
      seed(k, wanted, problem_.labels[n]);
    }
    const Rows dx = oracle_.backward(oracle_.seeds());
    for (std::size_t k = 0; k < owners.size(); ++k) advance(owners[k], dx.row(k), chosen_[k]);
  }

  /// Towards the class whose linearised boundary is nearest: one backward pass for each.
  void step_to_nearest(Owners owners) {
    const Rows logits = look(owners);
    for (std::size_t k = 0; k < owners.size(); ++k) {
      const std::uint32_t n = owners[k];
      ratios_[k] = std::numeric_limits<double>::infinity();
      for (std::size_t r = 0; r < others_; ++r) {
        gaps_[k * others_ + r] = gap(logits.row(k), other(n, r), problem_.labels[n]);
      }
    }
    for (std::size_t r = 0; r < others_; ++r) {
      for (std::size_t k = 0; k < owners.size(); ++k) {
        seed(k, other(owners[k], r), problem_.labels[owners[k]]);
      }
      const Rows dx = oracle_.backward(oracle_.seeds());
      for (std::size_t k = 0; k < owners.size(); ++k) {
        const double slope = dual_length(problem_.norm, dx.row(k));
        const double ratio = std::abs(gaps_[k * others_ + r]) / slope;
        if (slope == 0.0 || !(ratio < ratios_[k])) continue;
        ratios_[k] = ratio;
        chosen_[k] = gaps_[k * others_ + r];
        std::ranges::copy(dx.row(k), w_.row(k).begin());
      }
    }
    for (std::size_t k = 0; k < owners.size(); ++k) {
      if (std::isfinite(ratios_[k])) {
        advance(owners[k], w_.row(k), chosen_[k]);
      } else {
        stuck_[owners[k]] = 1;
      }
    }
  }

  /// One step to the hyperplane f + w · (v - u) = 0.
  void advance(std::uint32_t n, Row w, double f) {
    const Row x = problem_.x.row(n);
    const MutableRow u = u_.row(n);
    const MutableRow d1 = moves_.row(0);
    const MutableRow d2 = moves_.row(1);
    const Box box = problem_.domain;
    const double f_at_x = f - dot_of_move(w, u, x);
    const double from_u = towards_plane(problem_.norm, u, w, f, box, d1);
    const double from_x = towards_plane(problem_.norm, x, w, f_at_x, box, d2);
    if (!(from_u + from_x > 0.0)) {  // no slope, or nowhere to go: it would stay for ever
      stuck_[n] = 1;
      return;
    }
    const double alpha = std::min(from_u / (from_u + from_x), settings_.alpha_max);
    combine(x, d1, d2, static_cast<float>(alpha), static_cast<float>(settings_.eta), box, u);
  }

  void judge(Owners owners) {
    const Rows logits = oracle_.logits(oracle_.pack(u_, owners), owners);
    for (std::size_t k = 0; k < owners.size(); ++k) {
      const std::uint32_t n = owners[k];
      if (!succeeded(logits.row(k), problem_.labels[n], false)) continue;
      offer(n, u_.row(n));
      draw_back(problem_.x.row(n), static_cast<float>(settings_.beta), u_.row(n));
    }
  }

  Oracle& oracle_;
  const Problem& problem_;
  const FabSettings& settings_;
  std::size_t others_;   // C - 1
  std::size_t targets_;  // 0: all classes at once
  Nearest nearest_;
  Active active_;
  std::span<std::uint32_t> walkers_;  // those of this run
  std::span<std::uint8_t> done_;
  std::span<std::uint8_t> stuck_;  // in this run
  std::span<Rng> rng_;
  std::span<int> ranking_;    // N × (C - 1)
  std::span<double> gaps_;    // likewise, packed
  std::span<double> ratios_;  // packed
  std::span<double> chosen_;  // packed: gap to the plane that is stepped to
  MutableRows u_;
  MutableRows w_;  // packed: its normal
  MutableRows moves_;
};

}  // namespace

void fab_search(Oracle& oracle, const Problem& problem, Workspace& work, MutableRows candidate,
                const FabSettings& settings, std::string_view purpose) {
  Search(oracle, problem, work, candidate, settings, purpose).run();
}

std::vector<Field> fab_fields(FabSettings& settings) {
  return {
      {"steps", "steps of each run", &settings.steps, 1, 100000},
      {"restarts", "number of runs; all but the first start at random points", &settings.restarts,
       1, 1000},
      {"alpha-max", "largest weight of the step that starts from x, a share", &settings.alpha_max,
       0.0, 1.0},
      {"eta", "length of a step, relative to the distance of the hyperplane", &settings.eta, 1.0,
       2.0},
      {"beta", "share of the way from x that is kept after a success", &settings.beta, 0.0, 1.0}};
}

}  // namespace gibbon::attacks::search
