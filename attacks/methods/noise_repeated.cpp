// SPDX-License-Identifier: MIT
// Repeated noise: a control. Even draws from the ball until the model errs: the worst of many.
//
// Problem   linf, l2, l1; fixed budget; random search
// Access    labels; one forward pass per draw and sample
// Method    x' = the first of `draws` points clip(x + u), u even in the ball, that is
//           misclassified; the first draw when there is none
// Property  what a grid of random tries finds at the same cost in passes as an attack
// Source    control; Fawzi, Moosavi-Dezfooli, Frossard 2016, arXiv:1608.08967 (random noise)

#include "attacks/search/starts.hpp"

namespace gibbon::attacks {
namespace {

class NoiseRepeated final : public Attack {
 public:
  std::vector<Field> fields() override {
    return {{"draws", "points tried per sample", &draws_, 1, 1000000}};
  }
  [[nodiscard]] double passes(std::size_t /*classes*/) const override { return draws_; }

 private:
  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    const MutableRows points = work.rows(problem.size(), problem.x.cols);
    const std::span<Rng> streams = work.take<Rng>(problem.size());
    for (std::size_t n = 0; n < problem.size(); ++n) {
      streams[n] = Rng(problem.seed, problem.ids[n], "noise-repeated");
    }
    std::ranges::copy(problem.x.flat(), candidate.data);
    Active active(work, problem.size());
    active.keep_if([&](std::size_t, std::uint32_t n) { return problem.epsilons[n] > 0.0; });
    for (int draw = 0; draw < draws_; ++draw) {
      active.afford(oracle, 1);
      if (active.empty()) return;
      for (std::size_t k = 0; k < active.size(); ++k) {
        const std::uint32_t n = active[k];
        std::ranges::copy(problem.x.row(n), points.row(k).begin());
        search::add_ball_noise(problem.norm, problem.epsilons[n], streams[n], points.row(k));
        project(problem.threat(n), problem.x.row(n), points.row(k));
      }
      const auto broken = oracle.succeeded(points.slice(0, active.size()), problem.labels,
                                           problem.targeted, active.items());
      active.keep_if([&](std::size_t k, std::uint32_t n) {
        if (broken[k] != 0 || draw == 0) {
          std::ranges::copy(points.row(k), candidate.row(n).begin());
        }
        return broken[k] == 0;
      });
    }
  }

  int draws_ = 100;
};

}  // namespace

const AttackInfo& noise_repeated_info() {
  static const AttackInfo info{
      .name = "noise-repeated",
      .summary = "Control: the worst of a hundred even draws from the ball.",
      .formula = "x' = clip(x + u), u uniform in { ||u|| <= ε }, until f(x') ≠ y",
      .source = "control; random noise of Fawzi et al. 2016, arXiv:1608.08967",
      .kind = Kind::kControl,
      .access = Access::kLabels,
      .norms = length_norms(),
      .targeted = false,
      .make = make_attack<NoiseRepeated>,
  };
  return info;
}

}  // namespace gibbon::attacks
