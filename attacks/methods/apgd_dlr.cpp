// SPDX-License-Identifier: MIT
// APGD-DLR: Auto-PGD on the difference of logits ratio, a loss that no factor on the logits
// changes.
//
// Problem   untargeted or targeted; linf, l2, l1; fixed budget
// Access    gradients; steps + 1 forward and `steps` backward passes per run and sample
// Method    as apgd-ce with J = -(z_y - max_{j != y} z_j) / (z_p1 - z_p3), p sorting the logits;
//           targeted: the same ratio with t for y is lowered
// Property  blind to the confidence of the model; sees only the three highest logits and y's
// Source    Croce & Hein 2020, arXiv:2003.01690, equation 6
// Differs   two classes have no third: J = -(z_y - z_o) there. The first step is compared with the
//           start, as in the paper, not with nothing, as in the authors' code

#include "attacks/search/apgd.hpp"

namespace gibbon::attacks {
namespace {

class ApgdDlr final : public Attack {
 public:
  std::vector<Field> fields() override { return options_.fields(); }
  [[nodiscard]] double passes(std::size_t /*classes*/) const override {
    return options_.restarts * options_.passes_per_run();
  }
  [[nodiscard]] std::string remark(std::size_t classes) const override {
    if (classes >= 3) return {};
    return "apgd-dlr divides by z_1 - z_3 and so needs three classes; with two it climbs z_o - "
           "z_y, "
           "which points where cross-entropy does.";
  }

 private:
  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    search::Campaign campaign(problem, work, candidate);
    search::Apgd apgd(oracle, problem, work, campaign, options_, search::dlr_loss());
    campaign.each_run(options_.restarts, 1, [&](int number, std::span<std::uint32_t> samples) {
      apgd.run(number, samples, {});
    });
  }

  search::ApgdOptions options_{.purpose = "apgd-dlr"};
};

}  // namespace

const AttackInfo& apgd_dlr_info() {
  static const AttackInfo info{
      .name = "apgd-dlr",
      .summary = "Auto-PGD on the difference of logits ratio, which ignores the logits' scale.",
      .formula = "as apgd-ce with J = -(z_y - max_{j≠y} z_j) / (z_1st - z_3rd)",
      .source = "Croce & Hein 2020, arXiv:2003.01690",
      .kind = Kind::kFixedBudget,
      .access = Access::kGradients,
      .norms = {Norm::kLinf, Norm::kL2, Norm::kL1},
      .targeted = true,
      .make = make_attack<ApgdDlr>,
  };
  return info;
}

}  // namespace gibbon::attacks
