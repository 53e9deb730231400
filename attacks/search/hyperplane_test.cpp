// SPDX-License-Identifier: MIT
#include "attacks/search/hyperplane.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/rng.hpp"

namespace gibbon::attacks::search {
namespace {

constexpr std::array kNormsHere{Norm::kLinf, Norm::kL2, Norm::kL1};

struct Plane {
  std::vector<float> x;
  std::vector<float> w;
  double gap;  // w · x - b
};

std::vector<float> solve(Norm norm, const Plane& p, Box box = {}) {
  std::vector<float> delta(p.x.size(), std::numeric_limits<float>::quiet_NaN());
  const double length = towards_plane(norm, p.x, p.w, p.gap, box, delta);
  const std::vector<float> zero(p.x.size(), 0.0F);
  EXPECT_NEAR(length, distance(norm, zero, delta), 1e-6 * (1.0 + length));
  return delta;
}

/// The way to the side of the box that closes the gap; 0 where w is.
double room(const Plane& p, std::size_t d, Box box) {
  const double slope = p.gap > 0.0 ? -double{p.w[d]} : double{p.w[d]};
  if (slope == 0.0) return 0.0;
  return slope > 0.0 ? double{box.upper} - double{p.x[d]} : double{box.lower} - double{p.x[d]};
}

/// The same by sorting all breakpoints, in double.
std::vector<double> sorted(Norm norm, const Plane& p, Box box) {
  const std::size_t size = p.x.size();
  std::vector<double> delta(size);
  std::vector<double> slope(size);
  std::vector<double> rooms(size);
  for (std::size_t d = 0; d < size; ++d) {
    slope[d] = std::abs(double{p.w[d]});
    rooms[d] = room(p, d, box);
  }
  std::vector<std::size_t> order(size);
  for (std::size_t d = 0; d < size; ++d) order[d] = d;
  const double need = std::abs(p.gap);
  double spent = 0.0;
  if (norm == Norm::kL1) {
    std::ranges::stable_sort(order, [&](auto a, auto b) { return slope[a] > slope[b]; });
    for (const std::size_t d : order) {
      if (slope[d] == 0.0) break;
      const double moved = std::min(std::abs(rooms[d]), (need - spent) / slope[d]);
      delta[d] = std::copysign(moved, rooms[d]);
      spent += moved * slope[d];
    }
    return delta;
  }
  const auto rate = [&](std::size_t d) { return norm == Norm::kLinf ? 1.0 : slope[d]; };
  const auto breakpoint = [&](std::size_t d) {
    return slope[d] == 0.0 ? 0.0 : std::abs(rooms[d]) / rate(d);
  };
  std::ranges::sort(order, [&](auto a, auto b) { return breakpoint(a) < breakpoint(b); });
  double level = 0.0;
  double free = 0.0;
  for (const std::size_t d : order) free += slope[d] * rate(d);
  for (const std::size_t d : order) {
    const double next = spent + (breakpoint(d) - level) * free;
    if (next >= need) break;
    spent = next;
    level = breakpoint(d);
    free -= slope[d] * rate(d);
  }
  if (spent < need && free > 1e-12) level += (need - spent) / free;
  for (std::size_t d = 0; d < size; ++d) {
    if (slope[d] == 0.0) continue;
    delta[d] = std::copysign(std::min(level * rate(d), std::abs(rooms[d])), rooms[d]);
  }
  return delta;
}

double closed(const Plane& p, std::span<const float> delta) {
  double sum = 0.0;
  for (std::size_t d = 0; d < delta.size(); ++d) sum += double{p.w[d]} * double{delta[d]};
  return sum;
}

/// Sizes around the vector width; zero weights, black pixels, ties; gaps from tiny to out of reach.
Plane random_plane(std::uint64_t id) {
  Rng rng(1, id, "hyperplane-test");
  const std::size_t size = 1 + rng.below(id % 100 == 0 ? 800 : 40);
  Plane p;
  double reach = 0.0;
  const double share = rng.unit() * (id % 7 == 0 ? 1.5 : 0.9);
  const double sign = rng.below(2) == 0 ? 1.0 : -1.0;
  p.gap = sign;
  for (std::size_t d = 0; d < size; ++d) {
    p.x.push_back(std::clamp(rng.uniform(-0.5F, 1.2F), 0.0F, 1.0F));
    float w = static_cast<float>(rng.normal());
    if (rng.below(8) == 0) w = 0.0F;
    if (rng.below(4) == 0) w = rng.below(2) == 0 ? 0.5F : -0.5F;
    if (id % 5 == 0) w *= std::exp(rng.uniform(-12.0F, 3.0F));
    p.w.push_back(w);
    reach += std::abs(double{w} * room(p, d, {}));
  }
  p.gap = sign * share * share * reach;
  return p;
}

TEST(Hyperplane, WorkedExamples) {
  const Plane p{{0.9F, 0.5F, 0.5F}, {2.0F, 1.0F, -0.5F}, 1.8 + 0.5 - 0.25 - 2.65};
  const auto near = [&](Norm norm, std::array<float, 3> wanted) {
    const std::vector<float> got = solve(norm, p);
    for (std::size_t d = 0; d < 3; ++d) EXPECT_NEAR(got[d], wanted[d], 1e-5F) << to_string(norm);
  };
  near(Norm::kLinf, {0.1F, 0.26667F, -0.26667F});
  near(Norm::kL2, {0.1F, 0.32F, -0.16F});
  near(Norm::kL1, {0.1F, 0.4F, 0.0F});
}

TEST(Hyperplane, TheShortestMoveOfTenThousandCases) {
  for (const Norm norm : kNormsHere) {
    std::size_t unreachable = 0;
    for (std::uint64_t id = 0; id < 10000; ++id) {
      const Plane p = random_plane(id);
      const std::vector<float> got = solve(norm, p);
      const std::vector<double> want = sorted(norm, p, {});
      double reach = 0.0;
      double weight = 0.0;
      double length = 0.0;
      double wanted_length = 0.0;
      for (std::size_t d = 0; d < got.size(); ++d) {
        const double moved = std::abs(double{got[d]});
        const double wanted = std::abs(want[d]);
        reach += std::abs(double{p.w[d]} * room(p, d, {}));
        weight += std::abs(double{p.w[d]});
        EXPECT_TRUE(p.w[d] != 0.0F || got[d] == 0.0F);
        // In the box: one rounding of the room is all there is.
        EXPECT_LE(moved, std::abs(room(p, d, {})) * (1.0 + 0x1p-23)) << id;
        EXPECT_GE(double{got[d]} * room(p, d, {}), 0.0) << id;
        // Equal entry by entry, but for l1, where ties may share as they like.
        if (norm != Norm::kL1) {
          EXPECT_NEAR(moved, wanted, 1e-6 * (1.0 + wanted)) << to_string(norm) << id;
        }
        switch (norm) {
          case Norm::kLinf:
            length = std::max(length, moved);
            wanted_length = std::max(wanted_length, wanted);
            break;
          case Norm::kL2:
            length += moved * moved;
            wanted_length += wanted * wanted;
            break;
          default: length += moved; wanted_length += wanted;
        }
      }
      EXPECT_NEAR(length, wanted_length, 1e-6 * (1.0 + wanted_length)) << to_string(norm) << id;
      // On the plane, or in the corner. Each entry is rounded by 2^-24 of at most 1.
      const double target = std::min(std::abs(p.gap), reach);
      EXPECT_NEAR(std::abs(closed(p, got)), target, 2.0 * 0x1p-24 * weight + 1e-12 * target)
          << to_string(norm) << id;
      EXPECT_LE(closed(p, got) * p.gap, 0.0);
      unreachable += std::abs(p.gap) > reach ? 1U : 0U;
    }
    EXPECT_GT(unreachable, 100U);
    EXPECT_LT(unreachable, 5000U);
  }
}

// Karush, Kuhn and Tucker: entries that the box does not stop pay the same price λ per unit of w.
TEST(Hyperplane, FreeEntriesShareOneMultiplier) {
  for (std::uint64_t id = 0; id < 1000; ++id) {
    const Plane p = random_plane(id);
    const std::vector<float> linf = solve(Norm::kLinf, p);
    const std::vector<float> l2 = solve(Norm::kL2, p);
    const std::vector<float> l1 = solve(Norm::kL1, p);
    float level = -1.0F;
    double ratio = -1.0;
    double threshold = std::numeric_limits<double>::infinity();
    for (std::size_t d = 0; d < p.x.size(); ++d) {
      if (room(p, d, {}) == 0.0) continue;
      const auto free = [&](float moved) {
        return std::abs(double{moved}) < std::abs(room(p, d, {})) * (1.0 - 1e-6);
      };
      if (free(linf[d])) {
        if (level >= 0.0F) {
          EXPECT_EQ(std::abs(linf[d]), level) << id;
        }
        level = std::abs(linf[d]);
      }
      if (free(l2[d]) && std::abs(l2[d]) > 1e-20F) {
        const double own = std::abs(double{l2[d]} / double{p.w[d]});
        if (ratio >= 0.0) {
          EXPECT_NEAR(own, ratio, 1e-6 * ratio) << id;
        }
        ratio = own;
      }
      if (l1[d] != 0.0F) threshold = std::min(threshold, std::abs(double{p.w[d]}));
    }
    for (std::size_t d = 0; d < p.x.size(); ++d) {
      if (std::abs(double{p.w[d]}) <= threshold) continue;
      EXPECT_NEAR(double{l1[d]}, room(p, d, {}), 1e-6) << "steeper ones are filled first " << id;
    }
  }
}

TEST(Hyperplane, NothingToDoAndNothingToBeDone) {
  for (const Norm norm : kNormsHere) {
    EXPECT_EQ(solve(norm, {{0.5F, 0.2F}, {1.0F, 2.0F}, 0.0}), std::vector<float>(2, 0.0F));
    EXPECT_EQ(solve(norm, {{0.5F, 0.2F}, {0.0F, 0.0F}, 3.0}), std::vector<float>(2, 0.0F));
    EXPECT_EQ(solve(norm, {{0.5F, 0.25F}, {1.0F, -2.0F}, 9.0}), (std::vector{-0.5F, 0.75F}));
    // What is not a number ends, too.
    std::vector<float> delta(2);
    const std::vector<float> x{0.5F, 0.2F};
    for (const float w : {std::numeric_limits<float>::quiet_NaN(), HUGE_VALF}) {
      towards_plane(norm, x, std::vector{w, 1.0F}, 1.0, {}, delta);
    }
    towards_plane(norm, x, x, std::numeric_limits<double>::quiet_NaN(), {}, delta);
    towards_plane(norm, x, x, HUGE_VAL, {}, delta);
  }
}

}  // namespace
}  // namespace gibbon::attacks::search
