// SPDX-License-Identifier: MIT
#include "eval/verify/replay.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace gibbon::eval::verify {
namespace {

/// The float32 number nearest to `value` in [low, high]; any neighbour if there is none.
float float_within(double value, double low, double high) {
  constexpr float kFar = std::numeric_limits<float>::infinity();
  auto out = static_cast<float>(value);
  if (static_cast<double>(out) < low) out = std::nextafter(out, kFar);
  if (static_cast<double>(out) > high) out = std::nextafter(out, -kFar);
  return out;
}

/// No requirement of some clause holds. With a NaN all comparisons fail, and nothing is broken.
template <class Float>
bool breaks(const Query& query, std::span<const Float> outputs) {
  return std::ranges::any_of(query.clauses, [&](const Clause& clause) {
    return std::ranges::all_of(clause,
                               [&](const Requirement& r) { return value_of(r, outputs) <= 0.0; });
  });
}

template <class Float>
bool breaks_at(const models::MlpOf<Float>& model, const Query& query, std::span<const double> x) {
  TensorOf<Float> input(1, x.size());
  std::ranges::transform(x, input.flat().begin(),
                         [](double value) { return static_cast<Float>(value); });
  models::TapeOf<Float> tape = model.make_tape(1);
  return breaks(query, model.forward(std::as_const(input).view(), tape).row(0));
}

bool admitted(const Query& query, std::span<const double> x) {
  double square = 0.0;
  double sum = 0.0;
  double largest = 0.0;
  for (std::size_t j = 0; j < x.size(); ++j) {
    if (!(x[j] >= query.lower[j] && x[j] <= query.upper[j])) return false;
    if (!query.ball || x[j] == query.ball->centre[j]) continue;
    const double distance = std::abs(x[j] - query.ball->centre[j]) / query.ball->share_of(j);
    square += distance * distance;
    sum += distance;
    largest = std::max(largest, distance);
  }
  if (!query.ball) return true;
  const Norm ball = query.ball->ball;
  if (ball == Norm::kL2) return std::sqrt(square) <= query.ball->radius;
  if (ball == Norm::kL1) return sum <= query.ball->radius;
  return ball == Norm::kLinf && largest <= query.ball->radius;
}

}  // namespace

std::optional<std::vector<double>> Replay::confirm(const Query& query,
                                                   std::span<const double> candidate) const {
  std::vector<double> x(candidate.begin(), candidate.end());
  for (std::size_t j = 0; j < x.size(); ++j) {
    if (std::isnan(x[j])) return std::nullopt;
    x[j] = std::clamp(x[j], query.lower[j], query.upper[j]);
    if (query.single_precision) {
      x[j] = static_cast<double>(float_within(x[j], query.lower[j], query.upper[j]));
    }
  }
  if (query.admit) query.admit(x);
  if (!admitted(query, x) || !breaks_at(exact_, query, x)) return std::nullopt;
  if (query.single_precision && !breaks_at(single_, query, x)) return std::nullopt;
  return x;
}

}  // namespace gibbon::eval::verify
