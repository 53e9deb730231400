// SPDX-License-Identifier: MIT
#include "models/onnx/scores.hpp"

#include <algorithm>
#include <fmt/ranges.h>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "models/onnx/axes.hpp"
#include "models/onnx/node_reader.hpp"
#include "models/onnx/text.hpp"

namespace gibbon::models::onnx {
namespace {

constexpr int kMostOutputs = 64;

bool is_one_of(std::string_view op, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, op) != names.end();
}

class Trimmer {
 public:
  explicit Trimmer(::onnx::ModelProto& model) : graph_(*model.mutable_graph()) {}

  Ending trim() {
    if (graph_.node_size() > NodeReader::kMostNodes || !index()) return Ending::kAsWritten;
    const int chosen = choose();
    if (chosen < 0) return Ending::kAsWritten;
    const ::onnx::ValueInfoProto kept = graph_.output(chosen);
    graph_.clear_output();
    *graph_.add_output() = kept;
    const Ending ending = take_off();
    drop_unused();
    return ending;
  }

 private:
  using Node = const ::onnx::NodeProto;

  /// Which node makes which value; false: two make the same one, or one is missing.
  bool index() {
    std::unordered_set<std::string> given;
    for (const ::onnx::ValueInfoProto& input : graph_.input()) given.insert(input.name());
    for (const ::onnx::TensorProto& tensor : graph_.initializer()) given.insert(tensor.name());
    for (int k = 0; k < graph_.node_size(); ++k) {
      for (const std::string& output : graph_.node(k).output()) {
        if (output.empty()) continue;
        if (given.contains(output) || !maker_.emplace(output, k).second) return false;
      }
    }
    const auto known = [&](const std::string& name) {
      return name.empty() || given.contains(name) || maker_.contains(name);
    };
    return std::ranges::all_of(
               graph_.node(),
               [&](Node& node) { return std::ranges::all_of(node.input(), known); }) &&
           std::ranges::all_of(graph_.output(), [&](const ::onnx::ValueInfoProto& output) {
             return known(output.name());
           });
  }

  [[nodiscard]] Node* maker(const std::string& value) const {
    const auto found = maker_.find(value);
    return found == maker_.end() ? nullptr : &graph_.node(found->second);
  }
  [[nodiscard]] Node* maker(const std::string& value, std::string_view op) const {
    Node* node = maker(value);
    return node != nullptr && node->op_type() == op ? node : nullptr;
  }

  [[nodiscard]] static bool casts_to_label(Node& node) {
    if (node.op_type() != "Cast") return false;
    const auto to = std::ranges::find(node.attribute(), "to", &::onnx::AttributeProto::name);
    return to != node.attribute().end() && to->i() != ::onnx::TensorProto::FLOAT &&
           to->i() != ::onnx::TensorProto::DOUBLE && to->i() != ::onnx::TensorProto::FLOAT16;
  }

  /// What an output says of the scores, and how far behind them it stands.
  struct Trace {
    bool label = false;
    std::string base;  ///< the value that its Softmax, or what only moves numbers, starts from
    int steps = 0;
  };
  [[nodiscard]] Trace trace(const ::onnx::ValueInfoProto& output) const {
    const auto& type = output.type().tensor_type();
    Trace out{.base = output.name()};
    out.label = type.elem_type() == ::onnx::TensorProto::INT64 ||
                type.elem_type() == ::onnx::TensorProto::INT32 ||
                type.elem_type() == ::onnx::TensorProto::STRING ||
                type.elem_type() == ::onnx::TensorProto::BOOL;
    for (; out.steps <= graph_.node_size(); ++out.steps) {  // no longer, where there is a circle
      Node* node = maker(out.base);
      if (node == nullptr || node->input_size() == 0) break;
      if (is_one_of(node->op_type(), {"ArgMax", "TopK", "ArrayFeatureExtractor", "LabelEncoder"}) ||
          casts_to_label(*node)) {
        out.label = true;
        break;
      }
      if (!is_one_of(node->op_type(),
                     {"Identity", "Cast", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Softmax",
                      "LogSoftmax", "Sigmoid", "ZipMap", "Dropout"})) {
        break;
      }
      out.base = node->input(0);
    }
    return out;
  }

  /// All values that `value` is worked out of.
  [[nodiscard]] std::unordered_set<std::string> sources(const std::string& value) const {
    std::unordered_set<std::string> seen{value};
    std::vector<std::string> open{value};
    while (!open.empty()) {
      Node* node = maker(open.back());
      open.pop_back();
      if (node == nullptr) continue;
      for (const std::string& input : node->input()) {
        if (seen.insert(input).second) open.push_back(input);
      }
    }
    return seen;
  }

  /// The output with scores; -1: there is nothing to choose.
  [[nodiscard]] int choose() const {
    const int count = graph_.output_size();
    if (count <= 1) return count - 1;
    if (count > kMostOutputs) {
      misfit("it has {} outputs; allowed are at most {}", count, kMostOutputs);
    }
    std::vector<Trace> traces;
    for (const ::onnx::ValueInfoProto& output : graph_.output()) traces.push_back(trace(output));
    std::vector<int> left;
    for (int k = 0; k < count; ++k) {
      if (!at(traces, k).label) left.push_back(k);
    }
    const std::vector<int> scores = left;
    for (const int k : scores) {
      const std::unordered_set<std::string> of = sources(at(traces, k).base);
      std::erase_if(left, [&](int other) {
        const std::string& base = at(traces, other).base;
        return base != at(traces, k).base && of.contains(base);
      });
    }
    if (left.empty()) misfit("it has {} outputs, and none holds scores", count);
    int best = left[0];
    for (const int k : left) {
      if (at(traces, k).base != at(traces, best).base) {
        misfit(
            "its outputs '{}' and '{}' both hold scores; allowed is one; export the model with the "
            "scores of the classes alone",
            shown(graph_.output(best).name()), shown(graph_.output(k).name()));
      }
      if (at(traces, k).steps > at(traces, best).steps) best = k;
    }
    return best;
  }

  static const Trace& at(const std::vector<Trace>& traces, int k) {
    return traces[static_cast<std::size_t>(k)];
  }

  /// ZipMap, and the pair 1 - p, p that scikit-learn makes of one Sigmoid.
  Ending take_off() {
    std::string& output = *graph_.mutable_output(0)->mutable_name();
    Node* zip = maker(output, "ZipMap");
    if (zip != nullptr && zip->input_size() == 1) output = zip->input(0);
    Node* pair = maker(output, "Concat");
    if (pair == nullptr || pair->input_size() != 2) return Ending::kAsWritten;
    Node* other = maker(pair->input(0), "Sub");
    const std::string& p = pair->input(1);
    if (other == nullptr || other->input_size() != 2 || other->input(1) != p ||
        maker(p, "Sigmoid") == nullptr || !is_one(other->input(0)) || !joins_classes(*pair)) {
      return Ending::kAsWritten;
    }
    output = p;
    return Ending::kPair;
  }

  [[nodiscard]] static bool joins_classes(Node& node) {
    const auto axis = std::ranges::find(node.attribute(), "axis", &::onnx::AttributeProto::name);
    return axis != node.attribute().end() && (axis->i() == 1 || axis->i() == -1);
  }

  [[nodiscard]] bool is_one(const std::string& value) const {
    const auto& tensors = graph_.initializer();
    const auto found = std::ranges::find(tensors, value, &::onnx::TensorProto::name);
    if (found == tensors.end()) return false;
    Budget budget;
    const Constant constant = to_constant(*found, budget);
    return constant.values == std::vector<float>{1.0F};
  }

  void drop_unused() {
    const std::unordered_set<std::string> used = sources(graph_.output(0).name());
    google::protobuf::RepeatedPtrField<::onnx::NodeProto> kept;
    for (::onnx::NodeProto& node : *graph_.mutable_node()) {
      const bool needed = node.output_size() == 0 ||
                          std::ranges::any_of(node.output(), [&](const std::string& output) {
                            return output.empty() || used.contains(output);
                          });
      if (needed) kept.Add(std::move(node));
    }
    graph_.mutable_node()->Swap(&kept);
    // Names of classes, which label outputs take.
    const auto is_text = [&](const ::onnx::TensorProto& tensor) {
      return tensor.data_type() == ::onnx::TensorProto::STRING && !used.contains(tensor.name());
    };
    auto& tensors = *graph_.mutable_initializer();
    tensors.erase(std::remove_if(tensors.begin(), tensors.end(), is_text), tensors.end());
  }

  ::onnx::GraphProto& graph_;
  std::unordered_map<std::string, int> maker_;
};

}  // namespace

Ending leave_scores(::onnx::ModelProto& model) { return Trimmer(model).trim(); }

}  // namespace gibbon::models::onnx
