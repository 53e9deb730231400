// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "attacks/losses.hpp"
#include "base/printable.hpp"
#include "eval/lab/explain.hpp"

// What the lessons of multilayer perceptrons and of graphs share.
namespace gibbon::eval::lab {

using Values = std::span<const double>;

inline std::string number(double value) { return fmt::format("{:+.6g}", value); }

/// "[ +1.2, -3.4, …]", eight to a line, in columns below the line they start on.
inline std::string vector(Values values, bool all) {
  constexpr std::size_t kShown = 32;  // entries that are printed without `all`
  const std::size_t shown = all ? values.size() : std::min(values.size(), kShown);
  std::string out = values.size() > 8 ? "[\n      " : "[";
  for (std::size_t k = 0; k < shown; ++k) {
    if (k > 0) out += k % 8 == 0 ? ",\n      " : ",";
    out += fmt::format("{:>13}", number(values[k]));
  }
  return out + (shown < values.size() ? fmt::format(", … {} more]", values.size() - shown) : "]");
}

inline double length(Values values) {
  return std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0));
}

inline std::string lengths(Values values) {
  const double sum =
      std::accumulate(values.begin(), values.end(), 0.0,
                      [](double before, double value) { return before + std::abs(value); });
  return fmt::format("(||·||₂ = {:.6g}, ||·||₁ = {:.6g})", length(values), sum);
}

/// "x[97]: -0.3, …": the eight of largest magnitude.
inline std::string largest_entries(Values dx) {
  std::vector<std::size_t> order(dx.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t d) { return std::abs(dx[d]); });
  std::string out;
  for (std::size_t k = 0; k < std::min<std::size_t>(8, order.size()); ++k)
    out += fmt::format("{}x[{}]: {}", k == 0 ? "" : ", ", order[k] + 1, number(dx[order[k]]));
  return out;
}

inline std::string the_sample(const datasets::Dataset& data, std::size_t sample) {
  const auto label = static_cast<std::size_t>(data.labels[sample]);
  const Row x = data.images.row(sample);
  const auto filled = std::ranges::count_if(x, [](float v) { return v != 0.0F; });
  return fmt::format(
      "\nsample {} of {} {}: label y = {} ({})\n"
      "  x: {} values in [{}, {}], {} of them not 0\n",
      data.ids[sample], data.name, data.split, label, printable(data.class_names[label]), x.size(),
      data.range.lower, data.range.upper, filled);
}

/// ŷ and C of the logits, which the lesson calls `z`.
inline std::string the_answer(const std::string& z, Values logits, double loss, std::size_t label,
                              const datasets::Dataset& data, const ExplainSettings& settings) {
  std::vector<double> answer(logits.size());
  models::apply_output(settings.loss.output, logits, std::span(answer));
  const auto says = static_cast<std::size_t>(std::ranges::max_element(logits) - logits.begin());
  return fmt::format(
      "\n  ŷ = {}({})\n    ŷ = {}\n    the network predicts {} ({}), the label is {}\n"
      "\n  C = {}   ({})\n    C = {}\n",
      models::to_string(settings.loss.output), z, vector(answer, settings.all), says,
      says < data.class_names.size() ? printable(data.class_names[says]) : "not in the data", label,
      settings.loss.info->formula, settings.loss.info->name, number(loss));
}

/// One step of FGSM and what it does to the prediction.
inline std::string the_attack(const models::ClassifierOf<double>& model, const TensorOf<double>& x,
                              Values dx, const datasets::Dataset& data,
                              const ExplainSettings& settings) {
  TensorOf<double> moved = x;
  for (std::size_t d = 0; d < moved.cols(); ++d) {
    const double step = dx[d] > 0.0 ? settings.epsilon : (dx[d] < 0.0 ? -settings.epsilon : 0.0);
    moved.row(0)[d] =
        std::clamp(moved.row(0)[d] + step, double{data.range.lower}, double{data.range.upper});
  }
  auto tape = model.make_tape(1);
  const auto say = [&](const TensorOf<double>& at) {
    const auto logits = model.forward(at.view(), tape).row(0);
    const auto label = static_cast<std::size_t>(attacks::predicted_class(logits));
    return fmt::format("{} with {:.2f} %",
                       label < data.class_names.size() ? printable(data.class_names[label])
                                                       : fmt::format("class {}", label),
                       100.0 * models::confidence(settings.loss.output, logits, label));
  };
  return fmt::format(
      "\nFGSM: x' = clip(x + ε · sign(∇ₓC)), here with ε = {}\n    before: {}\n    after:  {}\n",
      settings.epsilon, say(x), say(moved));
}

}  // namespace gibbon::eval::lab
