// SPDX-License-Identifier: MIT
#include "models/onnx/fold.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "models/onnx/operators.hpp"
#include "models/onnx/text.hpp"

namespace gibbon::models::onnx {
namespace {

using Inputs = std::vector<const Constant*>;

/// out[k] = from[places[k]]
Constant taken(const Constant& from, Dims dims, const std::vector<std::size_t>& places) {
  Constant out = {.dims = std::move(dims), .truth = from.truth, .type = from.type};
  out.rounded = from.rounded;
  for (const std::size_t k : places) {
    if (from.values.empty()) {
      out.integers.push_back(from.integers[k]);
    } else {
      out.values.push_back(from.values[k]);
    }
  }
  return out;
}

void require_finite(const Constant& constant) {
  if (!std::ranges::all_of(constant.values, [](float v) { return std::isfinite(v); })) {
    misfit("it makes a constant that is not finite");
  }
}

template <class Value>
Value binary(std::string_view op, Value a, Value b) {
  if (op == "Add") return a + b;
  if (op == "Sub") return a - b;
  if (op == "Mul") return a * b;
  if constexpr (std::is_floating_point_v<Value>) {
    return op == "Pow" ? std::pow(a, b) : a / b;
  } else {
    if (op == "Pow") misfit("a power of whole numbers is not supported");
    if (b == 0) misfit("it divides by zero");
    return a / b;  // towards 0, as in C
  }
}

/// Whole numbers of a shape are small; anything else would overflow.
std::int64_t whole_binary(std::string_view op, std::int64_t a, std::int64_t b) {
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  for (const std::int64_t v : {a, b}) {
    if (v > kMost || v < -kMost) misfit("it calculates with {}; allowed are up to {}", v, kMost);
  }
  return binary(op, a, b);
}

Constant elementwise(const ::onnx::NodeProto& node, const Inputs& inputs, Budget& budget) {
  const Constant& a = *inputs[0];
  const Constant& b = *inputs[1];
  if (a.values.empty() != b.values.empty()) misfit("it mixes whole and real numbers");
  Constant out{.dims = broadcast_dims(a.dims, b.dims)};
  budget.take({element_count(out.dims), 3 * sizeof(std::int64_t)});
  const std::vector<std::size_t> left = broadcast_places(a.dims, out.dims);
  const std::vector<std::size_t> right = broadcast_places(b.dims, out.dims);
  for (std::size_t k = 0; k < left.size(); ++k) {
    if (a.values.empty()) {
      out.integers.push_back(
          whole_binary(node.op_type(), a.integers[left[k]], b.integers[right[k]]));
    } else {
      out.values.push_back(binary(node.op_type(), a.values[left[k]], b.values[right[k]]));
    }
  }
  out.rounded = a.rounded || b.rounded;
  return out;
}

Constant unary(const ::onnx::NodeProto& node, const Constant& from, Budget& budget) {
  const std::string& op = node.op_type();
  budget.take({from.size(), sizeof(std::int64_t)});
  Constant out = from;
  if (from.values.empty() && op != "Neg") misfit("it takes whole numbers, which is not supported");
  for (float& v : out.values) {
    v = op == "Neg"    ? -v
        : op == "Sqrt" ? std::sqrt(v)
        : op == "Abs"  ? std::abs(v)
        : op == "Exp"  ? std::exp(v)
                       : 1.0F / v;
  }
  for (std::int64_t& v : out.integers) v = whole_binary("Mul", v, -1);
  return out;
}

/// ReduceSum and ReduceL2, in double and rounded once.
Constant reduced(const ::onnx::NodeProto& node, const Inputs& inputs, Budget& budget) {
  const Constant& from = *inputs[0];
  if (from.values.empty()) misfit("it takes whole numbers, which is not supported");
  std::vector<std::int64_t> given;
  if (inputs.size() > 1 && inputs[1] != nullptr) given = inputs[1]->integers;
  if (const auto* attribute = find_attribute(node, "axes"); attribute != nullptr) {
    given.assign(attribute->ints().begin(), attribute->ints().end());
  }
  if (given.empty() && int_attribute(node, "noop_with_empty_axes", 0) != 0) return from;
  std::vector<std::size_t> axes = to_axes(given, from.dims.size());
  if (axes.empty()) {
    for (std::size_t d = 0; d < from.dims.size(); ++d) axes.push_back(d);
  }
  Dims kept = from.dims;
  for (const std::size_t d : axes) kept[d] = 1;
  budget.take({from.size(), 2 * sizeof(double)});
  const std::vector<std::size_t> to = places_by_axis(
      kept, from.dims, [&](std::size_t d, std::size_t k) { return kept[d] == 1 ? 0 : k; });
  std::vector<double> sums(element_count(kept));
  const bool squares = node.op_type() == "ReduceL2";
  for (std::size_t k = 0; k < to.size(); ++k) {
    const double v = static_cast<double>(from.values[k]);
    sums[to[k]] += squares ? v * v : v;
  }
  Constant out{.rounded = from.rounded};
  for (const double sum : sums)
    out.values.push_back(static_cast<float>(squares ? std::sqrt(sum) : sum));
  const bool keeps = int_attribute(node, "keepdims", 1) != 0;
  for (std::size_t d = 0; d < kept.size(); ++d) {
    if (keeps || std::ranges::count(axes, d) == 0) out.dims.push_back(kept[d]);
  }
  return out;
}

Constant gathered(const ::onnx::NodeProto& node, const Inputs& inputs, Budget& budget) {
  const Constant& from = *inputs[0];
  const Constant& places = *inputs[1];
  if (!places.values.empty()) misfit("its places are no whole numbers");
  const std::size_t axis =
      to_axes({int_attribute(node, "axis", 0)}, std::max<std::size_t>(1, from.dims.size())).front();
  if (from.dims.empty()) misfit("it takes entries of a single number");
  const auto size = static_cast<std::int64_t>(from.dims[axis]);
  std::vector<std::size_t> index;
  for (const std::int64_t k : places.integers) {
    if (k < -size || k >= size) misfit("it takes entry {} of {}", k, size);
    index.push_back(static_cast<std::size_t>(k < 0 ? k + size : k));
  }
  Dims flat = from.dims;  // the places along one axis
  flat[axis] = index.size();
  budget.take({element_count(flat), 2 * sizeof(std::int64_t)});
  Constant out =
      taken(from, flat, places_by_axis(from.dims, flat, [&](std::size_t d, std::size_t k) {
              return d == axis ? index[k] : k;
            }));
  const auto at = out.dims.erase(out.dims.begin() + static_cast<std::ptrdiff_t>(axis));
  out.dims.insert(at, places.dims.begin(), places.dims.end());
  return out;
}

Constant joined(const ::onnx::NodeProto& node, const Inputs& inputs, Budget& budget) {
  const Constant& first = *inputs[0];
  const std::size_t axis = to_axes({int_attribute(node, "axis", 1)}, first.dims.size()).front();
  Constant out{.dims = first.dims};
  out.dims[axis] = 0;
  std::size_t before = 1;
  for (std::size_t d = 0; d < axis; ++d) before *= first.dims[d];
  for (const Constant* part : inputs) {
    Dims rest = part->dims;
    if (rest.size() != out.dims.size() || part->values.empty() != first.values.empty()) {
      misfit("it joins constants that do not fit each other");
    }
    out.dims[axis] += rest[axis];
    rest[axis] = first.dims[axis];
    if (rest != first.dims) misfit("it joins constants that do not fit each other");
    out.rounded = out.rounded || part->rounded;
  }
  budget.take({element_count(out.dims), sizeof(std::int64_t)});
  for (std::size_t b = 0; b < before; ++b) {
    for (const Constant* part : inputs) {
      const std::size_t count = part->size() / before;
      const auto append = [&](const auto& list, auto& to) {
        const auto from = list.begin() + static_cast<std::ptrdiff_t>(b * count);
        if (!list.empty()) to.insert(to.end(), from, from + static_cast<std::ptrdiff_t>(count));
      };
      append(part->values, out.values);
      append(part->integers, out.integers);
    }
  }
  return out;
}

std::vector<std::int64_t> whole(const ::onnx::NodeProto& node, const Inputs& inputs, std::size_t k,
                                std::string_view name) {
  if (k < inputs.size() && inputs[k] != nullptr) return inputs[k]->integers;
  const ::onnx::AttributeProto* found = find_attribute(node, name);
  if (found == nullptr) return {};
  return {found->ints().begin(), found->ints().end()};
}

Constant sliced(const ::onnx::NodeProto& node, const Inputs& inputs, Budget& budget) {
  const Constant& from = *inputs[0];
  const std::vector<Cut> cuts =
      to_cuts(from.dims, whole(node, inputs, 1, "starts"), whole(node, inputs, 2, "ends"),
              whole(node, inputs, 3, "axes"), whole(node, inputs, 4, ""));
  Dims dims;
  for (const Cut& cut : cuts) dims.push_back(cut.count);
  budget.take({element_count(dims), 2 * sizeof(std::int64_t)});
  return taken(from, dims, places_by_axis(from.dims, dims, [&](std::size_t d, std::size_t k) {
                 return static_cast<std::size_t>(cuts[d].start +
                                                 static_cast<std::int64_t>(k) * cuts[d].step);
               }));
}

Dims to_dims(const Constant& shape) {
  Dims out;
  if (!shape.values.empty() || shape.dims.size() > 1)
    misfit("its shape is no list of whole numbers");
  for (const std::int64_t dim : shape.integers) {
    if (dim < 0) misfit("its shape has a dimension of {}", dim);
    out.push_back(static_cast<std::size_t>(dim));
  }
  if (out.size() > kMostAxes)
    misfit("its shape has {} dimensions; allowed are {}", out.size(), kMostAxes);
  return out;
}

Constant filled(const ::onnx::NodeProto& node, const Constant& shape, Budget& budget) {
  const ::onnx::AttributeProto* value = find_attribute(node, "value");
  Constant one{.dims = {1}, .values = {0.0F}};
  if (value != nullptr) one = to_constant(value->t(), budget);
  if (one.size() != 1) misfit("its value has {} numbers; allowed is 1", one.size());
  Dims dims = to_dims(shape);
  budget.take({element_count(dims), 2 * sizeof(std::int64_t)});
  const std::vector<std::size_t> places(element_count(dims), 0);
  return taken(one, std::move(dims), places);
}

Constant expanded(const Inputs& inputs, Budget& budget) {
  Dims dims = broadcast_dims(inputs[0]->dims, to_dims(*inputs[1]));
  budget.take({element_count(dims), 2 * sizeof(std::int64_t)});
  const std::vector<std::size_t> places = broadcast_places(inputs[0]->dims, dims);
  return taken(*inputs[0], std::move(dims), places);
}

/// Scale and zero point of every number of `of`: one for all, or one for each entry of `axis`.
struct Grid {
  std::vector<std::size_t> places;
  const Constant* scale;
  const Constant* zero;  // null: 0

  [[nodiscard]] float step(std::size_t k) const { return scale->values[places[k]]; }
  [[nodiscard]] std::int64_t origin(std::size_t k) const {
    return zero == nullptr ? 0 : zero->integers[places[k]];
  }
};

Grid grid_of(const ::onnx::NodeProto& node, const Inputs& inputs, Budget& budget) {
  const Dims& dims = inputs[0]->dims;
  Grid out{.scale = inputs[1], .zero = inputs.size() > 2 ? inputs[2] : nullptr};
  if (int_attribute(node, "block_size", 0) != 0)
    misfit("block_size is not supported; allowed is 0");
  for (const char* name : {"output_dtype", "precision"}) {
    if (int_attribute(node, name, 0) != 0) misfit("{} is not supported; allowed is 0", name);
  }
  if (out.scale->values.empty() || (out.zero != nullptr && !out.zero->values.empty())) {
    misfit("its scale or zero point has the wrong data type");
  }
  if (out.zero != nullptr && out.zero->size() != out.scale->size()) {
    misfit("its zero point has {} numbers for {} scales", out.zero->size(), out.scale->size());
  }
  budget.take({element_count(dims), 2 * sizeof(std::int64_t)});
  out.places.assign(element_count(dims), 0);
  if (out.scale->dims.empty() || out.scale->size() == 1) return out;
  const std::size_t axis = to_axes({int_attribute(node, "axis", 1)}, dims.size()).front();
  if (out.scale->dims.size() != 1 || out.scale->size() != dims[axis]) {
    misfit("its scale has shape {} for axis {} of {}", to_text(out.scale->dims), axis,
           to_text(dims));
  }
  std::size_t behind = 1;
  for (std::size_t d = axis + 1; d < dims.size(); ++d) behind *= dims[d];
  for (std::size_t k = 0; k < out.places.size(); ++k) out.places[k] = k / behind % dims[axis];
  return out;
}

/// (x - zero point) · scale
Constant dequantised(const ::onnx::NodeProto& node, const Inputs& inputs, Budget& budget) {
  const Constant& from = *inputs[0];
  if (!from.values.empty()) misfit("what it takes are no whole numbers");
  const Grid grid = grid_of(node, inputs, budget);
  Constant out{.dims = from.dims};
  for (std::size_t k = 0; k < from.integers.size(); ++k) {
    out.values.push_back(static_cast<float>(from.integers[k] - grid.origin(k)) * grid.step(k));
  }
  return out;
}

/// round(x / scale) + zero point, held inside the data type of the zero point.
Constant quantised(const ::onnx::NodeProto& node, const Inputs& inputs, Budget& budget) {
  const Constant& from = *inputs[0];
  if (from.values.empty()) misfit("what it takes are no real numbers");
  const Grid grid = grid_of(node, inputs, budget);
  const int type = grid.zero == nullptr ? int{::onnx::TensorProto::UINT8} : grid.zero->type;
  if (type != ::onnx::TensorProto::UINT8 && type != ::onnx::TensorProto::INT8) {
    misfit("its zero point is of data type {}; allowed are uint8 (2) and int8 (3)", type);
  }
  const float least = type == ::onnx::TensorProto::UINT8 ? 0.0F : -128.0F;
  Constant out{.dims = from.dims, .type = type};
  for (std::size_t k = 0; k < from.values.size(); ++k) {
    const float rounded = std::nearbyint(from.values[k] / grid.step(k));
    const float moved = rounded + static_cast<float>(grid.origin(k));
    if (std::isnan(moved)) misfit("it divides by zero");
    out.integers.push_back(static_cast<std::int64_t>(std::clamp(moved, least, least + 255.0F)));
  }
  return out;
}

bool is_one_of(std::string_view op, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, op) != names.end();
}

}  // namespace

Dims broadcast_dims(const Dims& a, const Dims& b) {
  Dims out(std::max(a.size(), b.size()), 1);
  for (const Dims* dims : {&a, &b}) {
    const std::size_t skipped = out.size() - dims->size();
    for (std::size_t d = 0; d < dims->size(); ++d) {
      std::size_t& size = out[skipped + d];
      if ((*dims)[d] == size || (*dims)[d] == 1) continue;
      if (size != 1) misfit("shape mismatch: {} beside {}", to_text(a), to_text(b));
      size = (*dims)[d];
    }
  }
  return out;
}

std::vector<std::size_t> broadcast_places(const Dims& from, const Dims& to) {
  Dims padded(to.size() - from.size(), 1);
  padded.insert(padded.end(), from.begin(), from.end());
  return places_by_axis(padded, to,
                        [&](std::size_t d, std::size_t k) { return padded[d] == 1 ? 0 : k; });
}

std::vector<Cut> to_cuts(const Dims& dims, const std::vector<std::int64_t>& starts,
                         const std::vector<std::int64_t>& ends,
                         const std::vector<std::int64_t>& axes,
                         const std::vector<std::int64_t>& steps) {
  std::vector<Cut> out;
  for (const std::size_t dim : dims) out.push_back({.start = 0, .step = 1, .count = dim});
  std::vector<std::size_t> along = to_axes(axes, dims.size());
  if (axes.empty()) {
    for (std::size_t d = 0; d < starts.size(); ++d) along.push_back(d);
  }
  if (starts.size() != ends.size() || starts.size() != along.size() ||
      (!steps.empty() && steps.size() != starts.size()) || along.size() > dims.size()) {
    misfit("it has {} starts, {} ends, {} axes and {} steps", starts.size(), ends.size(),
           along.size(), steps.size());
  }
  for (std::size_t k = 0; k < along.size(); ++k) {
    const auto size = static_cast<std::int64_t>(dims[along[k]]);
    const std::int64_t step = steps.empty() ? 1 : steps[k];
    if (size == 0) continue;
    if (step == 0 || step == std::numeric_limits<std::int64_t>::min()) misfit("a step is {}", step);
    // Negative places count from behind; what is outside is held at the border.
    const auto place = [&](std::int64_t at, std::int64_t low, std::int64_t high) {
      return std::clamp(at < 0 && at >= -size ? at + size : at, low, high);
    };
    const std::int64_t first = step > 0 ? place(starts[k], 0, size) : place(starts[k], 0, size - 1);
    const std::int64_t last = step > 0 ? place(ends[k], 0, size) : place(ends[k], -1, size - 1);
    const std::int64_t span = step > 0 ? last - first : first - last;
    const std::int64_t stride = step > 0 ? step : -step;
    const std::int64_t count = span <= 0 ? 0 : (span - 1) / stride + 1;
    out[along[k]] = {.start = first, .step = step, .count = static_cast<std::size_t>(count)};
  }
  return out;
}

std::optional<Constant> fold(const ::onnx::NodeProto& node, const Inputs& inputs, Budget& budget) {
  const std::string& op = node.op_type();
  std::optional<Constant> out;
  if (is_one_of(op, {"Add", "Sub", "Mul", "Div", "Pow"})) out = elementwise(node, inputs, budget);
  if (is_one_of(op, {"Neg", "Sqrt", "Abs", "Exp", "Reciprocal"}))
    out = unary(node, *inputs[0], budget);
  if (is_one_of(op, {"ReduceSum", "ReduceL2"})) out = reduced(node, inputs, budget);
  if (op == "Gather") out = gathered(node, inputs, budget);
  if (op == "Concat") out = joined(node, inputs, budget);
  if (op == "Slice") out = sliced(node, inputs, budget);
  if (op == "ConstantOfShape") out = filled(node, *inputs[0], budget);
  if (op == "Expand") out = expanded(inputs, budget);
  if (op == "DequantizeLinear") out = dequantised(node, inputs, budget);
  if (op == "QuantizeLinear") out = quantised(node, inputs, budget);
  if (out) require_finite(*out);
  return out;
}

}  // namespace gibbon::models::onnx
