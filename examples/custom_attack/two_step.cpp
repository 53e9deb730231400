// SPDX-License-Identifier: MIT
#include "two_step.hpp"

#include <algorithm>

namespace {

using namespace gibbon::attacks;  // NOLINT(google-build-using-namespace): an example
using gibbon::MutableRows;

class TwoStep final : public Attack {
 public:
  std::vector<Field> fields() override {
    return {{"first", "size of the first step as a share of the budget", &first_, 0, 1}};
  }
  /// Two gradients, each a forward and a backward pass.
  [[nodiscard]] double passes(std::size_t /*classes*/) const override { return 4.0; }

 private:
  // It only proposes: whether a candidate lies in ball and box and is misclassified, gibbon checks.
  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    std::ranges::copy(problem.x.flat(), candidate.data);
    Active active(work, problem.size());  // the samples still to be worked on
    for (const double share : {first_, 1.0}) {
      active.afford(oracle, 2);  // --max-queries
      if (active.empty()) return;
      const Oracle::Gradient got =
          oracle.gradient(oracle.pack(candidate, active.items()), problem.labels,
                          scale_free_seed<float>, active.items());
      for (std::size_t k = 0; k < active.size(); ++k) {
        const std::size_t n = active[k];
        if (succeeded(got.logits.row(k), problem.labels[n], problem.targeted)) continue;
        ascend(problem.threat(n), problem.x.row(n), got.dx.row(k),
               problem.direction() * share * problem.epsilons[n], candidate.row(n));
      }
    }
  }

  double first_ = 0.5;
};

}  // namespace

const AttackInfo& two_step_info() {
  static const AttackInfo info{
      .name = "two-step",
      .summary = "A sign step with a part of the budget, then one with all of it.",
      .formula = "x₁ = P(x + ε/2 · sign(∇ₓJ(x))), x' = P(x₁ + ε · sign(∇ₓJ(x₁)))",
      .source = "this example",
      .kind = Kind::kSingleStep,
      .access = Access::kGradients,
      .norms = {Norm::kLinf, Norm::kL2},
      .targeted = true,
      .make = make_attack<TwoStep>,
  };
  return info;
}
