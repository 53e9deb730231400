// SPDX-License-Identifier: MIT
#include "models/onnx/node_reader.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>

#include "base/deadline.hpp"
#include "models/onnx/fold.hpp"
#include "models/onnx/operators.hpp"
#include "models/onnx/proto.hpp"
#include "models/onnx/text.hpp"

namespace gibbon::models::onnx {

std::string NodeReader::name_of(const ::onnx::NodeProto& node) {
  const std::string& name =
      !node.name().empty() || node.output_size() == 0 ? node.name() : node.output(0);
  return fmt::format("node '{}' ({})", shown(name), shown(node.op_type()));
}

void NodeReader::open() {
  at_file([&] {
    const ::onnx::GraphProto& graph = model_.graph();
    opset_ = opset_of(model_);
    if (graph.node_size() > kMostNodes) {
      misfit("it has {} nodes; allowed are at most {}", graph.node_size(), kMostNodes);
    }
    find_constants(graph);
  });
}

void NodeReader::find_constants(const ::onnx::GraphProto& graph) {
  for (const ::onnx::TensorProto& tensor : graph.initializer()) {
    if (tensor.name().empty()) misfit("one of its tensors has no name");
    if (!names_.insert(tensor.name()).second) {
      misfit("tensor '{}' occurs twice; the file is damaged", shown(tensor.name()));
    }
    reading_deadline.check_time();
    constants_[tensor.name()] = to_constant(tensor, budget_);
  }
}

void NodeReader::name_outputs(const ::onnx::NodeProto& node) {
  for (const std::string& output : node.output()) {
    if (output.empty() || names_.insert(output).second) continue;
    misfit("its output '{}' has the name of another value; the file is damaged", shown(output));
  }
}

const Constant* NodeReader::constant(const std::string& name) const {
  const auto found = constants_.find(name);
  return found == constants_.end() ? nullptr : &found->second;
}

bool NodeReader::fold_node(const ::onnx::NodeProto& node) {
  const std::string& op = node.op_type();
  if (op == "Constant") {
    constants_[node.output(0)] = to_constant(node, budget_);
    return true;
  }
  const Constant* first = node.input_size() > 0 ? constant(node.input(0)) : nullptr;
  if (first == nullptr) return false;
  if (is_shape(op)) {
    constants_[node.output(0)] = shaped(node, *first);
    return true;
  }
  if (op == "Shape") {
    constants_[node.output(0)] = shape_constant(node, first->dims);
    return true;
  }
  std::vector<const Constant*> inputs;
  for (const std::string& name : node.input()) {
    inputs.push_back(constant(name));
    if (inputs.back() == nullptr && !name.empty()) return false;
  }
  const int needed = find_operator(op, opset_)->least_inputs;
  if (std::count(inputs.begin(), inputs.begin() + needed, nullptr) > 0) return false;
  std::optional<Constant> out = fold(node, inputs, budget_);
  if (!out) return false;
  constants_[node.output(0)] = std::move(*out);
  return true;
}

Constant NodeReader::shape_constant(const ::onnx::NodeProto& node, const Dims& dims) {
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

const Constant& NodeReader::weights(const ::onnx::NodeProto& node, const Constant* found,
                                    std::string_view what) {
  if (found == nullptr || found->values.empty()) misfit("{} is not a constant", what);
  if (found->rounded) out_.rounded.push_back(name_of(node));
  return *found;
}
const Constant& NodeReader::weights(const ::onnx::NodeProto& node, int input,
                                    std::string_view what) {
  return weights(node, input < node.input_size() ? constant(node.input(input)) : nullptr, what);
}

std::vector<std::int64_t> NodeReader::integers(const ::onnx::NodeProto& node, int input,
                                               std::string_view name) const {
  if (input < node.input_size() && !node.input(input).empty()) {
    const Constant* found = constant(node.input(input));
    if (found == nullptr) misfit("its input '{}' is not a constant", shown(node.input(input)));
    if (!found->values.empty()) {
      misfit("its input '{}' is not a list of integers", shown(node.input(input)));
    }
    return found->integers;
  }
  const ::onnx::AttributeProto* found = find_attribute(node, name);
  if (found == nullptr) return {};
  return {found->ints().begin(), found->ints().end()};
}

bool NodeReader::is_elementwise(std::string_view op) {
  return op == "Add" || op == "Sub" || op == "Mul" || op == "Div";
}

bool NodeReader::is_shape(std::string_view op) {
  return op == "Flatten" || op == "Reshape" || op == "Identity" || op == "Dropout" ||
         op == "Squeeze" || op == "Unsqueeze" || op == "Transpose" || op == "Cast";
}

std::vector<std::size_t> NodeReader::axes_of(const ::onnx::NodeProto& node,
                                             std::size_t rank) const {
  std::vector<std::int64_t> perm = integers(node, 1, "perm");
  if (find_attribute(node, "perm") == nullptr) {
    for (std::size_t d = rank; d-- > 0;) perm.push_back(static_cast<std::int64_t>(d));
  }
  if (perm.size() != rank) misfit("perm has {} axes for {}", perm.size(), rank);
  return to_axes(perm, rank);
}

Dims NodeReader::new_dims(const ::onnx::NodeProto& node, const Dims& dims) const {
  const std::string& op = node.op_type();
  if (op == "Flatten") return flattened(dims, int_attribute(node, "axis", 1));
  if (op == "Reshape") {
    const bool empty = int_attribute(node, "allowzero", 0) != 0;
    return reshaped(dims, integers(node, 1, ""), empty ? Zero::kIsEmpty : Zero::kKeepsTheDimension);
  }
  if (op == "Squeeze" || op == "Unsqueeze") {
    const std::vector<std::int64_t> axes = integers(node, 1, "axes");
    const bool given = node.input_size() > 1 || node.attribute_size() > 0;
    // To some an empty list means all axes, to others none.
    if (axes.empty() && (given || op == "Unsqueeze")) misfit("it names no axes");
    return op == "Squeeze" ? squeezed(dims, axes) : unsqueezed(dims, axes);
  }
  if (op == "Cast") require_real(node);
  if (op == "Dropout") require_inference(node);
  return dims;
}

void NodeReader::require_real(const ::onnx::NodeProto& node) {
  const std::int64_t type = int_attribute(node, "to", ::onnx::TensorProto::UNDEFINED);
  if (type == ::onnx::TensorProto::FLOAT || type == ::onnx::TensorProto::DOUBLE) return;
  misfit("to = {}; allowed are float32 (1) and double (11)", type);
}

void NodeReader::require_inference(const ::onnx::NodeProto& node) const {
  if (node.input_size() < 3 || node.input(2).empty()) return;
  const Constant* training = constant(node.input(2));
  if (training == nullptr || !training->truth || training->integers.size() != 1) {
    misfit("training_mode is not a constant of type bool; export the model for inference");
  }
  if (training->integers[0] != 0) {
    misfit("training_mode = 1; export the model for inference");
  }
}

Constant NodeReader::shaped(const ::onnx::NodeProto& node, const Constant& from) {
  budget_.take({from.size(), 2 * sizeof(std::size_t)});
  if (node.op_type() == "Cast") {
    return cast(from, int_attribute(node, "to", ::onnx::TensorProto::UNDEFINED));
  }
  if (node.op_type() == "Transpose") return transpose(from, axes_of(node, from.dims.size()));
  Constant out = from;
  out.dims = new_dims(node, from.dims);
  return out;
}

Output NodeReader::declared_output() const {
  const auto said = out_.network.metadata.find("gibbon.output");
  if (said == out_.network.metadata.end()) return Output::kSoftmax;
  try {
    return find_output(shown(said->second));
  } catch (const Error& error) {
    misfit("metadata gibbon.output: {}", error.what());
  }
}

void NodeReader::require_first_of_equals(const ::onnx::NodeProto& node) {
  if (int_attribute(node, "select_last_index", 0) != 0) {
    misfit("select_last_index = 1 is not supported; allowed is 0");
  }
}

namespace {

/// The step function as gibbon writes it.
bool is_step(const ::onnx::NodeProto& node) {
  return node.op_type() == "HardSigmoid" &&
         float_attribute(node, "alpha", 0.2F) == std::numeric_limits<float>::max() &&
         float_attribute(node, "beta", 0.5F) == 0.0F;
}

}  // namespace

bool NodeReader::is_activation(const ::onnx::NodeProto& node) {
  if (node.op_type() == "HardSigmoid") return is_step(node);
  return std::ranges::count(activations(), node.op_type(), &ActivationInfo::onnx_op) > 0;
}

Activation NodeReader::activation_of(const ::onnx::NodeProto& node) {
  const auto known = activations();
  const auto found = std::ranges::find(known, node.op_type(), &ActivationInfo::onnx_op);
  if (found == known.end()) throw std::logic_error("NodeReader: no handler of " + node.op_type());
  double alpha = found->alpha;
  for (const auto& [op, usual] : {std::pair{"LeakyRelu", 0.01F}, {"Elu", 1.0F}, {"Swish", 1.0F}}) {
    if (node.op_type() == op) alpha = static_cast<double>(float_attribute(node, "alpha", usual));
  }
  const ::onnx::AttributeProto* approximate = find_attribute(node, "approximate");
  if (approximate != nullptr && approximate->s() != "none") {
    misfit("approximate = {} is not supported; allowed is none", shown(approximate->s()));
  }
  return {&*found, alpha};
}

NodeReader::Affine NodeReader::batch_normalization_of(const ::onnx::NodeProto& node,
                                                      std::size_t channels) {
  if (int_attribute(node, "training_mode", 0) != 0) {
    misfit("training_mode = 1; export the model for inference");
  }
  if (int_attribute(node, "spatial", 1) != 1) {
    misfit("spatial = {}; allowed is 1", int_attribute(node, "spatial", 1));
  }
  const auto of_channels = [&](int input, std::string_view name) {
    const Constant& c = weights(node, input, name);
    if (c.values.size() != channels) {
      misfit("shape mismatch: {} has {} values for {} channels", name, c.values.size(), channels);
    }
    return std::vector<double>(c.values.begin(), c.values.end());
  };
  Affine out{.factors = of_channels(1, "scale"), .terms = of_channels(2, "B")};
  const std::vector<double> mean = of_channels(3, "mean");
  const std::vector<double> variance = of_channels(4, "var");
  const auto epsilon = static_cast<double>(float_attribute(node, "epsilon", 1e-5F));
  for (std::size_t c = 0; c < channels; ++c) {
    const double spread = variance[c] + epsilon;
    if (!(spread > 0.0)) {
      misfit("channel with var = {}; var + epsilon must be above 0", variance[c]);
    }
    out.factors[c] /= std::sqrt(spread);
    out.terms[c] -= out.factors[c] * mean[c];
  }
  return out;
}

}  // namespace gibbon::models::onnx
