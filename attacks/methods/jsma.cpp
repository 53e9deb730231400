// SPDX-License-Identifier: MIT
// JSMA: moves two features at a time, those that do most for one class and against all others.
//
// Problem   untargeted (every other class is aimed at, the best counts) or targeted; l0; minimal
//           distance
// Access    gradients; 1 forward and 2 backward passes per pair and target
// Method    over pairs (i, j): A = Σ ∂z_t/∂x > 0, B = Σ ∂(Σ_{k != t} z_k)/∂x < 0, the pair with the
//           largest -A · B; add theta to both; features at the side of the box drop out
// Property  greedy: no guarantee; with theta = ±1 each feature is moved once
// Source    Papernot et al. 2016, arXiv:1511.07528, algorithms 2 and 3
// Differs   signs = 2, the default, moves each feature up or down, whichever helps; signs = 1
//           is the paper's, which moves all by theta. What a move does is weighted with the
//           room that the box leaves it. Where no pair qualifies, e.g. since z_t is constant,
//           the one with the largest A - B is taken (the paper gives up). The last feature of
//           an odd budget moves alone. gamma is 1, since the budget limits the features (the
//           paper: 0.145); targets go by falling clean logit, each given up when it needs more
//           features than the best before

#include <cmath>
#include <numeric>

#include "attacks/attack.hpp"
#include "attacks/search/saliency.hpp"

namespace gibbon::attacks {
namespace {

class Jsma final : public Attack {
 public:
  std::vector<Field> fields() override {
    return {
        {"theta", "change of a feature, as a share of the box; below 0: downwards", &theta_, -1, 1},
        {"gamma", "features that may be changed, as a share of all", &gamma_, 0, 1},
        {"signs", "2: every feature may go up or down; 1: all go the way of theta", &signs_, 1, 2}};
  }
  [[nodiscard]] double passes(std::size_t classes) const override {
    constexpr double kPairs = 20.0;  // on MNIST
    return 3.0 * kPairs * (static_cast<double>(classes) - 1.0);
  }

 private:
  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    const std::size_t samples = problem.size();
    const std::size_t dim = problem.x.cols;
    const std::size_t classes = oracle.num_classes();
    Nearest nearest(problem, work, candidate);
    const MutableRows at = work.rows(samples, dim);
    const MutableRows up = work.rows(oracle.max_rows(), dim);  // gradients of the target's logits
    const std::span<search::Move> moves = work.take<search::Move>(2 * dim);
    const std::span<std::uint32_t> changed = work.take<std::uint32_t>(samples);
    const std::span<std::uint32_t> rounds = work.take<std::uint32_t>(samples);
    const std::span<int> targets = work.take<int>(samples * classes);
    const std::span<std::uint32_t> to_do = work.take<std::uint32_t>(samples);

    Active first(work, samples);
    first.afford(oracle, 1);
    rank_targets(oracle, problem, first, targets, nearest);
    const auto most_rounds =
        static_cast<std::uint32_t>(std::ceil(0.5 * gamma_ * static_cast<double>(dim)));
    const std::size_t aims = problem.targeted ? 1 : classes - 1;
    for (std::size_t aim = 0; aim < aims; ++aim) {
      std::size_t count = 0;
      for (const std::uint32_t n : first.items()) {
        if (nearest.reached(n) || nearest.distance(n) == 0.0) continue;
        to_do[count++] = n;
        std::ranges::copy(problem.x.row(n), at.row(n).begin());
        changed[n] = 0;
        rounds[n] = 0;
      }
      // Each sample goes on until it is broken, stuck, spent, or no better than an earlier target.
      while (count > 0) {
        std::size_t kept = 0;
        for (std::size_t k = 0; k < count; ++k) {
          const std::uint32_t n = to_do[k];
          if (rounds[n] <= most_rounds && oracle.affords(n, 3)) to_do[kept++] = n;
        }
        count = kept;
        kept = 0;
        for (std::size_t begin = 0; begin < count; begin += oracle.max_rows()) {
          const Owners owners =
              Owners(to_do).subspan(begin, std::min(oracle.max_rows(), count - begin));
          const Rows others = jacobian(oracle, problem, owners, targets, aim, at, up, nearest);
          for (std::size_t k = 0; k < owners.size(); ++k) {
            const std::uint32_t n = owners[k];
            const double limit = std::min(problem.epsilons[n], nearest.distance(n) - 1.0);
            const double fresh = std::min(2.0, limit - static_cast<double>(changed[n]));
            if (fresh < 0.0 || nearest.reached(n) || rounds[n] == most_rounds) continue;
            if (!advance(problem, n, up.row(k), others.row(k), static_cast<std::uint32_t>(fresh),
                         moves, at.row(n), changed[n])) {
              continue;
            }
            ++rounds[n];
            to_do[kept++] = n;
          }
        }
        count = kept;
      }
    }
  }

  /// targets[n · classes + r]: the class to aim at in the r-th run. Samples that need no attack are
  /// offered as they are.
  static void rank_targets(Oracle& oracle, const Problem& problem, const Active& active,
                           std::span<int> targets, Nearest& nearest) {
    const std::size_t classes = oracle.num_classes();
    for (std::size_t begin = 0; begin < active.size(); begin += oracle.max_rows()) {
      const Owners owners =
          active.items().subspan(begin, std::min(oracle.max_rows(), active.size() - begin));
      const Rows z = oracle.logits(oracle.pack(problem.x, owners), owners);
      for (std::size_t k = 0; k < owners.size(); ++k) {
        const std::uint32_t n = owners[k];
        const int label = problem.labels[n];
        if (succeeded(z.row(k), label, problem.targeted)) nearest.offer(n, problem.x.row(n));
        const std::span<int> order = targets.subspan(n * classes, classes);
        std::iota(order.begin(), order.end(), 0);
        std::ranges::sort(order, [&](int a, int b) {
          // The label first if it is the target, last if it is to be left.
          if ((a == label) != (b == label)) return (a == label) == problem.targeted;
          const float z_a = z.row(k)[static_cast<std::size_t>(a)];
          const float z_b = z.row(k)[static_cast<std::size_t>(b)];
          return z_a != z_b ? z_a > z_b : a < b;
        });
      }
    }
  }

  /// up.row(k) = ∂z_t/∂x, the result's row k = ∂(Σ_{j != t} z_j)/∂x. Points that fool the model are
  /// offered.
  static Rows jacobian(Oracle& oracle, const Problem& problem, Owners owners,
                       std::span<const int> targets, std::size_t aim, Rows at, MutableRows up,
                       Nearest& nearest) {
    const std::size_t classes = oracle.num_classes();
    const Rows z = oracle.logits(oracle.pack(at, owners), owners);
    for (std::size_t k = 0; k < owners.size(); ++k) {
      const std::uint32_t n = owners[k];
      if (succeeded(z.row(k), problem.labels[n], problem.targeted)) nearest.offer(n, at.row(n));
    }
    const MutableRows seeds = oracle.seeds();
    const auto seed = [&](float of_target, float of_others) {
      for (std::size_t k = 0; k < owners.size(); ++k) {
        std::ranges::fill(seeds.row(k), of_others);
        seeds.row(k)[static_cast<std::size_t>(targets[owners[k] * classes + aim])] = of_target;
      }
      return oracle.backward(seeds);
    };
    std::ranges::copy(seed(1.0F, 0.0F).flat(), up.data);
    return seed(0.0F, 1.0F);
  }

  /// Moves the best pair of features of `point`; false when there is none.
  bool advance(const Problem& problem, std::size_t n, Row up, Row others, std::uint32_t fresh,
               std::span<search::Move> moves, MutableRow point, std::uint32_t& changed) const {
    const Row x = problem.x.row(n);
    const Box box = problem.domain;
    const auto step = static_cast<float>(theta_) * (box.upper - box.lower);
    std::size_t count = 0;
    const auto consider = [&](std::size_t d, float size) {
      const float room = std::clamp(size, box.lower - point[d], box.upper - point[d]);
      const bool new_one = point[d] == x[d];
      // A changed feature goes on as it began, or it would swing.
      if (room == 0.0F || (!new_one && (room > 0.0F) != (point[d] > x[d]))) return;
      moves[count++] = {.gain = up[d] * room,
                        .loss = -others[d] * room,
                        .change = room,
                        .feature = static_cast<std::uint32_t>(d),
                        .fresh = new_one ? 1U : 0U};
    };
    for (std::size_t d = 0; d < x.size(); ++d) {
      consider(d, step);
      if (signs_ == 2) consider(d, -step);
    }
    const search::MovePair pair = search::best_pair(moves.first(count), fresh);
    if (!pair.found) return false;
    for (const search::Move& move : {pair.first, pair.second}) {
      if (move.feature == search::kNoFeature) continue;
      float& value = point[move.feature];
      value = std::clamp(value + move.change, box.lower, box.upper);
      changed += move.fresh;
    }
    return true;
  }

  double theta_ = 1.0;
  double gamma_ = 1.0;
  int signs_ = 2;
};

}  // namespace

const AttackInfo& jsma_info() {
  static const AttackInfo info{
      .name = "jsma",
      .summary = "Saliency map attack: moves the two features that do most for a target class.",
      .formula = "x'_{i,j} += θ, (i, j) = argmax -A · B, A = Σ ∂z_t/∂x, B = Σ ∂(Σ_{k≠t} z_k)/∂x",
      .source = "Papernot et al. 2016, arXiv:1511.07528",
      .kind = Kind::kMinimalDistance,
      .access = Access::kGradients,
      .norms = {Norm::kL0},
      .targeted = true,
      .make = make_attack<Jsma>,
  };
  return info;
}

}  // namespace gibbon::attacks
