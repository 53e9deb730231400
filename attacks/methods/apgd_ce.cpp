// SPDX-License-Identifier: MIT
// APGD-CE: Auto-PGD on cross-entropy, a projected ascent that sets its own step length.
//
// Problem   untargeted or targeted; linf, l2, l1; fixed budget
// Access    gradients; steps + 1 forward and `steps` backward passes per run and sample
// Method    v = P(x_t + η · steepest(∇ₓJ)),
//           x_{t+1} = P(x_t + 3/4 · (v - x_t) + 1/4 · (x_t - x_{t-1}))
//           from a random start at full distance, η = 2 ε; at checkpoints η is halved, and the best
//           point taken up again, where too few steps raised the loss. l1: sparse steps without
//           momentum in balls of 3 ε, 2 ε, ε (apgd.hpp)
// Property  nothing to tune but the number of steps
// Source    Croce & Hein 2020, arXiv:2003.01690, algorithm 1; l1: 2021, arXiv:2103.01208
// Differs   scale-free seed and the logarithm of the loss (losses.hpp, apgd_losses.hpp): progress
//           shows at any confidence; the first step is compared with the start, as in the paper,
//           not with nothing, as in the authors' code

#include "attacks/search/apgd.hpp"

namespace gibbon::attacks {
namespace {

class ApgdCe final : public Attack {
 public:
  std::vector<Field> fields() override { return options_.fields(); }
  [[nodiscard]] double passes(std::size_t /*classes*/) const override {
    return options_.restarts * options_.passes_per_run();
  }

 private:
  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    search::Campaign campaign(problem, work, candidate);
    search::Apgd apgd(oracle, problem, work, campaign, options_, search::cross_entropy_loss());
    campaign.each_run(options_.restarts, 1, [&](int number, std::span<std::uint32_t> samples) {
      apgd.run(number, samples, {});
    });
  }

  search::ApgdOptions options_{.purpose = "apgd-ce"};
};

}  // namespace

const AttackInfo& apgd_ce_info() {
  static const AttackInfo info{
      .name = "apgd-ce",
      .aliases = "apgd",
      .summary = "Auto-PGD on cross-entropy: momentum, and a step length that sets itself.",
      .formula =
          "x' = P(x' + 3/4 · (P(x' + η · sign(∇ₓJ)) - x') + 1/4 · last move), η halved where "
          "J stops rising",
      .source = "Croce & Hein 2020, arXiv:2003.01690",
      .kind = Kind::kFixedBudget,
      .access = Access::kGradients,
      .norms = {Norm::kLinf, Norm::kL2, Norm::kL1},
      .targeted = true,
      .make = make_attack<ApgdCe>,
  };
  return info;
}

}  // namespace gibbon::attacks
