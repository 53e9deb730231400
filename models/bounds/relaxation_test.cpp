// SPDX-License-Identifier: MIT
// Lines against the functions themselves in long double: at random intervals, densely, and at
// extremes.

#include <cmath>
#include <functional>
#include <gmock/gmock.h>
#include <limits>

#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "models/activation.hpp"

namespace gibbon::models::bounds {
namespace {

using Real = long double;
constexpr double kAlpha = 0.125;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Real exact(std::string_view name, Real z) {
  if (name == "sigmoid") return 1.0L / (1.0L + std::exp(-z));
  if (name == "tanh") return std::tanh(z);
  if (name == "relu") return z > 0.0L ? z : 0.0L;
  if (name == "leaky-relu") return z > 0.0L ? z : static_cast<Real>(kAlpha) * z;
  if (name == "identity") return z;
  throw std::logic_error("write the formula of this activation into relaxation_test.cpp");
}

/// How far σ is outside its relaxation at z; at most 0 when it is sound. What long double itself
/// rounds is forgiven.
Real outside(std::string_view name, const Relaxation& r, Real z) {
  const Real value = exact(name, z);
  const auto at = [z](Line line) {
    return static_cast<Real>(line.slope) * z + static_cast<Real>(line.intercept);
  };
  const Real forgiven = 4.0L * std::numeric_limits<Real>::epsilon() *
                        (std::abs(value) + std::abs(at(r.lower)) + std::abs(at(r.upper)) +
                         std::abs(r.upper.slope * z) + std::abs(r.lower.slope * z));
  const Real worst =
      std::max({at(r.lower) - value, value - at(r.upper), static_cast<Real>(r.low) - value,
                value - static_cast<Real>(r.high)});
  return worst - forgiven;
}

/// Most that σ is outside `r` on a grid of 201 points of [l, u], ends included.
Real most_outside(std::string_view name, const Relaxation& r, double l, double u) {
  Real most = -std::numeric_limits<Real>::infinity();
  for (int k = 0; k <= 200; ++k) {
    const Real share = static_cast<Real>(k) / 200.0L;
    const Real z = k == 200 ? static_cast<Real>(u)
                            : static_cast<Real>(l) * (1.0L - share) + static_cast<Real>(u) * share;
    const Real distance = outside(name, r, z);
    if (!(distance <= most)) most = distance;  // a NaN stays
  }
  return most;
}

struct Interval {
  double l;
  double u;
};

std::vector<Interval> intervals() {
  std::vector<Interval> out;
  Rng rng(9, 0, "intervals");
  for (int k = 0; k < 3000; ++k) {
    const double scale = std::exp(static_cast<double>(rng.uniform(-12.0F, 6.0F)));
    const double a = scale * static_cast<double>(rng.uniform(-1.0F, 1.0F));
    const double b = scale * static_cast<double>(rng.uniform(-1.0F, 1.0F));
    out.push_back({std::min(a, b), std::max(a, b)});
  }
  for (const double size : {1e-300, 1e-15, 1e-9, 0.3, 1.0, 20.0, 40.0, 710.0, 1e4, 1e30, 1e300}) {
    for (const double other : {1e-300, 1e-12, 0.5, 5.0, 745.0, 1e300}) {
      out.push_back({-size, other});
      out.push_back({std::min(size, other), std::max(size, other)});
      out.push_back({-std::max(size, other), -std::min(size, other)});
    }
    out.push_back({0.0, size});
    out.push_back({-size, 0.0});
    out.push_back({size, size});
  }
  return out;
}

std::vector<const ActivationInfo*> relaxed() {
  std::vector<const ActivationInfo*> out;
  for (const ActivationInfo& info : activations()) {
    if (info.relax != nullptr) out.push_back(&info);
  }
  return out;
}

TEST(Relaxation, EveryActivationStaysBetweenItsLines) {
  for (const ActivationInfo* info : relaxed()) {
    for (const auto& [l, u] : intervals()) {
      for (const SlopeRule rule : {SlopeRule::kAdaptive, SlopeRule::kFastLin}) {
        const Relaxation r = info->relax(kAlpha, l, u, rule);
        ASSERT_LE(most_outside(info->name, r, l, u), 0.0L)
            << info->name << " on " << l << ", " << u;
      }
    }
  }
}

// The check above sees a line that is wrong by little: swapped, moved or tilted.
TEST(Relaxation, AnUnsoundLineIsSeen) {
  for (const ActivationInfo* info : relaxed()) {
    const Relaxation good = info->relax(kAlpha, -1.5, 2.0, SlopeRule::kAdaptive);
    Relaxation moved = good;
    moved.upper.intercept -= 1e-3;
    EXPECT_GT(most_outside(info->name, moved, -1.5, 2.0), 0.0L) << info->name;
    moved = good;
    moved.lower.slope += 1e-3;
    moved.lower.intercept += 2e-3;
    EXPECT_GT(most_outside(info->name, moved, -1.5, 2.0), 0.0L) << info->name;
    if (info->name == "identity") continue;
    moved = good;
    std::swap(moved.lower, moved.upper);
    EXPECT_GT(most_outside(info->name, moved, -1.5, 2.0), 0.0L) << info->name;
  }
}

// A chord one unit in the last place too flat, without what widens its intercept: it ends below σ.
TEST(Relaxation, AnUlpIsSeen) {
  const double l = -1.5;
  const double u = 2.0;
  Relaxation r = find_activation("relu").relax(kAlpha, l, u, SlopeRule::kAdaptive);
  const double flat = std::nextafter(u / (u - l), 0.0);
  r.upper = {flat, -flat * l};
  EXPECT_GT(most_outside("relu", r, l, u), 0.0L);
  r.upper = line_of_hinge(0.0, flat, l, u, Side::kUpper);  // the intercept makes up for it
  EXPECT_LE(most_outside("relu", r, l, u), 0.0L);
}

// Sound is easy when loose. Lines touch σ, and over a short interval they close in on it.
TEST(Relaxation, LinesAreTight) {
  for (const ActivationInfo* info : relaxed()) {
    for (const auto& [l, u] : {Interval{-1.0, 0.5}, Interval{0.5, 1.0}, Interval{-3.0, -2.0}}) {
      const Relaxation r = info->relax(kAlpha, l, u, SlopeRule::kAdaptive);
      Real lower = kInfinity;
      Real upper = kInfinity;
      for (int k = 0; k <= 2000; ++k) {
        const Real z = static_cast<Real>(l) + static_cast<Real>(u - l) * k / 2000.0L;
        lower = std::min(lower, exact(info->name, z) - (r.lower.slope * z + r.lower.intercept));
        upper = std::min(upper, r.upper.slope * z + r.upper.intercept - exact(info->name, z));
      }
      EXPECT_LT(lower, 1e-6L) << info->name;
      EXPECT_LT(upper, 1e-6L) << info->name;
      EXPECT_NEAR(r.low, static_cast<double>(exact(info->name, l)), 1e-14) << info->name;
      EXPECT_NEAR(r.high, static_cast<double>(exact(info->name, u)), 1e-14) << info->name;
    }
  }
}

TEST(Relaxation, NothingIsKnownWithoutFiniteEnds) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const ActivationInfo* info : relaxed()) {
    if (info->name == "identity") continue;  // its line is z, wherever z is
    for (const auto& [l, u] : {Interval{-kInfinity, 1.0}, Interval{0.0, kInfinity},
                               Interval{nan, 1.0}, Interval{0.0, nan}, Interval{2.0, 1.0}}) {
      const Relaxation r = info->relax(kAlpha, l, u, SlopeRule::kAdaptive);
      EXPECT_TRUE(std::isnan(r.lower.slope) && std::isnan(r.upper.slope)) << info->name;
      EXPECT_TRUE(std::isnan(r.lower.intercept) && std::isnan(r.upper.intercept)) << info->name;
    }
  }
}

TEST(Relaxation, TheCatalogueSaysWhatCanBeRelaxed) {
  std::vector<std::string_view> names;
  for (const ActivationInfo* info : relaxed()) names.push_back(info->name);
  EXPECT_THAT(names, testing::ElementsAre("identity", "leaky-relu", "relu", "sigmoid", "tanh"));
}

}  // namespace
}  // namespace gibbon::models::bounds
