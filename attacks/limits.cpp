// SPDX-License-Identifier: MIT
#include "attacks/limits.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace gibbon::attacks {
namespace {

constexpr double kSlack = 1e-5;  // in steps: a float32 multiple of a step is that far off, at most

/// A point so little outside the ball lies in it; attacks also look at points far outside.
constexpr double kRounding = 1e-5;

/// Multiple k of the step, as data have it.
float multiple(double k, double step) { return static_cast<float>(k / (1.0 / step)); }

}  // namespace

View::View(const Limits& limits, const datasets::Shape& shape, Box range)
    : lattice_(limits.lattice), shape_(shape), range_(range), domain_(range) {
  const std::size_t features = shape.size();
  if (!limits.scale.empty()) {
    expect_size("View: length of the scale", limits.scale.size(), features);
  }
  for (std::size_t d = 0; d < features; ++d) {
    const float scale = limits.scale.empty() ? 1.0F : limits.scale[d];
    if (scale == 0.0F) continue;
    free_.push_back(static_cast<std::uint32_t>(d));
    scale_.push_back(scale);
    domain_.lower = std::min({domain_.lower, range.lower / scale});
    domain_.upper = std::max({domain_.upper, range.upper / scale});
  }
  if (free_.empty()) throw std::invalid_argument("View: no feature is free");
  if (free_.size() < features) {
    shape_ = {.height = 1, .width = free_.size(), .channels = 1, .image = false};
  }
}

void View::narrow(Row x, MutableRow z) const {
  for (std::size_t k = 0; k < free_.size(); ++k) z[k] = x[free_[k]] / scale_[k];
}

float View::free_value(const ThreatModel& threat, float origin, float z, float scale) const {
  if (z == origin / scale) return origin;
  float x = std::clamp(z * scale, range_.lower, range_.upper);
  const double most = threat.epsilon * double{scale};
  const bool bounded =
      info_of(threat.norm).each_value && std::isfinite(most) &&
      std::abs(double{z} - double{origin} / double{scale}) <= threat.epsilon * (1.0 + kRounding);
  if (lattice_ > 0.0) {
    double k = std::floor(double{x} / lattice_ + 0.5);
    if (bounded) {
      k = std::clamp(k, std::ceil((double{origin} - most) / lattice_ - kSlack),
                     std::floor((double{origin} + most) / lattice_ + kSlack));
    }
    return std::clamp(multiple(k, lattice_), range_.lower, range_.upper);
  }
  // Multiplying rounded once more than the ball allows.
  while (bounded && std::abs(double{x} - double{origin}) / double{scale} > threat.epsilon) {
    x = std::nextafter(x, origin);
  }
  return x;
}

template <class Value>
double View::length(Norm norm, Row origin, const Value& value) const {
  thread_local std::vector<double> move;
  move.resize(free_.size());
  for (std::size_t k = 0; k < free_.size(); ++k)
    move[k] = value(k) - double{origin[free_[k]]} / double{scale_[k]};
  return info_of(norm).length(move);
}

void View::widen(const ThreatModel& threat, Row origin, Row z, MutableRow x) const {
  std::ranges::copy(origin, x.begin());
  for (std::size_t k = 0; k < free_.size(); ++k) {
    const std::size_t d = free_[k];
    x[d] = free_value(threat, origin[d], z[k], scale_[k]);
  }
  const NormInfo& norm = info_of(threat.norm);
  if (norm.each_value || norm.counts || !std::isfinite(threat.epsilon)) return;
  const auto asked = [&](std::size_t k) { return double{z[k]}; };
  const auto given = [&](std::size_t k) { return double{x[free_[k]]} / double{scale_[k]}; };
  if (length(threat.norm, origin, asked) > threat.epsilon * (1.0 + kRounding)) return;
  // To nearest it came out longer than z: towards the origin it does not.
  constexpr int kUnits = 4;  // in the last place, that z and x are rounded by
  for (int unit = 0; unit < kUnits && length(threat.norm, origin, given) > threat.reach(); ++unit) {
    for (std::size_t k = 0; k < free_.size(); ++k) {
      const std::size_t d = free_[k];
      x[d] = lattice_ > 0.0 ? inner_multiple(origin[d], z[k] * scale_[k])
                            : std::nextafter(x[d], origin[d]);
    }
  }
}

float View::inner_multiple(float origin, float value) const {
  const float exact = std::clamp(value, range_.lower, range_.upper);
  const double steps = double{exact} / lattice_;
  if (exact == origin) return origin;
  return multiple(exact > origin ? std::floor(steps + kSlack) : std::ceil(steps - kSlack),
                  lattice_);
}

void View::pull_back(Row dx, MutableRow dz) const {
  // forward: x' = scale · z, hence ∂J/∂z = scale · ∂J/∂x'
  for (std::size_t k = 0; k < free_.size(); ++k) dz[k] = scale_[k] * dx[free_[k]];
}

}  // namespace gibbon::attacks
