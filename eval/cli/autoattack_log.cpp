// SPDX-License-Identifier: MIT
#include "eval/cli/autoattack_log.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <fmt/format.h>

namespace gibbon::eval::cli {
namespace {

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

double percent(std::size_t part, std::size_t whole) {
  return 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

/// "Linf", "L2", "L1".
std::string norm_name(attacks::Norm norm) {
  std::string name(attacks::to_string(norm));
  name[0] = 'L';
  return name;
}

}  // namespace

bool logs_autoattack(const sweep::SweepPlan& plan) {
  return plan.attacks.size() == 1 && plan.attacks[0].ordered && plan.norms.size() == 1 &&
         plan.epsilons.size() == 1 && plan.epsilons[0] > 0.0;
}

std::string autoattack_line(const sweep::SweepStatus& status) {
  return fmt::format("{} - {}/{} - {} out of {} successfully perturbed", status.attack,
                     status.block + 1, status.blocks, status.broken, status.attacked);
}

std::string autoattack_log(const sweep::SweepResult& result, const sweep::SweepPlan& plan,
                           double seconds) {
  const sweep::Pair& pair = result.pairs.front();
  std::vector<std::string> names;
  for (const sweep::AttackSpec* member : pair.members) names.emplace_back(member->info->name);
  std::string out = fmt::format(
      "setting parameters for {} version\nusing {} version including {}.\n"
      "initial accuracy: {:.2f}%\n",
      plan.attacks[0].version, plan.attacks[0].version, fmt::join(names, ", "),
      percent(result.clean_correct, result.finished));
  double total = 0.0;
  for (const sweep::Tally& tally : result.tallies.front()) total += tally.seconds;
  std::size_t standing = result.clean_correct;
  double spent = 0.0;
  for (std::size_t m = 0; m < names.size(); ++m) {
    const sweep::Tally& tally = result.tallies.front()[m];
    standing -= tally.broken;
    spent += tally.seconds;
    out += fmt::format("robust accuracy after {}: {:.2f}% (total time {:.1f} s)\n", upper(names[m]),
                       percent(standing, result.finished),
                       total > 0.0 ? seconds * spent / total : 0.0);
  }
  double widest = 0.0;
  for (const auto& r : result.samples) {
    if (r.fooled == 0) continue;
    widest = std::max(widest, r.distances[pair.norm]);
  }
  const Row points = result.examples.points.flat();
  const auto nans = std::ranges::count_if(points, [](float v) { return std::isnan(v); });
  const auto [low, high] = std::ranges::minmax(points);
  return out + fmt::format(
                   "max {} perturbation: {:.5f}, nan in tensor: {}, max: {:.5f}, min: {:.5f}\n"
                   "robust accuracy: {:.2f}%\n",
                   norm_name(pair.norm), widest, nans, high, low,
                   percent(standing, result.finished));
}

}  // namespace gibbon::eval::cli
