// SPDX-License-Identifier: MIT
#include "models/onnx/graph_reader.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>
#include <utility>

#include "base/deadline.hpp"
#include "base/error.hpp"
#include "base/printable.hpp"
#include "models/onnx/graph_elementwise.hpp"
#include "models/onnx/input_shape.hpp"
#include "models/onnx/operators.hpp"
#include "models/onnx/proto.hpp"
#include "models/onnx/text.hpp"
#include "models/onnx/window.hpp"

namespace gibbon::models::onnx {
namespace {

class GraphReader : private GraphElementwise {
 public:
  GraphReader(const ::onnx::ModelProto& model, const std::string& file, Budget& budget,
              Ending ending)
      : GraphElementwise(model, file, budget), ending_(ending) {}

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
      names_.insert(input.name());
      const std::string name = shown(input.name());
      Dims dims = [&] {
        try {
          return shape_of_input(model_.graph(), input);
        } catch (const Misfit& error) {
          misfit("input '{}': {}", name, error.what());
        }
      }();
      if (dims.empty() || dims.size() > 4) {
        misfit(
            "input '{}': it has {} dimensions; allowed are samples × features, or samples × "
            "channels × rows × columns",
            name, dims.size());
      }
      if (dims.size() == 4 && dims[0] > 1) {
        misfit(
            "input '{}': it takes batches of {}; export the model with a batch of 1 or without "
            "a number",
            name, dims[0]);
      }
      if (std::count(dims.begin() + (dims.size() > 1 ? 1 : 0), dims.end(), std::size_t{0}) > 0) {
        misfit("input '{}': a dimension has no number; export the model with a fixed size", name);
      }
      begin(input.name(), std::move(dims));
      out_.bytes = takes_bytes(input);
    }
    if (input_.empty()) misfit("it has no input; allowed is one");
  }

  void take(const ::onnx::NodeProto& node) {
    if (fold_node(node)) return;
    const std::string& op = node.op_type();
    if (op == "Shape") {
      constants_[node.output(0)] = shape_constant(node, input(node).dims);
      return;
    }
    if (ended_) return tail(node);
    const auto& known = handlers();
    const auto found = known.find(op);
    if (found == known.end()) return without_handler(node);
    (this->*found->second)(node);
  }

  void without_handler(const ::onnx::NodeProto& node) {
    if (is_activation(node)) {
      activation(node);
      if (node.op_type() == "Sigmoid") sigmoid_ = graph_.nodes.size();
      return;
    }
    static_cast<void>(input(node));
    misfit("{} is supported for constants alone, and its input '{}' depends on the input",
           node.op_type(), shown(node.input(0)));
  }

  using Handler = void (GraphReader::*)(const ::onnx::NodeProto&);
  static const std::map<std::string_view, Handler>& handlers() {
    static const std::map<std::string_view, Handler> all{
        {"Add", &GraphReader::arithmetic},
        {"ArgMax", &GraphReader::arg_max},
        {"AveragePool", &GraphReader::pool},
        {"BatchNormalization", &GraphReader::batch_normalization},
        {"Cast", &GraphReader::change_dims},
        {"Clip", &GraphReader::clip_value},
        {"Concat", &GraphReader::join},
        {"Conv", &GraphReader::conv},
        {"Div", &GraphReader::arithmetic},
        {"Dropout", &GraphReader::change_dims},
        {"Expand", &GraphReader::expand},
        {"Flatten", &GraphReader::change_dims},
        {"Gather", &GraphReader::gather},
        {"Gemm", &GraphReader::product},
        {"GlobalAveragePool", &GraphReader::global_average},
        {"HardSigmoid", &GraphReader::hard},
        {"HardSwish", &GraphReader::hard},
        {"Identity", &GraphReader::change_dims},
        {"LogSoftmax", &GraphReader::softmax},
        {"MatMul", &GraphReader::product},
        {"Max", &GraphReader::extreme},
        {"MaxPool", &GraphReader::pool},
        {"Min", &GraphReader::extreme},
        {"Mul", &GraphReader::arithmetic},
        {"Neg", &GraphReader::negate},
        {"PRelu", &GraphReader::parametric_relu},
        {"Pad", &GraphReader::pad_value},
        {"Pow", &GraphReader::power},
        {"ReduceMean", &GraphReader::global_average},
        {"Reshape", &GraphReader::change_dims},
        {"Resize", &GraphReader::resize},
        {"Slice", &GraphReader::slice},
        {"Softmax", &GraphReader::softmax},
        {"Split", &GraphReader::split},
        {"Squeeze", &GraphReader::change_dims},
        {"Sub", &GraphReader::arithmetic},
        {"Sum", &GraphReader::sum},
        {"Transpose", &GraphReader::transpose_value},
        {"Unsqueeze", &GraphReader::change_dims},
        {"Upsample", &GraphReader::resize},
    };
    return all;
  }

  void require_picture(const Value& from) const {
    if (from.dims.size() != 4 || !is_picture(from.dims)) {
      misfit("it expects samples × channels × rows × columns, but {} arrives", to_text(from.dims));
    }
  }

  /// Biases of `outputs`, or zeros where the node has none.
  std::vector<float> bias(const ::onnx::NodeProto& node, int k, std::size_t outputs) {
    if (k >= node.input_size() || node.input(k).empty()) return std::vector<float>(outputs);
    const Constant& c = weights(node, k, "its bias");
    const bool one = c.values.size() == 1 && node.op_type() == "Gemm";
    if (!one && (c.values.size() != outputs || c.dims.empty() || c.dims.back() != outputs)) {
      misfit("shape mismatch: its bias has {} values for {} outputs", c.values.size(), outputs);
    }
    return one ? std::vector<float>(outputs, c.values[0]) : c.values;
  }

  void conv(const ::onnx::NodeProto& node) {
    const Value from = input(node);
    require_picture(from);
    const Constant& w = weights(node, 1, "its weight");
    if (w.dims.size() != 4) misfit("its weight has {} dimensions; allowed are 4", w.dims.size());
    const std::size_t outputs = w.dims[0];
    const std::size_t channels = w.dims[1];
    const std::size_t pixels = w.dims[2] * w.dims[3];
    const Window window = window_of(node, shape(from), w.dims[2], w.dims[3]);
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
    append_picture(node, std::move(layer), from);
  }

  void pool(const ::onnx::NodeProto& node) {
    const Value from = input(node);
    require_picture(from);
    if (int_attribute(node, "storage_order", 0) != 0) {
      misfit("storage_order = 1 is not supported; allowed is 0");
    }
    const Window window = window_of(node, shape(from), 0, 0);
    append_picture(node,
                   node.op_type() == "MaxPool"
                       ? max_pool(window)
                       : average_pool(window, int_attribute(node, "count_include_pad", 0) != 0),
                   from);
  }

  void append_picture(const ::onnx::NodeProto& node, LayerPtr layer, const Value& from) {
    const FeatureShape out = layer->shape(std::array{shape(from)});
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

  /// Gemm and MatMul of a row of features with a constant, and MatMul of one with a column.
  void product(const ::onnx::NodeProto& node) {
    const bool gemm = node.op_type() == "Gemm";
    const bool column = value(node.input(0)) == nullptr && value(node.input(1)) != nullptr;
    if (column && gemm) misfit("its first input is a constant, which is not supported");
    const Value from = input(node, column ? 1 : 0);
    const Constant& w =
        weights(node, column ? 0 : 1, column ? "its first input" : "its second input");
    if (w.dims.size() != 2) misfit("its weight has {} dimensions; allowed are 2", w.dims.size());
    if (gemm && int_attribute(node, "transA", 0) != 0) misfit("transA = 1 is not supported");
    const bool turned = column || (gemm && int_attribute(node, "transB", 0) != 0);
    const std::size_t outputs = w.dims[turned ? 0 : 1];
    Dims dims = from.dims;
    // The axis of the features; the others are 1.
    const std::size_t axis = dims.size() - (column && dims.size() > 1 ? 2 : 1);
    if (dims[axis] != element_count(dims) || (gemm && dims.size() != 2)) {
      misfit("it expects samples × features, but {} arrives; export with torch.flatten(x, 1)",
             to_text(dims));
    }
    dims[axis] = outputs;
    const float alpha = gemm ? float_attribute(node, "alpha", 1.0F) : 1.0F;
    const float beta = gemm ? float_attribute(node, "beta", 1.0F) : 1.0F;
    const std::size_t inputs = w.dims[turned ? 1 : 0];
    budget_.take({w.values.size(), sizeof(float)});
    Tensor weight(outputs, inputs);
    for (std::size_t o = 0; o < outputs; ++o) {
      for (std::size_t i = 0; i < inputs; ++i) {
        weight.row(o)[i] = alpha * w.values[turned ? o * inputs + i : i * outputs + o];
      }
    }
    std::vector<float> b = gemm ? bias(node, 2, outputs) : std::vector<float>(outputs);
    for (float& value : b) value *= beta;
    append(node, dense(std::move(weight), std::move(b)), {from.index}, std::move(dims));
  }

  void batch_normalization(const ::onnx::NodeProto& node) {
    const Value from = input(node);
    if ((from.dims.size() != 4 && from.dims.size() != 2) || from.dims[0] != 1) {
      misfit("it expects samples × channels × rows × columns, but {} arrives", to_text(from.dims));
    }
    Affine affine = batch_normalization_of(node, from.dims[1]);
    append(node, scale_shift(std::move(affine.factors), std::move(affine.terms)), {from.index},
           from.dims);
  }

  /// Taken off, so it must be over the classes of one sample and nothing else.
  void softmax(const ::onnx::NodeProto& node) {
    const bool alone = opset_ >= 13;  // up to opset 12 all axes from this one on are one
    require_over_classes(node, alone ? -1 : 1, alone);
    out_.final_op = node.op_type();
    end(node, false);
  }

  void arg_max(const ::onnx::NodeProto& node) {
    require_over_classes(node, 0, true);
    require_first_of_equals(node);
    if (out_.final_op.empty()) out_.final_op = "ArgMax";
    end(node, true);
  }

  void require_over_classes(const ::onnx::NodeProto& node, std::int64_t usual, bool alone) const {
    const Dims& dims = input(node).dims;
    const std::int64_t given = int_attribute(node, "axis", usual);
    const std::size_t axis = to_axes({given}, dims.size()).front();
    const auto begin = dims.begin() + static_cast<std::ptrdiff_t>(axis);
    const std::size_t over = element_count({begin, alone ? begin + 1 : dims.end()});
    if (over != element_count(dims) || (axis == 0 && dims.size() > 1)) {
      misfit(
          "axis = {} of {} in opset {} is not over the {} classes of one sample; allowed is the "
          "axis of the classes alone; export the model without {}, or with the last axis",
          given, to_text(dims), opset_, element_count(dims), node.op_type());
    }
  }

  /// What the node gives stands for its input, the scores.
  void end(const ::onnx::NodeProto& node, bool label) {
    const Value scores = input(node);
    ended_ = true;
    label_ = label;
    give(node, scores);
  }

  /// Behind the scores only what changes none of them, and the class that they say.
  void tail(const ::onnx::NodeProto& node) {
    const std::string& op = node.op_type();
    if (op == "ArgMax" && !label_) return arg_max(node);
    const Value scores = input(node);
    if (!is_shape(op) || op == "Transpose") {
      misfit("it comes after the final {}; export the model without it", out_.final_op);
    }
    give(node, {scores.index, label_ ? scores.dims : new_dims(node, scores.dims)});
  }

  void finish() {
    const ::onnx::GraphProto& graph = model_.graph();
    if (graph.output_size() != 1) misfit("it has {} outputs; allowed is 1", graph.output_size());
    const std::string& name = graph.output(0).name();
    const Value* end = value(name);
    if (end == nullptr) misfit("its output '{}' is made by no node", shown(name));
    // A sigmoid on the scores is an output, not a layer: what is attacked are the scores before it.
    const bool softmax = out_.final_op == "Softmax" || out_.final_op == "LogSoftmax";
    const bool sigmoid = sigmoid_ != 0 && sigmoid_ == end->index && !softmax;
    keep_only(sigmoid ? graph_.nodes[sigmoid_ - 1].inputs[0] : end->index);
    if (graph_.nodes.empty()) misfit("no layer: a network needs one");
    flatten_scores(end->dims);
    const std::size_t classes = shapes_.back().size();
    if (classes > kMaxClasses) {
      misfit("{} classes; allowed are at most {}", classes, kMaxClasses);
    }
    for (const auto& entry : model_.metadata_props()) {
      out_.network.metadata[printable(entry.key())] = printable(entry.value());
    }
    graph_.metadata = out_.network.metadata;
    graph_.output = sigmoid ? Output::kSigmoid : softmax ? Output::kSoftmax : declared_output();
    if (sigmoid) out_.final_op = "Sigmoid";
    if (ending_ == Ending::kPair && !(sigmoid && classes == 1)) {
      misfit("its outputs 1 - p and p are not those of one logit");
    }
    if (sigmoid && classes == 1) make_two_classes();
    if (out_.bytes) scale_to_bytes();
    out_.graph = std::make_shared<Graph>(std::move(graph_));
  }

  /// Scores of a picture's shape are numbered as the file numbers them.
  void flatten_scores(const Dims& dims) {
    if (shapes_.back() == FeatureShape{.channels = shapes_.back().size()}) return;
    const std::vector<std::size_t> places = places_of(dims);
    add_layer("scores", reorder(places, {.channels = places.size()}));
  }

  /// 0 and z for one logit z: softmax over them gives 1 - σ(z) and σ(z).
  void make_two_classes() {
    Tensor weight(2, 1);
    weight.row(1)[0] = 1.0F;
    add_layer("two classes", dense(std::move(weight), {0.0F, 0.0F}));
    graph_.output = Output::kSoftmax;
    out_.one_logit = ending_ == Ending::kAsWritten;
    if (ending_ == Ending::kPair) out_.final_op = "Softmax";
  }

  /// Data from 0 to 1 as the bytes that the file takes, before all other layers.
  void scale_to_bytes() {
    for (Node& node : graph_.nodes) {
      for (std::size_t& from : node.inputs) ++from;
    }
    const std::size_t channels = graph_.input.channels;
    graph_.nodes.insert(graph_.nodes.begin(), {"input",
                                               scale_shift(std::vector<double>(channels, 255.0),
                                                           std::vector<double>(channels)),
                                               {0}});
  }

  void add_layer(const std::string& name, LayerPtr layer) {
    const FeatureShape shape = layer->shape(std::array{shapes_.back()});
    graph_.nodes.push_back({name, std::move(layer), {graph_.nodes.size()}});
    shapes_.push_back(shape);
  }

  Ending ending_;
  std::size_t sigmoid_ = 0;  // the last value that a Sigmoid made
  bool ended_ = false;       // its scores were turned into something
  bool label_ = false;       // into a class
};

}  // namespace

ModelFile read_graph(const ::onnx::ModelProto& model, const std::string& file, Budget& budget,
                     Ending ending) {
  return GraphReader(model, file, budget, ending).read();
}

}  // namespace gibbon::models::onnx
