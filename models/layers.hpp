#pragma once

#include "datasets/tensor.hpp"

// The dense layer z = W a + b, forward and backward: the course's formulas, for N samples at once.
namespace gibbon::models {

/// z[n] += b for every sample n; z (N × O) holds W a and is overwritten.
void add_bias(Row bias, MutableRows z);
void add_bias(std::span<const double> bias, RowsOf<double> z);

/// db (O) = Σ_n dz[n]; db is overwritten. Added in rising order of n.
void bias_backward(Rows dz, MutableRow db);
void bias_backward(RowsOf<const double> dz, std::span<double> db);

/// out[n] = (x[n] - shift) / scale, feature by feature; out is overwritten.
void normalise(Rows x, Row shift, Row scale, MutableRows out);
void normalise(RowsOf<const double> x, std::span<const double> shift, std::span<const double> scale,
               RowsOf<double> out);

/// dx[n] = dx[n] / scale: the backward pass of normalise(), in place.
void normalise_backward(Row scale, MutableRows dx);
void normalise_backward(std::span<const double> scale, RowsOf<double> dx);

}  // namespace gibbon::models
