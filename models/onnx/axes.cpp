// SPDX-License-Identifier: MIT
#include "models/onnx/axes.hpp"

#include <algorithm>
#include <fmt/ranges.h>

namespace gibbon::models::onnx {
namespace {

void require_few(std::size_t axes) {
  if (axes > kMostAxes) misfit("{} axes; allowed are {}", axes, kMostAxes);
}

}  // namespace

std::size_t element_count(const Dims& dims) {
  if (std::ranges::find(dims, std::size_t{0}) != dims.end()) return 0;
  std::size_t count = 1;
  for (const std::size_t dim : dims) {
    if (__builtin_mul_overflow(count, dim, &count)) {
      misfit("shape {}: too many elements; the file is damaged", to_text(dims));
    }
  }
  return count;
}

std::string to_text(const Dims& dims) { return fmt::format("{}", fmt::join(dims, "x")); }

std::vector<std::size_t> to_axes(const std::vector<std::int64_t>& given, std::size_t rank) {
  require_few(given.size());
  std::vector<std::size_t> out;
  const auto size = static_cast<std::int64_t>(rank);
  for (const std::int64_t axis : given) {
    if (axis < -size || axis >= size) misfit("axis {} of {} dimensions does not exist", axis, rank);
    const auto place = static_cast<std::size_t>(axis < 0 ? axis + size : axis);
    if (std::ranges::count(out, place) > 0) misfit("axis {} occurs twice", axis);
    out.push_back(place);
  }
  return out;
}

Dims permuted(const Dims& dims, const std::vector<std::size_t>& axes) {
  Dims out;
  for (const std::size_t axis : axes) out.push_back(dims[axis]);
  return out;
}

std::vector<std::size_t> transposed_places(const Dims& dims, const std::vector<std::size_t>& axes) {
  Dims stride(dims.size(), 1);
  for (std::size_t d = dims.size(); d-- > 1;) stride[d - 1] = stride[d] * dims[d];
  std::vector<std::size_t> out;
  const Dims target = permuted(dims, axes);
  const Dims step = permuted(stride, axes);
  for (std::size_t k = 0; k < element_count(dims); ++k) {
    std::size_t rest = k;
    std::size_t place = 0;
    for (std::size_t d = target.size(); d-- > 0;) {
      place += rest % target[d] * step[d];
      rest /= target[d];
    }
    out.push_back(place);
  }
  return out;
}

Dims reshaped(const Dims& dims, const std::vector<std::int64_t>& target, Zero zero) {
  require_few(target.size());
  Dims out;
  std::size_t open = target.size();
  for (std::size_t d = 0; d < target.size(); ++d) {
    if (target[d] == 0 && d < dims.size() && zero == Zero::kKeepsTheDimension) {
      out.push_back(dims[d]);
    } else if (target[d] == -1 && open == target.size()) {
      open = d;
      out.push_back(1);
    } else if (target[d] > 0) {
      out.push_back(static_cast<std::size_t>(target[d]));
    } else {
      misfit("shape mismatch: {} as dimension {} of the new shape is not allowed", target[d], d);
    }
  }
  const std::size_t total = element_count(dims);
  const std::size_t known = element_count(out);
  if (open < out.size() && known != 0) out[open] = total / known;
  if (element_count(out) != total) {
    misfit("shape mismatch: {} cannot be reshaped to {}", to_text(dims), fmt::join(target, "x"));
  }
  return out;
}

Dims flattened(const Dims& dims, std::int64_t axis) {
  // The one operator whose axis may be the rank itself.
  const std::size_t at = axis == static_cast<std::int64_t>(dims.size())
                             ? dims.size()
                             : to_axes({axis}, dims.size()).front();
  const auto split = dims.begin() + static_cast<std::ptrdiff_t>(at);
  return {element_count({dims.begin(), split}), element_count({split, dims.end()})};
}

Dims squeezed(const Dims& dims, const std::vector<std::int64_t>& axes) {
  const std::vector<std::size_t> gone = to_axes(axes, dims.size());
  Dims out;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    const bool named = std::ranges::count(gone, d) > 0;
    if (named && dims[d] != 1) misfit("shape mismatch: axis {} has size {}, not 1", d, dims[d]);
    if (!named && !(gone.empty() && dims[d] == 1)) out.push_back(dims[d]);
  }
  return out;
}

Dims unsqueezed(const Dims& dims, const std::vector<std::int64_t>& axes) {
  require_few(dims.size() + axes.size());
  const std::vector<std::size_t> fresh = to_axes(axes, dims.size() + axes.size());
  Dims out;
  auto old = dims.begin();
  for (std::size_t d = 0; d < dims.size() + axes.size(); ++d) {
    out.push_back(std::ranges::count(fresh, d) > 0 ? 1 : *old++);
  }
  return out;
}

}  // namespace gibbon::models::onnx
