// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <functional>
#include <gmock/gmock.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "models/graph.hpp"
#include "models/mlp.hpp"
#include "models/model_file.hpp"

// How libonnx-dev was compiled; its headers ask for it.
#ifndef ONNX_NAMESPACE
#define ONNX_NAMESPACE onnx
#define ONNX_ML 1
#endif
#include <onnx/onnx_pb.h>

// Model files as other producers might write them, for tests.
namespace gibbon::models::onnx {

using Floats = std::vector<float>;
using Names = std::vector<std::string>;

// Small integers and their halves: products and sums of them are exact.
inline const Floats kW1{1, -2, 3, -4, 5, 6, -7, 8, -9, 10, 11, -12};  // 3 × 4
inline const Floats kW1T{1, 5, -9, -2, 6, 10, 3, -7, 11, -4, 8, -12};
inline const Floats kB1{0.5F, -1.5F, 2.5F};
inline const Floats kW2{1, 2, -3, -4, 5, 6};  // 2 × 3
inline const Floats kB2{7, -8};

/// The network 4-3-2 that every hand-made file below describes.
inline Network expected() {
  Network network;
  network.layers.push_back(
      Dense{.weight = {3, 4}, .bias = kB1, .activation = make_activation("relu")});
  network.layers.push_back(
      Dense{.weight = {2, 3}, .bias = kB2, .activation = make_activation("identity")});
  std::ranges::copy(kW1, network.layers[0].weight.flat().begin());
  std::ranges::copy(kW2, network.layers[1].weight.flat().begin());
  return network;
}

inline void expect_same(const Network& got, const Network& want) {
  ASSERT_EQ(got.architecture(), want.architecture());
  EXPECT_EQ(got.normalisation.shift, want.normalisation.shift);
  EXPECT_EQ(got.normalisation.scale, want.normalisation.scale);
  EXPECT_EQ(to_string(got.output), to_string(want.output));
  for (std::size_t l = 0; l < want.layers.size(); ++l) {
    const Dense& a = got.layers[l];
    const Dense& b = want.layers[l];
    EXPECT_TRUE(std::ranges::equal(a.weight.flat(), b.weight.flat())) << "weights of layer " << l;
    EXPECT_EQ(a.bias, b.bias) << "layer " << l;
    EXPECT_EQ(a.activation.info->name, b.activation.info->name) << "layer " << l;
    EXPECT_EQ(static_cast<float>(a.activation.alpha), static_cast<float>(b.activation.alpha));
  }
}

/// An ONNX file as another producer might write it, put together node by node.
class Handmade {
 public:
  Handmade() {
    model_.set_ir_version(8);
    opset(13);
    graph().set_name("by hand");
  }

  ::onnx::ModelProto& model() { return model_; }
  [[nodiscard]] const ::onnx::ModelProto& proto() const { return model_; }
  ::onnx::GraphProto& graph() { return *model_.mutable_graph(); }
  void opset(std::int64_t version) {
    model_.clear_opset_import();
    model_.add_opset_import()->set_version(version);
  }

  static void fill(::onnx::TensorProto& tensor, const std::vector<std::int64_t>& dims,
                   const Floats& values) {
    tensor.set_data_type(::onnx::TensorProto::FLOAT);
    for (const std::int64_t dim : dims) tensor.add_dims(dim);
    for (const float value : values) tensor.add_float_data(value);
  }
  ::onnx::TensorProto& tensor(const std::string& name, const std::vector<std::int64_t>& dims,
                              const Floats& values) {
    ::onnx::TensorProto& out = *graph().add_initializer();
    out.set_name(name);
    fill(out, dims, values);
    return out;
  }
  void integers(const std::string& name, const std::vector<std::int64_t>& values) {
    ::onnx::TensorProto& out = *graph().add_initializer();
    out.set_name(name);
    out.set_data_type(::onnx::TensorProto::INT64);
    out.add_dims(static_cast<std::int64_t>(values.size()));
    for (const std::int64_t value : values) out.add_int64_data(value);
  }

  ::onnx::NodeProto& node(const std::string& op, const Names& inputs, const std::string& output) {
    ::onnx::NodeProto& out = *graph().add_node();
    out.set_op_type(op);
    for (const std::string& input : inputs) out.add_input(input);
    out.add_output(output);
    return out;
  }
  static ::onnx::AttributeProto& attribute(::onnx::NodeProto& node, const std::string& name) {
    ::onnx::AttributeProto& out = *node.add_attribute();
    out.set_name(name);
    return out;
  }
  void gemm(const Names& inputs, const std::string& output, std::int64_t trans_b = 1) {
    attribute(node("Gemm", inputs, output), "transB").set_i(trans_b);
  }

  /// 0 stands for a dimension without a number.
  void input(const std::string& name, const std::vector<std::int64_t>& dims) {
    ::onnx::ValueInfoProto& value = *graph().add_input();
    value.set_name(name);
    auto& type = *value.mutable_type()->mutable_tensor_type();
    type.set_elem_type(::onnx::TensorProto::FLOAT);
    auto& shape = *type.mutable_shape();
    for (const std::int64_t dim : dims) {
      if (dim == 0) {
        shape.add_dim()->set_dim_param("N");
      } else {
        shape.add_dim()->set_dim_value(dim);
      }
    }
  }
  void output(const std::string& name) { graph().add_output()->set_name(name); }

  /// W1, b1, W2, b2 as Gemm takes them.
  void weights() {
    tensor("W1", {3, 4}, kW1);
    tensor("b1", {3}, kB1);
    tensor("W2", {2, 3}, kW2);
    tensor("b2", {2}, kB2);
  }
  /// Both layers of expected(), from the value `from` to "y".
  void layers(const std::string& from) {
    weights();
    gemm({from, "W1", "b1"}, "z");
    node("Relu", {"z"}, "a");
    gemm({"a", "W2", "b2"}, "y");
  }

  /// Attributes get the type of what they hold, unless the test has given them one.
  [[nodiscard]] std::string bytes() const {
    ::onnx::ModelProto typed = model_;
    for (::onnx::NodeProto& each : *typed.mutable_graph()->mutable_node()) {
      for (::onnx::AttributeProto& a : *each.mutable_attribute()) {
        if (!a.has_type()) a.set_type(type_of(a));
      }
    }
    return typed.SerializeAsString();
  }
  [[nodiscard]] ModelFile read_file() const { return parse_model(bytes(), "m.onnx"); }
  [[nodiscard]] Network read() const { return read_file().network; }
  void expect_read(const Network& want = expected()) const { expect_same(read(), want); }
  void expect_refused(const std::string& message) const {
    EXPECT_THAT([&] { static_cast<void>(read()); },
                testing::ThrowsMessage<Error>("m.onnx: " + message));
  }

 private:
  static ::onnx::AttributeProto::AttributeType type_of(const ::onnx::AttributeProto& a) {
    if (a.has_f()) return ::onnx::AttributeProto::FLOAT;
    if (a.has_s()) return ::onnx::AttributeProto::STRING;
    if (a.has_t()) return ::onnx::AttributeProto::TENSOR;
    if (a.floats_size() > 0) return ::onnx::AttributeProto::FLOATS;
    if (a.ints_size() > 0) return ::onnx::AttributeProto::INTS;
    return ::onnx::AttributeProto::INT;
  }

  ::onnx::ModelProto model_;
};

/// expected() as an exporter of today writes it.
inline Handmade usual() {
  Handmade m;
  m.input("x", {0, 4});
  m.layers("x");
  m.output("y");
  return m;
}

/// The logits of one input, in double.
inline std::vector<double> logits(const Network& network, std::vector<double> x) {
  const MlpOf<double> model(network);
  TapeOf<double> tape = model.make_tape(1);
  const auto z = model.forward({x.data(), 1, x.size()}, tape).row(0);
  return {z.begin(), z.end()};
}

/// "x" of these dimensions, what `nodes` makes of it, and its last value as the output.
inline Handmade chain(const std::vector<std::int64_t>& dims,
                      const std::function<std::string(Handmade&)>& nodes) {
  Handmade m;
  m.input("x", dims);
  m.output(nodes(m));
  return m;
}

inline std::vector<double> run(const Handmade& m, const std::vector<double>& x) {
  return logits(m.read(), x);
}

/// Logits of one sample whose numbers stand in the file's order.
inline std::vector<double> answer(const Handmade& m, std::vector<double> x) {
  const ModelFile file = m.read_file();
  if (!file.graph) return logits(as_written(file), std::move(x));
  const GraphModelOf<double> model(*file.graph);
  TapeOf<double> tape = model.make_tape(1);
  const FeatureShape& s = file.graph->input;
  std::vector<double> moved(x.size());
  for (std::size_t k = 0; k < x.size(); ++k) {
    const std::size_t pixels = s.height * s.width;
    moved[k % pixels * s.channels + k / pixels] = x[k];  // channels last
  }
  const auto z = model.forward({moved.data(), 1, moved.size()}, tape).row(0);
  return {z.begin(), z.end()};
}

inline void set_ints(::onnx::NodeProto& node, const std::string& name,
                     const std::vector<std::int64_t>& values) {
  ::onnx::AttributeProto& attribute = Handmade::attribute(node, name);
  for (const std::int64_t value : values) attribute.add_ints(value);
}

}  // namespace gibbon::models::onnx
