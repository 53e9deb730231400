// SPDX-License-Identifier: MIT
#include "attacks/search/hyperplane.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <fmt/format.h>
#include <stdexcept>
#include <vector>

#include "base/lanes.hpp"
#include "base/simd.hpp"

namespace gibbon::attacks::search {
namespace {

constexpr std::size_t kLanes = 16;

/// Two sums at once, each as in sum_in_lanes(). Inlined into the clone that calls it.
struct Sums {
  double saturated = 0.0;  // Σ |w_i| c_i where the box stops the move
  double free = 0.0;       // slope by λ of the others
};

struct Lanes {
  std::array<double, kLanes> saturated{};
  std::array<double, kLanes> free{};

  [[gnu::always_inline]] inline Sums total() {
    for (std::size_t half = kLanes / 2; half > 0; half /= 2) {
      for (std::size_t l = 0; l < half; ++l) {
        saturated[l] += saturated[l + half];
        free[l] += free[l + half];
      }
    }
    return {saturated[0], free[0]};
  }
};

/// room_i = the way to the side of the box in the direction that closes the gap, with its sign; 0
/// where w_i = 0.
GIBBON_SIMD void signed_room(Row point, Row w, float direction, Box box, MutableRow room) {
  for (std::size_t d = 0; d < point.size(); ++d) {
    const float slope = direction * w[d];
    const float up = box.upper - point[d];
    const float down = box.lower - point[d];
    room[d] = slope > 0.0F ? up : (slope < 0.0F ? down : 0.0F);
  }
}

/// What λ = level gives: linf, |delta_i| = min(λ, c_i).
GIBBON_SIMD Sums sums_linf(Row w, Row room, double level) {
  Lanes lanes;
  const std::size_t whole = w.size() - w.size() % kLanes;
  const auto add = [&](std::size_t d, std::size_t l) __attribute__((always_inline)) {
    const double slope = std::abs(double{w[d]});
    const double limit = std::abs(double{room[d]});
    const bool stopped = limit <= level;
    lanes.saturated[l] += stopped ? slope * limit : 0.0;
    lanes.free[l] += stopped ? 0.0 : slope;
  };
  for (std::size_t d = 0; d < whole; d += kLanes) {
    for (std::size_t l = 0; l < kLanes; ++l) add(d + l, l);
  }
  for (std::size_t d = whole; d < w.size(); ++d) add(d, d - whole);
  return lanes.total();
}

/// l2, |delta_i| = min(λ |w_i|, c_i).
GIBBON_SIMD Sums sums_l2(Row w, Row room, double level) {
  Lanes lanes;
  const std::size_t whole = w.size() - w.size() % kLanes;
  const auto add = [&](std::size_t d, std::size_t l) __attribute__((always_inline)) {
    const double slope = std::abs(double{w[d]});
    const double limit = std::abs(double{room[d]});
    const bool stopped = limit <= level * slope;
    lanes.saturated[l] += stopped ? slope * limit : 0.0;
    lanes.free[l] += stopped ? 0.0 : slope * slope;
  };
  for (std::size_t d = 0; d < whole; d += kLanes) {
    for (std::size_t l = 0; l < kLanes; ++l) add(d + l, l);
  }
  for (std::size_t d = whole; d < w.size(); ++d) add(d, d - whole);
  return lanes.total();
}

GIBBON_SIMD void cap_linf(float level, MutableRow room) {
  for (float& r : room) r = std::min(std::max(r, -level), level);
}

GIBBON_SIMD void cap_l2(Row w, float level, MutableRow room) {
  for (std::size_t d = 0; d < w.size(); ++d) {
    const float most = level * std::abs(w[d]);
    room[d] = std::min(std::max(room[d], -most), most);
  }
}

GIBBON_SIMD double length_linf(Row delta) {
  return double{largest_in_lanes(delta.size(), [=](auto d) { return std::abs(delta[d]); })};
}

GIBBON_SIMD double length_l2(Row delta) {
  return std::sqrt(
      sum_in_lanes(delta.size(), [=](auto d) { return double{delta[d]} * double{delta[d]}; }));
}

GIBBON_SIMD double length_l1(Row delta) {
  return sum_in_lanes(delta.size(), [=](auto d) { return std::abs(double{delta[d]}); });
}

/// The λ at which Σ |w_i| |delta_i| = need; infinity if there is none. The sum φ(λ) is concave,
/// rising and linear between breakpoints, so Newton's method from the left never oversteps and
/// ends at the root itself as soon as it is on the right piece: a few rounds, at most some dozens,
/// since each halves what is missing or the slope.
template <class SumsAt>
double level_of(double need, SumsAt sums_at) {
  double level = 0.0;
  for (;;) {
    const Sums sums = sums_at(level);
    if (sums.free <= 0.0) return HUGE_VAL;
    const double next = (need - sums.saturated) / sums.free;
    if (!(next > level * (1.0 + 1e-14))) return level;  // NaN, too
    level = next;
  }
}

struct Item {
  float slope;  // |w_i|
  std::uint32_t index;
  double capacity;  // |w_i| c_i
};

/// The slope at which filling by falling slope has covered `need`, and what those above it cover:
/// quickselect weighted by capacity. Needs Σ capacity >= need. Reorders items.
struct Threshold {
  float slope;
  double above;
};
Threshold select(std::span<Item> items, double need) {
  double above = 0.0;
  for (;;) {
    const float a = items.front().slope;
    const float b = items[items.size() / 2].slope;
    const float c = items.back().slope;
    const float pivot = std::max(std::min(a, b), std::min(std::max(a, b), c));
    // [0, high) above the pivot, [high, k) equal, [low, end) below.
    std::size_t high = 0;
    std::size_t low = items.size();
    double greater = 0.0;
    double equal = 0.0;
    for (std::size_t k = 0; k < low;) {
      if (items[k].slope > pivot) {
        greater += items[k].capacity;
        std::swap(items[k++], items[high++]);
      } else if (items[k].slope < pivot) {
        std::swap(items[k], items[--low]);
      } else {
        equal += items[k++].capacity;
      }
    }
    if (high > 0 && above + greater >= need) {
      items = items.first(high);
    } else if (above + greater + equal >= need || low == items.size()) {
      return {pivot, above + greater};
    } else {
      above += greater + equal;
      items = items.subspan(low);
    }
  }
}

/// Σ |w_i| c_i over |w_i| >= slope.
GIBBON_SIMD double capacity_from(Row w, Row room, float slope) {
  return sum_in_lanes(w.size(), [=](auto d) {
    const double capacity = std::abs(double{w[d]}) * std::abs(double{room[d]});
    return std::abs(w[d]) >= slope ? capacity : 0.0;
  });
}

GIBBON_SIMD void drop_below(Row w, float slope, MutableRow room) {
  for (std::size_t d = 0; d < w.size(); ++d) room[d] = std::abs(w[d]) < slope ? 0.0F : room[d];
}

/// chosen_i = whether from <= |w_i| < to and there is room.
GIBBON_SIMD void choose(Row w, Row room, float from, float to, std::uint8_t* chosen) {
  for (std::size_t d = 0; d < w.size(); ++d) {
    const float slope = std::abs(w[d]);
    chosen[d] = (slope >= from) & (slope < to) & (room[d] != 0.0F) ? 1 : 0;
  }
}

/// The chosen features; eight that are not are skipped at once.
void collect(Row w, Row room, float from, float to, std::vector<Item>& items) {
  thread_local std::vector<std::uint8_t> chosen;
  chosen.assign((w.size() + 7) / 8 * 8, 0);
  choose(w, room, from, to, chosen.data());
  items.clear();
  for (std::size_t begin = 0; begin < chosen.size(); begin += 8) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, chosen.data() + begin, 8);
    if (eight == 0) continue;
    for (std::size_t d = begin; d < begin + 8; ++d) {
      if (chosen[d] == 0) continue;
      const float slope = std::abs(w[d]);
      items.push_back(
          {slope, static_cast<std::uint32_t>(d), double{slope} * std::abs(double{room[d]})});
    }
  }
}

/// `room` becomes the move: all of it above the threshold, what is left to do at it, none below.
/// The steepest features usually do: slopes are halved until they cover `need`, and selection is
/// among the last octave alone, a tenth of the time.
void fill_l1(Row w, double need, MutableRow room) {
  float from = 0.5F * static_cast<float>(length_linf(w));
  float to = HUGE_VALF;
  double above = 0.0;
  for (int octave = 0;; ++octave) {
    if (octave == 8) from = 0.0F;
    const double covered = capacity_from(w, room, from);
    if (covered >= need) break;
    if (from == 0.0F) return;  // the corner
    above = covered;
    to = from;
    from *= 0.5F;
  }
  thread_local std::vector<Item> items;
  collect(w, room, from, to, items);
  if (items.empty()) return;  // a NaN
  const Threshold threshold = select(items, need - above);
  drop_below(w, threshold.slope, room);
  // Where several are as steep as that, the first ones take it.
  const auto ties = std::ranges::partition(
      items, [&](const Item& item) { return item.slope != threshold.slope; });
  std::ranges::sort(ties, {}, &Item::index);
  double left = need - above - threshold.above;
  for (const Item& item : ties) {
    float& move = room[item.index];
    const double moved = std::min(left / double{item.slope}, std::abs(double{move}));
    left -= moved * double{item.slope};
    move = static_cast<float>(std::copysign(moved, double{move}));
  }
}

}  // namespace

double towards_plane(Norm norm, Row point, Row w, double gap, Box box, MutableRow delta) {
  const double need = std::abs(gap);
  if (need == 0.0) {
    std::ranges::fill(delta, 0.0F);
    return 0.0;
  }
  signed_room(point, w, gap > 0.0 ? -1.0F : 1.0F, box, delta);
  if (norm == Norm::kLinf) {
    const double level = level_of(need, [&](double at) { return sums_linf(w, delta, at); });
    if (std::isfinite(level)) cap_linf(static_cast<float>(level), delta);
    return std::isfinite(level) ? level : length_linf(delta);
  }
  if (norm == Norm::kL2) {
    const double level = level_of(need, [&](double at) { return sums_l2(w, delta, at); });
    if (std::isfinite(level)) cap_l2(w, static_cast<float>(level), delta);
    return length_l2(delta);
  }
  if (norm == Norm::kL1) {
    fill_l1(w, need, delta);
    return length_l1(delta);
  }
  throw std::logic_error(fmt::format("towards_plane: not for {}", to_string(norm)));
}

}  // namespace gibbon::attacks::search
