#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <onnx/onnx_pb.h>

#include "datasets/error.hpp"
#include "datasets/files.hpp"
#include "datasets/sha256.hpp"
#include "models/model_file.hpp"
#include "models/onnx/affine_chain.hpp"
#include "models/onnx/constant.hpp"
#include "models/onnx/flow.hpp"

namespace gibbon::models {
namespace {

float float_attribute(const onnx::NodeProto& node, std::string_view name, float fallback) {
  for (const auto& attribute : node.attribute()) {
    if (attribute.name() == name) return attribute.f();
  }
  return fallback;
}

std::int64_t int_attribute(const onnx::NodeProto& node, std::string_view name,
                           std::int64_t fallback) {
  for (const auto& attribute : node.attribute()) {
    if (attribute.name() == name) return attribute.i();
  }
  return fallback;
}

/// Follows the one chain of nodes from the input to the output, building the network on the way.
class Reader {
 public:
  Reader(const onnx::ModelProto& model, const std::string& file) : model_(model), file_(file) {}

  ModelFile read() {
    const onnx::GraphProto& graph = model_.graph();
    for (const onnx::TensorProto& tensor : graph.initializer()) {
      constants_[tensor.name()] = to_constant(tensor, tensor.name(), file_);
    }
    find_input(graph);
    for (const onnx::NodeProto& node : graph.node()) {
      try {
        take(node);
      } catch (const Misfit& misfit) {
        refuse(node, "{}", misfit.what());
      }
      if (chain_.take_rounded()) out_.rounded.push_back(name_of(node));
    }
    if (chain_.empty()) {
      fail_input("{}: there is no Gemm or MatMul in it; a network needs one", file_);
    }
    finish(graph);
    return std::move(out_);
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

  void find_input(const onnx::GraphProto& graph) {
    for (const onnx::ValueInfoProto& input : graph.input()) {
      if (constants_.contains(input.name())) continue;  // IR 3 lists initialisers as inputs, too
      if (!current_.empty()) {
        fail_input("{}: two inputs, '{}' and '{}'; allowed is one", file_, current_, input.name());
      }
      current_ = input.name();
      Dims dims;
      for (const auto& dim : input.type().tensor_type().shape().dim()) {
        dims.push_back(static_cast<std::size_t>(std::max<std::int64_t>(dim.dim_value(), 0)));
      }
      flow_ = Flow(std::move(dims));
    }
    if (current_.empty()) fail_input("{}: it has no input; allowed is one", file_);
  }

  [[nodiscard]] const Constant* constant(const std::string& name) const {
    const auto found = constants_.find(name);
    return found == constants_.end() ? nullptr : &found->second;
  }

  /// Weights that a node takes; notes when the file has them in double.
  const Constant& weights(const onnx::NodeProto& node, const Constant* found,
                          std::string_view what) {
    if (found == nullptr || found->values.empty()) refuse(node, "{} is no constant", what);
    if (found->rounded) out_.rounded.push_back(name_of(node));
    return *found;
  }
  const Constant& weights(const onnx::NodeProto& node, int input, std::string_view what) {
    return weights(node, input < node.input_size() ? constant(node.input(input)) : nullptr, what);
  }

  /// The constant among a node's two inputs; the other one must be the chain.
  const Constant& partner(const onnx::NodeProto& node) {
    if (node.input_size() == 2) {
      for (int k = 0; k < 2; ++k) {
        const Constant* other = constant(node.input(1 - k));
        if (node.input(k) == current_ && other != nullptr) {
          return weights(node, other, "its other input");
        }
      }
    }
    refuse(node, "it does not join the chain with a constant; branches are not supported");
  }

  /// Whole numbers that a node takes, as an input (newer files) or as an attribute; none: empty.
  std::vector<std::int64_t> integers(const onnx::NodeProto& node, int input,
                                     std::string_view name) const {
    if (input < node.input_size() && !node.input(input).empty()) {
      const Constant* found = constant(node.input(input));
      if (found == nullptr) refuse(node, "its input '{}' is no constant", node.input(input));
      return found->integers;
    }
    for (const auto& attribute : node.attribute()) {
      if (attribute.name() == name) return {attribute.ints().begin(), attribute.ints().end()};
    }
    return {};
  }

  void take(const onnx::NodeProto& node) {
    const std::string& op = node.op_type();
    if (node.output_size() == 0) refuse(node, "it has no output");
    if (op == "Constant") {
      constants_[node.output(0)] = to_constant(node, file_);
      return;
    }
    if (is_shape(op) && node.input_size() > 0 && constants_.contains(node.input(0))) {
      constants_[node.output(0)] = shaped(node, constants_[node.input(0)]);
      return;
    }
    if (std::ranges::find(node.input(), current_) == node.input().end()) {
      refuse(node, "it does not continue from '{}'; branches are not supported", current_);
    }
    if (out_.network.output == Output::kSoftmax) refuse(node, "it stands after the final output");
    if (op == "Gemm") {
      gemm(node);
    } else if (op == "MatMul") {
      matmul(node);
    } else if (op == "Add" || op == "Sub" || op == "Mul" || op == "Div") {
      elementwise(node, op);
    } else if (op == "BatchNormalization") {
      batch_normalization(node);
    } else if (op == "Softmax" || op == "LogSoftmax") {
      if (chain_.empty()) refuse(node, "it stands before the first layer");
      out_.network.output = Output::kSoftmax;
      out_.final_op = op;
    } else if (op == "Transpose") {
      flow_.transpose(axes_of(node, flow_.dims().size()));
    } else if (is_shape(op)) {
      flow_.set_dims(new_dims(node, flow_.dims()));
    } else {
      activation(node, op);
    }
    current_ = node.output(0);
  }

  /// Operators that leave every number as it is.
  static bool is_shape(std::string_view op) {
    return op == "Flatten" || op == "Reshape" || op == "Identity" || op == "Dropout" ||
           op == "Squeeze" || op == "Unsqueeze" || op == "Transpose" || op == "Cast";
  }

  /// The axes of a Transpose; without perm they are reversed.
  [[nodiscard]] std::vector<std::size_t> axes_of(const onnx::NodeProto& node,
                                                 std::size_t rank) const {
    std::vector<std::int64_t> perm = integers(node, 1, "perm");
    if (perm.empty()) {
      for (std::size_t d = rank; d-- > 0;) perm.push_back(static_cast<std::int64_t>(d));
    }
    if (perm.size() != rank) refuse(node, "perm has {} axes for {}", perm.size(), rank);
    return to_axes(perm, rank);
  }

  /// What an operator of is_shape(), Transpose excepted, makes of dimensions.
  [[nodiscard]] Dims new_dims(const onnx::NodeProto& node, const Dims& dims) const {
    const std::string& op = node.op_type();
    if (op == "Flatten") return flattened(dims, int_attribute(node, "axis", 1));
    if (op == "Reshape") return reshaped(dims, integers(node, 1, "shape"));
    if (op == "Squeeze") return squeezed(dims, integers(node, 1, "axes"));
    if (op == "Unsqueeze") return unsqueezed(dims, integers(node, 1, "axes"));
    const std::int64_t type = int_attribute(node, "to", onnx::TensorProto::FLOAT);
    if (op == "Cast" && type != onnx::TensorProto::FLOAT && type != onnx::TensorProto::DOUBLE) {
      refuse(node, "to = {}; allowed are float32 (1) and double (11)", type);
    }
    if (op == "Dropout" && integers(node, 2, "") == std::vector<std::int64_t>{1}) {
      refuse(node, "training_mode = 1; export the model for inference");
    }
    return dims;
  }

  [[nodiscard]] Constant shaped(const onnx::NodeProto& node, const Constant& from) const {
    if (node.op_type() == "Transpose") return transpose(from, axes_of(node, from.dims.size()));
    Constant out = from;
    if (node.op_type() == "Cast" && out.values.empty()) return out;  // of a shape
    out.dims = new_dims(node, from.dims);
    return out;
  }

  enum class Stored { kInputsFirst, kOutputsFirst };

  /// Appends the layer with this weight; its columns take the features in the order they are in.
  void add_layer(const onnx::NodeProto& node, const Constant& w, Stored stored) {
    if (w.dims.size() != 2) {
      refuse(node, "its weight has {} dimensions; allowed are 2", w.dims.size());
    }
    const bool turned = stored == Stored::kOutputsFirst;
    const std::size_t outputs = turned ? w.dims[0] : w.dims[1];
    const std::size_t inputs = turned ? w.dims[1] : w.dims[0];
    if (flow_.width() != inputs) {
      refuse(node, "shape mismatch: its weight is {} × {} and takes {} inputs, but {} arrive",
             w.dims[0], w.dims[1], inputs, flow_.width());
    }
    Tensor weight(outputs, inputs);
    for (std::size_t o = 0; o < outputs; ++o) {
      for (std::size_t i = 0; i < inputs; ++i) {
        weight.row(o)[flow_.order()[i]] = w.values[turned ? o * inputs + i : i * outputs + o];
      }
    }
    chain_.product(std::move(weight));
  }

  void gemm(const onnx::NodeProto& node) {
    if (node.input(0) != current_) refuse(node, "its first input is not the chain");
    const Constant& w = weights(node, 1, "its second input");
    if (int_attribute(node, "transA", 0) != 0 && !(flow_.is_column() && flow_.dims().size() == 2)) {
      refuse(node, "transA = 1 wants a column, but {} arrives", to_text(flow_.dims()));
    }
    const bool outputs_first = int_attribute(node, "transB", 0) != 0;
    add_layer(node, w, outputs_first ? Stored::kOutputsFirst : Stored::kInputsFirst);
    const std::size_t outputs = w.dims[outputs_first ? 0 : 1];
    flow_.leave_rows(outputs);
    const double alpha = static_cast<double>(float_attribute(node, "alpha", 1.0F));
    if (alpha != 1.0) chain_.multiply(std::vector<double>(outputs, alpha));
    if (node.input_size() < 3 || node.input(2).empty()) return;
    const double beta = static_cast<double>(float_attribute(node, "beta", 1.0F));
    std::vector<double> terms = spread(weights(node, 2, "its third input"));
    for (double& term : terms) term *= beta;
    chain_.add(terms);
  }

  /// x · W, or W · x where the file keeps x as a column.
  void matmul(const onnx::NodeProto& node) {
    const Constant& w = partner(node);
    if (node.input(0) == current_) {
      add_layer(node, w, Stored::kInputsFirst);
      if (!flow_.is_row()) refuse(node, "it wants a row, but {} arrives", to_text(flow_.dims()));
      flow_.leave_rows(w.dims[1]);
    } else {
      add_layer(node, w, Stored::kOutputsFirst);
      if (!flow_.is_column()) {
        refuse(node, "it wants a column, but {} arrives", to_text(flow_.dims()));
      }
      flow_.leave_column(w.dims[0]);
    }
  }

  /// A constant as one value per feature.
  [[nodiscard]] std::vector<double> spread(const Constant& c) {
    std::vector<double> out;
    for (const std::size_t place : flow_.broadcast(c.dims)) {
      out.push_back(static_cast<double>(c.values[place]));
    }
    return out;
  }

  void elementwise(const onnx::NodeProto& node, const std::string& op) {
    const std::vector<double> values = spread(partner(node));
    const bool constant_first = node.input(0) != current_;
    if (op == "Div" && constant_first) {
      refuse(node, "a constant divided by the chain is not supported");
    }
    if (op == "Div" && std::ranges::count(values, 0.0) > 0) refuse(node, "it divides by zero");
    if (op == "Mul" && chain_.empty() && std::ranges::count(values, 0.0) > 0) {
      refuse(node, "it multiplies by zero");
    }
    if (op == "Mul") chain_.multiply(values);
    if (op == "Div") chain_.divide(values);
    if (op == "Sub" && constant_first) {  // c - x = -x + c
      chain_.multiply(std::vector<double>(values.size(), -1.0));
    }
    if (op == "Add" || (op == "Sub" && constant_first)) chain_.add(values);
    if (op == "Sub" && !constant_first) chain_.subtract(values);
  }

  /// (x - mean) / sqrt(variance + epsilon) · gamma + beta, per channel: the second axis.
  void batch_normalization(const onnx::NodeProto& node) {
    if (int_attribute(node, "training_mode", 0) != 0) {
      refuse(node, "training_mode = 1; export the model for inference");
    }
    const std::size_t rank = flow_.dims().size();
    const std::size_t axis = rank > 1 ? 1 : 0;
    Dims dims(rank - axis, 1);
    dims[0] = flow_.dims()[axis];
    const auto channels = [&](int input, std::string_view name) {
      Constant c = weights(node, input, name);
      if (c.values.size() != dims[0]) {
        refuse(node, "shape mismatch: {} has {} values for {} channels", name, c.values.size(),
               dims[0]);
      }
      c.dims = dims;
      return spread(c);
    };
    std::vector<double> factors = channels(1, "scale");
    std::vector<double> terms = channels(2, "B");
    const std::vector<double> mean = channels(3, "mean");
    const std::vector<double> variance = channels(4, "var");
    const double epsilon = static_cast<double>(float_attribute(node, "epsilon", 1e-5F));
    for (std::size_t d = 0; d < factors.size(); ++d) {
      const double spread2 = variance[d] + epsilon;
      if (!(spread2 > 0.0) || factors[d] == 0.0) {
        refuse(node,
               "channel with var = {} and scale = {}; neither var + epsilon nor scale may be 0",
               variance[d], factors[d]);
      }
      factors[d] /= std::sqrt(spread2);
      terms[d] -= factors[d] * mean[d];
    }
    chain_.multiply(factors);
    chain_.add(terms);
  }

  void activation(const onnx::NodeProto& node, const std::string& op) {
    const auto known = activations();
    const auto found = std::ranges::find(known, op, &ActivationInfo::onnx_op);
    if (found == known.end()) {
      refuse(node,
             "operator {} is not supported; allowed are Gemm, MatMul, Add, Sub, Mul, Div, "
             "BatchNormalization, Flatten, Reshape, Transpose, Squeeze, Unsqueeze, Constant, "
             "Identity, Dropout, Cast, a final Softmax or LogSoftmax, and the activations of "
             "'gibbon list activations'",
             op);
    }
    if (!chain_.open()) refuse(node, "it does not follow a Gemm or MatMul");
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
    chain_.activate({&*found, alpha});
  }

  /// What gibbon noted when it wrote the file; softmax for other producers.
  [[nodiscard]] Output declared_output() const {
    const auto said = out_.network.metadata.find("gibbon.output");
    if (said == out_.network.metadata.end()) return Output::kSoftmax;
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
    if (!flow_.in_order()) fail_input("{}: the outputs end transposed; take that off", file_);
    Network& network = out_.network;
    Network built = chain_.finish();
    if (chain_.take_rounded()) out_.rounded.emplace_back("the normalisation");
    network.layers = std::move(built.layers);
    network.normalisation = std::move(built.normalisation);
    for (const auto& entry : model_.metadata_props()) network.metadata[entry.key()] = entry.value();
    // A sigmoid on the scores is an output, not a layer: what is attacked are the scores before it.
    Dense& last = network.layers.back();
    if (network.output == Output::kIdentity) {
      const bool sigmoid = last.activation.info->name == "sigmoid";
      if (sigmoid) {
        last.activation = make_activation("identity");
        out_.final_op = "Sigmoid";
      }
      network.output = sigmoid ? Output::kSigmoid : declared_output();
    }
    if (network.num_classes() > kMaxClasses) {
      fail_input("{}: {} classes; allowed are at most {}", file_, network.num_classes(),
                 kMaxClasses);
    }
    network.check();
  }

  const onnx::ModelProto& model_;
  const std::string& file_;
  std::map<std::string, Constant> constants_;
  ModelFile out_{.network = {.output = Output::kIdentity}};
  AffineChain chain_;
  Flow flow_;
  std::string current_;  // output of the last node of the chain
};

}  // namespace

ModelFile parse_model(std::string_view bytes, const std::string& name) {
  onnx::ModelProto model;
  if (!model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !model.has_graph()) {
    fail_input(
        "{}: not an ONNX model ({} bytes); allowed are .onnx files, plain or gzip'd; check the "
        "path, or train one with 'gibbon train'",
        name, bytes.size());
  }
  ModelFile out = Reader(model, name).read();
  out.sha256 = sha256_hex(bytes);
  return out;
}

ModelFile read_model(const std::filesystem::path& path) {
  return parse_model(read_file(path, std::size_t{1} << 30U), path.string());
}

}  // namespace gibbon::models
