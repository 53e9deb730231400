// SPDX-License-Identifier: MIT
#include "models/onnx/spelt.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <utility>
#include <vector>

#include "models/onnx/constant.hpp"
#include "models/onnx/operators.hpp"

namespace gibbon::models::onnx {
namespace {

using Node = ::onnx::NodeProto;

class Finder {
 public:
  Finder(const ::onnx::GraphProto& graph, Budget budget) : graph_(graph), budget_(budget) {
    for (const Node& node : graph.node()) {
      for (const std::string& input : node.input()) ++uses_[input];
      if (node.output_size() > 0) makers_[node.output(0)] = &node;
    }
    for (const auto& output : graph.output()) ++uses_[output.name()];
    for (const auto& tensor : graph.initializer()) tensors_[tensor.name()] = &tensor;
  }

  std::unordered_map<std::string, Spelt> find() {
    std::unordered_map<std::string, Spelt> out;
    for (const Node& node : graph_.node()) {
      if (!is(node, "Mul")) continue;
      parts_ = {};
      std::vector<std::string> factors;
      factor(node, factors);
      std::optional<Spelt> found = silu(factors);
      if (!found) found = gelu(factors);
      if (!found) continue;
      found->output = node.output(0);
      for (const std::string& part : parts_) out[part] = *found;
    }
    return out;
  }

 private:
  static bool is(const Node& node, std::string_view op) {
    return node.op_type() == op && node.domain().empty() && node.output_size() == 1 &&
           node.input_size() == (op == "Sigmoid" || op == "Erf" ? 1 : 2);
  }
  /// The node of this operator that makes a value which nothing else uses.
  const Node* made(const std::string& value, std::string_view op) const {
    const auto found = makers_.find(value);
    if (found == makers_.end() || !is(*found->second, op) || uses_.at(value) != 1) return nullptr;
    return found->second;
  }

  /// The factors of a product of two or three.
  void factor(const Node& product, std::vector<std::string>& out) {
    parts_.push_back(product.output(0));
    for (const std::string& input : product.input()) {
      const Node* inner = parts_.size() < 2 ? made(input, "Mul") : nullptr;
      if (inner == nullptr) {
        out.push_back(input);
      } else {
        factor(*inner, out);
      }
    }
  }

  std::optional<Spelt> silu(const std::vector<std::string>& factors) {
    if (factors.size() != 2) return {};
    for (std::size_t k = 0; k < 2; ++k) {
      const Node* gate = made(factors[k], "Sigmoid");
      if (gate == nullptr || gate->input(0) != factors[1 - k]) continue;
      parts_.push_back(gate->output(0));
      return Spelt{.from = factors[1 - k], .activation = "silu"};
    }
    return {};
  }

  std::optional<Spelt> gelu(std::vector<std::string> factors) {
    if (factors.size() != 3) return {};
    std::ranges::sort(factors);
    do {
      if (!is_number(factors[0], 0.5)) continue;
      const Node* sum = made(factors[1], "Add");
      if (sum == nullptr) continue;
      const int one = is_number(sum->input(0), 1.0) ? 0 : 1;
      const Node* erf = made(sum->input(1 - one), "Erf");
      if (!is_number(sum->input(one), 1.0) || erf == nullptr) continue;
      const Node* scaled = scaled_by_root(erf->input(0), factors[2]);
      if (scaled == nullptr) continue;
      for (const Node* part : {sum, erf, scaled}) parts_.push_back(part->output(0));
      return Spelt{.from = factors[2], .activation = "gelu"};
    } while (std::ranges::next_permutation(factors).found);
    return {};
  }

  /// z / √2, however it is written.
  const Node* scaled_by_root(const std::string& value, const std::string& z) {
    if (const Node* node = made(value, "Div")) {
      return node->input(0) == z && is_number(node->input(1), std::numbers::sqrt2) ? node : nullptr;
    }
    const Node* node = made(value, "Mul");
    if (node == nullptr) return nullptr;
    const int other = node->input(0) == z ? 1 : 0;
    const bool fits =
        node->input(1 - other) == z && is_number(node->input(other), 1.0 / std::numbers::sqrt2);
    return fits ? node : nullptr;
  }

  /// A constant of one number that is this one in float32.
  bool is_number(const std::string& value, double wanted) {
    const std::optional<Constant> constant = constant_of(value);
    return constant && constant->values.size() == 1 && constant->dims.size() <= 1 &&
           std::abs(static_cast<double>(constant->values[0]) - wanted) <= 1e-6 * wanted;
  }

  std::optional<Constant> constant_of(const std::string& value) {
    try {
      if (const auto tensor = tensors_.find(value); tensor != tensors_.end()) {
        if (tensor->second->dims_size() > 1) return {};
        return to_constant(*tensor->second, budget_);
      }
      const auto maker = makers_.find(value);
      if (maker == makers_.end() || maker->second->op_type() != "Constant") return {};
      return to_constant(*maker->second, budget_);
    } catch (const Misfit&) {  // the reader says what is wrong with it
      return {};
    }
  }

  const ::onnx::GraphProto& graph_;
  Budget budget_;
  std::unordered_map<std::string, int> uses_;
  std::unordered_map<std::string, const Node*> makers_;
  std::unordered_map<std::string, const ::onnx::TensorProto*> tensors_;
  std::vector<std::string> parts_;  // outputs of the nodes of what is being looked at
};

}  // namespace

std::unordered_map<std::string, Spelt> spelt_activations(const ::onnx::GraphProto& graph,
                                                         Budget budget) {
  return Finder(graph, budget).find();
}

}  // namespace gibbon::models::onnx
