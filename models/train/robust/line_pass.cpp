// SPDX-License-Identifier: MIT
#include "models/train/robust/line_pass.hpp"

#include <cmath>

#include "models/kernels/gemm.hpp"
#include "models/train/robust/sums.hpp"

namespace gibbon::models::train::robust {

double hinge_slope(const Activation& activation) {
  if (activation.info->growth != Growth::kHinge) return -1.0;
  double below = -1.0;
  activation.forward(std::span<const double>(&below, 1), std::span<double>(&below, 1));  // σ(-1)
  return below <= 0.0 && below >= -1.0 ? -below : -1.0;
}

template <class Float>
LinePassOf<Float>::LinePassOf(const MlpLayersOf<Float>& model, std::size_t max_rows)
    : model_(model), others_(model.num_classes() - 1) {
  const std::size_t rows = max_rows * others_;
  std::size_t largest = 0;
  std::size_t widest = 0;
  for (std::size_t l = 0; l < model.depth(); ++l) {
    const RowsOf<const Float> w = model.weight(model.parameters(), l);
    lambda_.emplace_back(rows, w.cols);
    d_lambda_.emplace_back(rows, w.cols);
    if (l + 1 == model.depth()) break;
    const double slope = hinge_slope(model.activation(l));
    if (slope < 0.0) throw std::logic_error("LinePass: the activation is no hinge");
    below_.push_back(static_cast<Float>(slope));
    mu_.emplace_back(rows, w.rows);
    lines_.emplace_back();
    Lines& own = lines_.back();
    for (TensorOf<Float>* part : {&own.lower_slope, &own.upper_slope, &own.upper_intercept,
                                  &own.d_slope, &own.d_intercept}) {
      part->reshape(max_rows, w.rows);
    }
    largest = std::max(largest, w.flat().size());
    widest = std::max(widest, w.rows);
  }
  d_mu_.reshape(1, rows * widest);
  constant_.resize(rows);
  product_.resize(largest);
}

/// The lines around σ of hidden layer l in every box.
template <class Float>
void LinePassOf<Float>::draw_lines(std::size_t l, const BoxPassOf<Float>& boxes) {
  Lines& own = lines_[l];
  const Float a = below_[l];
  const std::span<const Float> low = boxes.low(l).flat();
  const std::span<const Float> high = boxes.high(l).flat();
  const std::span<Float> lower = own.lower_slope.flat();
  const std::span<Float> upper = own.upper_slope.flat();
  const std::span<Float> intercept = own.upper_intercept.flat();
  for (std::size_t k = 0; k < low.size(); ++k) {
    const Float l_k = low[k];
    const Float u_k = high[k];
    const bool above = l_k >= Float{0};
    const bool below = u_k <= Float{0};
    const Float chord = (u_k - a * l_k) / (u_k - l_k);  // unused where the box is a point
    lower[k] = above || (!below && u_k > -l_k) ? Float{1} : a;
    upper[k] = above ? Float{1} : (below ? a : chord);
    intercept[k] = above || below ? Float{0} : (a - chord) * l_k;
  }
}

template <class Float>
void LinePassOf<Float>::forward(const BoxPassOf<Float>& boxes, Labels labels,
                                RowsOf<Float> margins) {
  samples_ = boxes.rows();
  const std::size_t last = model_.depth() - 1;
  const RowsOf<const Float> w = model_.weight(model_.parameters(), last);
  const std::span<const Float> b = model_.bias(model_.parameters(), last);
  const RowsOf<Float> top = used(lambda_[last]);
  for (std::size_t r = 0; r < top.rows; ++r) {
    const int label = labels[r / others_];
    const std::span<const Float> own = w.row(static_cast<std::size_t>(label));
    const std::size_t t = other(r, label);
    for (std::size_t j = 0; j < w.cols; ++j) top.row(r)[j] = own[j] - w.row(t)[j];
    constant_[r] = b[static_cast<std::size_t>(label)] - b[t];
  }
  for (std::size_t l = last; l-- > 0;) {
    draw_lines(l, boxes);
    const Lines& lines = lines_[l];
    const std::span<const Float> bias = model_.bias(model_.parameters(), l);
    const RowsOf<const Float> above = used(lambda_[l + 1]);
    const RowsOf<Float> mu = used(mu_[l]);
    for (std::size_t r = 0; r < mu.rows; ++r) {
      const std::size_t n = r / others_;
      const Float* const lower = lines.lower_slope.row(n).data();
      const Float* const upper = lines.upper_slope.row(n).data();
      const Float* const intercept = lines.upper_intercept.row(n).data();
      const Float* const from = above.row(r).data();
      Float* const to = mu.row(r).data();
      Float c{0};
      for (std::size_t i = 0; i < mu.cols; ++i) {
        const bool is_lower = from[i] >= Float{0};
        to[i] = from[i] * (is_lower ? lower[i] : upper[i]);
        c += (is_lower ? Float{0} : from[i] * intercept[i]) + to[i] * bias[i];
      }
      constant_[r] += c;
    }
    kernels::multiply_any(RowsOf<const Float>(mu), model_.weight(model_.parameters(), l),
                          used(lambda_[l]));
  }
  const RowsOf<const Float> bottom = used(lambda_[0]);
  for (std::size_t n = 0; n < samples_; ++n) {
    margins.row(n)[static_cast<std::size_t>(labels[n])] = Float{0};
  }
  for (std::size_t r = 0; r < bottom.rows; ++r) {
    const std::size_t n = r / others_;
    const std::span<const Float> centre = boxes.centre(0).row(n);
    const std::span<const Float> radius = boxes.radius(0).row(n);
    const std::span<const Float> coefficients = bottom.row(r);
    Float sum{0};
    for (std::size_t j = 0; j < coefficients.size(); ++j) {
      sum += coefficients[j] * centre[j] - std::abs(coefficients[j]) * radius[j];
    }
    margins.row(n)[other(r, labels[n])] = constant_[r] + sum;
  }
}

/// From ∂J/∂μ of hidden layer l, in d_mu_, to ∂J/∂λ above it and ∂J by the upper lines.
template <class Float>
void LinePassOf<Float>::backward_slopes(std::size_t l, Labels labels,
                                        RowsOf<const Float> d_margins) {
  Lines& lines = lines_[l];
  const RowsOf<const Float> above = used(lambda_[l + 1]);
  const RowsOf<Float> d_above = used(d_lambda_[l + 1]);
  std::ranges::fill(lines.d_slope.view().slice(0, samples_).flat(), Float{0});
  std::ranges::fill(lines.d_intercept.view().slice(0, samples_).flat(), Float{0});
  for (std::size_t r = 0; r < above.rows; ++r) {
    const std::size_t n = r / others_;
    const Float d = d_margins.row(n)[other(r, labels[n])];
    const Float* const from = above.row(r).data();
    const Float* const d_mu = d_mu_.flat().data() + r * above.cols;
    Float* const to = d_above.row(r).data();
    Float* const d_slope = lines.d_slope.row(n).data();
    Float* const d_intercept = lines.d_intercept.row(n).data();
    const Float* const lower = lines.lower_slope.row(n).data();
    const Float* const upper = lines.upper_slope.row(n).data();
    const Float* const intercept = lines.upper_intercept.row(n).data();
    for (std::size_t i = 0; i < above.cols; ++i) {
      // forward: μ_i = λ_i ρ_i and c += λ_i t_i, where t_i = 0 for the lower line
      const bool is_lower = from[i] >= Float{0};
      to[i] = d_mu[i] * (is_lower ? lower[i] : upper[i]) + (is_lower ? Float{0} : d * intercept[i]);
      d_slope[i] += is_lower ? Float{0} : d_mu[i] * from[i];
      d_intercept[i] += is_lower ? Float{0} : d * from[i];
    }
  }
}

/// From ∂J by the upper lines of hidden layer l to ∂J by the bounds they were drawn on.
template <class Float>
void LinePassOf<Float>::backward_lines(std::size_t l, BoxPassOf<Float>& boxes) {
  const Lines& lines = lines_[l];
  const Float a = below_[l];
  const std::span<const Float> low = boxes.low(l).flat();
  const std::span<const Float> high = boxes.high(l).flat();
  const std::span<const Float> slope = lines.upper_slope.flat();
  const std::span<const Float> d_slope = lines.d_slope.flat();
  const std::span<const Float> d_intercept = lines.d_intercept.flat();
  const std::span<Float> d_low = boxes.d_low(l).flat();
  const std::span<Float> d_high = boxes.d_high(l).flat();
  for (std::size_t k = 0; k < low.size(); ++k) {
    if (low[k] >= Float{0} || high[k] <= Float{0}) continue;  // its lines do not move
    const Float width = high[k] - low[k];
    // forward: chord = (u - a l) / (u - l), hence ∂/∂l = (1 - a) u / (u - l)² and ∂/∂u = -(1 - a) l
    // / (u - l)²
    const Float by_low = (Float{1} - a) * (high[k] / width) / width;
    const Float by_high = -(Float{1} - a) * (low[k] / width) / width;
    // forward: intercept = (a - chord) l
    const Float by_chord = d_slope[k] - d_intercept[k] * low[k];
    d_low[k] += by_chord * by_low + d_intercept[k] * (a - slope[k]);
    d_high[k] += by_chord * by_high;
  }
}

template <class Float>
void LinePassOf<Float>::backward(BoxPassOf<Float>& boxes, Labels labels,
                                 RowsOf<const Float> d_margins, std::span<Float> gradient) {
  expect_size("LinePass::backward: samples", boxes.rows(), samples_);
  const std::size_t last = model_.depth() - 1;
  const RowsOf<const Float> bottom = used(lambda_[0]);
  const RowsOf<Float> d_bottom = used(d_lambda_[0]);
  for (std::size_t r = 0; r < bottom.rows; ++r) {
    const std::size_t n = r / others_;
    const Float d = d_margins.row(n)[other(r, labels[n])];
    const std::span<const Float> centre = boxes.centre(0).row(n);
    const std::span<const Float> radius = boxes.radius(0).row(n);
    const std::span<const Float> from = bottom.row(r);
    for (std::size_t j = 0; j < from.size(); ++j) {
      // forward: margin = c + Σ_j λ_j m_j - |λ_j| r_j
      const Float side =
          from[j] > Float{0} ? radius[j] : (from[j] < Float{0} ? -radius[j] : Float{0});
      d_bottom.row(r)[j] = d * (centre[j] - side);
    }
  }
  for (std::size_t l = 0; l < last; ++l) {
    const RowsOf<const Float> w = model_.weight(model_.parameters(), l);
    const std::span<const Float> bias = model_.bias(model_.parameters(), l);
    const RowsOf<const Float> d_lambda = used(d_lambda_[l]);
    const RowsOf<const Float> mu = used(mu_[l]);
    const RowsOf<Float> d_mu{d_mu_.flat().data(), mu.rows, mu.cols};
    const std::span<Float> db = model_.bias(gradient, l);
    // forward: λ = W^T μ, hence ∂J/∂μ = W ∂J/∂λ and ∂J/∂W = μ (∂J/∂λ)^T
    kernels::multiply_bt(d_lambda, w, d_mu);
    const RowsOf<Float> product{product_.data(), w.rows, w.cols};
    kernels::multiply_at(mu, d_lambda, product);
    add_to(RowsOf<const Float>(product).flat(), model_.weight(gradient, l).flat());
    for (std::size_t r = 0; r < mu.rows; ++r) {
      const Float d = d_margins.row(r / others_)[other(r, labels[r / others_])];
      for (std::size_t i = 0; i < mu.cols; ++i) {
        // forward: c += μ_i b_i
        d_mu.row(r)[i] += d * bias[i];
        db[i] += d * mu.row(r)[i];
      }
    }
    backward_slopes(l, labels, d_margins);
    backward_lines(l, boxes);
  }
  const RowsOf<const Float> d_top = used(d_lambda_[last]);
  const RowsOf<Float> dw = model_.weight(gradient, last);
  const std::span<Float> db = model_.bias(gradient, last);
  for (std::size_t r = 0; r < d_top.rows; ++r) {
    const int label = labels[r / others_];
    const auto y = static_cast<std::size_t>(label);
    const std::size_t t = other(r, label);
    const Float d = d_margins.row(r / others_)[t];
    for (std::size_t j = 0; j < d_top.cols; ++j) {
      // forward: λ = W_y - W_t and c = b_y - b_t
      dw.row(y)[j] += d_top.row(r)[j];
      dw.row(t)[j] -= d_top.row(r)[j];
    }
    db[y] += d;
    db[t] -= d;
  }
}

template class LinePassOf<float>;
template class LinePassOf<double>;

}  // namespace gibbon::models::train::robust
