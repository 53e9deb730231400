// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "attacks/image.hpp"
#include "base/rng.hpp"
#include "base/tensor.hpp"
#include "datasets/dataset.hpp"

// Common corruptions: what happens to pictures without an adversary. They do not look at the model.
namespace gibbon::attacks {

inline constexpr std::size_t kSeverities = 5;

/// One number per severity, 1 first.
using PerSeverity = std::array<double, kSeverities>;

/// A corruption known by name. One file in attacks/transformations/ each.
struct CorruptionInfo {
  std::string_view name;        ///< key on the command line: [a-z0-9-]
  std::string_view group;       ///< noise, blur, weather or digital
  std::string_view summary;     ///< one sentence
  std::string_view parameters;  ///< what the severities are, and their unit
  std::string_view source;      ///< authors, year, address; what differs is in the file's header
  /// Overwrites the picture; what leaves [0, 1] is clamped by the caller. `severity` is 1 to 5. The
  /// draws from `rng` do not depend on it, so that a higher one adds to a lower one.
  void (*apply)(Image& image, std::size_t severity, Rng& rng);
};

/// All corruptions, ordered by group as kGroups has them, then by name.
[[nodiscard]] std::span<const CorruptionInfo> corruptions();

inline constexpr std::array<std::string_view, 4> kGroups{"noise", "blur", "weather", "digital"};

/// The corruption called `name`, or a usage Error with the nearest name.
[[nodiscard]] const CorruptionInfo& find_corruption(std::string_view name);

/// Which draw a corrupted picture is: randomness is keyed by both and by the corruption's name.
struct Draw {
  std::uint64_t seed = 0;
  std::uint64_t id = 0;  ///< of the sample
};

/// out (D, overwritten) = x (D = shape.size()) after a corruption, in the range of x. Throws a
/// usage Error for a severity outside [1, 5], and a logic_error for what is not a picture of 1 or 3
/// channels.
void corrupt(const CorruptionInfo& corruption, std::size_t severity, Draw draw,
             const datasets::Shape& shape, Box range, Row x, MutableRow out);

}  // namespace gibbon::attacks
