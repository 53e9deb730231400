// SPDX-License-Identifier: MIT
#include "eval/judge/judge.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "attacks/losses.hpp"
#include "base/simd.hpp"

namespace gibbon::eval::judge {

Judge::Judge(const models::ClassifierOf<double>& model, models::Output output, std::size_t max_rows)
    : model_(model),
      output_(output),
      tape_(model.make_tape(max_rows)),
      x_(max_rows, model.input_dim()) {}

void Judge::look(Rows x, Labels labels, std::span<Finding> findings) {
  std::ranges::copy(x.flat(), x_.view().data);
  const auto logits = model_.forward(std::as_const(x_).view().slice(0, x.rows), tape_);
  for (std::size_t n = 0; n < x.rows; ++n) {
    const std::span<const double> z = logits.row(n);
    Finding& finding = findings[n];
    if (std::ranges::any_of(z, [](double value) { return std::isnan(value); })) {
      finding = {};
      continue;
    }
    finding.label = attacks::predicted_class(z);
    finding.confidence = models::confidence(output_, z, static_cast<std::size_t>(finding.label));
    finding.margin = attacks::margin(z, labels[n]);
    finding.least_likely = static_cast<int>(std::ranges::min_element(z) - z.begin());
  }
}

std::vector<float> Judge::confidences(Row x) {
  std::ranges::copy(x, x_.view().data);
  const auto logits = model_.forward(std::as_const(x_).view().slice(0, 1), tape_);
  std::vector<float> shares(logits.cols);
  for (std::size_t k = 0; k < shares.size(); ++k) {
    shares[k] = static_cast<float>(models::confidence(output_, logits.row(0), k));
  }
  return shares;
}

namespace {

/// Distances in the norms that one pass over the features gives.
struct Pass {
  double l0 = 0.0;
  double l1 = 0.0;
  double l2 = 0.0;
  double linf = 0.0;
};

GIBBON_SIMD Pass measure_in_one_pass(Row origin, Row candidate) {
  // Eight sums of each kind side by side: fast, and in the same order on every machine.
  constexpr std::size_t kLanes = 8;
  std::array<double, kLanes> changed{};
  std::array<double, kLanes> l1{};
  std::array<double, kLanes> squares{};
  std::array<double, kLanes> largest{};
  const std::size_t size = origin.size();
  for (std::size_t first = 0; first < size; first += kLanes) {
    const std::size_t count = std::min(kLanes, size - first);
    for (std::size_t l = 0; l < count; ++l) {
      const double delta = std::abs(double{candidate[first + l]} - double{origin[first + l]});
      changed[l] += delta != 0.0 ? 1.0 : 0.0;
      l1[l] += delta;
      squares[l] += delta * delta;
      largest[l] = delta > largest[l] ? delta : largest[l];
    }
  }
  Pass out;
  for (std::size_t l = 0; l < kLanes; ++l) {
    out.l0 += changed[l];
    out.l1 += l1[l];
    out.l2 += squares[l];
    out.linf = std::max(out.linf, largest[l]);
  }
  out.l2 = std::sqrt(out.l2);
  return out;
}

}  // namespace

PerNorm measure(Row origin, Row candidate) {
  const Pass pass = measure_in_one_pass(origin, candidate);
  PerNorm out;
  if (!std::isfinite(pass.l1)) {
    out.values.fill(std::numeric_limits<double>::infinity());
    return out;
  }
  for (const NormInfo& norm : norms()) {
    out[norm.norm] = norm.norm == Norm::kL0     ? pass.l0
                     : norm.norm == Norm::kL1   ? pass.l1
                     : norm.norm == Norm::kL2   ? pass.l2
                     : norm.norm == Norm::kLinf ? pass.linf
                                                : norm.distance(origin, candidate);
  }
  return out;
}

PerNorm measure(Row origin, Row candidate, Row scale) {
  if (scale.empty()) return measure(origin, candidate);
  PerNorm out;
  double squares = 0.0;
  for (std::size_t d = 0; d < origin.size(); ++d) {
    const double move = std::abs(double{candidate[d]} - double{origin[d]});
    if (move == 0.0) continue;
    const double share = move / double{scale[d]};
    out[Norm::kL0] += 1.0;
    out[Norm::kL1] += share;
    squares += share * share;
    out[Norm::kLinf] = std::max(out[Norm::kLinf], share);
  }
  out[Norm::kL2] = std::sqrt(squares);
  // NaN in a candidate, or scale 0.
  if (!std::isfinite(out[Norm::kL1])) out.values.fill(std::numeric_limits<double>::infinity());
  return out;
}

bool on_lattice(double step, Row candidate) {
  return std::ranges::all_of(candidate, [&](float value) {
    const double k = std::floor(double{value} / step + 0.5);
    return value == static_cast<float>(k / (1.0 / step));
  });
}

GIBBON_SIMD bool inside(Box box, Row candidate) {
  int outside = 0;
  for (const float value : candidate) outside += box.contains(value) ? 0 : 1;
  return outside == 0;
}

}  // namespace gibbon::eval::judge
