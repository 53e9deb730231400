// SPDX-License-Identifier: MIT
// One-pixel attack: differential evolution over the positions and values of a few pixels.
//
// Problem   untargeted or targeted; l0 (ε counts input values: ε / channels pixels may change);
//           fixed budget
// Access    scores; agents · (steps + 1) forward passes per sample
// Method    an agent is a list of pixels (row, column, channels); child = a + F · (b - c) of three
//           other agents, which replaces its parent if p_y is lower (targeted: p_t higher)
// Property  no guarantee; a search without gradients
// Source    Su, Vargas, Sakurai 2019, arXiv:1710.08864, section 3.2
// Differs   fitness is log(p / (1 - p)), which has the order of p but does not round to that of p =
//           1; positions that leave the picture are drawn anew, values are clamped; flat points
//           have a position for every feature. An agent's pixels that fall on one place overwrite
//           each other. The known point of an earlier attack is the first agent.

#include <cmath>

#include "attacks/attack.hpp"
#include "base/rng.hpp"

namespace gibbon::attacks {
namespace {

/// The picture as a grid of pixels; a flat point is a column of one-channel pixels.
struct Grid {
  std::size_t height;
  std::size_t width;
  std::size_t channels;

  Grid(const datasets::Shape& shape, std::size_t dim) : height(dim), width(1), channels(1) {
    if (!shape.image || shape.size() != dim) return;
    height = shape.height;
    width = shape.width;
    channels = shape.channels;
  }
  [[nodiscard]] std::size_t genes() const { return 2 + channels; }  ///< of one pixel
};

/// log((1 - p) / p) of class `label`, with its sign turned when `targeted`: what evolution raises.
double fitness(Row z, int label, bool targeted) {
  const double rest{best_other(z, label)};
  double sum = 0.0;
  for (std::size_t j = 0; j < z.size(); ++j) {
    if (j != static_cast<std::size_t>(label)) sum += std::exp(double{z[j]} - rest);
  }
  const double odds = rest + std::log(sum) - double{z[static_cast<std::size_t>(label)]};
  return targeted ? -odds : odds;
}

class OnePixel final : public Attack {
 public:
  std::vector<Field> fields() override {
    return {{"steps", "generations", &steps_, 0, 100000},
            {"agents", "size of the population", &agents_, 4, 100000},
            {"factor", "F: how much of the difference of two agents is added to a third", &factor_,
             0, 2}};
  }
  [[nodiscard]] double passes(std::size_t /*classes*/) const override {
    return static_cast<double>(agents_) * (steps_ + 1.0);
  }

 private:
  /// The populations of one sample.
  struct Population {
    std::span<double> parents;   // agents × pixels · genes
    std::span<double> children;  // likewise
    std::span<double> fitness;   // of the parents
    std::size_t length;          // genes of an agent

    [[nodiscard]] std::span<double> parent(std::size_t a) const {
      return parents.subspan(a * length, length);
    }
    [[nodiscard]] std::span<double> child(std::size_t a) const {
      return children.subspan(a * length, length);
    }
  };

  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    std::ranges::copy(problem.x.flat(), candidate.data);
    const Grid grid(problem.shape, problem.x.cols);
    const auto pixels = [&](std::size_t n) {
      const double most = std::min(problem.epsilons[n], static_cast<double>(problem.x.cols));
      return static_cast<std::size_t>(most) / grid.channels;
    };
    std::size_t longest = 0;
    for (std::size_t n = 0; n < problem.size(); ++n) longest = std::max(longest, pixels(n));
    const auto agents = static_cast<std::size_t>(agents_);
    Population population{.parents = work.take<double>(agents * longest * grid.genes()),
                          .children = work.take<double>(agents * longest * grid.genes()),
                          .fitness = work.take<double>(agents),
                          .length = 0};
    const MutableRows points = work.rows(oracle.max_rows(), problem.x.cols);
    const std::span<std::uint32_t> owners = work.take<std::uint32_t>(oracle.max_rows());
    for (std::size_t n = 0; n < problem.size(); ++n) {
      if (pixels(n) == 0) continue;
      population.length = pixels(n) * grid.genes();
      evolve(oracle, problem, grid, n, population, points, owners, candidate.row(n));
    }
  }

  void evolve(Oracle& oracle, const Problem& problem, const Grid& grid, std::size_t n,
              const Population& population, MutableRows points, std::span<std::uint32_t> owners,
              MutableRow candidate) const {
    Rng rng(problem.seed, problem.ids[n], "one-pixel");
    const auto agents = static_cast<std::size_t>(agents_);
    std::ranges::fill(owners, static_cast<std::uint32_t>(n));
    double best = -std::numeric_limits<double>::infinity();
    bool broken = false;
    bool spent = false;

    // Looks at all children; those that are fitter replace their parents.
    const auto select = [&] {
      for (std::size_t first = 0; first < agents && !broken && !spent;) {
        std::size_t rows = std::min(points.rows, agents - first);
        while (rows > 0 && !oracle.affords(static_cast<std::uint32_t>(n), rows)) --rows;
        spent = rows == 0;
        if (spent) return;
        for (std::size_t k = 0; k < rows; ++k) {
          std::ranges::copy(problem.x.row(n), points.row(k).begin());
          paint(problem.domain, grid, population.child(first + k), points.row(k));
        }
        const Rows z = oracle.logits(points.slice(0, rows), Owners(owners).first(rows));
        for (std::size_t k = 0; k < rows && !broken; ++k) {
          const double value = fitness(z.row(k), problem.labels[n], problem.targeted);
          broken = succeeded(z.row(k), problem.labels[n], problem.targeted);
          if (broken || value > best) std::ranges::copy(points.row(k), candidate.begin());
          best = std::max(best, value);
          if (!(value > population.fitness[first + k])) continue;
          population.fitness[first + k] = value;
          std::ranges::copy(population.child(first + k), population.parent(first + k).begin());
        }
        first += rows;
      }
    };

    std::ranges::fill(population.fitness, -std::numeric_limits<double>::infinity());
    for (std::size_t a = 0; a < agents; ++a) {
      for (std::size_t g = 0; g < population.length; g += grid.genes()) {
        draw_pixel(problem.domain, grid, rng, population.child(a).subspan(g, grid.genes()));
      }
    }
    if (problem.starts.rows != 0) {
      remember(problem.x.row(n), problem.starts.row(n), grid, population.child(0));
    }
    // Parents need genes even where the scores of the first agents are NaN and replace nothing.
    std::ranges::copy(population.children.first(agents * population.length),
                      population.parents.begin());
    select();
    const int late = steps_ - steps_ / 10;
    const double first = best;
    double before = best;
    for (int step = 0; step < steps_ && !broken && !spent; ++step) {
      if (step == late) before = best;
      for (std::size_t a = 0; a < agents; ++a) breed(problem.domain, grid, population, a, rng);
      select();
    }
    if (problem.seen == nullptr) return;
    if (broken) {
      ++problem.seen->first_run;
    } else if (!spent) {
      ++problem.seen->exhausted;
      problem.seen->unconverged += best - before > 0.01 * (best - first) ? 1U : 0U;
    }
  }

  /// A pixel: row and column even in [0, height) × [0, width), values N(128, 127) / 255 of the box.
  static void draw_pixel(Box box, const Grid& grid, Rng& rng, std::span<double> pixel) {
    pixel[0] = rng.unit() * static_cast<double>(grid.height);
    pixel[1] = rng.unit() * static_cast<double>(grid.width);
    for (double& value : pixel.subspan(2)) {
      const double level = (128.0 + 127.0 * rng.normal()) / 255.0;
      value = std::clamp(double{box.lower} + level * (double{box.upper} - double{box.lower}),
                         double{box.lower}, double{box.upper});
    }
  }

  /// child(a) = i + F · (j - k) of three different agents other than a.
  void breed(Box box, const Grid& grid, const Population& population, std::size_t a,
             Rng& rng) const {
    const auto agents = static_cast<std::uint64_t>(agents_);
    std::array<std::size_t, 4> chosen{a, a, a, a};
    for (std::size_t k = 1; k < chosen.size(); ++k) {
      const auto before = std::span(chosen).first(k);
      do {
        chosen[k] = rng.below(agents);
      } while (std::ranges::count(before, chosen[k]) > 0);
    }
    const std::span<double> child = population.child(a);
    const std::span<const double> i = population.parent(chosen[1]);
    const std::span<const double> j = population.parent(chosen[2]);
    const std::span<const double> k = population.parent(chosen[3]);
    const auto wrap = [&](double place, std::size_t size) {
      const auto end = static_cast<double>(size);
      return 0.0 <= place && place < end ? place : rng.unit() * end;
    };
    for (std::size_t g = 0; g < child.size(); ++g) {
      const double value = i[g] + factor_ * (j[g] - k[g]);
      switch (g % grid.genes()) {
        case 0: child[g] = wrap(value, grid.height); break;
        case 1: child[g] = wrap(value, grid.width); break;
        default: child[g] = std::clamp(value, double{box.lower}, double{box.upper});
      }
    }
  }

  static void paint(Box box, const Grid& grid, std::span<const double> agent, MutableRow point) {
    for (std::size_t g = 0; g < agent.size(); g += grid.genes()) {
      const auto row = static_cast<std::size_t>(agent[g]);
      const auto column = static_cast<std::size_t>(agent[g + 1]);
      const std::size_t first = (row * grid.width + column) * grid.channels;
      for (std::size_t c = 0; c < grid.channels; ++c) {
        point[first + c] = std::clamp(static_cast<float>(agent[g + 2 + c]), box.lower, box.upper);
      }
    }
  }

  /// Overwrites the first genes with the pixels in which `known` differs from x.
  static void remember(Row x, Row known, const Grid& grid, std::span<double> agent) {
    std::size_t g = 0;
    for (std::size_t pixel = 0; pixel < grid.height * grid.width && g < agent.size(); ++pixel) {
      const Row value = known.subspan(pixel * grid.channels, grid.channels);
      if (std::ranges::equal(value, x.subspan(pixel * grid.channels, grid.channels))) continue;
      agent[g++] = static_cast<double>(pixel / grid.width);
      agent[g++] = static_cast<double>(pixel % grid.width);
      for (const float v : value) agent[g++] = double{v};
    }
  }

  int steps_ = 100;
  int agents_ = 400;
  double factor_ = 0.5;
};

}  // namespace

const AttackInfo& one_pixel_info() {
  static const AttackInfo info{
      .name = "one-pixel",
      .summary = "Differential evolution over the places and values of a few pixels.",
      .formula = "child = a + F · (b - c); replaces its parent if p_y is lower",
      .source = "Su et al. 2019, arXiv:1710.08864",
      .kind = Kind::kFixedBudget,
      .access = Access::kScores,
      .norms = {Norm::kL0},
      .targeted = true,
      .make = make_attack<OnePixel>,
  };
  return info;
}

}  // namespace gibbon::attacks
