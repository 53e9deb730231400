// SPDX-License-Identifier: MIT
// PGD: projected gradient ascent on the loss from a random start inside the ball.
//
// Problem   untargeted or targeted; linf, l2, l1; fixed budget
// Access    gradients; steps + 1 forward and `steps` backward passes per run and sample
// Method    x_0 = project(x + u), x_{t+1} = project(x_t + step · steepest(∇ₓJ(θ, x_t, y))); both
//           projections on the ball around the clean x, together with the box
// Property  finds the optimum of two-class linear models; local optimum elsewhere
// Source    Madry et al. 2018, arXiv:1706.06083, section 2.1; l1: Tramèr & Boneh 2019,
//           arXiv:1904.13000 (SLIDE)
// Differs   hands over the first misclassified point (with full=1 none ends the run) or the one of
//           the lowest margin, not the last; scale-free seed (losses.hpp); restarts run on
//           survivors; l1 projects on ball and box together instead of one after the other

#include "attacks/search/iterate.hpp"

namespace gibbon::attacks {
namespace {

class Pgd final : public Attack {
 public:
  std::vector<Field> fields() override {
    return {
        {"steps", "steps per run", &steps_, 1, 100000},
        {"step",
         "length of a step as a share of the budget; 0: 1/30 for linf, 2.5 / steps otherwise",
         &step_, 0, 10},
        {"restarts", "number of runs, each on the surviving samples", &restarts_, 1, 10000},
        {"random", "1: the first run also starts at a random point of the ball; 0: from the input",
         &random_, 0, 1},
        {"full",
         "1: every run takes all its steps for the best margin; 0: it ends with the first success",
         &full_, 0, 1}};
  }
  [[nodiscard]] double passes(std::size_t /*classes*/) const override {
    return restarts_ * (2.0 * steps_ + 1.0);
  }

 private:
  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    const double usual = info_of(problem.norm).each_value ? 1.0 / 30.0 : 2.5 / steps_;
    search::ProjectedStep rule(problem, step_ > 0.0 ? step_ : usual);
    search::iterate(oracle, problem, work, candidate,
                    {.steps = steps_,
                     .restarts = restarts_,
                     .start = random_ != 0 ? search::Start::kRandom : search::Start::kInput,
                     .purpose = "pgd",
                     .stop = full_ != 0 ? search::Stop::kLastStep : search::Stop::kFirstSuccess},
                    rule);
  }

  int steps_ = 100;
  double step_ = 0.0;
  int restarts_ = 1;
  int random_ = 1;
  int full_ = 0;
};

}  // namespace

const AttackInfo& pgd_info() {
  static const AttackInfo info{
      .name = "pgd",
      .summary = "Projected gradient ascent from a random start inside the ball.",
      .formula = "x' = P(x' + step · ε · sign(∇ₓJ(θ, x', y))), 'steps' times, from a random x'",
      .source = "Madry et al. 2018, arXiv:1706.06083",
      .kind = Kind::kFixedBudget,
      .access = Access::kGradients,
      .norms = length_norms(),
      .targeted = true,
      .make = make_attack<Pgd>,
  };
  return info;
}

}  // namespace gibbon::attacks
