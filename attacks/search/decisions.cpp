// SPDX-License-Identifier: MIT
#include "attacks/search/decisions.hpp"

#include <cmath>

#include "base/simd.hpp"

namespace gibbon::attacks::search {
namespace {

GIBBON_SIMD void blend_straight(Box box, Row x, Row far, float share, MutableRow out) {
  for (std::size_t d = 0; d < x.size(); ++d) {
    const float value = x[d] + share * (far[d] - x[d]);
    out[d] = std::min(std::max(value, box.lower), box.upper);
  }
}

GIBBON_SIMD void clamp_around(Row x, Row far, float radius, MutableRow out) {
  for (std::size_t d = 0; d < x.size(); ++d) {
    out[d] = std::min(std::max(far[d], x[d] - radius), x[d] + radius);
  }
}

/// Noise that looks different from try to try, since what fools a model is not known: even in the
/// box, or black and white tiles of random size and share. Points that are no pictures have tiles
/// of one feature.
void draw_noise(const Problem& problem, bool tiles, Rng& rng, MutableRow out) {
  const Box box = problem.domain;
  if (!tiles) {
    for (float& value : out) value = rng.uniform(box.lower, box.upper);
    return;
  }
  const datasets::Shape& shape = problem.shape;
  const bool image = shape.image && shape.size() == out.size();
  const std::size_t side = image ? std::size_t{1} << rng.below(4) : 1;
  const double share = rng.unit();
  const std::uint64_t key = rng.bits();
  const std::size_t width = image ? shape.width : out.size();
  const std::size_t channels = image ? shape.channels : 1;
  for (std::size_t d = 0; d < out.size(); ++d) {
    const std::size_t pixel = d / channels;
    const std::size_t tile = (pixel / width / side) * width + pixel % width / side;
    Rng tile_rng(key, tile * channels + d % channels, "tile");
    out[d] = tile_rng.unit() < share ? box.upper : box.lower;
  }
}

}  // namespace

void Decisions::blend(std::size_t sample, Row far, double share, MutableRow out) const {
  const Row x = problem_.x.row(sample);
  if (problem_.norm == Norm::kLinf) {
    clamp_around(x, far, static_cast<float>(share), out);
  } else {
    blend_straight(problem_.domain, x, far, static_cast<float>(share), out);
  }
}

void Decisions::find_starts(std::span<Rng> rng, int tries, Active& active, Nearest& nearest,
                            MutableRows points) {
  constexpr int kShares = 10;
  std::span<double> found = high_;  // free until to_boundary()
  for (const std::uint32_t n : active.items()) found[n] = 0.0;
  const auto look = [&](Owners samples, auto write) {
    ask(samples, 1, write, [&](std::uint32_t n, std::uint32_t, Row row, bool fools) {
      if (!fools) return;
      found[n] = 1.0;
      std::ranges::copy(row, points.row(n).begin());
    });
  };
  const auto missing = [&](auto wanted) {
    std::size_t count = 0;
    for (const std::uint32_t n : active.items()) {
      if (found[n] == 0.0 && oracle_.affords(n, 1) && wanted(n)) pending_[count++] = n;
    }
    return Owners(pending_).first(count);
  };

  active.afford(oracle_, 1);
  look(active.items(), [&](std::uint32_t n, std::uint32_t, MutableRow row) {
    std::ranges::copy(problem_.x.row(n), row.begin());
  });
  active.keep_if([&](std::size_t, std::uint32_t n) {
    if (found[n] != 0.0) nearest.offer(n, problem_.x.row(n));
    return found[n] == 0.0;
  });
  if (problem_.starts.rows != 0) {
    look(missing([&](std::uint32_t n) {
           return !std::ranges::equal(problem_.starts.row(n), problem_.x.row(n));
         }),
         [&](std::uint32_t n, std::uint32_t, MutableRow row) {
           std::ranges::copy(problem_.starts.row(n), row.begin());
         });
  }
  for (int k = 0; k < tries; ++k) {
    const Owners left = missing([](std::uint32_t) { return true; });
    if (left.empty()) break;
    const float share = static_cast<float>(k % kShares + 1) / kShares;
    look(left, [&](std::uint32_t n, std::uint32_t, MutableRow row) {
      draw_noise(problem_, k / kShares % 2 != 0, rng[n], row);
      blend_straight(problem_.domain, problem_.x.row(n), row, share, row);
    });
  }
  active.keep_if([&](std::size_t, std::uint32_t n) { return found[n] != 0.0; });
}

void Decisions::to_boundary(Owners samples, double tolerance, MutableRows points) {
  std::size_t count = 0;
  for (const std::uint32_t n : samples) {
    low_[n] = 0.0;
    high_[n] = problem_.norm == Norm::kLinf
                   ? distance(Norm::kLinf, problem_.x.row(n), points.row(n))
                   : 1.0;
    goal_[n] = tolerance * high_[n];
    pending_[count++] = n;
  }
  const auto narrow = [&] {
    std::size_t kept = 0;
    for (std::size_t k = 0; k < count; ++k) {
      const std::uint32_t n = pending_[k];
      if (high_[n] - low_[n] > goal_[n] && oracle_.affords(n, 1)) pending_[kept++] = n;
    }
    count = kept;
  };
  for (narrow(); count > 0; narrow()) {
    ask(
        Owners(pending_).first(count), 1,
        [&](std::uint32_t n, std::uint32_t, MutableRow row) {
          blend(n, points.row(n), 0.5 * (low_[n] + high_[n]), row);
        },
        [&](std::uint32_t n, std::uint32_t, Row, bool fools) {
          (fools ? high_[n] : low_[n]) = 0.5 * (low_[n] + high_[n]);
        });
  }
  for (const std::uint32_t n : samples) {
    const bool untouched = problem_.norm != Norm::kLinf && high_[n] == 1.0;
    if (!untouched) blend(n, points.row(n), high_[n], points.row(n));
  }
}

}  // namespace gibbon::attacks::search
