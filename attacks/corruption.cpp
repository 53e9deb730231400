// SPDX-License-Identifier: MIT
#include "attacks/corruption.hpp"

#include <string>
#include <tuple>

#include "base/catalogue.hpp"
#include "base/suggest.hpp"

namespace gibbon::attacks {
namespace {

auto order(const CorruptionInfo& info) {
  return std::tuple(std::ranges::find(kGroups, info.group) - kGroups.begin(), info.name);
}

}  // namespace

#define GIBBON_ENTRY(stem) extern const CorruptionInfo& stem##_info();
#include "attacks/transformations/entries.inc"
#undef GIBBON_ENTRY

std::span<const CorruptionInfo> corruptions() {
  static const auto entries = sorted_by(order, std::array{
#define GIBBON_ENTRY(stem) stem##_info(),
#include "attacks/transformations/entries.inc"
#undef GIBBON_ENTRY
                                               });
  return entries;
}

const CorruptionInfo& find_corruption(std::string_view name) {
  return find_entry("corruption", corruptions(), name);
}

void corrupt(const CorruptionInfo& corruption, std::size_t severity, Draw draw,
             const datasets::Shape& shape, Box range, Row x, MutableRow out) {
  if (severity < 1 || severity > kSeverities) {
    fail_usage("severity {}: outside [1, {}]", severity, kSeverities);
  }
  if (!shape.image || (shape.channels != 1 && shape.channels != 3)) {
    throw std::logic_error("corrupt: not a picture of 1 or 3 channels");
  }
  expect_size("corrupted picture", x.size(), shape.size());
  expect_size("corrupted output", out.size(), shape.size());
  const auto lower = static_cast<double>(range.lower);
  const auto upper = static_cast<double>(range.upper);
  Image image(shape.height, shape.width, shape.channels);
  std::ranges::transform(x, image.values.begin(), [&](float value) {
    return (static_cast<double>(value) - lower) / (upper - lower);
  });
  Rng rng(draw.seed, draw.id, "corruption/" + std::string(corruption.name));
  corruption.apply(image, severity, rng);
  std::ranges::transform(image.values, out.begin(), [&](double value) {
    const double kept = std::clamp(value, 0.0, 1.0);
    return std::clamp(static_cast<float>(lower + kept * (upper - lower)), range.lower, range.upper);
  });
}

}  // namespace gibbon::attacks
