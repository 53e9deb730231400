// SPDX-License-Identifier: MIT
#include "models/onnx/graph_moves.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "models/onnx/fold.hpp"
#include "models/onnx/operators.hpp"
#include "models/onnx/text.hpp"

namespace gibbon::models::onnx {

void GraphMoves::change_dims(const ::onnx::NodeProto& node) {
  const Value from = input(node);
  give(node, rename(node, from, new_dims(node, from.dims)));
}

void GraphMoves::transpose_value(const ::onnx::NodeProto& node) {
  const Value from = input(node);
  const std::vector<std::size_t> axes = axes_of(node, from.dims.size());
  if (many_samples_ && axes[0] != 0) misfit("it moves the axis of the samples");
  const Dims dims = permuted(from.dims, axes);
  if (from.index == 0 && axes == std::vector<std::size_t>{0, 3, 1, 2} && graph_.nodes.empty()) {
    // An input with the channels last, as data sets have them.
    graph_.input = shapes_[0] = shape_of(dims);
    std::erase_if(values_, [](const auto& entry) { return entry.second.index == 0; });
    values_[node.output(0)] = {0, dims};
    return;
  }
  budget_.take({element_count(dims), sizeof(std::size_t)});
  give(node, take_places(node, from, dims, transposed_places(from.dims, axes), "reorder"));
}

Value GraphMoves::take_along(const ::onnx::NodeProto& node, const Value& from, std::size_t axis,
                             const std::vector<std::size_t>& index, const std::string& name) {
  Dims dims = from.dims;
  dims[axis] = index.size();
  budget_.take({element_count(dims), sizeof(std::size_t)});
  const std::vector<std::size_t> places = places_by_axis(
      from.dims, dims, [&](std::size_t d, std::size_t k) { return d == axis ? index[k] : k; });
  return take_places(node, from, std::move(dims), places, name);
}

void GraphMoves::slice(const ::onnx::NodeProto& node) {
  const Value from = input(node);
  const std::vector<Cut> cuts =
      to_cuts(from.dims, integers(node, 1, "starts"), integers(node, 2, "ends"),
              integers(node, 3, "axes"), integers(node, 4, ""));
  Dims dims;
  for (const Cut& cut : cuts) dims.push_back(cut.count);
  budget_.take({element_count(dims), sizeof(std::size_t)});
  const std::vector<std::size_t> places =
      places_by_axis(from.dims, dims, [&](std::size_t d, std::size_t k) {
        return static_cast<std::size_t>(cuts[d].start +
                                        static_cast<std::int64_t>(k) * cuts[d].step);
      });
  give(node, take_places(node, from, std::move(dims), places, "slice"));
}

void GraphMoves::split(const ::onnx::NodeProto& node) {
  const Value from = input(node);
  const std::size_t axis = to_axes({int_attribute(node, "axis", 0)}, from.dims.size()).front();
  const auto parts = static_cast<std::size_t>(node.output_size());
  const std::size_t size = from.dims[axis];
  const std::int64_t declared = int_attribute(node, "num_outputs", node.output_size());
  if (declared != node.output_size()) {
    misfit("num_outputs = {}, but it has {}", declared, node.output_size());
  }
  std::vector<std::int64_t> lengths = integers(node, 1, "split");
  if (lengths.empty()) {
    const std::size_t each = (size + parts - 1) / parts;  // the last one may be shorter
    const bool uneven = find_attribute(node, "num_outputs") != nullptr;
    if ((!uneven && size % parts != 0) || each * (parts - 1) >= size) {
      misfit("{} numbers cannot be split into {} parts", size, parts);
    }
    for (std::size_t k = 0; k < parts; ++k)
      lengths.push_back(static_cast<std::int64_t>(std::min(each, size - k * each)));
  }
  if (lengths.size() != parts) misfit("it names {} parts and has {}", lengths.size(), parts);
  std::size_t begin = 0;
  for (std::size_t k = 0; k < parts; ++k) {
    if (lengths[k] < 1 || static_cast<std::size_t>(lengths[k]) > size - begin) {
      misfit("its parts do not fit the {} numbers along axis {}", size, axis);
    }
    std::vector<std::size_t> index(static_cast<std::size_t>(lengths[k]));
    std::iota(index.begin(), index.end(), begin);
    begin += index.size();
    const int output = static_cast<int>(k);
    if (!node.output(output).empty())
      give(node, take_along(node, from, axis, index, "slice"), output);
  }
  if (begin != size) misfit("its parts do not fit the {} numbers along axis {}", size, axis);
}

void GraphMoves::gather(const ::onnx::NodeProto& node) {
  const Value from = input(node);
  const Constant* places = constant(node.input(1));
  if (places == nullptr || !places->values.empty()) misfit("its places are no constant");
  const std::size_t axis = to_axes({int_attribute(node, "axis", 0)}, from.dims.size()).front();
  const auto size = static_cast<std::int64_t>(from.dims[axis]);
  std::vector<std::size_t> index;
  for (const std::int64_t k : places->integers) {
    if (k < -size || k >= size) misfit("it takes entry {} of {}", k, size);
    index.push_back(static_cast<std::size_t>(k < 0 ? k + size : k));
  }
  if (axis == 0 && many_samples_) misfit("it takes samples out of a batch");
  const Value taken = take_along(node, from, axis, index, "slice");
  Dims dims = taken.dims;
  const auto at = dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(axis));
  dims.insert(at, places->dims.begin(), places->dims.end());
  give(node, rename(node, taken, std::move(dims)));
}

void GraphMoves::expand(const ::onnx::NodeProto& node) {
  const Value from = input(node);
  Dims dims;
  for (const std::int64_t dim : integers(node, 1, "")) {
    if (dim < 1) misfit("its shape has a dimension of {}; allowed are 1 and more", dim);
    dims.push_back(static_cast<std::size_t>(dim));
  }
  give(node, broadcast(node, from, broadcast_dims(from.dims, dims)));
}

void GraphMoves::join(const ::onnx::NodeProto& node) {
  std::vector<Value> parts;
  for (int k = 0; k < node.input_size(); ++k) parts.push_back(input(node, k));
  Dims dims = parts[0].dims;
  const std::size_t axis = to_axes({int_attribute(node, "axis", 1)}, dims.size()).front();
  dims[axis] = 0;
  std::vector<std::size_t> inputs;
  for (const Value& part : parts) {
    Dims rest = part.dims;
    if (rest.size() == dims.size()) {
      dims[axis] += rest[axis];
      rest[axis] = parts[0].dims[axis];
    }
    if (rest != parts[0].dims) {
      misfit("it joins {} and {} along axis {}", to_text(parts[0].dims), to_text(part.dims), axis);
    }
    inputs.push_back(part.index);
  }
  require_one_sample(parts[0].dims, dims);
  const bool first = std::all_of(dims.begin(), dims.begin() + static_cast<std::ptrdiff_t>(axis),
                                 [](std::size_t dim) { return dim == 1; });
  const auto flat = [](const Value& of) { return !is_picture(of.dims); };
  const bool pictures =
      std::ranges::none_of(parts, flat) && is_picture(dims) && axis + 3 == dims.size();
  const bool rows = std::ranges::all_of(parts, flat) && !is_picture(dims);
  // One behind another in the graph's order, too: channels of pictures, or numbers of rows.
  if (first && (pictures || rows)) return append(node, concat(), std::move(inputs), dims);
  std::vector<std::size_t> begin;   // of each part in what is joined flat
  std::vector<std::size_t> before;  // parts along the axis
  std::size_t total = 0;
  std::size_t along = 0;
  inputs.clear();
  for (const Value& part : parts) {
    const Value row = rename(node, part, {1, element_count(part.dims)});
    inputs.push_back(row.index);
    begin.push_back(total);
    before.push_back(along);
    total += element_count(part.dims);
    along += part.dims[axis];
  }
  const Value joined = append_part(node, concat(), std::move(inputs), {1, total});
  budget_.take({total, 2 * sizeof(std::size_t)});
  std::size_t behind = 1;
  for (std::size_t d = axis + 1; d < dims.size(); ++d) behind *= dims[d];
  std::vector<std::size_t> places(total);
  for (std::size_t k = 0; k < total; ++k) {
    const std::size_t at = k / behind % dims[axis];
    const std::size_t part =
        static_cast<std::size_t>(std::ranges::upper_bound(before, at) - before.begin()) - 1;
    const std::size_t own = parts[part].dims[axis];
    places[k] =
        begin[part] + (k / behind / dims[axis] * own + at - before[part]) * behind + k % behind;
  }
  give(node, take_places(node, joined, std::move(dims), places, "reorder"));
}

std::vector<float> GraphMoves::reals(const ::onnx::NodeProto& node, int k,
                                     std::string_view name) const {
  if (k < node.input_size() && !node.input(k).empty()) {
    const Constant* found = constant(node.input(k));
    if (found == nullptr) misfit("its input '{}' is not a constant", shown(node.input(k)));
    if (!found->integers.empty())
      misfit("its input '{}' holds whole numbers", shown(node.input(k)));
    return found->values;
  }
  const ::onnx::AttributeProto* found = find_attribute(node, name);
  if (found == nullptr) return {};
  return {found->floats().begin(), found->floats().end()};
}

std::vector<GraphMoves::Border> GraphMoves::borders_of(const ::onnx::NodeProto& node,
                                                       const Dims& dims) const {
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  const std::vector<std::int64_t> pads = integers(node, 1, "pads");
  std::vector<std::size_t> axes = to_axes(integers(node, 3, ""), dims.size());
  if (axes.empty()) {
    axes.resize(dims.size());
    std::iota(axes.begin(), axes.end(), std::size_t{0});
  }
  if (pads.size() != 2 * axes.size()) {
    misfit("it has {} pads for {} axes; allowed are two for each", pads.size(), axes.size());
  }
  std::vector<Border> out(dims.size());
  for (std::size_t k = 0; k < axes.size(); ++k) {
    const Border border{pads[k], pads[k + axes.size()]};
    for (const std::int64_t pad : {border.before, border.behind}) {
      if (pad > kMost || pad < -kMost)
        misfit("it has a pad of {}; allowed are up to {}", pad, kMost);
    }
    if (static_cast<std::int64_t>(dims[axes[k]]) + border.before + border.behind < 1) {
      misfit("its pads leave nothing along axis {} of {}", axes[k], to_text(dims));
    }
    out[axes[k]] = border;
  }
  return out;
}

void GraphMoves::pad_value(const ::onnx::NodeProto& node) {
  const Value from = input(node);
  const ::onnx::AttributeProto* attribute = find_attribute(node, "mode");
  const std::string mode = attribute == nullptr ? "constant" : attribute->s();
  const std::vector<Border> borders = borders_of(node, from.dims);
  Dims dims;
  for (std::size_t d = 0; d < from.dims.size(); ++d) {
    dims.push_back(static_cast<std::size_t>(static_cast<std::int64_t>(from.dims[d]) +
                                            borders[d].before + borders[d].behind));
  }
  require_one_sample(from.dims, dims);
  budget_.take({element_count(dims), 4 * sizeof(std::size_t)});
  if (mode == "constant") {
    const std::vector<float> values = reals(node, 2, "");
    if (values.size() > 1) misfit("its constant has {} numbers; allowed is 1", values.size());
    const float value = values.empty() ? float_attribute(node, "value", 0.0F) : values[0];
    Value kept = from;
    for (std::size_t d = 0; d < dims.size(); ++d) {  // what negative pads leave
      const auto cut = [](std::int64_t pad) {
        return static_cast<std::size_t>(pad < 0 ? -pad : 0);
      };
      const std::size_t first = cut(borders[d].before);
      const std::size_t last = cut(borders[d].behind);
      if (first + last == 0) continue;
      if (first + last >= from.dims[d])
        misfit("its pads leave nothing along axis {} of {}", d, to_text(from.dims));
      std::vector<std::size_t> index(from.dims[d] - first - last);
      std::iota(index.begin(), index.end(), first);
      kept = take_along(node, kept, d, index, "slice");
    }
    const std::vector<std::size_t> inside = places_of(kept.dims);
    const std::vector<std::size_t> after = places_of(dims);
    const std::vector<std::size_t> to =
        places_by_axis(dims, kept.dims, [&](std::size_t d, std::size_t k) {
          return k + static_cast<std::size_t>(std::max<std::int64_t>(borders[d].before, 0));
        });
    std::vector<std::size_t> places(inside.size());
    for (std::size_t k = 0; k < inside.size(); ++k) places[inside[k]] = after[to[k]];
    return append(node, pad(std::move(places), shape_of(dims), value), {kept.index}, dims);
  }
  if (mode != "reflect" && mode != "edge") {
    misfit("mode = {} is not supported; allowed are constant, reflect and edge", shown(mode));
  }
  const std::vector<std::size_t> places =
      places_by_axis(from.dims, dims, [&](std::size_t d, std::size_t k) {
        const auto last = static_cast<std::int64_t>(from.dims[d]) - 1;
        std::int64_t at = static_cast<std::int64_t>(k) - borders[d].before;
        if (mode == "reflect" && at < 0) at = -at;
        if (mode == "reflect" && at > last) at = 2 * last - at;
        if (mode == "reflect" && (at < 0 || at > last)) {
          misfit("it reflects more than there is along axis {} of {}", d, to_text(from.dims));
        }
        return static_cast<std::size_t>(std::clamp<std::int64_t>(at, 0, last));
      });
  give(node, take_places(node, from, std::move(dims), places, "pad"));
}

std::vector<std::size_t> GraphMoves::factors_of(const ::onnx::NodeProto& node,
                                                const Dims& dims) const {
  const bool upsample = node.op_type() == "Upsample";
  const bool old = upsample || opset_ < 11;  // inputs X, scales
  std::vector<float> scales = reals(node, old ? 1 : 2, "scales");
  const std::vector<std::int64_t> sizes = old ? std::vector<std::int64_t>() : integers(node, 3, "");
  std::vector<std::size_t> axes;
  if (const auto* given = find_attribute(node, "axes")) {
    axes = to_axes({given->ints().begin(), given->ints().end()}, dims.size());
  } else {
    axes.resize(dims.size());
    std::iota(axes.begin(), axes.end(), std::size_t{0});
  }
  if (scales.empty() == sizes.empty()) misfit("it has neither scales nor sizes, or both");
  if (std::max(scales.size(), sizes.size()) != axes.size()) {
    misfit("it has {} scales for {} axes", std::max(scales.size(), sizes.size()), axes.size());
  }
  std::vector<std::size_t> out(dims.size(), 1);
  for (std::size_t k = 0; k < axes.size(); ++k) {
    const std::size_t size = dims[axes[k]];
    const double factor = scales.empty() ? static_cast<double>(sizes[k]) / static_cast<double>(size)
                                         : static_cast<double>(scales[k]);
    if (factor < 1.0 || factor > 1e6 || factor != std::floor(factor)) {
      misfit("it resizes axis {} by {}; allowed are whole factors from 1 on", axes[k], factor);
    }
    out[axes[k]] = static_cast<std::size_t>(factor);
  }
  return out;
}

/// Where every whole factor repeats numbers: those that round to the same place.
void GraphMoves::resize(const ::onnx::NodeProto& node) {
  const Value from = input(node);
  const auto text = [&](std::string_view name, std::string_view usual) {
    const ::onnx::AttributeProto* found = find_attribute(node, name);
    return found == nullptr ? std::string(usual) : found->s();
  };
  const auto require = [&](std::string_view name, std::string_view usual,
                           std::initializer_list<std::string_view> allowed) {
    const std::string is = text(name, usual);
    if (std::ranges::find(allowed, is) != allowed.end()) return;
    misfit("{} = {} is not supported; allowed for nearest neighbours with whole factors: {}", name,
           shown(is), fmt::join(allowed, ", "));
  };
  require("mode", "nearest", {"nearest"});
  if (node.op_type() == "Resize" && opset_ >= 11) {
    // x = (k + 1/2) / s - 1/2 is within 1/2 of floor(k / s); k / s is so for "floor" alone.
    require("coordinate_transformation_mode", "half_pixel",
            {"half_pixel", "pytorch_half_pixel", "half_pixel_symmetric", "asymmetric"});
    const bool half = text("coordinate_transformation_mode", "half_pixel") != "asymmetric";
    if (half) {
      require("nearest_mode", "round_prefer_floor", {"round_prefer_floor", "round_prefer_ceil"});
    } else {
      require("nearest_mode", "round_prefer_floor", {"floor"});
    }
    if (int_attribute(node, "antialias", 0) != 0) misfit("antialias = 1 is not supported");
    require("keep_aspect_ratio_policy", "stretch", {"stretch"});
  }
  const std::vector<std::size_t> factors = factors_of(node, from.dims);
  Dims dims = from.dims;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (__builtin_mul_overflow(dims[d], factors[d], &dims[d])) misfit("too many elements");
  }
  require_one_sample(from.dims, dims);
  budget_.take({element_count(dims), sizeof(std::size_t)});
  const std::vector<std::size_t> places =
      places_by_axis(from.dims, dims, [&](std::size_t d, std::size_t k) { return k / factors[d]; });
  give(node, take_places(node, from, std::move(dims), places, "upsample"));
}

}  // namespace gibbon::models::onnx
