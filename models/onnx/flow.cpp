// SPDX-License-Identifier: MIT
#include "models/onnx/flow.hpp"

#include <algorithm>
#include <numeric>

namespace gibbon::models::onnx {

Flow::Flow(Dims dims, Batch batch, Budget& budget) : dims_(std::move(dims)) {
  open_ = !dims_.empty() && dims_.front() == 0;
  std::ranges::replace(dims_, std::size_t{0}, std::size_t{1});
  const std::size_t total = element_count(dims_);
  const bool column = dims_.empty() || dims_[0] == total;
  if (!column && batch == Batch::kFirstAxis) batch_ = dims_.front();
  budget.take({total / batch_, sizeof(std::size_t)});
  number(total / batch_);
  const std::size_t channels = dims_.size() == 4 ? dims_[1] : 1;
  if ((channels != 3 && channels != 4) || dims_[3] == 1) return;  // or a grey picture, as it is
  const std::size_t pixels = dims_[2] * dims_[3];
  for (std::size_t k = 0; k < order_.size(); ++k) order_[k] = k % pixels * channels + k / pixels;
}

bool Flow::in_order() const { return std::ranges::is_sorted(order_); }

void Flow::set_dims(Dims dims) {
  if (batch_ > 1 && (dims.empty() || dims[0] != batch_)) {
    throw MixesSamples(fmt::format(
        "it mixes the {} samples of a batch; export the model with a batch of 1", batch_));
  }
  dims_ = std::move(dims);
}

void Flow::transpose(const std::vector<std::size_t>& axes) {
  const std::vector<std::size_t> from = transposed_places(dims_, axes);
  set_dims(permuted(dims_, axes));
  if (batch_ > 1 && axes[0] != 0) throw MixesSamples("it moves the axis of the batch");
  const std::vector<std::size_t> before = order_;
  for (std::size_t k = 0; k < order_.size(); ++k) order_[k] = before[from[k]];
}

std::vector<std::size_t> Flow::broadcast(const Dims& dims) {
  const auto refuse = [&] {
    const std::string why =
        fmt::format("shape mismatch: a constant of shape {} does not fit features of shape {}",
                    dims.empty() ? "1" : to_text(dims), to_text(dims_));
    if (batch_ > 1) throw MixesSamples(why);
    throw Misfit(why);
  };
  if (dims.size() > dims_.size() && batch_ > 1) refuse();
  while (dims_.size() < dims.size()) dims_.insert(dims_.begin(), 1);
  const std::size_t skipped = dims_.size() - dims.size();
  Dims step(dims_.size(), 0);
  std::size_t stride = 1;
  for (std::size_t d = dims_.size(); d-- > skipped;) {
    const std::size_t size = dims[d - skipped];
    const bool over_batch = d == 0 && batch_ > 1;
    if (size != 1 && (size != dims_[d] || over_batch)) refuse();
    if (size != 1) step[d] = stride;
    stride *= size;
  }
  std::vector<std::size_t> out(width());
  for (std::size_t k = 0; k < out.size(); ++k) {
    std::size_t rest = k;
    std::size_t place = 0;
    for (std::size_t d = dims_.size(); d-- > 0;) {
      place += rest % dims_[d] * step[d];
      rest /= dims_[d];
    }
    out[order_[k]] = place;
  }
  return out;
}

bool Flow::is_row() const { return dims_.empty() || dims_.back() == width(); }

bool Flow::is_column() const {
  if (dims_.size() < 2) return true;
  return dims_.back() == 1 && dims_[dims_.size() - 2] == width();
}

void Flow::leave_rows(std::size_t outputs) {
  if (dims_.empty()) dims_ = {1};
  if (is_row()) {
    dims_.back() = outputs;
  } else {
    dims_ = {batch_, outputs};
  }
  number(outputs);
}

void Flow::leave_column(std::size_t outputs) {
  if (dims_.empty()) dims_ = {1};
  dims_[dims_.size() < 2 ? 0 : dims_.size() - 2] = outputs;
  number(outputs);
}

void Flow::number(std::size_t width) {
  order_.resize(width);
  std::iota(order_.begin(), order_.end(), std::size_t{0});
}

}  // namespace gibbon::models::onnx
