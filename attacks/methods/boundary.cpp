// SPDX-License-Identifier: MIT
// Boundary attack: a random walk along the decision boundary, ever nearer to the input.
//
// Problem   untargeted or targeted; l2; minimal distance
// Access    labels; 1.1 forward passes per step
// Method    from a point that fools the model: a random orthogonal step on the sphere around x, of
//           size orthogonal-step · distance, then source-step · distance towards x; accepted if the
//           result fools the model and is nearer
// Property  the distance never rises; near the optimum of linear models after enough steps
// Source    Brendel, Rauber, Bethge 2018, arXiv:1712.04248, algorithm 1
// Differs   the first point and the last are bisected to the boundary; each sample adapts its own
//           steps and draws its own directions; starts from blended noise of several kinds, so
//           aiming at a class needs a known point or luck

#include <array>
#include <cmath>

#include "attacks/attack.hpp"
#include "attacks/search/decisions.hpp"
#include "attacks/search/directions.hpp"
#include "base/simd.hpp"

namespace gibbon::attacks {
namespace {

/// The last `length` <= 128 yes or no answers.
struct Recent {
  std::array<std::uint64_t, 2> bits;
  int count;
  int length;

  void clear() { count = 0; }
  void add(bool yes) {
    bits[1] = bits[1] << 1U | bits[0] >> 63U;
    bits[0] = bits[0] << 1U | (yes ? 1U : 0U);
    count = std::min(count + 1, length);
  }
  [[nodiscard]] bool full() const { return count == length; }
  [[nodiscard]] double share() const {
    const auto ones = [](std::uint64_t word, int first) {
      if (first <= 0) return 0;
      return std::popcount(first >= 64 ? word : word & ((std::uint64_t{1} << first) - 1U));
    };
    return static_cast<double>(ones(bits[0], count) + ones(bits[1], count - 64)) / count;
  }
};

struct Walk {
  double orthogonal;  ///< relative to the distance
  double source;      ///< likewise
  Recent stayed;      ///< whether orthogonal steps fooled the model
  Recent arrived;     ///< whether whole steps did
};

struct Sums {
  double along;    ///< <v, at - x>
  double squares;  ///< <v, v>
};

GIBBON_SIMD Sums measure(Row v, Row x, Row at) {
  constexpr std::size_t kLanes = 16;
  std::array<double, kLanes> along{};
  std::array<double, kLanes> squares{};
  const std::size_t whole = v.size() - v.size() % kLanes;
  for (std::size_t d = 0; d < whole; d += kLanes) {
    for (std::size_t l = 0; l < kLanes; ++l) {
      along[l] += double{v[d + l]} * (double{at[d + l]} - double{x[d + l]});
      squares[l] += double{v[d + l]} * double{v[d + l]};
    }
  }
  for (std::size_t d = whole; d < v.size(); ++d) {
    along[d - whole] += double{v[d]} * (double{at[d]} - double{x[d]});
    squares[d - whole] += double{v[d]} * double{v[d]};
  }
  for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
    for (std::size_t l = 0; l < half; ++l) {
      along[l] += along[l + half];
      squares[l] += squares[l + half];
    }
  }
  return {along[0], squares[0]};
}

/// out = clip(x + keep · (at - x) + turn · out).
GIBBON_SIMD void turn_on_sphere(Box box, Row x, Row at, float keep, float turn, MutableRow out) {
  for (std::size_t d = 0; d < x.size(); ++d) {
    const float value = x[d] + keep * (at[d] - x[d]) + turn * out[d];
    out[d] = std::min(std::max(value, box.lower), box.upper);
  }
}

/// out = clip(x + share · (from - x)).
GIBBON_SIMD void pull_in(Box box, Row x, Row from, float share, MutableRow out) {
  for (std::size_t d = 0; d < x.size(); ++d) {
    const float value = x[d] + share * (from[d] - x[d]);
    out[d] = std::min(std::max(value, box.lower), box.upper);
  }
}

class Boundary final : public Attack {
 public:
  std::vector<Field> fields() override {
    return {{"steps", "proposals; fewer are made when the steps towards x have become tiny",
             &steps_, 1, 1000000},
            {"orthogonal-step", "first step along the sphere, as a share of the distance",
             &orthogonal_, 1e-6, 10},
            {"source-step", "first step towards x, as a share of the distance", &source_, 1e-6, 1},
            {"tries", "noise images to start from before giving up", &tries_, 1, 100000}};
  }
  [[nodiscard]] double passes(std::size_t /*classes*/) const override {
    return static_cast<double>(steps_) * (1.0 + 1.0 / kRecordEvery);
  }

 private:
  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    const std::size_t samples = problem.size();
    const std::size_t dim = problem.x.cols;
    Nearest nearest(problem, work, candidate);
    search::Decisions decisions(oracle, problem, work);
    Active active(work, samples);
    const std::span<Rng> rng = work.take<Rng>(samples);
    const std::span<Walk> walk = work.take<Walk>(samples);
    const std::span<std::uint8_t> fooled = work.take<std::uint8_t>(samples);
    const std::span<std::uint32_t> walked = work.take<std::uint32_t>(samples);
    const MutableRows at = work.rows(samples, dim);  // the nearest point that fools the model
    const MutableRows turned = work.rows(samples, dim);
    const double tolerance = std::pow(static_cast<double>(dim), -1.5);

    for (std::size_t n = 0; n < samples; ++n) {
      rng[n] = {problem.seed, problem.ids[n], "boundary"};
      walk[n] = {.orthogonal = orthogonal_,
                 .source = source_,
                 .stayed = {.bits = {}, .count = 0, .length = 100},
                 .arrived = {.bits = {}, .count = 0, .length = 30}};
    }
    decisions.find_starts(rng, tries_, active, nearest, at);
    decisions.to_boundary(active.items(), tolerance, at);
    const auto going = [&](std::size_t, std::uint32_t n) {
      return !nearest.reached(n) && walk[n].source >= kSmallestStep;
    };
    for (const std::uint32_t n : active.items()) nearest.offer(n, at.row(n));
    active.keep_if(going);
    std::ranges::copy(active.items(), walked.begin());
    const Owners all = Owners(walked).first(active.size());

    for (int t = 0; t < steps_; ++t) {
      const std::uint32_t points = t % kRecordEvery == 0 ? 2 : 1;
      active.afford(oracle, points);
      if (active.empty()) break;
      decisions.ask(
          active.items(), points,
          [&](std::uint32_t n, std::uint32_t k, MutableRow row) {
            if (k == 0) propose(problem, nearest.distance(n), n, at, walk[n], rng[n], turned, row);
            if (k == 1) std::ranges::copy(turned.row(n), row.begin());
          },
          [&](std::uint32_t n, std::uint32_t k, Row row, bool fools) {
            if (k == 1) return adapt(fools, fooled[n] != 0, walk[n]);
            fooled[n] = fools ? 1 : 0;
            // Not before the orthogonal step, too, has been heard: it does not look at `at`.
            if (fools && nearest.offer(n, row)) std::ranges::copy(row, at.row(n).begin());
          });
      active.keep_if(going);
    }
    decisions.to_boundary(all, tolerance, at);
    for (const std::uint32_t n : all) nearest.offer(n, at.row(n));
  }

  /// turned.row(n) = at after the orthogonal step; out = that after the step towards x.
  static void propose(const Problem& problem, double away, std::size_t n, Rows at, const Walk& walk,
                      Rng& rng, MutableRows turned, MutableRow out) {
    const Row x = problem.x.row(n);
    const MutableRow sphere = turned.row(n);
    search::draw_normals(rng, sphere);
    const Sums sums = measure(sphere, x, at.row(n));
    // v - <v, u> u for the unit vector u = (at - x) / away, scaled to orthogonal · away; all over
    // √(1 + orthogonal²), which leads back to the sphere.
    const double flat = sums.along / away;
    const double length = std::sqrt(std::max(sums.squares - flat * flat, 1e-30));
    const double shrink = 1.0 / std::sqrt(1.0 + walk.orthogonal * walk.orthogonal);
    const double turn = shrink * walk.orthogonal * away / length;
    turn_on_sphere(problem.domain, x, at.row(n), static_cast<float>(shrink - turn * flat / away),
                   static_cast<float>(turn), sphere);
    // To (1 - source) · away, also if clipping has changed the distance.
    const double now = distance(Norm::kL2, x, sphere);
    const double share = now > 0.0 ? std::min(1.0, (1.0 - walk.source) * away / now) : 1.0;
    pull_in(problem.domain, x, sphere, static_cast<float>(share), out);
  }

  /// The steps grow while the boundary looks flat and shrink when it does not.
  static void adapt(bool stayed, bool arrived, Walk& walk) {
    walk.stayed.add(stayed);
    walk.arrived.add(arrived);
    if (walk.stayed.full() && (walk.stayed.share() > 0.5 || walk.stayed.share() < 0.2)) {
      const double factor = walk.stayed.share() > 0.5 ? kFactor : 1.0 / kFactor;
      walk.orthogonal *= factor;
      walk.source *= factor;
      walk.stayed.clear();
    }
    if (walk.arrived.full() && (walk.arrived.share() > 0.25 || walk.arrived.share() < 0.1)) {
      walk.source *= walk.arrived.share() > 0.25 ? kFactor : 1.0 / kFactor;
      walk.arrived.clear();
    }
  }

  static constexpr int kRecordEvery = 10;
  static constexpr double kFactor = 1.5;
  static constexpr double kSmallestStep = 1e-7;
  int steps_ = 25000;
  double orthogonal_ = 0.01;
  double source_ = 0.01;
  int tries_ = 100;
};

}  // namespace

const AttackInfo& boundary_info() {
  static const AttackInfo info{
      .name = "boundary",
      .aliases = "boundary-attack",
      .summary = "Decision-based: a random walk along the decision boundary towards the input.",
      .formula = "x_{t+1} = x_t + orthogonal step + step towards x, if that fools the model",
      .source = "Brendel et al. 2018, arXiv:1712.04248",
      .kind = Kind::kMinimalDistance,
      .access = Access::kLabels,
      .norms = {Norm::kL2},
      .targeted = true,
      .make = make_attack<Boundary>,
  };
  return info;
}

}  // namespace gibbon::attacks
