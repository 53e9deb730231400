// SPDX-License-Identifier: MIT
#include "eval/verify/falsify.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/rng.hpp"

namespace gibbon::eval::verify {
namespace {

constexpr std::size_t kPoints = 64;  // what the float32 products pad to anyway

/// Back into the ball, if there is one: towards the centre along the straight line, which is where
/// the nearest point is in l2 and good enough in l1.
void pull_into_ball(const BallRegion& ball, std::span<double> x) {
  double length = 0.0;
  for (std::size_t j = 0; j < x.size(); ++j) {
    if (x[j] == ball.centre[j]) continue;
    const double distance = (x[j] - ball.centre[j]) / ball.share_of(j);
    length += ball.ball == Norm::kL2 ? distance * distance : std::abs(distance);
  }
  if (ball.ball == Norm::kL2) length = std::sqrt(length);
  if (!(length > ball.radius)) return;
  const double factor = ball.radius / length * (1.0 - 1e-9);
  for (std::size_t j = 0; j < x.size(); ++j) {
    x[j] = ball.centre[j] + factor * (x[j] - ball.centre[j]);
  }
}

/// One step down the gradient: of a share of the box's half widths along the signs, or in a ball of
/// a share of its radius along the gradient, in l1 along its largest entry; both by the gradient of
/// z = x / share of the ball, which is share · ∂/∂x.
void descend(const Query& query, std::span<const float> gradient, double share,
             std::span<double> x) {
  const bool ball = query.ball && query.ball->ball != Norm::kLinf;
  if (!ball) {
    for (std::size_t j = 0; j < x.size(); ++j) {
      const double half = 0.5 * (query.upper[j] - query.lower[j]);
      const double sign = gradient[j] > 0.0F ? 1.0 : (gradient[j] < 0.0F ? -1.0 : 0.0);
      x[j] = std::clamp(x[j] - share * 2.0 * half * sign, query.lower[j], query.upper[j]);
    }
    return;
  }
  double length = 0.0;
  double largest = 0.0;
  std::size_t steepest = 0;
  for (std::size_t j = 0; j < x.size(); ++j) {
    const double slope = query.ball->share_of(j) * static_cast<double>(gradient[j]);
    length += slope * slope;
    if (std::abs(slope) > largest) {
      largest = std::abs(slope);
      steepest = j;
    }
  }
  const double step = share * 2.0 * query.ball->radius;
  if (query.ball->ball == Norm::kL1) {
    x[steepest] -= std::copysign(step * query.ball->share_of(steepest),
                                 static_cast<double>(gradient[steepest]));
  } else if (length > 0.0) {
    for (std::size_t j = 0; j < x.size(); ++j) {
      const double unit = query.ball->share_of(j);
      x[j] -= step * unit * unit * static_cast<double>(gradient[j]) / std::sqrt(length);
    }
  }
  for (std::size_t j = 0; j < x.size(); ++j) {
    x[j] = std::clamp(x[j], query.lower[j], query.upper[j]);
  }
  pull_into_ball(*query.ball, x);
}

}  // namespace

std::optional<std::vector<double>> falsify(const Query& query, std::span<const std::size_t> open,
                                           std::span<const std::vector<double>> starts,
                                           const Replay& replay, int rounds, int steps,
                                           std::uint64_t key, const Deadline& deadline) {
  const models::Mlp& model = replay.single();
  const std::size_t features = query.lower.size();
  models::Tape tape = model.make_tape(kPoints);
  Tensor input(kPoints, features);
  Tensor gradient(kPoints, features);
  Tensor seed(kPoints, model.num_classes());
  TensorOf<double> x(kPoints, features);
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t n = 0; n < kPoints; ++n) {
      const std::size_t number = static_cast<std::size_t>(round) * kPoints + n;
      if (number < starts.size()) {
        std::ranges::copy(starts[number], x.row(n).begin());
      } else {
        Rng rng(key, number, "falsify");
        for (std::size_t j = 0; j < features; ++j) {
          x.row(n)[j] = query.lower[j] + rng.unit() * (query.upper[j] - query.lower[j]);
        }
        if (query.ball && query.ball->ball != Norm::kLinf) {
          pull_into_ball(*query.ball, x.row(n));
        }
      }
    }
    for (int step = 0; step <= steps; ++step) {
      deadline.check();
      std::ranges::transform(x.flat(), input.flat().begin(),
                             [](double value) { return static_cast<float>(value); });
      const Rows outputs = model.forward(std::as_const(input).view(), tape);
      std::ranges::fill(seed.flat(), 0.0F);
      for (std::size_t n = 0; n < kPoints; ++n) {
        // The requirement that is farthest from failing has to fail first.
        const Clause& clause = query.clauses[open[n % open.size()]];
        double most = -HUGE_VAL;
        const Requirement* worst = &clause.front();
        for (const Requirement& requirement : clause) {
          const double value = value_of(requirement, outputs.row(n));
          if (value > most) {
            most = value;
            worst = &requirement;
          }
        }
        if (most <= 0.0) {
          if (auto found = replay.confirm(query, x.row(n))) return found;
        }
        std::ranges::transform(worst->weights, seed.row(n).begin(),
                               [](double weight) { return static_cast<float>(weight); });
      }
      if (step == steps) break;
      model.backward(tape, std::as_const(seed).view(), gradient.view());
      const double share = 0.25 * (1.0 - static_cast<double>(step) / steps) + 0.005;
      for (std::size_t n = 0; n < kPoints; ++n) {
        descend(query, gradient.row(n), share, x.row(n));
      }
    }
  }
  return std::nullopt;
}

}  // namespace gibbon::eval::verify
