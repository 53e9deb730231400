#include <cmath>
#include <cstring>
#include <limits>
#include <onnx/onnx_pb.h>

#include "datasets/error.hpp"
#include "datasets/files.hpp"
#include "datasets/sha256.hpp"
#include "models/model_file.hpp"

namespace gibbon::models {
namespace {

struct Constant {
  std::vector<std::int64_t> dims;
  std::vector<float> values;
};

/// Follows the one chain of nodes from the input to the output, building the network on the way.
class Reader {
 public:
  Reader(const onnx::ModelProto& model, const std::string& file) : model_(model), file_(file) {}

  Network read() {
    const onnx::GraphProto& graph = model_.graph();
    for (const onnx::TensorProto& tensor : graph.initializer()) keep(tensor, tensor.name());
    find_input(graph);
    for (const onnx::NodeProto& node : graph.node()) take(node);
    if (network_.layers.empty())
      fail_input("{}: there is no Gemm or MatMul in it; a network needs one", file_);
    finish(graph);
    return std::move(network_);
  }

 private:
  static std::string name_of(const onnx::NodeProto& node) {
    const std::string& name =
        !node.name().empty() || node.output_size() == 0 ? node.name() : node.output(0);
    return fmt::format("node '{}' ({})", name, node.op_type());
  }

  template <class... Args>
  [[noreturn]] void refuse(const onnx::NodeProto& node, fmt::format_string<Args...> format,
                           Args&&... args) const {
    fail_input("{}: {}: {}", file_, name_of(node),
               fmt::format(format, std::forward<Args>(args)...));
  }

  void keep(const onnx::TensorProto& tensor, const std::string& name) {
    Constant out{.dims = {tensor.dims().begin(), tensor.dims().end()}, .values = {}};
    if (tensor.data_type() == onnx::TensorProto::INT64) {
      constants_[name] = std::move(out);  // a shape for Reshape: only its being there matters
      return;
    }
    if (tensor.data_type() != onnx::TensorProto::FLOAT) {
      fail_input(
          "{}: tensor '{}': its data type is {}; allowed is float32 (1); export the model in "
          "float32",
          file_, name, tensor.data_type());
    }
    if (tensor.data_location() == onnx::TensorProto::EXTERNAL) {
      fail_input("{}: tensor '{}': its data lie in another file; export the model as one file",
                 file_, name);
    }
    double wanted = 1.0;
    for (const std::int64_t dim : out.dims) wanted *= static_cast<double>(dim);
    if (tensor.has_raw_data()) {
      if (tensor.raw_data().size() % sizeof(float) != 0) {
        fail_input("{}: tensor '{}': {} bytes are no whole number of float32; the file is damaged",
                   file_, name, tensor.raw_data().size());
      }
      out.values.resize(tensor.raw_data().size() / sizeof(float));
      std::memcpy(out.values.data(), tensor.raw_data().data(), out.values.size() * sizeof(float));
    } else {
      out.values.assign(tensor.float_data().begin(), tensor.float_data().end());
    }
    if (static_cast<double>(out.values.size()) != wanted) {
      fail_input("{}: tensor '{}': {} values, but its shape asks for {}; the file is damaged",
                 file_, name, out.values.size(), wanted);
    }
    for (std::size_t k = 0; k < out.values.size(); ++k) {
      if (std::isfinite(out.values[k])) continue;
      fail_input(
          "{}: tensor '{}': value {} is {}; weights must be finite; train the model again with "
          "a lower learning rate",
          file_, name, k, out.values[k]);
    }
    constants_[name] = std::move(out);
  }

  void find_input(const onnx::GraphProto& graph) {
    for (const onnx::ValueInfoProto& input : graph.input()) {
      if (constants_.contains(input.name())) continue;  // IR 3 lists initialisers as inputs, too
      if (!current_.empty()) {
        fail_input("{}: two inputs, '{}' and '{}'; allowed is one", file_, current_, input.name());
      }
      current_ = input.name();
      std::size_t size = 1;
      const auto& dims = input.type().tensor_type().shape().dim();
      for (int k = 1; k < dims.size(); ++k) {
        if (dims[k].has_dim_value() && dims[k].dim_value() > 0) {
          size *= static_cast<std::size_t>(dims[k].dim_value());
          input_dims_.push_back(static_cast<std::size_t>(dims[k].dim_value()));
        }
      }
      width_ = size;
      if (dims.size() == 1 && dims[0].has_dim_value()) {  // one sample, no batch dimension
        width_ = static_cast<std::size_t>(dims[0].dim_value());
        input_dims_ = {width_};
      }
    }
    if (current_.empty()) fail_input("{}: it has no input; allowed is one", file_);
  }

  [[nodiscard]] const Constant* constant(const std::string& name) const {
    const auto found = constants_.find(name);
    return found == constants_.end() ? nullptr : &found->second;
  }

  /// The constant among a node's two inputs; the other one must be the chain.
  [[nodiscard]] const Constant& partner(const onnx::NodeProto& node) const {
    if (node.input_size() == 2) {
      for (int k = 0; k < 2; ++k) {
        const Constant* other = constant(node.input(1 - k));
        if (node.input(k) == current_ && other != nullptr) return *other;
      }
    }
    refuse(node, "it does not join the chain with a constant; branches are not supported");
  }

  static float float_attribute(const onnx::NodeProto& node, std::string_view name, float fallback) {
    for (const auto& attribute : node.attribute()) {
      if (attribute.name() == name) return attribute.f();
    }
    return fallback;
  }
  static std::int64_t int_attribute(const onnx::NodeProto& node, std::string_view name,
                                    std::int64_t fallback) {
    for (const auto& attribute : node.attribute()) {
      if (attribute.name() == name) return attribute.i();
    }
    return fallback;
  }

  void take(const onnx::NodeProto& node) {
    const std::string& op = node.op_type();
    if (node.output_size() == 0) refuse(node, "it has no output");
    if (op == "Constant") {
      for (const auto& attribute : node.attribute()) {
        if (attribute.name() == "value") keep(attribute.t(), node.output(0));
      }
      if (!constants_.contains(node.output(0))) refuse(node, "it holds no tensor 'value'");
      return;
    }
    if (op == "Identity" && node.input_size() == 1 && constants_.contains(node.input(0))) {
      constants_[node.output(0)] = constants_[node.input(0)];  // a named copy of a weight
      return;
    }
    if (std::ranges::find(node.input(), current_) == node.input().end()) {
      refuse(node, "it does not continue from '{}'; branches are not supported", current_);
    }
    if (network_.output != Output::kIdentity) refuse(node, "it stands after the final output");
    if (op == "Gemm") {
      gemm(node);
    } else if (op == "MatMul") {
      matmul(node);
    } else if (op == "Add" || op == "Sub" || op == "Mul" || op == "Div") {
      elementwise(node, op);
    } else if (op == "Softmax" || op == "LogSoftmax") {
      if (network_.layers.empty()) refuse(node, "it stands before the first layer");
      network_.output = Output::kSoftmax;
    } else if (op == "Transpose" && flat_dims() > 1) {
      refuse(node, "transposing an input of {} dimensions is not supported", input_dims_.size());
    } else if (op != "Flatten" && op != "Reshape" && op != "Identity" && op != "Dropout" &&
               op != "Squeeze" && op != "Unsqueeze" && op != "Transpose" && op != "Cast") {
      activation(node, op);
    }
    current_ = node.output(0);
  }

  /// Dimensions of the input that are larger than 1.
  [[nodiscard]] std::size_t flat_dims() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(input_dims_, [](std::size_t dim) { return dim > 1; }));
  }

  /// weight(o, i) = factor · values[o · row_step + i · column_step]
  void add_layer(const onnx::NodeProto& node, const Constant& w, bool transposed, float factor) {
    if (w.dims.size() != 2 || w.values.empty()) {
      refuse(node, "its weight has {} dimensions; allowed are 2", w.dims.size());
    }
    const auto rows = static_cast<std::size_t>(w.dims[0]);
    const auto cols = static_cast<std::size_t>(w.dims[1]);
    const std::size_t outputs = transposed ? rows : cols;
    const std::size_t inputs = transposed ? cols : rows;
    if (width_ != inputs) {
      refuse(node, "shape mismatch: its weight is {} × {} and takes {} inputs, but {} arrive", rows,
             cols, inputs, width_);
    }
    Dense& layer = network_.layers.emplace_back(Dense{.weight = {outputs, inputs},
                                                      .bias = std::vector<float>(outputs),
                                                      .activation = make_activation("identity")});
    for (std::size_t o = 0; o < outputs; ++o) {
      for (std::size_t i = 0; i < inputs; ++i) {
        layer.weight.row(o)[i] = factor * w.values[transposed ? o * cols + i : i * cols + o];
      }
    }
    width_ = outputs;
    open_ = true;
  }

  void gemm(const onnx::NodeProto& node) {
    const Constant* w = node.input_size() > 1 ? constant(node.input(1)) : nullptr;
    if (node.input(0) != current_ || w == nullptr) refuse(node, "its second input is no constant");
    if (int_attribute(node, "transA", 0) != 0) refuse(node, "transA = 1 is not supported");
    add_layer(node, *w, int_attribute(node, "transB", 0) != 0,
              float_attribute(node, "alpha", 1.0F));
    if (node.input_size() < 3 || node.input(2).empty()) return;
    const Constant* bias = constant(node.input(2));
    if (bias == nullptr) refuse(node, "its third input is no constant");
    add_to_bias(node, *bias, float_attribute(node, "beta", 1.0F));
  }

  void matmul(const onnx::NodeProto& node) {
    const Constant& w = partner(node);
    // x · W, or W · x for producers that keep x as a column
    add_layer(node, w, node.input(1) == current_, 1.0F);
  }

  /// A constant as one value per feature.
  [[nodiscard]] std::vector<double> spread(const onnx::NodeProto& node, const Constant& c) const {
    if (c.values.size() == width_) return {c.values.begin(), c.values.end()};
    if (c.values.size() == 1) {
      std::vector<double> same(width_);
      std::ranges::fill(same, static_cast<double>(c.values[0]));
      return same;
    }
    // (1, C, 1, 1) against an input of C × H × W; a plain (C) would go along W instead
    const std::size_t rank = c.dims.size();
    if (network_.layers.empty() && input_dims_.size() == 3 && c.values.size() == input_dims_[0] &&
        rank >= 3 && c.dims[rank - 2] == 1 && c.dims[rank - 1] == 1) {
      std::vector<double> out;
      for (const float value : c.values) {
        out.insert(out.end(), input_dims_[1] * input_dims_[2], static_cast<double>(value));
      }
      return out;
    }
    refuse(node, "shape mismatch: a constant of {} values does not fit {} features",
           c.values.size(), width_);
  }

  void add_to_bias(const onnx::NodeProto& node, const Constant& c, float factor) {
    const std::vector<double> values = spread(node, c);
    std::vector<float>& bias = network_.layers.back().bias;
    for (std::size_t o = 0; o < bias.size(); ++o) bias[o] += factor * static_cast<float>(values[o]);
  }

  void elementwise(const onnx::NodeProto& node, const std::string& op) {
    const Constant& c = partner(node);
    const bool chain_first = node.input(0) == current_;
    if ((op == "Sub" || op == "Div") && !chain_first) {
      refuse(node, "a constant {} the chain is not supported",
             op == "Sub" ? "minus" : "divided by");
    }
    const std::vector<double> values = spread(node, c);
    if (op == "Div" && std::ranges::count(values, 0.0) > 0) refuse(node, "it divides by zero");
    if (network_.layers.empty()) {
      if (op == "Mul" && std::ranges::count(values, 0.0) > 0) refuse(node, "it multiplies by zero");
      normalise(op, values);
    } else if (!open_) {
      refuse(node, "it stands after an activation; only Gemm and MatMul may");
    } else if (op == "Add" || op == "Sub") {
      add_to_bias(node, c, op == "Add" ? 1.0F : -1.0F);
    } else {
      Dense& layer = network_.layers.back();
      for (std::size_t o = 0; o < width_; ++o) {
        const auto factor = static_cast<float>(op == "Mul" ? values[o] : 1.0 / values[o]);
        for (float& w : layer.weight.row(o)) w *= factor;
        layer.bias[o] *= factor;
      }
    }
  }

  /// Composes (x - shift) / scale with one more step.
  void normalise(const std::string& op, std::span<const double> values) {
    if (shift_.empty()) {
      shift_.assign(width_, 0.0);
      scale_.assign(width_, 1.0);
    }
    for (std::size_t d = 0; d < width_; ++d) {
      if (op == "Sub") shift_[d] += values[d] * scale_[d];
      if (op == "Add") shift_[d] -= values[d] * scale_[d];
      if (op == "Div") scale_[d] *= values[d];
      if (op == "Mul") scale_[d] /= values[d];
    }
  }

  void activation(const onnx::NodeProto& node, const std::string& op) {
    const auto known = activations();
    const auto found = std::ranges::find(known, op, &ActivationInfo::onnx_op);
    if (found == known.end()) {
      refuse(node,
             "operator {} is not supported; allowed are Gemm, MatMul, Add, Sub, Mul, Div, Flatten, "
             "Reshape, Constant, Identity, Dropout, Softmax and the activations of "
             "'gibbon list activations'",
             op);
    }
    if (network_.layers.empty() || !open_) refuse(node, "it does not follow a Gemm or MatMul");
    double alpha = found->alpha;
    if (op == "LeakyRelu") alpha = static_cast<double>(float_attribute(node, "alpha", 0.01F));
    if (op == "HardSigmoid" &&
        (float_attribute(node, "alpha", 0.2F) != std::numeric_limits<float>::max() ||
         float_attribute(node, "beta", 0.5F) != 0.0F)) {
      refuse(node, "only the HardSigmoid that stands for a step function is supported");
    }
    if (op == "Gelu") {
      for (const auto& attribute : node.attribute()) {
        if (attribute.name() == "approximate" && attribute.s() != "none") {
          refuse(node, "approximate = {} is not supported; allowed is none", attribute.s());
        }
      }
    }
    network_.layers.back().activation = {&*found, alpha};
    open_ = false;
  }

  /// What gibbon noted when it wrote the file; softmax for other producers.
  [[nodiscard]] Output declared_output() const {
    const auto said = network_.metadata.find("gibbon.output");
    if (said == network_.metadata.end()) return Output::kSoftmax;
    try {
      return find_output(said->second);
    } catch (const Error& error) {
      fail_input("{}: metadata gibbon.output: {}", file_, error.what());
    }
  }

  void finish(const onnx::GraphProto& graph) {
    if (graph.output_size() != 1 || graph.output(0).name() != current_) {
      fail_input("{}: the chain of nodes ends in '{}', which is not the one output of the graph",
                 file_, current_);
    }
    for (const auto& entry : model_.metadata_props())
      network_.metadata[entry.key()] = entry.value();
    // A sigmoid on the scores is an output, not a layer: what is attacked are the scores before it.
    Dense& last = network_.layers.back();
    if (network_.output == Output::kIdentity) {
      const bool sigmoid = last.activation.info->name == "sigmoid";
      if (sigmoid) last.activation = make_activation("identity");
      network_.output = sigmoid ? Output::kSigmoid : declared_output();
    }
    if (network_.num_classes() > kMaxClasses) {
      fail_input("{}: {} classes; allowed are at most {}", file_, network_.num_classes(),
                 kMaxClasses);
    }
    if (!shift_.empty()) {
      network_.normalisation.shift.assign(shift_.begin(), shift_.end());
      network_.normalisation.scale.assign(scale_.begin(), scale_.end());
    }
    network_.check();
  }

  const onnx::ModelProto& model_;
  const std::string& file_;
  std::map<std::string, Constant> constants_;
  Network network_{.output = Output::kIdentity};
  std::string current_;                  // output of the last node of the chain
  std::vector<std::size_t> input_dims_;  // without the batch dimension
  std::size_t width_ = 0;                // features that arrive at the next node
  bool open_ = false;  // the last layer has no activation yet: constants may still join it
  std::vector<double> shift_;
  std::vector<double> scale_;
};

}  // namespace

Network parse_model(std::string_view bytes, const std::string& name) {
  onnx::ModelProto model;
  if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !model.has_graph()) {
    fail_input(
        "{}: not an ONNX model ({} bytes); allowed are .onnx files, plain or gzip'd; check the "
        "path, or train one with 'gibbon train'",
        name, bytes.size());
  }
  return Reader(model, name).read();
}

ModelFile read_model(const std::filesystem::path& path) {
  const std::string bytes = read_file(path, std::size_t{1} << 30U);
  return {.network = parse_model(bytes, path.string()), .sha256 = sha256_hex(bytes)};
}

}  // namespace gibbon::models
