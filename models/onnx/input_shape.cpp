// SPDX-License-Identifier: MIT
#include "models/onnx/input_shape.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>
#include <utility>

#include "models/onnx/operators.hpp"
#include "models/onnx/proto.hpp"

namespace gibbon::models::onnx {
namespace {

/// What the first weight behind an input takes: features, or channels.
struct Wanted {
  std::size_t count = 0;
  bool channels = false;
};

class Walk {
 public:
  explicit Walk(const ::onnx::GraphProto& graph) : graph_(graph) {
    for (const ::onnx::TensorProto& tensor : graph.initializer()) dims_[tensor.name()] = of(tensor);
  }

  std::optional<Wanted> from(std::string value) {
    for (const ::onnx::NodeProto& node : graph_.node()) {
      if (node.output_size() == 0) continue;
      note(node);
      const auto place = std::ranges::find(node.input(), value);
      if (place == node.input().end()) continue;
      const std::string& op = node.op_type();
      if (op == "Gemm" || op == "MatMul" || op == "Conv") {
        return wanted(node, place == node.input().begin());
      }
      const bool keeps = op == "Add" || op == "Sub" || op == "Mul" || op == "Div" || op == "Cast" ||
                         op == "Identity" || op == "Flatten" || op == "Reshape" ||
                         op == "Dropout" || op == "Squeeze" || op == "Unsqueeze" ||
                         op == "BatchNormalization";
      if (op == "Shape") continue;
      if (!keeps) return {};
      value = node.output(0);
    }
    return {};
  }

 private:
  static std::vector<std::int64_t> of(const ::onnx::TensorProto& tensor) {
    return {tensor.dims().begin(), tensor.dims().end()};
  }

  /// Constants that other constants become without another number of axes.
  void note(const ::onnx::NodeProto& node) {
    const std::string& op = node.op_type();
    if (op == "Constant") {
      if (const auto* value = find_attribute(node, "value")) dims_[node.output(0)] = of(value->t());
      return;
    }
    const auto from = node.input_size() == 0 ? dims_.end() : dims_.find(node.input(0));
    if (from == dims_.end()) return;
    std::vector<std::int64_t> dims = from->second;
    if (op == "Transpose" && dims.size() == 2) {
      const auto* perm = find_attribute(node, "perm");
      if (perm == nullptr || (perm->ints_size() == 2 && perm->ints(0) == 1))
        std::swap(dims[0], dims[1]);
    } else if (op != "Identity" && op != "Cast" && op != "DequantizeLinear" &&
               op != "QuantizeLinear") {
      return;
    }
    dims_[node.output(0)] = std::move(dims);
  }

  [[nodiscard]] std::optional<Wanted> wanted(const ::onnx::NodeProto& node, bool first) const {
    const int other = first ? 1 : 0;
    if (node.input_size() <= other) return {};
    const auto found = dims_.find(node.input(other));
    if (found == dims_.end()) return {};
    const std::vector<std::int64_t>& weight = found->second;
    const bool conv = node.op_type() == "Conv";
    if (weight.size() < 2 || (!conv && weight.size() != 2)) return {};
    std::int64_t count = 0;
    if (conv) {
      if (__builtin_mul_overflow(weight[1], int_attribute(node, "group", 1), &count)) return {};
    } else {
      const bool turned =
          node.op_type() == "MatMul" ? !first : int_attribute(node, "transB", 0) != 0;
      count = weight[turned ? 1 : 0];
    }
    if (count <= 0) return {};
    return Wanted{static_cast<std::size_t>(count), conv};
  }

  const ::onnx::GraphProto& graph_;
  std::unordered_map<std::string, std::vector<std::int64_t>> dims_;
};

}  // namespace

Dims shape_of_input(const ::onnx::GraphProto& graph, const ::onnx::ValueInfoProto& input) {
  const auto& type = input.type().tensor_type();
  const std::optional<Dims> declared = input_dims(type);
  if (declared &&
      std::count(declared->begin() + (declared->size() > 1 ? 1 : 0), declared->end(), 0) == 0) {
    return *declared;
  }
  const std::optional<Wanted> wanted = Walk(graph).from(input.name());
  if (!declared) {
    if (!wanted || wanted->channels) misfit("it has no shape; export the model with one");
    return {0, wanted->count};
  }
  Dims dims = *declared;
  if (!wanted) return dims;
  if (wanted->channels) {
    if (dims.size() == 4 && dims[1] == 0) dims[1] = wanted->count;
    return dims;
  }
  // How many there are along each axis does not matter, only how many there are in all.
  const std::size_t axis = dims.size() > 1 ? 1 : 0;
  Dims known(dims.begin() + static_cast<std::ptrdiff_t>(axis), dims.end());
  std::erase(known, std::size_t{0});
  const std::size_t product = element_count(known);
  if (product == 0 || wanted->count % product != 0) {
    misfit("it declares multiples of {} features, but its first weight takes {}", product,
           wanted->count);
  }
  std::size_t left = wanted->count / product;
  const auto side = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(left))));
  if (dims.size() == 4 && dims[2] == 0 && dims[3] == 0 && side * side == left) {
    dims[2] = dims[3] = side;  // a picture
    left = 1;
  }
  for (std::size_t d = dims.size(); d-- > axis;) {
    if (dims[d] == 0) dims[d] = std::exchange(left, 1);
  }
  return dims;
}

}  // namespace gibbon::models::onnx
