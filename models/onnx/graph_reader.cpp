// SPDX-License-Identifier: MIT
#include "models/onnx/graph_reader.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <set>
#include <stdexcept>
#include <utility>

#include "base/deadline.hpp"
#include "base/error.hpp"
#include "base/printable.hpp"
#include "models/onnx/node_reader.hpp"
#include "models/onnx/operators.hpp"
#include "models/onnx/proto.hpp"
#include "models/onnx/text.hpp"
#include "models/onnx/window.hpp"

namespace gibbon::models::onnx {
namespace {

constexpr std::array<std::string_view, 7> kOfGraphs{
    "Conv", "MaxPool", "AveragePool", "GlobalAveragePool", "Concat", "ReduceMean", "Shape"};

/// A value that depends on the input. `dims` are the file's, the first the batch, counted as 1. Of
/// four dimensions the file's order is channels, rows, columns; the graph's has channels last.
struct Value {
  std::size_t index = 0;  // of the graph's values
  Dims dims;
};

FeatureShape shape_of(const Dims& dims) {
  if (dims.size() == 4) return {.height = dims[2], .width = dims[3], .channels = dims[1]};
  return {.channels = element_count(dims)};
}

/// For every feature in the file's order its place in the graph's.
std::vector<std::size_t> places_of(const Dims& dims) {
  std::vector<std::size_t> out(element_count(dims));
  std::iota(out.begin(), out.end(), std::size_t{0});
  if (dims.size() != 4) return out;
  const std::size_t pixels = dims[2] * dims[3];
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = k % pixels * dims[1] + k / pixels;
  return out;
}

class GraphReader : private NodeReader {
 public:
  GraphReader(const ::onnx::ModelProto& model, const std::string& file, Budget& budget)
      : NodeReader(model, file, budget) {}

  ModelFile read() {
    open();
    at_file([&] { find_input(); });
    for (const ::onnx::NodeProto& node : model_.graph().node()) {
      reading_deadline.check_time();
      try {
        check_node(node, opset_);
        name_outputs(node);
        take(node);
      } catch (const Misfit& error) {
        fail_input("{}: {}: {}", file_, name_of(node), error.what());
      } catch (const std::invalid_argument& error) {  // of a layer
        fail_input("{}: {}: {}", file_, name_of(node), error.what());
      }
    }
    at_file([&] { finish(); });
    return std::move(out_);
  }

 private:
  void find_input() {
    for (const ::onnx::ValueInfoProto& input : model_.graph().input()) {
      if (constants_.contains(input.name())) continue;  // IR 3 lists initialisers as inputs, too
      if (!input_.empty()) {
        misfit("two inputs, '{}' and '{}'; allowed is one", shown(input_), shown(input.name()));
      }
      if (input.name().empty()) misfit("its input has no name");
      input_ = input.name();
      names_.insert(input_);
      Dims dims = input_dims(input.type().tensor_type());
      if (dims.size() < 2 || dims.size() > 4) {
        misfit(
            "input '{}': it has {} dimensions; allowed are samples × features, or samples × "
            "channels × rows × columns",
            shown(input_), dims.size());
      }
      if (dims[0] > 1) {
        misfit(
            "input '{}': it takes batches of {}; export the model with a batch of 1 or without "
            "a number",
            shown(input_), dims[0]);
      }
      dims[0] = 1;
      if (std::ranges::count(dims, std::size_t{0}) > 0) {
        misfit("input '{}': a dimension has no number; export the model with a fixed size",
               shown(input_));
      }
      budget_.take({element_count(dims), sizeof(float)});
      graph_.input = shape_of(dims);
      shapes_ = {graph_.input};
      values_[input_] = {0, std::move(dims)};
    }
    if (input_.empty()) misfit("it has no input; allowed is one");
  }

  [[nodiscard]] const Value* value(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
  }
  /// The value that a node works on.
  [[nodiscard]] const Value& input(const ::onnx::NodeProto& node, int k = 0) const {
    const std::string name = k < node.input_size() ? node.input(k) : std::string();
    const Value* found = value(name);
    if (found == nullptr) {
      misfit("its input '{}' is {}", shown(name),
             constants_.contains(name) ? "a constant, which is not supported here"
                                       : "made by no node before it");
    }
    return *found;
  }

  /// Appends a layer; its output is what the node gives.
  void append(const ::onnx::NodeProto& node, LayerPtr layer, std::vector<std::size_t> inputs,
              Dims dims) {
    std::vector<FeatureShape> of;
    for (const std::size_t k : inputs) of.push_back(shapes_[k]);
    const FeatureShape shape = layer->shape(of);
    budget_.take({shape.size(), 2 * sizeof(float)});
    if (shape.size() != element_count(dims)) throw std::logic_error("GraphReader: sizes differ");
    shapes_.push_back(shape);
    graph_.nodes.push_back({name_of(node), std::move(layer), std::move(inputs)});
    values_[node.output(0)] = {graph_.nodes.size(), std::move(dims)};
  }

  /// The same numbers in the same order of the file under other dimensions.
  void rename(const ::onnx::NodeProto& node, const Value& from, Dims dims) {
    if (dims.empty() || dims[0] != 1) {
      misfit("it moves the axis of the samples: {} of {}", to_text(dims), to_text(from.dims));
    }
    budget_.take({element_count(dims), 3 * sizeof(std::size_t)});
    const std::vector<std::size_t> before = places_of(from.dims);
    const std::vector<std::size_t> after = places_of(dims);
    std::vector<std::size_t> order(after.size());
    for (std::size_t k = 0; k < order.size(); ++k) order[after[k]] = before[k];
    move(node, from, std::move(order), std::move(dims));
  }

  /// order: for every place of the result, where it is now.
  void move(const ::onnx::NodeProto& node, const Value& from, std::vector<std::size_t> order,
            Dims dims) {
    const FeatureShape shape = shape_of(dims);
    if (std::ranges::is_sorted(order) && shape == shapes_[from.index]) {
      values_[node.output(0)] = {from.index, std::move(dims)};
      return;
    }
    if (from.index == 0 && from.dims.size() != 4 && shape.channels > 1 &&
        shape.height * shape.width > 1) {
      misfit(
          "it makes a picture of {} channels out of a flat input, in an order that data sets do "
          "not have; export the model with an input of samples × channels × rows × columns",
          shape.channels);
    }
    append(node, reorder(std::move(order), shape), {from.index}, std::move(dims));
  }

  void take(const ::onnx::NodeProto& node) {
    const std::string& op = node.op_type();
    if (fold(node)) return;
    if (scores_ != nullptr) misfit("it comes after the final {}", out_.final_op);
    if (op == "Conv") return conv(node);
    if (op == "MaxPool" || op == "AveragePool") return pool(node);
    if (op == "GlobalAveragePool" || op == "ReduceMean") return global_average(node);
    if (op == "Gemm" || op == "MatMul") return product(node);
    if (op == "Concat") return join(node);
    if (op == "BatchNormalization") return batch_normalization(node);
    if (op == "Softmax" || op == "LogSoftmax") return softmax(node);
    if (is_elementwise(op)) return elementwise(node);
    if (op == "Transpose") return transpose_value(node);
    if (is_shape(op)) {
      const Value from = input(node);
      return rename(node, from, new_dims(node, from.dims));
    }
    const Value from = input(node);
    append(node, activate(activation_of(node)), {from.index}, from.dims);
    if (op == "Sigmoid") sigmoid_ = graph_.nodes.size();
  }

  /// What depends on constants and shapes alone.
  bool fold(const ::onnx::NodeProto& node) {
    const std::string& op = node.op_type();
    if (op == "Constant") {
      constants_[node.output(0)] = to_constant(node, budget_);
      return true;
    }
    if (op == "Shape") {
      constants_[node.output(0)] = shape_constant(node, input(node).dims);
      return true;
    }
    if (node.input_size() == 0 || value(node.input(0)) != nullptr) return false;
    const Constant* first = constant(node.input(0));
    if (first == nullptr) return false;
    if (is_shape(op)) {
      constants_[node.output(0)] = shaped(node, *first);
      return true;
    }
    if (op == "Gather") {
      constants_[node.output(0)] = gathered(node, *first);
      return true;
    }
    if (op == "Concat" && std::ranges::all_of(node.input(), [&](const std::string& name) {
          return constants_.contains(name);
        })) {
      constants_[node.output(0)] = joined(node);
      return true;
    }
    return false;
  }

  /// The dimensions from `start` to before `end`.
  [[nodiscard]] static Constant shape_constant(const ::onnx::NodeProto& node, const Dims& dims) {
    const auto rank = static_cast<std::int64_t>(dims.size());
    const auto place = [&](std::string_view name, std::int64_t fallback) {
      const std::int64_t given = int_attribute(node, name, fallback);
      return std::clamp<std::int64_t>(given < 0 ? given + rank : given, 0, rank);
    };
    Constant out{.dims = {0}};
    for (std::int64_t k = place("start", 0); k < place("end", rank); ++k) {
      out.integers.push_back(static_cast<std::int64_t>(dims[static_cast<std::size_t>(k)]));
    }
    out.dims[0] = out.integers.size();
    return out;
  }

  /// Entries of a list of whole numbers: what is taken out of a shape.
  [[nodiscard]] Constant gathered(const ::onnx::NodeProto& node, const Constant& from) const {
    const Constant* places = node.input_size() > 1 ? constant(node.input(1)) : nullptr;
    if (places == nullptr || from.dims.size() != 1 || !from.values.empty() ||
        int_attribute(node, "axis", 0) != 0) {
      misfit("it takes entries of something else than a shape, which is not supported");
    }
    Constant out{.dims = places->dims};
    const auto size = static_cast<std::int64_t>(from.integers.size());
    for (const std::int64_t k : places->integers) {
      if (k < -size || k >= size) misfit("it takes entry {} of {}", k, size);
      out.integers.push_back(from.integers[static_cast<std::size_t>(k < 0 ? k + size : k)]);
    }
    return out;
  }

  [[nodiscard]] Constant joined(const ::onnx::NodeProto& node) const {
    Constant out{.dims = {0}};
    for (const std::string& name : node.input()) {
      const Constant& part = *constant(name);
      if (part.dims.size() != 1 || !part.values.empty()) {
        misfit("it joins constants that are no lists of whole numbers, which is not supported");
      }
      out.integers.insert(out.integers.end(), part.integers.begin(), part.integers.end());
    }
    out.dims[0] = out.integers.size();
    return out;
  }

  void require_picture(const Value& from) const {
    if (from.dims.size() != 4) {
      misfit("it expects samples × channels × rows × columns, but {} arrives", to_text(from.dims));
    }
  }

  /// Biases of `outputs`, or zeros where the node has none.
  std::vector<float> bias(const ::onnx::NodeProto& node, int k, std::size_t outputs) {
    if (k >= node.input_size() || node.input(k).empty()) return std::vector<float>(outputs);
    const Constant& c = weights(node, k, "its bias");
    if (c.values.size() != outputs) {
      misfit("shape mismatch: its bias has {} values for {} outputs", c.values.size(), outputs);
    }
    return c.values;
  }

  void conv(const ::onnx::NodeProto& node) {
    const Value from = input(node);
    require_picture(from);
    const Constant& w = weights(node, 1, "its weight");
    if (w.dims.size() != 4) misfit("its weight has {} dimensions; allowed are 4", w.dims.size());
    const std::size_t outputs = w.dims[0];
    const std::size_t channels = w.dims[1];
    const std::size_t pixels = w.dims[2] * w.dims[3];
    const Window window = window_of(node, shapes_[from.index], w.dims[2], w.dims[3]);
    const std::int64_t groups = int_attribute(node, "group", 1);
    if (groups < 1) misfit("group = {}; allowed are 1 and more", groups);
    budget_.take({w.values.size(), sizeof(float)});
    Tensor weight(outputs, channels * pixels);
    for (std::size_t o = 0; o < outputs; ++o) {
      for (std::size_t k = 0; k < channels * pixels; ++k) {
        weight.row(o)[k % pixels * channels + k / pixels] = w.values[o * channels * pixels + k];
      }
    }
    LayerPtr layer =
        conv2d(window, static_cast<std::size_t>(groups), std::move(weight), bias(node, 2, outputs));
    const FeatureShape out = layer->shape(std::array{shapes_[from.index]});
    append(node, std::move(layer), {from.index}, {1, out.channels, out.height, out.width});
  }

  void pool(const ::onnx::NodeProto& node) {
    const Value from = input(node);
    require_picture(from);
    if (int_attribute(node, "storage_order", 0) != 0) {
      misfit("storage_order = 1 is not supported; allowed is 0");
    }
    const Window window = window_of(node, shapes_[from.index], 0, 0);
    LayerPtr layer = node.op_type() == "MaxPool"
                         ? max_pool(window)
                         : average_pool(window, int_attribute(node, "count_include_pad", 0) != 0);
    const FeatureShape out = layer->shape(std::array{shapes_[from.index]});
    append(node, std::move(layer), {from.index}, {1, out.channels, out.height, out.width});
  }

  void global_average(const ::onnx::NodeProto& node) {
    const Value from = input(node);
    require_picture(from);
    bool keeps = true;
    if (node.op_type() == "ReduceMean") {
      std::vector<std::size_t> axes = to_axes(integers(node, 1, "axes"), 4);
      std::ranges::sort(axes);
      if (axes != std::vector<std::size_t>{2, 3}) {
        misfit("it takes the mean over other axes than rows and columns, which is not supported");
      }
      keeps = int_attribute(node, "keepdims", 1) != 0;
    }
    append(node, global_average_pool(), {from.index},
           keeps ? Dims{1, from.dims[1], 1, 1} : Dims{1, from.dims[1]});
  }

  /// Gemm and MatMul of a row of features with a constant.
  void product(const ::onnx::NodeProto& node) {
    const Value from = input(node);
    if (from.dims.size() != 2) {
      misfit("it expects samples × features, but {} arrives; export with torch.flatten(x, 1)",
             to_text(from.dims));
    }
    const Constant& w = weights(node, 1, "its second input");
    if (w.dims.size() != 2) misfit("its weight has {} dimensions; allowed are 2", w.dims.size());
    const bool gemm = node.op_type() == "Gemm";
    if (gemm && int_attribute(node, "transA", 0) != 0) misfit("transA = 1 is not supported");
    const bool turned = gemm && int_attribute(node, "transB", 0) != 0;
    const float alpha = gemm ? float_attribute(node, "alpha", 1.0F) : 1.0F;
    const float beta = gemm ? float_attribute(node, "beta", 1.0F) : 1.0F;
    const std::size_t outputs = turned ? w.dims[0] : w.dims[1];
    const std::size_t inputs = turned ? w.dims[1] : w.dims[0];
    budget_.take({w.values.size(), sizeof(float)});
    Tensor weight(outputs, inputs);
    for (std::size_t o = 0; o < outputs; ++o) {
      for (std::size_t i = 0; i < inputs; ++i) {
        weight.row(o)[i] = alpha * w.values[turned ? o * inputs + i : i * outputs + o];
      }
    }
    std::vector<float> b = gemm ? bias(node, 2, outputs) : std::vector<float>(outputs);
    for (float& value : b) value *= beta;
    append(node, dense(std::move(weight), std::move(b)), {from.index}, {1, outputs});
  }

  void join(const ::onnx::NodeProto& node) {
    std::vector<std::size_t> inputs;
    Dims dims = input(node).dims;
    const std::int64_t given = int_attribute(node, "axis", 1);
    if (to_axes({given}, dims.size()).front() != 1 || dims.size() == 3) {
      misfit("axis = {} of {}; allowed is the axis of the channels", given, to_text(dims));
    }
    dims[1] = 0;
    for (int k = 0; k < node.input_size(); ++k) {
      const Value& from = input(node, k);
      if (from.dims.size() != dims.size()) misfit("its inputs have different numbers of axes");
      inputs.push_back(from.index);
      dims[1] += from.dims[1];
    }
    append(node, concat(), std::move(inputs), std::move(dims));
  }

  void batch_normalization(const ::onnx::NodeProto& node) {
    const Value from = input(node);
    if (from.dims.size() != 4 && from.dims.size() != 2) {
      misfit("it expects samples × channels × rows × columns, but {} arrives", to_text(from.dims));
    }
    Affine affine = batch_normalization_of(node, from.dims[1], ZeroScale::kAllowed);
    append(node, scale_shift(std::move(affine.factors), std::move(affine.terms)), {from.index},
           from.dims);
  }

  void elementwise(const ::onnx::NodeProto& node) {
    const std::string& op = node.op_type();
    const Value* left = value(node.input(0));
    const Value* right = value(node.input(1));
    if (left != nullptr && right != nullptr) {
      if (op != "Add") misfit("{} of two branches is not supported; allowed is Add", op);
      if (left->dims != right->dims) {
        misfit("it adds {} and {}", to_text(left->dims), to_text(right->dims));
      }
      const Value a = *left;
      return append(node, add(), {a.index, right->index}, a.dims);
    }
    const bool constant_first = left == nullptr;
    const Value from = input(node, constant_first ? 1 : 0);
    const Constant& c = weights(node, constant_first ? 0 : 1, "its other input");
    std::vector<double> values = spread(c, from.dims);
    std::vector<double> ones(values.size(), 1.0);
    std::vector<double> zeros(values.size(), 0.0);
    const auto negative = [](std::vector<double> of) {
      for (double& v : of) v = -v;
      return of;
    };
    LayerPtr layer;
    if (op == "Add") layer = scale_shift(ones, values);
    if (op == "Sub") {
      layer = constant_first ? scale_shift(negative(ones), values)
                             : scale_shift(ones, negative(values));
    }
    if (op == "Mul") layer = scale_shift(values, zeros);
    if (op == "Div") {
      if (constant_first) misfit("a constant divided by a value is not supported");
      if (std::ranges::count(values, 0.0) > 0) misfit("it divides by zero");
      for (double& v : values) v = 1.0 / v;
      layer = scale_shift(values, zeros);
    }
    append(node, std::move(layer), {from.index}, from.dims);
  }

  /// A constant beside a value, as NumPy broadcasts: one number per channel where that is all it
  /// says, else one per feature in the graph's order.
  std::vector<double> spread(const Constant& c, const Dims& dims) {
    if (c.dims.size() > dims.size()) {
      misfit("shape mismatch: a constant of shape {} beside {}", to_text(c.dims), to_text(dims));
    }
    const std::size_t skipped = dims.size() - c.dims.size();
    std::vector<std::size_t> step(dims.size(), 0);
    std::size_t stride = 1;
    bool per_channel = true;
    for (std::size_t d = dims.size(); d-- > skipped;) {
      const std::size_t size = c.dims[d - skipped];
      if (size != 1 && size != dims[d]) {
        misfit("shape mismatch: a constant of shape {} beside {}", to_text(c.dims), to_text(dims));
      }
      if (size != 1) step[d] = stride;
      per_channel = per_channel && (size == 1 || d == 1);
      stride *= size;
    }
    if (dims.size() == 4 && per_channel) {
      std::vector<double> out;
      for (std::size_t k = 0; k < dims[1]; ++k)
        out.push_back(static_cast<double>(c.values[k * step[1]]));
      return out;
    }
    budget_.take({element_count(dims), sizeof(double) + sizeof(std::size_t)});
    const std::vector<std::size_t> places = places_of(dims);
    std::vector<double> out(places.size());
    for (std::size_t k = 0; k < places.size(); ++k) {
      std::size_t rest = k;
      std::size_t at = 0;
      for (std::size_t d = dims.size(); d-- > 0;) {
        at += rest % dims[d] * step[d];
        rest /= dims[d];
      }
      out[places[k]] = static_cast<double>(c.values[at]);
    }
    return out;
  }

  void transpose_value(const ::onnx::NodeProto& node) {
    const Value from = input(node);
    const std::vector<std::size_t> axes = axes_of(node, from.dims.size());
    if (axes[0] != 0) misfit("it moves the axis of the samples");
    const Dims dims = permuted(from.dims, axes);
    if (from.index == 0 && axes == std::vector<std::size_t>{0, 3, 1, 2} && graph_.nodes.empty()) {
      // An input with the channels last, as data sets have them.
      graph_.input = shapes_[0] = shape_of(dims);
      values_.erase(input_);
      values_[node.output(0)] = {0, dims};
      return;
    }
    budget_.take({element_count(dims), 4 * sizeof(std::size_t)});
    const std::vector<std::size_t> before = places_of(from.dims);
    const std::vector<std::size_t> after = places_of(dims);
    const std::vector<std::size_t> moved = transposed_places(from.dims, axes);
    std::vector<std::size_t> order(after.size());
    for (std::size_t k = 0; k < order.size(); ++k) order[after[k]] = before[moved[k]];
    move(node, from, std::move(order), dims);
  }

  /// Taken off, so it must be over the classes of one sample and nothing else.
  void softmax(const ::onnx::NodeProto& node) {
    const Value& from = input(node);
    const bool alone = opset_ >= 13;  // up to opset 12 all axes from this one on are one
    const std::int64_t given = int_attribute(node, "axis", alone ? -1 : 1);
    const std::size_t axis = to_axes({given}, from.dims.size()).front();
    const auto begin = from.dims.begin() + static_cast<std::ptrdiff_t>(axis);
    const std::size_t over = element_count({begin, alone ? begin + 1 : from.dims.end()});
    if (over != element_count(from.dims) || axis == 0) {
      misfit(
          "axis = {} of {} in opset {} is not over the {} classes of one sample; allowed is the "
          "axis of the classes alone; export the model without {}, or with the last axis",
          given, to_text(from.dims), opset_, element_count(from.dims), node.op_type());
    }
    out_.final_op = node.op_type();
    last_ = node.output(0);
    scores_ = &from;
  }

  void finish() {
    const ::onnx::GraphProto& graph = model_.graph();
    if (graph.output_size() != 1) misfit("it has {} outputs; allowed is 1", graph.output_size());
    const std::string& name = graph.output(0).name();
    const Value* end = scores_ != nullptr && name == last_ ? scores_ : value(name);
    if (end == nullptr) misfit("its output '{}' is made by no node", shown(name));
    if (end->index != graph_.nodes.size()) {
      misfit("its output '{}' is not what its last node makes", shown(name));
    }
    if (graph_.nodes.empty()) misfit("no layer: a network needs one");
    if (shapes_.back().size() > kMaxClasses) {
      misfit("{} classes; allowed are at most {}", shapes_.back().size(), kMaxClasses);
    }
    for (const auto& entry : model_.metadata_props()) {
      out_.network.metadata[printable(entry.key())] = printable(entry.value());
    }
    graph_.metadata = out_.network.metadata;
    graph_.output = out_.final_op.empty() ? declared_output() : Output::kSoftmax;
    take_sigmoid_off();
    out_.graph = std::make_shared<Graph>(std::move(graph_));
  }

  /// A sigmoid on the scores is an output, not a layer: what is attacked are the scores before it.
  void take_sigmoid_off() {
    const std::size_t count = graph_.nodes.size();
    if (sigmoid_ != count || count < 2 || graph_.nodes.back().inputs[0] + 1 != count) return;
    graph_.nodes.pop_back();
    graph_.output = Output::kSigmoid;
    out_.final_op = "Sigmoid";
  }

  Graph graph_;
  std::vector<FeatureShape> shapes_;  // of the graph's values
  std::map<std::string, Value> values_;
  std::string input_;
  std::string last_;               // output of the final Softmax
  std::size_t sigmoid_ = 0;        // the value of the last Sigmoid; 0: there is none
  const Value* scores_ = nullptr;  // what it turns into probabilities
};

}  // namespace

bool is_graph(const ::onnx::ModelProto& model) {
  return std::ranges::any_of(model.graph().node(), [](const ::onnx::NodeProto& node) {
    return std::ranges::count(kOfGraphs, node.op_type()) > 0;
  });
}

ModelFile read_graph(const ::onnx::ModelProto& model, const std::string& file, Budget& budget) {
  return GraphReader(model, file, budget).read();
}

}  // namespace gibbon::models::onnx
