// SPDX-License-Identifier: MIT
// APGD-T: Auto-PGD on the targeted difference of logits ratio, towards one class after the other.
//
// Problem   untargeted (it picks the targets itself); linf, l2, l1; fixed budget
// Access    gradients; 1 forward pass for the targets, then steps + 1 forward and `steps` backward
//           passes per target and sample
// Method    as apgd-ce with J = -(z_y - z_t) / (z_p1 - (z_p3 + z_p4) / 2), p sorting the logits; t:
//           the classes other than y by falling logit of the clean input, each a run on what is
//           left
// Property  finds the ways out that the untargeted losses pass by; dear: nine runs
// Source    Croce & Hein 2020, arXiv:2003.01690, equation 7
// Differs   three classes: J divides by z_p1 - z_p3; two: J = -(z_y - z_t). A class is left out by
//           its being y, not by its rank, so no run aims at y

#include <numeric>

#include "attacks/search/apgd.hpp"

namespace gibbon::attacks {
namespace {

class ApgdT final : public Attack {
 public:
  std::vector<Field> fields() override {
    std::vector<Field> fields = options_.fields();
    fields.push_back(
        {"targets", "number of target classes, from the likeliest", &targets_, 1, 100000});
    return fields;
  }
  [[nodiscard]] double passes(std::size_t classes) const override {
    return 1.0 + options_.restarts * aims(classes) * options_.passes_per_run();
  }
  [[nodiscard]] std::string remark(std::size_t classes) const override {
    if (classes == 2) {
      return "apgd-t divides by z_1 - (z_3 + z_4) / 2 and so needs four classes; with two it "
             "climbs "
             "z_t - z_y, which points where cross-entropy does.";
    }
    if (classes == 3) {
      return "apgd-t divides by z_1 - (z_3 + z_4) / 2 and so needs four classes; with three it "
             "divides by z_1 - z_3.";
    }
    return {};
  }

 private:
  /// Number of targets there are.
  int aims(std::size_t classes) const { return std::min(targets_, static_cast<int>(classes) - 1); }

  void search(Oracle& oracle, const Problem& problem, Workspace& work,
              MutableRows candidate) const override {
    search::Campaign campaign(problem, work, candidate);
    const int count = aims(oracle.num_classes());
    const std::span<int> ranked = work.take<int>(problem.size() * oracle.num_classes());
    const std::span<int> target = work.take<int>(problem.size());
    rank_classes(oracle, problem, work, campaign, ranked);
    search::Apgd apgd(oracle, problem, work, campaign, options_, search::targeted_dlr_loss());
    campaign.each_run(
        options_.restarts * count, count, [&](int number, std::span<std::uint32_t> samples) {
          const int rank = std::max(number, 0) % count;
          for (const std::uint32_t n : samples) {
            target[n] = ranked[n * oracle.num_classes() + static_cast<std::size_t>(rank)];
          }
          apgd.run(number, samples, target);
        });
  }

  /// ranked (N × C): the classes by falling logit at the clean input, y last. Samples that are
  /// misclassified there are done with.
  static void rank_classes(Oracle& oracle, const Problem& problem, Workspace& work,
                           search::Campaign& campaign, std::span<int> ranked) {
    Active active(work, problem.size());
    active.keep_if([&](std::size_t, std::uint32_t n) {
      if (!(problem.epsilons[n] > 0.0)) return false;
      if (oracle.affords(n, 1)) return true;
      campaign.spent(n);
      return false;
    });
    if (active.empty()) return;
    const Rows logits = oracle.logits(oracle.pack(problem.x, active.items()), active.items());
    for (std::size_t k = 0; k < active.size(); ++k) {
      const std::uint32_t n = active[k];
      const Row z = logits.row(k);
      if (succeeded(z, problem.labels[n], false)) campaign.broke(n, problem.x.row(n));
      const std::span<int> order = ranked.subspan(n * z.size(), z.size());
      std::iota(order.begin(), order.end(), 0);
      std::ranges::sort(order, [&](int a, int b) {
        const bool last_a = a == problem.labels[n];
        const bool last_b = b == problem.labels[n];
        if (last_a != last_b) return last_b;
        const float za = z[static_cast<std::size_t>(a)];
        const float zb = z[static_cast<std::size_t>(b)];
        return za != zb ? za > zb : a < b;
      });
    }
  }

  search::ApgdOptions options_{.purpose = "apgd-t"};
  int targets_ = 9;
};

}  // namespace

const AttackInfo& apgd_t_info() {
  static const AttackInfo info{
      .name = "apgd-t",
      .summary = "Auto-PGD towards each of the nine likeliest wrong classes in turn.",
      .formula = "as apgd-ce with J = -(z_y - z_t) / (z_1st - (z_3rd + z_4th) / 2), for nine t",
      .source = "Croce & Hein 2020, arXiv:2003.01690",
      .kind = Kind::kFixedBudget,
      .access = Access::kGradients,
      .norms = {Norm::kLinf, Norm::kL2, Norm::kL1},
      .targeted = false,
      .make = make_attack<ApgdT>,
  };
  return info;
}

}  // namespace gibbon::attacks
