// SPDX-License-Identifier: MIT
#pragma once

#include "base/tensor.hpp"
#include "models/classifier.hpp"

// The dense layer z = W a + b, forward and backward: the course's formulas, for N samples at once.
namespace gibbon::models {

/// z[n] += b for every sample n; z (N × O) holds W a and is overwritten.
void add_bias(Row bias, MutableRows z);
void add_bias(std::span<const double> bias, RowsOf<double> z);

/// z (O) += W · (to - from) / scale over the changed features; turned (I × O) is W^T, scale (I) may
/// be empty: 1. Added in the order of `changes`, four at a time: a quarter of the passes over z.
void add_changes(std::span<const Change> changes, Row scale, Rows turned, MutableRow z);
void add_changes(std::span<const Change> changes, std::span<const double> scale,
                 RowsOf<const double> turned, std::span<double> z);

/// db (O) = Σ_n dz[n]; db is overwritten. Added in rising order of n.
void bias_backward(Rows dz, MutableRow db);
void bias_backward(RowsOf<const double> dz, std::span<double> db);

/// db (O) += Σ_n dz[n], added in rising order of n.
void add_bias_backward(Rows dz, MutableRow db);
void add_bias_backward(RowsOf<const double> dz, std::span<double> db);

/// out[n] = (x[n] - shift) / scale, feature by feature; out is overwritten.
void normalise(Rows x, Row shift, Row scale, MutableRows out);
void normalise(RowsOf<const double> x, std::span<const double> shift, std::span<const double> scale,
               RowsOf<double> out);

/// dx[n] = dx[n] / scale: the backward pass of normalise(), in place.
void normalise_backward(Row scale, MutableRows dx);
void normalise_backward(std::span<const double> scale, RowsOf<double> dx);

}  // namespace gibbon::models
