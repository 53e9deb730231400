// SPDX-License-Identifier: MIT
#pragma once

#include "models/kernels/runs.hpp"

namespace gibbon::models::kernels {

/// multiply_runs() with fused multiply-adds where the machine has them.
void multiply_runs_fused(const RunsOf<float>& a, const PanelsOf<float>& b,
                         std::span<const float> bias, float* c, std::size_t pitch);
void multiply_runs_fused(const RunsOf<double>& a, const PanelsOf<double>& b,
                         std::span<const double> bias, double* c, std::size_t pitch);

/// add_outer_runs() likewise.
void add_outer_runs_fused(const RunsOf<float>& a, const float* b, std::size_t pitch, MutableRows c);
void add_outer_runs_fused(const RunsOf<double>& a, const double* b, std::size_t pitch,
                          RowsOf<double> c);

}  // namespace gibbon::models::kernels
