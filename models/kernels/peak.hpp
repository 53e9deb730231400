// SPDX-License-Identifier: MIT
#pragma once

namespace gibbon::models::kernels {

/// Measured float32 FLOP/s of one core at its best: independent fused multiply-adds (two operations
/// each) in the widest registers of this machine; multiply, then add, where there is no FMA. The
/// yardstick of every "share of peak". Takes less than 0.1 s.
[[nodiscard]] double measure_peak();

/// The instructions it measures, e.g. "AVX-512 FMA".
[[nodiscard]] const char* peak_instructions();

}  // namespace gibbon::models::kernels
