// SPDX-License-Identifier: MIT
#include "models/onnx/graph_values.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "models/onnx/fold.hpp"
#include "models/onnx/text.hpp"

namespace gibbon::models::onnx {

bool is_picture(const Dims& dims) {
  return dims.size() == 4 ? dims[0] == 1 : dims.size() == 3 && dims[0] > 1;
}

FeatureShape shape_of(const Dims& dims) {
  if (!is_picture(dims)) return {.channels = element_count(dims)};
  const std::size_t first = dims.size() - 3;
  return {.height = dims[first + 1], .width = dims[first + 2], .channels = dims[first]};
}

std::vector<std::size_t> places_of(const Dims& dims) {
  std::vector<std::size_t> out(element_count(dims));
  std::iota(out.begin(), out.end(), std::size_t{0});
  if (!is_picture(dims)) return out;
  const FeatureShape shape = shape_of(dims);
  const std::size_t pixels = shape.height * shape.width;
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = k % pixels * shape.channels + k / pixels;
  return out;
}

const Value* GraphValues::value(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

const Value& GraphValues::input(const ::onnx::NodeProto& node, int k) const {
  const std::string name = k < node.input_size() ? node.input(k) : std::string();
  const Value* found = value(name);
  if (found == nullptr) {
    misfit("its input '{}' is {}", shown(name),
           constants_.contains(name) ? "a constant, which is not supported here"
                                     : "made by no node before it");
  }
  return *found;
}

void GraphValues::begin(const std::string& name, Dims dims) {
  many_samples_ = dims[0] == 0;
  if (many_samples_) dims[0] = 1;
  budget_.take({element_count(dims), sizeof(float)});
  graph_.input = shape_of(dims);
  shapes_ = {graph_.input};
  input_ = name;
  values_[name] = {0, std::move(dims)};
}

Value GraphValues::append_part(const ::onnx::NodeProto& node, LayerPtr layer,
                               std::vector<std::size_t> inputs, Dims dims) {
  if (inputs.size() > kMostInputs) {
    misfit("it has {} inputs; allowed are at most {}", inputs.size(), kMostInputs);
  }
  std::vector<FeatureShape> of;
  for (const std::size_t k : inputs) of.push_back(shapes_[k]);
  const FeatureShape shape = layer->shape(of);
  budget_.take({shape.size(), 2 * sizeof(float)});
  if (shape.size() != element_count(dims)) throw std::logic_error("GraphReader: sizes differ");
  shapes_.push_back(shape);
  graph_.nodes.push_back({name_of(node), std::move(layer), std::move(inputs)});
  return {graph_.nodes.size(), std::move(dims)};
}

void GraphValues::append(const ::onnx::NodeProto& node, LayerPtr layer,
                         std::vector<std::size_t> inputs, Dims dims) {
  give(node, append_part(node, std::move(layer), std::move(inputs), std::move(dims)));
}

void GraphValues::give(const ::onnx::NodeProto& node, Value value, int output) {
  values_[node.output(output)] = std::move(value);
}

void GraphValues::keep_only(std::size_t index) {
  std::vector<bool> used(graph_.nodes.size() + 1);
  used[index] = true;
  for (std::size_t k = index; k > 0; --k) {
    if (!used[k]) continue;
    for (const std::size_t from : graph_.nodes[k - 1].inputs) used[from] = true;
  }
  std::vector<std::size_t> now(used.size());  // number of a value that is kept
  std::vector<Node> nodes;
  std::vector<FeatureShape> shapes{shapes_[0]};
  for (std::size_t k = 1; k < used.size(); ++k) {
    if (!used[k]) continue;
    Node& node = graph_.nodes[k - 1];
    for (std::size_t& from : node.inputs) from = now[from];
    nodes.push_back(std::move(node));
    shapes.push_back(shapes_[k]);
    now[k] = nodes.size();
  }
  graph_.nodes = std::move(nodes);
  shapes_ = std::move(shapes);
}

void GraphValues::require_one_sample(const Dims& from, const Dims& to) const {
  if (many_samples_ && (to.empty() || to[0] != 1)) {
    misfit("it moves the axis of the samples: {} of {}", to_text(to), to_text(from));
  }
}

Value GraphValues::take_places(const ::onnx::NodeProto& node, const Value& from, Dims dims,
                               const std::vector<std::size_t>& places, const std::string& name) {
  require_one_sample(from.dims, dims);
  if (places.empty()) misfit("nothing is left of {}", to_text(from.dims));
  budget_.take({places.size() + element_count(from.dims), 4 * sizeof(std::size_t)});
  const std::vector<std::size_t> before = places_of(from.dims);
  const std::vector<std::size_t> after = places_of(dims);
  std::vector<std::size_t> order(after.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[after[k]] = before[places[k]];
  const FeatureShape shape = shape_of(dims);
  bool same = shape == shapes_[from.index];
  for (std::size_t k = 0; same && k < order.size(); ++k) same = order[k] == k;
  if (same) return {from.index, std::move(dims)};
  if (from.index == 0 && !is_picture(from.dims) && shape.channels > 1 &&
      shape.height * shape.width > 1) {
    misfit(
        "it makes a picture of {} channels out of a flat input, in an order that data sets do "
        "not have; export the model with an input of samples × channels × rows × columns",
        shape.channels);
  }
  return append_part(node, reorder(std::move(order), shape, name), {from.index}, std::move(dims));
}

Value GraphValues::rename(const ::onnx::NodeProto& node, const Value& from, Dims dims) {
  budget_.take({element_count(dims), sizeof(std::size_t)});
  std::vector<std::size_t> places(element_count(dims));
  std::iota(places.begin(), places.end(), std::size_t{0});
  return take_places(node, from, std::move(dims), places, "reorder");
}

Value GraphValues::broadcast(const ::onnx::NodeProto& node, const Value& from, const Dims& dims) {
  if (from.dims == dims) return from;
  budget_.take({element_count(dims), sizeof(std::size_t)});
  return take_places(node, from, dims, broadcast_places(from.dims, dims), "repeat");
}

std::vector<double> GraphValues::spread(const Constant& c, const Dims& dims) {
  const std::size_t skipped = dims.size() - c.dims.size();
  bool per_channel = is_picture(dims);
  const std::size_t channel_axis = dims.size() - std::min<std::size_t>(3, dims.size());
  for (std::size_t d = 0; d < c.dims.size(); ++d) {
    per_channel = per_channel && (c.dims[d] == 1 || d + skipped == channel_axis);
  }
  std::vector<double> out;
  if (per_channel) {
    for (std::size_t k = 0; k < dims[channel_axis]; ++k)
      out.push_back(static_cast<double>(c.values[c.values.size() == 1 ? 0 : k]));
    return out;
  }
  budget_.take({element_count(dims), sizeof(double) + 2 * sizeof(std::size_t)});
  const std::vector<std::size_t> places = places_of(dims);
  const std::vector<std::size_t> from = broadcast_places(c.dims, dims);
  out.resize(places.size());
  for (std::size_t k = 0; k < places.size(); ++k)
    out[places[k]] = static_cast<double>(c.values[from[k]]);
  return out;
}

}  // namespace gibbon::models::onnx
