// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "reports/gate/gate.hpp"

// How the gate writes its numbers, the same in every format.
namespace gibbon::reports::gate {

/// "m.onnx (784-16-10) on mnist test, n = 10,000".
[[nodiscard]] std::string title_of(const Snapshot& snapshot);

/// Correct of n in percent, two decimals: "94.81 %".
[[nodiscard]] std::string rate_text(std::uint64_t correct, std::uint64_t n);

/// What the rate rose by, in points: "-1.10 [-1.42, -0.79]" with its 95 % interval.
[[nodiscard]] std::string points_text(const PointResult& point);

/// "94.81 % -> 93.71 %, -1.10 points (95 % interval -1.42 to -0.79; 130 lost, 20 gained of
/// 10,000)".
[[nodiscard]] std::string change_text(const PointResult& point);

/// "adjusted p = 0.0021".
[[nodiscard]] std::string p_text(double adjusted);

/// "about 24,000 samples would tell"; what else when no number of samples would.
[[nodiscard]] std::string needed_text(const PointResult& point);

/// "newly broken: samples 12, 45, 77 and 320 more"; empty where there are none.
[[nodiscard]] std::string samples_text(std::string_view what, std::span<const std::uint64_t> ids);

/// What findings about points of any attack that cannot be told are grouped under.
inline constexpr const char* kOpenPoints = "all attacks";

/// Points that count in the correction for many tests: those that repeat no other.
[[nodiscard]] std::uint64_t tested(const GateResult& result);

/// The whole in one line: "FAIL: 9 of 13 points worse, 4 unchanged; largest at pgd linf 0.1: …".
[[nodiscard]] std::string summary(const GateResult& result);

/// The rule that was applied, one sentence.
[[nodiscard]] std::string rule_text(const GateResult& result);

}  // namespace gibbon::reports::gate
