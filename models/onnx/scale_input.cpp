// SPDX-License-Identifier: MIT
#include "models/onnx/scale_input.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <span>

#include "base/error.hpp"
#include "models/onnx/budget.hpp"
#include "models/onnx/input_shape.hpp"
#include "models/onnx/proto.hpp"
#include "models/onnx/text.hpp"

namespace gibbon::models::onnx {
namespace {

constexpr const char* kMean = "gibbon.input.mean";
constexpr const char* kDeviation = "gibbon.input.std";
constexpr const char* kRange = "gibbon.input.range";

void set_metadata(::onnx::ModelProto& model, const std::string& key, const std::string& value) {
  auto& all = *model.mutable_metadata_props();
  auto place = std::ranges::find(all, key, [](const auto& entry) { return entry.key(); });
  ::onnx::StringStringEntryProto& entry = place == all.end() ? *all.Add() : *place;
  entry.set_key(key);
  entry.set_value(value);
}

/// The index of the one input that is not a constant.
int find_input(const ::onnx::GraphProto& graph) {
  std::set<std::string> constants;  // up to IR 3 they are inputs, too
  for (const ::onnx::TensorProto& tensor : graph.initializer()) constants.insert(tensor.name());
  int found = -1;
  for (int k = 0; k < graph.input_size(); ++k) {
    if (constants.contains(graph.input(k).name())) continue;
    if (found >= 0) {
      misfit("two inputs, '{}' and '{}'; allowed is one", shown(graph.input(found).name()),
             shown(graph.input(k).name()));
    }
    found = k;
  }
  if (found < 0) misfit("it has no input; allowed is one");
  return found;
}

void require_unscaled(const ::onnx::ModelProto& model, const ::onnx::ValueInfoProto& input,
                      const std::string& file) {
  if (takes_bytes(input)) {
    fail_usage(
        "{}: its input takes bytes, which it scales itself; leave out --mean, --std and "
        "--input-range",
        file);
  }
  for (const auto& entry : model.metadata_props()) {
    if (entry.key() != kRange) continue;
    fail_usage(
        "{}: it has its normalisation inside (see {} in its metadata); leave out --mean, --std and "
        "--input-range",
        file, kMean);
  }
}

/// What one number per channel looks like as a tensor beside the input.
class Channels {
 public:
  Channels(const Dims& input, std::string file) : input_(to_text(input)), file_(std::move(file)) {
    const Dims features(input.begin() + (input.size() > 1 ? 1 : 0), input.end());
    dims_.assign(input.size(), 1);
    if (input.size() == 4) {
      const auto usual = [](std::size_t n) { return n == 1 || n == 3 || n == 4; };
      const std::size_t axis = !usual(input[1]) && usual(input[3]) ? 3 : 1;
      dims_[axis] = count_ = input[axis];
      what_ = "channels";
    } else {
      count_ = element_count(features);
      std::ranges::copy(features, dims_.end() - static_cast<std::ptrdiff_t>(features.size()));
      what_ = "inputs";
    }
  }

  /// Of numbers for the option called `name`.
  [[nodiscard]] Dims dims(const std::vector<double>& numbers, std::string_view name) const {
    if (numbers.size() == 1) return {1};
    if (numbers.size() != count_) {
      fail_usage("{}: {} has {} numbers, but the input {} has {} {}; give one for all, or {}",
                 file_, name, numbers.size(), input_, count_, what_, count_);
    }
    return dims_;
  }

 private:
  std::string input_;
  std::string file_;
  Dims dims_;
  std::size_t count_ = 0;
  std::string_view what_;
};

/// Writes nodes behind the input, one after the other.
class Steps {
 public:
  Steps(::onnx::ModelProto& model, int input)
      : model_(model), input_(*model.mutable_graph()->mutable_input(input)) {
    const ::onnx::GraphProto& graph = model.graph();
    for (const auto& tensor : graph.initializer()) names_.insert(tensor.name());
    for (const auto& value : graph.input()) names_.insert(value.name());
    for (const auto& node : graph.node()) {
      names_.insert(node.name());
      names_.insert(node.output().begin(), node.output().end());
    }
    current_ = input_.name();
  }

  /// Whoever read the input reads the last step instead.
  void finish() {
    auto& nodes = *model_.mutable_graph()->mutable_node();
    const int before = nodes.size() - added_;
    for (int k = 0; k < before; ++k) {
      std::ranges::replace(*nodes.Mutable(k)->mutable_input(), input_.name(), current_);
    }
    std::rotate(nodes.pointer_begin(), nodes.pointer_begin() + before, nodes.pointer_end());
  }

  void add(const std::string& op, const Dims& dims, std::span<const double> numbers) {
    const std::string constant = unused("gibbon.input." + op);
    add_tensor(constant, dims, numbers);
    ::onnx::NodeProto& node = *model_.mutable_graph()->add_node();
    ++added_;
    node.set_op_type(op);
    node.set_name(unused("gibbon.scale." + op));
    node.add_input(current_);
    node.add_input(constant);
    current_ = unused("gibbon.scaled." + op);
    node.add_output(current_);
  }

 private:
  std::string unused(std::string name) {
    while (!names_.insert(name).second) name += '_';
    return name;
  }

  void add_tensor(const std::string& name, const Dims& dims, std::span<const double> numbers) {
    ::onnx::GraphProto& graph = *model_.mutable_graph();
    ::onnx::TensorProto& tensor = *graph.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(input_.type().tensor_type().elem_type());
    for (const std::size_t dim : dims) tensor.add_dims(static_cast<std::int64_t>(dim));
    for (const double number : numbers) {
      if (tensor.data_type() == ::onnx::TensorProto::DOUBLE) {
        tensor.add_double_data(number);
      } else {
        tensor.add_float_data(static_cast<float>(number));
      }
    }
    constexpr int kConstantsAreInputs = 3;  // the last such version of the format
    if (model_.ir_version() > kConstantsAreInputs) return;
    ::onnx::ValueInfoProto& listed = *graph.add_input();
    listed.set_name(name);
    auto& type = *listed.mutable_type()->mutable_tensor_type();
    type.set_elem_type(tensor.data_type());
    type.mutable_shape();
    for (const std::int64_t dim : tensor.dims())
      type.mutable_shape()->add_dim()->set_dim_value(dim);
  }

  ::onnx::ModelProto& model_;
  const ::onnx::ValueInfoProto& input_;
  std::set<std::string> names_;
  std::string current_;  // the last value
  int added_ = 0;
};

}  // namespace

void scale_input(::onnx::ModelProto& model, const InputScaling& scaling, const std::string& file) {
  const int input = find_input(model.graph());
  require_unscaled(model, model.graph().input(input), file);
  const Channels channels(shape_of_input(model.graph(), model.graph().input(input)), file);
  Steps steps(model, input);
  const double width = scaling.high - scaling.low;
  if (width != 1.0) steps.add("Mul", {1}, std::span(&width, 1));
  // low + x · width - mean: one number less where the other is 0.
  std::vector<double> away = scaling.mean.empty() ? std::vector<double>{0.0} : scaling.mean;
  const Dims away_dims = channels.dims(away, "--mean");
  for (double& value : away) value -= scaling.low;
  if (std::ranges::count(away, 0.0) != std::ssize(away)) steps.add("Sub", away_dims, away);
  if (!scaling.deviation.empty()) {
    steps.add("Div", channels.dims(scaling.deviation, "--std"), scaling.deviation);
  }
  steps.finish();
  const auto list = [](const std::vector<double>& numbers, const char* none) {
    return numbers.empty() ? std::string(none) : fmt::format("{}", fmt::join(numbers, ","));
  };
  set_metadata(model, kMean, list(scaling.mean, "0"));
  set_metadata(model, kDeviation, list(scaling.deviation, "1"));
  set_metadata(model, kRange, fmt::format("{},{}", scaling.low, scaling.high));
}

std::string with_scaled_input(std::string_view bytes, const std::string& name,
                              const InputScaling& scaling,
                              const std::map<std::string, std::string>& metadata) {
  Budget budget;
  ::onnx::ModelProto model = parse_proto(bytes, name, budget);
  try {
    scale_input(model, scaling, name);
  } catch (const Misfit& error) {
    fail_input("{}: {}", name, error.what());
  }
  for (const auto& [key, value] : metadata) set_metadata(model, key, value);
  return model.SerializeAsString();
}

}  // namespace gibbon::models::onnx
