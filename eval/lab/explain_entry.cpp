// SPDX-License-Identifier: MIT
#include "eval/lab/explain_entry.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <vector>

#include "base/suggest.hpp"
#include "eval/lab/explain.hpp"
#include "eval/sweep/epsilons.hpp"
#include "models/activation.hpp"
#include "models/loss.hpp"
#include "models/optimizer.hpp"

namespace gibbon::eval::lab {
namespace {

std::string row(std::string_view head, std::span<const double> values) {
  std::string out = fmt::format("    {:<10}", head);
  for (const double value : values) {
    const double shown = std::abs(value) < 5e-5 ? 0.0 : value;  // no -0
    out += fmt::format(" {:>9.4f}", shown);
  }
  return out + "\n";
}

std::string explain_norm(const NormInfo& norm) {
  constexpr std::size_t kDigits = 784;
  constexpr std::size_t kColours = 3072;
  constexpr std::array<float, 2> kZero{0.0F, 0.0F};
  constexpr std::array<float, 2> kMove{0.3F, -0.4F};
  const std::string unit(norm.unit.empty() ? "input units" : norm.unit);
  return fmt::format(
      "{}\n  {}: {}\n\n  ball     {}, and x' in the range of the data\n"
      "  step     {}\n  unit     {}\n"
      "  budgets  up to {:g} for {} values (MNIST), up to {:.4g} for {} (CIFAR-10), where none are "
      "given\n  example  x' - x = (0.3, -0.4): {:g}\n",
      norm.name, norm.symbol, norm.summary, norm.ball, norm.steepest, unit,
      sweep::usual_epsilons(norm.norm, kDigits).back(), kDigits,
      sweep::usual_epsilons(norm.norm, kColours).back(), kColours, norm.distance(kZero, kMove));
}

std::string explain_activation(const models::ActivationInfo& info) {
  constexpr std::array kPoints{-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0};
  std::array<double, kPoints.size()> values{};
  std::array<double, kPoints.size()> slopes{};
  slopes.fill(1.0);
  info.forward64(info.alpha, kPoints, values);
  info.backward64(info.alpha, kPoints, values, slopes);
  return fmt::format(
             "{}\n  activation: a = σ(z)\n\n  σ(z)     {}\n  σ'(z)    {}\n  kink     {}\n"
             "  ONNX     {}\n{}{}  example\n",
             info.name, info.formula, info.derivative, info.kink, info.onnx_op,
             info.alpha == 0.0 || info.alpha > 1e30 ? ""
                                                    : fmt::format("  alpha    {}\n", info.alpha),
             info.trainable ? "" : "  training impossible: σ' is 0 almost everywhere\n") +
         row("z", kPoints) + row("σ(z)", values) + row("σ'(z)", slopes);
}

std::string explain_loss(const models::LossInfo& info) {
  constexpr std::array kLogits{2.0, 1.0, -1.0};
  std::array<double, kLogits.size()> gradient{};
  std::string out = fmt::format(
      "{}\n  loss J of logits z, class y and what the model answers, ŷ\n\n  J        {}\n"
      "  answer   ŷ = {} of z where none is chosen{}\n  source   {}\n  example  y is the first of "
      "three classes\n",
      info.name, info.formula, models::to_string(info.usual_output),
      info.softmax_only ? " (no other is possible)" : "", info.source);
  out += row("z", kLogits);
  const double loss = info.evaluate64(info.usual_output, kLogits, 0, gradient);
  return out + row("J", std::array{loss}) + row("∂J/∂z", gradient);
}

std::string explain_optimizer(const models::OptimizerInfo& info) {
  constexpr std::size_t kSteps = 3;
  std::array<double, 1> w{1.0};
  std::array<double, 1> first{};
  std::array<double, 1> second{};
  std::vector<double> path{w[0]};
  for (std::size_t t = 1; t <= kSteps; ++t) {
    const std::array<double, 1> gradient{2.0 * w[0]};
    info.step64({.learning_rate = info.usual_learning_rate, .momentum = 0.9, .step = t}, gradient,
                w, first, second);
    path.push_back(w[0]);
  }
  return fmt::format(
             "{}\n  optimizer\n\n  step     {}\n  usual α  {}\n  source   {}\n"
             "  example  J(W) = W², so ∂J/∂W = 2 W; three steps from W = 1; μ = 0.9\n",
             info.name, info.formula, info.usual_learning_rate, info.source) +
         row("W", path);
}

/// Calls look(entry, explain) with every entry and what explains it until it returns true.
template <class Look>
void look_through_all(const Look& look) {
  const auto in = [&](const auto& catalogue, const auto& explain) {
    return std::ranges::any_of(catalogue, [&](const auto& entry) { return look(entry, explain); });
  };
  static_cast<void>(
      in(attacks::catalog(), explain_attack) || in(attacks::ensembles(), explain_ensemble) ||
      in(norms(), explain_norm) || in(models::activations(), explain_activation) ||
      in(models::losses(), explain_loss) || in(models::optimizers(), explain_optimizer));
}

}  // namespace

std::string explain_entry(const std::string& name) {
  std::string out;
  look_through_all([&](const auto& entry, const auto& explain) {
    if (!is_meant(entry, name)) return false;
    out = explain(entry);
    return true;
  });
  if (!out.empty()) return out;
  fail_usage(
      "explain {}: no attack, ensemble, norm, activation, loss or optimizer is called so{}; "
      "'gibbon "
      "list' shows all",
      name, did_you_mean(name, explained_names(), 3));
}

bool is_explained(const std::string& name) {
  bool found = false;
  look_through_all([&](const auto& entry, const auto& /*explain*/) {
    found = is_meant(entry, name);
    return found;
  });
  return found;
}

std::vector<std::string> explained_names() {
  std::vector<std::string> out;
  look_through_all([&](const auto& entry, const auto& /*explain*/) {
    out.emplace_back(entry.name);
    return false;
  });
  return out;
}

}  // namespace gibbon::eval::lab
