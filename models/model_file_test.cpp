// SPDX-License-Identifier: MIT
#include "models/model_file.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <gmock/gmock.h>
#include <limits>
#include <zlib.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/sha256.hpp"
#include "base/temporary_folder.hpp"
#include "models/mlp.hpp"
#include "models/model_cases.hpp"
#include "models/onnx/handmade.hpp"

namespace gibbon::models {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(ModelFile, ReadsBackWhatItWroteBitForBit) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "model.onnx";
  for (const ModelCase& c : model_cases()) {
    for (const Output output : {Output::kIdentity, Output::kSigmoid, Output::kSoftmax}) {
      Network network = make_case(c);
      network.output = output;
      network.metadata = {{"gibbon.dataset", "mnist"}, {"unicode", "ε = 8/255"}, {"empty", ""}};
      write_model(path, network);
      const ModelFile file = read_model(path);
      onnx::expect_same(file.network, network);
      network.metadata["gibbon.output"] = to_string(output);
      EXPECT_EQ(file.network.metadata, network.metadata);
      EXPECT_EQ(file.sha256, sha256_hex(to_onnx(network)));
      EXPECT_EQ(to_onnx(file.network), to_onnx(network)) << "a second generation is the same file";

      const Mlp before(network);
      const Mlp after(file.network);
      Tensor x(3, 12);
      Rng rng(1, 0, "model-file-test");
      for (float& value : x.flat()) value = rng.uniform(0.0F, 1.0F);
      Tape tape = before.make_tape(3);
      Tape other_tape = after.make_tape(3);
      EXPECT_TRUE(std::ranges::equal(before.forward(x.view(), tape).flat(),
                                     after.forward(x.view(), other_tape).flat()))
          << c;
    }
  }
}

TEST(ModelFile, WritesNamesThatOtherToolsShow) {
  Network network = onnx::expected();
  network.normalisation = {.shift = onnx::Floats(4, 0.5F), .scale = onnx::Floats(4, 2.0F)};
  ::onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(to_onnx(network)));
  const auto& graph = model.graph();
  EXPECT_EQ(graph.input(0).name(), "input");
  EXPECT_EQ(graph.input(0).type().tensor_type().shape().dim(1).dim_value(), 4);
  EXPECT_EQ(graph.output(0).name(), "logits");
  EXPECT_EQ(graph.output(0).type().tensor_type().shape().dim(1).dim_value(), 2);
  onnx::Names ops;
  for (const auto& node : graph.node()) ops.push_back(node.op_type());
  EXPECT_THAT(ops, ElementsAre("Sub", "Div", "Gemm", "Relu", "Gemm"));
  EXPECT_EQ(model.opset_import(0).version(), 13);
  network.output = Output::kSigmoid;
  network.layers[0].activation = make_activation("gelu");
  ASSERT_TRUE(model.ParseFromString(to_onnx(network)));
  EXPECT_EQ(model.graph().output(0).name(), "output");
  EXPECT_EQ(model.graph().node(5).op_type(), "Sigmoid");
  EXPECT_EQ(model.opset_import(0).version(), 20) << "Gelu is younger than the rest";
}

TEST(ModelFile, ReadsGzipAndHashesTheUncompressedBytes) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "model.onnx.gz").string();
  const std::string bytes = onnx::usual().bytes();
  gzFile file = gzopen(path.c_str(), "wb");
  ASSERT_EQ(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())),
            static_cast<int>(bytes.size()));
  ASSERT_EQ(gzclose(file), Z_OK);
  const ModelFile read = read_model(path);
  onnx::expect_same(read.network, onnx::expected());
  EXPECT_EQ(read.sha256, sha256_hex(bytes));
}

TEST(ForeignModel, GemmInAllItsForms) {
  onnx::usual().expect_read();
  {
    onnx::Handmade m;  // W as it is multiplied, raw bytes, bias twice too large, half the weight
    m.input("x", {0, 4});
    onnx::Floats half = onnx::kW1T;
    onnx::Floats twice = onnx::kB1;
    for (float& w : half) w /= 2.0F;
    for (float& b : twice) b *= 2.0F;
    ::onnx::TensorProto& raw = m.tensor("W1", {4, 3}, {});
    raw.set_raw_data(half.data(), half.size() * sizeof(float));
    m.tensor("b1", {1, 3}, twice);
    m.tensor("W2", {2, 3}, onnx::kW2);
    m.tensor("b2", {2}, onnx::kB2);
    ::onnx::NodeProto& gemm = m.node("Gemm", {"x", "W1", "b1"}, "z");
    onnx::Handmade::attribute(gemm, "alpha").set_f(2.0F);
    onnx::Handmade::attribute(gemm, "beta").set_f(0.5F);
    m.node("Relu", {"z"}, "a");
    m.gemm({"a", "W2", "b2"}, "y");
    m.output("y");
    m.expect_read();
  }
  for (const onnx::Names& inputs : {onnx::Names{"a", "W2"}, onnx::Names{"a", "W2", ""}}) {
    onnx::Handmade m;  // no bias
    m.input("x", {0, 4});
    m.weights();
    m.gemm({"x", "W1", "b1"}, "z");
    m.node("Relu", {"z"}, "a");
    m.gemm(inputs, "y");
    m.output("y");
    Network want = onnx::expected();
    want.layers[1].bias = {0.0F, 0.0F};
    m.expect_read(want);
  }
  {
    onnx::Handmade m = onnx::usual();  // one bias for all neurons
    m.graph().mutable_initializer(3)->clear_float_data();
    m.graph().mutable_initializer(3)->add_float_data(3.0F);
    m.graph().mutable_initializer(3)->set_dims(0, 1);
    Network want = onnx::expected();
    want.layers[1].bias = {3.0F, 3.0F};
    m.expect_read(want);
  }
}

TEST(ForeignModel, MatMulAndAddInEitherOrder) {
  for (const bool constant_first : {false, true}) {
    onnx::Handmade m;
    m.input("x", {0, 4});
    m.weights();
    m.tensor("V1", {4, 3}, onnx::kW1T);
    m.node("MatMul", {"x", "V1"}, "w");
    m.node("Add", constant_first ? onnx::Names{"b1", "w"} : onnx::Names{"w", "b1"}, "z");
    m.node("Relu", {"z"}, "a");
    m.gemm({"a", "W2", "b2"}, "y");
    m.output("y");
    m.expect_read();
  }
  onnx::Handmade m;  // one sample as a column, the weight on the left
  m.input("x", {4});
  m.weights();
  m.node("MatMul", {"W1", "x"}, "w1");
  m.node("Add", {"w1", "b1"}, "z1");
  m.node("Relu", {"z1"}, "a");
  m.node("MatMul", {"W2", "a"}, "w2");
  m.node("Add", {"b2", "w2"}, "y");
  m.output("y");
  m.expect_read();
}

TEST(ForeignModel, ConstantsThatFollowALayerAreFoldedIntoIt) {
  onnx::Handmade m;
  m.input("x", {0, 4});
  m.weights();
  m.tensor("two", {}, {2});
  m.tensor("some", {3}, {4, 2, 8});
  m.gemm({"x", "W1", "b1"}, "z0");
  m.node("Mul", {"two", "z0"}, "z1");   // z = 2 z
  m.node("Div", {"z1", "some"}, "z2");  // z / (4, 2, 8)
  m.node("Sub", {"z2", "b1"}, "z");     // - b
  m.node("Relu", {"z"}, "a");
  m.gemm({"a", "W2", "b2"}, "y");
  m.output("y");
  Network want = onnx::expected();
  const std::array factors{0.5F, 1.0F, 0.25F};
  for (std::size_t o = 0; o < 3; ++o) {
    for (float& w : want.layers[0].weight.row(o)) w *= factors[o];
    want.layers[0].bias[o] = onnx::kB1[o] * factors[o] - onnx::kB1[o];
  }
  m.expect_read(want);
}

TEST(ForeignModel, WeightsInConstantNodesAndBehindIdentity) {
  onnx::Handmade m;
  m.input("x", {0, 4});
  m.tensor("b1", {3}, onnx::kB1);
  m.tensor("stored", {2, 3}, onnx::kW2);
  m.tensor("b2", {2}, onnx::kB2);
  onnx::Handmade::fill(
      *onnx::Handmade::attribute(m.node("Constant", {}, "W1"), "value").mutable_t(), {3, 4},
      onnx::kW1);
  m.gemm({"x", "W1", "b1"}, "z");
  m.node("Identity", {"stored"}, "W2");
  m.node("Relu", {"z"}, "a");
  m.gemm({"a", "W2", "b2"}, "y");
  m.output("y");
  m.expect_read();
}

TEST(ForeignModel, InitialisersListedAsInputsAndAFixedBatch) {
  onnx::Handmade m;
  m.input("W1", {3, 4});
  m.input("b1", {3});
  m.input("x", {32, 4});
  m.input("W2", {2, 3});
  m.layers("x");
  m.output("y");
  m.expect_read();
}

TEST(ForeignModel, NodesThatOnlyChangeTheShape) {
  const std::vector<std::function<void(onnx::Handmade&)>> ways{
      [](onnx::Handmade& m) { m.node("Flatten", {"x"}, "flat"); },
      [](onnx::Handmade& m) {
        m.integers("shape", {-1, 4});
        m.node("Reshape", {"x", "shape"}, "flat");
      },
      [](onnx::Handmade& m) {
        auto& value =
            *onnx::Handmade::attribute(m.node("Constant", {}, "shape"), "value").mutable_t();
        value.set_data_type(::onnx::TensorProto::INT64);
        value.add_dims(2);
        value.add_int64_data(-1);
        value.add_int64_data(4);
        m.node("Reshape", {"x", "shape"}, "flat");
      },
      [](onnx::Handmade& m) {
        m.tensor("ratio", {}, {0.5F});
        m.node("Dropout", {"x", "ratio"}, "kept");
        m.node("Identity", {"kept"}, "row");
        m.node("Flatten", {"row"}, "flat");
      },
      [](onnx::Handmade& m) {
        m.node("Flatten", {"x"}, "row");
        m.node("Squeeze", {"row"}, "flat");
      },
      [](onnx::Handmade& m) {
        onnx::Handmade::attribute(m.node("Cast", {"x"}, "same"), "to")
            .set_i(::onnx::TensorProto::FLOAT);
        m.node("Flatten", {"same"}, "flat");
      },
  };
  for (const auto& way : ways) {
    for (const std::vector<std::int64_t>& dims :
         {std::vector<std::int64_t>{1, 1, 2, 2}, {0, 1, 2, 2}, {0, 2, 2}, {0, 4}}) {
      onnx::Handmade m;
      m.input("x", dims);
      way(m);
      m.layers("flat");
      m.output("y");
      m.expect_read();
    }
  }
  onnx::Handmade m;  // a vector has nothing to transpose
  m.input("x", {0, 1, 4, 1});
  m.node("Transpose", {"x"}, "turned");
  m.node("Flatten", {"turned"}, "flat");
  m.layers("flat");
  m.output("y");
  m.expect_read();
}

TEST(ForeignModel, AFinalSoftmaxOrSigmoidIsTakenOff) {
  const auto ending = [](const std::string& op) {
    onnx::Handmade m;
    m.input("x", {0, 4});
    m.layers("x");
    m.node(op, {"y"}, "p");
    m.output("p");
    return m;
  };
  Network want = onnx::expected();
  ending("Softmax").expect_read(want);
  ending("LogSoftmax").expect_read(want);
  want.output = Output::kSigmoid;
  ending("Sigmoid").expect_read(want);
  // Without gibbon's note of the output, logits are taken for those of a softmax.
  want.output = Output::kSoftmax;
  onnx::usual().expect_read(want);
}

/// expected() behind the nodes `before` puts between "x" (N × 1 × 2 × 2, or `dims`) and "n".
onnx::Handmade normalised(const std::function<void(onnx::Handmade&)>& before,
                          const std::vector<std::int64_t>& dims = {0, 1, 2, 2}) {
  onnx::Handmade m;
  m.input("x", dims);
  before(m);
  m.node("Flatten", {"n"}, "flat");
  m.layers("flat");
  m.output("y");
  return m;
}

TEST(ForeignModel, ConstantsBeforeTheFirstLayerAreTheNormalisation) {
  Network want = onnx::expected();
  want.normalisation = {.shift = onnx::Floats(4, 0.5F), .scale = onnx::Floats(4, 0.25F)};
  normalised([](onnx::Handmade& m) {
    m.tensor("mean", {1, 1, 1, 1}, {0.5F});
    m.tensor("std", {1, 1, 1, 1}, {0.25F});
    m.node("Sub", {"x", "mean"}, "s");
    m.node("Div", {"s", "std"}, "n");
  }).expect_read(want);
  // 4 x - 2 = (x - 0.5) / 0.25
  for (const bool constant_first : {false, true}) {
    normalised([=](onnx::Handmade& m) {
      m.tensor("k", {}, {4.0F});
      m.tensor("c", {1}, {-2.0F});
      m.node("Mul", constant_first ? onnx::Names{"k", "x"} : onnx::Names{"x", "k"}, "s");
      m.node("Add", constant_first ? onnx::Names{"c", "s"} : onnx::Names{"s", "c"}, "n");
    }).expect_read(want);
  }
  // (x / 0.5 - 1) · 2 = (x - 0.5) / 0.25
  normalised([](onnx::Handmade& m) {
    m.tensor("half", {1, 1, 2, 2}, onnx::Floats(4, 0.5F));
    m.tensor("one", {1}, {1.0F});
    m.tensor("two", {1}, {2.0F});
    m.node("Div", {"x", "half"}, "s");
    m.node("Sub", {"s", "one"}, "t");
    m.node("Mul", {"t", "two"}, "n");
  }).expect_read(want);
  // one value per channel, channels first
  want.normalisation = {.shift = {0.5F, 0.5F, 0.25F, 0.25F}, .scale = {2, 2, 4, 4}};
  for (const std::vector<std::int64_t>& dims : {std::vector<std::int64_t>{1, 2, 1, 1}, {2, 1, 1}}) {
    normalised(
        [&](onnx::Handmade& m) {
          m.tensor("mean", dims, {0.5F, 0.25F});
          m.tensor("std", dims, {2, 4});
          m.node("Sub", {"x", "mean"}, "s");
          m.node("Div", {"s", "std"}, "n");
        },
        {0, 2, 1, 2})
        .expect_read(want);
  }
}

TEST(ForeignModel, KeepsItsMetadataAndItsActivationParameters) {
  onnx::Handmade m;
  m.input("x", {0, 4});
  m.weights();
  m.gemm({"x", "W1", "b1"}, "z");
  onnx::Handmade::attribute(m.node("LeakyRelu", {"z"}, "a"), "alpha").set_f(0.25F);
  m.gemm({"a", "W2", "b2"}, "y");
  m.output("y");
  Network want = onnx::expected();
  want.layers[0].activation = {&find_activation("leaky-relu"), 0.25};
  m.expect_read(want);
  m.graph().mutable_node(1)->clear_attribute();
  want.layers[0].activation.alpha = 0.01;  // ONNX's default
  m.expect_read(want);
}

TEST(RefusedModel, DamagedFiles) {
  const auto refuses = [](std::string_view bytes) {
    EXPECT_THAT(
        [=] { static_cast<void>(parse_model(bytes, "m.onnx")); },
        ThrowsMessage<Error>("m.onnx: not an ONNX model (" + std::to_string(bytes.size()) +
                             " bytes); allowed are .onnx files, plain or gzip'd; check the path, "
                             "or train one with 'gibbon train'"));
  };
  refuses("");
  refuses("this is no model");
  refuses(std::string_view("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16));
  // Any beginning that does not hold the whole graph. What follows it is optional in the format.
  const std::string bytes = to_onnx(onnx::expected());
  ::onnx::ModelProto whole;
  ASSERT_TRUE(whole.ParseFromString(bytes));
  ::onnx::ModelProto rest = whole;
  rest.clear_graph();
  rest.clear_ir_version();
  rest.clear_producer_name();
  for (std::size_t size = 0; size < bytes.size() - rest.ByteSizeLong(); ++size) {
    refuses(std::string_view(bytes).substr(0, size));
  }
  const TemporaryFolder folder;
  EXPECT_THAT([&] { static_cast<void>(read_model(folder.path() / "none.onnx")); },
              ThrowsMessage<Error>(HasSubstr("none.onnx: ")));
}

TEST(RefusedModel, Tensors) {
  onnx::Handmade m = onnx::usual();
  m.graph().mutable_initializer(0)->set_data_type(::onnx::TensorProto::COMPLEX64);
  m.expect_refused(
      "tensor 'W1': its data type is 14; allowed are float32 (1), double (11), float16 (10) and "
      "bfloat16 (16), and for shapes and quantised weights int8 (3), uint8 (2), int32 (6), int64 "
      "(7) and bool (9); export the model in float32");
  m = onnx::usual();
  m.graph().mutable_initializer(1)->set_data_location(::onnx::TensorProto::EXTERNAL);
  m.expect_refused("tensor 'b1': its data lie in another file; export the model as one file");
  m = onnx::usual();
  m.graph().mutable_initializer(0)->set_float_data(2, std::numeric_limits<float>::quiet_NaN());
  m.expect_refused(
      "tensor 'W1': value 2 is nan; weights must be finite; train the model again with a lower "
      "learning "
      "rate");
  m = onnx::usual();
  m.graph().mutable_initializer(3)->set_float_data(1, -std::numeric_limits<float>::infinity());
  m.expect_refused(
      "tensor 'b2': value 1 is -inf; weights must be finite; train the model again with a lower "
      "learning "
      "rate");
  m = onnx::usual();
  m.graph().mutable_initializer(0)->mutable_float_data()->RemoveLast();
  m.expect_refused("tensor 'W1': 11 values, but its shape asks for 12; the file is damaged");
  m = onnx::usual();
  m.graph().mutable_initializer(3)->clear_float_data();
  m.graph().mutable_initializer(3)->set_raw_data("\0\0\0\0\0\0\0\0\0", 9);
  m.expect_refused("tensor 'b2': 9 bytes are not a whole number of float32; the file is damaged");
}

TEST(RefusedModel, GraphsThatAreNoChain) {
  onnx::Handmade m = onnx::usual();
  m.input("other", {0, 4});
  m.expect_refused("two inputs, 'x' and 'other'; allowed is one");
  m = onnx::usual();
  m.graph().clear_input();
  m.expect_refused("it has no input; allowed is one");
  m = onnx::usual();
  m.graph().mutable_output(0)->set_name("nobody");
  m.expect_refused("the chain of nodes ends in 'y', which is not the one output of the graph");
  m = onnx::usual();  // 3 and 2 numbers
  m.node("Add", {"y", "z"}, "sum");
  m.graph().mutable_output(0)->set_name("sum");
  m.expect_refused("node 'sum' (Add): shape mismatch: 1x2 beside 1x3");
  m = onnx::usual();
  m.node("Softmax", {"y"}, "p");
  m.node("Relu", {"p"}, "q");
  m.graph().mutable_output(0)->set_name("q");
  m.expect_refused(
      "node 'q' (Relu): it comes after the final Softmax; export the model without it");
  m = onnx::Handmade();
  m.input("x", {0, 4});
  m.node("Flatten", {"x"}, "y");
  m.output("y");
  m.expect_refused("no Gemm or MatMul: the network has no layer");
  m = onnx::usual();
  m.graph().mutable_node(2)->clear_output();
  m.graph().mutable_node(2)->set_name("last");
  m.expect_refused("node 'last' (Gemm): it has no output");
}

TEST(RefusedModel, NodesThatAreNoLayer) {
  const auto behind_first_layer = [](const std::string& op, const onnx::Names& inputs = {"z"}) {
    onnx::Handmade m;
    m.input("x", {0, 4});
    m.weights();
    m.gemm({"x", "W1", "b1"}, "z");
    m.node(op, inputs, "a").set_name("n7");
    m.gemm({"a", "W2", "b2"}, "y");
    m.output("y");
    return m;
  };
  const auto last_attribute = [](onnx::Handmade& m,
                                 const std::string& name) -> ::onnx::AttributeProto& {
    return onnx::Handmade::attribute(*m.graph().mutable_node(1), name);
  };
  EXPECT_THAT(
      [&] {
        static_cast<void>(behind_first_layer("LSTM", {"z", "W2"}).read());
      },
      ThrowsMessage<Error>(testing::AllOf(
          HasSubstr("m.onnx: node 'n7' (LSTM): operator LSTM is not supported; allowed are "
                    "Abs, Add, ArgMax, AveragePool, "),
          HasSubstr(", Upsample, and the activations of 'gibbon list activations'"))));
  onnx::Handmade m;
  m = behind_first_layer("Gelu");
  m.expect_refused(
      "node 'n7' (Gelu): it came with opset 20, but the file imports 13; export it with a newer "
      "opset");
  m.opset(20);
  last_attribute(m, "approximate").set_s("tanh");
  m.expect_refused("node 'n7' (Gelu): approximate = tanh is not supported; allowed is none");
  m = behind_first_layer("Gelu");
  m.opset(20);
  last_attribute(m, "approximate").set_s("none");
  EXPECT_EQ(m.read().layers[0].activation.info->name, "gelu");

  normalised([](onnx::Handmade& n) {
    n.node("Softmax", {"x"}, "n");
  }).expect_refused("node 'n' (Softmax): it comes before the first layer");
  normalised([](onnx::Handmade& n) { n.node("Constant", {}, "n"); })
      .expect_refused(
          "node 'n' (Constant): it holds no number; allowed are value, value_float, "
          "value_floats, value_int and value_ints");
}

TEST(RefusedModel, ShapesAndNumbersThatDoNotFit) {
  onnx::Handmade m = onnx::usual();
  m.graph()
      .mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(1)
      ->set_dim_value(5);
  m.expect_refused(
      "node 'z' (Gemm): shape mismatch: its weight is 3 × 4 and takes 4 inputs, but 5 arrive");
  m = onnx::usual();
  m.graph().mutable_node(0)->clear_attribute();  // transB is 0 where it is not given
  m.expect_refused(
      "node 'z' (Gemm): shape mismatch: its weight is 3 × 4 and takes 3 inputs, but 4 arrive");
  m = onnx::usual();
  onnx::Handmade::attribute(*m.graph().mutable_node(0), "transA").set_i(1);
  m.expect_refused("node 'z' (Gemm): transA = 1 expects a column, but 1x4 arrives");
  m = onnx::usual();
  m.graph().mutable_node(0)->set_input(1, "elsewhere");
  m.expect_refused("node 'z' (Gemm): its second input is not a constant");
  m = onnx::usual();
  m.graph().mutable_node(0)->set_input(2, "elsewhere");
  m.expect_refused("node 'z' (Gemm): its third input is not a constant");
  m = onnx::usual();
  m.graph().mutable_node(0)->set_input(2, "b2");
  m.expect_refused(
      "node 'z' (Gemm): shape mismatch: a constant of shape 2 does not fit features of shape 1x3");
  m = onnx::usual();
  m.graph().mutable_initializer(0)->add_dims(1);
  m.expect_refused("node 'z' (Gemm): its weight has 3 dimensions; allowed are 2");

  const auto with = [](const std::string& op, const onnx::Names& inputs, const onnx::Floats& values,
                       const std::vector<std::int64_t>& dims) {
    return normalised(
        [&](onnx::Handmade& n) {
          n.tensor("c", dims, values);
          n.node(op, inputs, "n");
        },
        {0, 2, 1, 2});
  };
  with("Div", {"c", "x"}, {1}, {1})
      .expect_refused("node 'n' (Div): a constant divided by the chain is not supported");
  with("Div", {"x", "c"}, {1, 0, 1, 1}, {2, 1, 2})
      .expect_refused("node 'n' (Div): it divides by zero");
  EXPECT_TRUE(with("Mul", {"x", "c"}, {0}, {1}).read_file().graph) << "no normalisation has that";
  with("Sub", {"x", "c"}, {1, 2, 3}, {3})
      .expect_refused(
          "node 'n' (Sub): shape mismatch: a constant of shape 3 does not fit features of "
          "shape 1x2x1x2");
  with("Sub", {"x", "c"}, {1, 2, 3}, {3, 1, 1, 1})
      .expect_refused(
          "node 'n' (Sub): shape mismatch: a constant of shape 3x1x1x1 does not fit features of "
          "shape 1x2x1x2");
}

}  // namespace
}  // namespace gibbon::models
