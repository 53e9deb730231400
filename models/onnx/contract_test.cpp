// SPDX-License-Identifier: MIT
// What a model file must be before its numbers mean anything: versions, domains, types, names.
#include "models/onnx/handmade.hpp"

namespace gibbon::models::onnx {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(ModelContract, OneVersionOfTheStandard) {
  const auto with = [](const std::vector<std::pair<std::string, std::int64_t>>& imports) {
    Handmade m = usual();
    m.model().clear_opset_import();
    for (const auto& [domain, version] : imports) {
      auto& set = *m.model().add_opset_import();
      set.set_domain(domain);
      set.set_version(version);
    }
    return m;
  };
  for (const std::int64_t version : {7, 13, 17, 25}) with({{"", version}}).expect_read();
  with({{"ai.onnx", 13}, {"com.microsoft", 1}}).expect_read();  // named, but not used
  const std::string missing =
      "it imports no version of the standard operators (opset_import); what they mean depends on "
      "it; export it again";
  with({}).expect_refused(missing);
  with({{"com.microsoft", 1}}).expect_refused(missing);
  for (const std::int64_t version : {std::int64_t{-1}, std::int64_t{0}, std::int64_t{6},
                                     std::int64_t{26}, std::int64_t{1} << 40}) {
    with({{"", version}})
        .expect_refused(fmt::format(
            "it imports opset {}; allowed are 7 to 25; export it with opset 13, say", version));
  }
  with({{"", 13}, {"ai.onnx", 12}})
      .expect_refused("it imports two versions of the standard operators, 13 and 12");
}

TEST(ModelContract, PartsThatANetworkHasNot) {
  Handmade m = usual();
  m.model().add_functions()->set_name("Relu");
  m.expect_refused(
      "it has functions of its own; allowed are standard operators; export it without");
  m = usual();
  m.model().add_training_info();
  m.expect_refused("it is a model in training; export it for inference");
  m = usual();
  m.graph().add_sparse_initializer();
  m.expect_refused("it has sparse weights (sparse_initializer); export it with dense ones");
  m = usual();
  m.graph().mutable_node(1)->set_domain("ai.onnx");
  m.expect_read();
  m.graph().mutable_node(1)->set_domain("com.microsoft");
  m.expect_refused(
      "node 'a' (Relu): its domain is 'com.microsoft'; allowed are the operators of the standard "
      "itself, without a domain; export the model without others");
}

TEST(ModelContract, EveryNameStandsForOneValue) {
  Handmade m = usual();
  m.tensor("W1", {3, 4}, kW1);
  m.expect_refused("tensor 'W1' occurs twice; the file is damaged");
  m = usual();
  m.tensor("", {1}, {1});
  m.expect_refused("one of its tensors has no name");
  const auto renamed = [](int node, const std::string& name) {
    Handmade n = usual();
    n.graph().mutable_node(node)->set_output(0, name);
    return n;
  };
  renamed(1, "W2").expect_refused(
      "node 'W2' (Relu): its output 'W2' has the name of another value; the file is damaged");
  renamed(1, "x").expect_refused(
      "node 'x' (Relu): its output 'x' has the name of another value; the file is damaged");
  renamed(1, "z").expect_refused(
      "node 'z' (Relu): its output 'z' has the name of another value; the file is damaged");
  renamed(1, "").expect_refused("node '' (Relu): it has no output");
  m = usual();
  m.graph().mutable_input(0)->set_name("");
  m.expect_refused("its input has no name");
}

TEST(ModelContract, InputsOfRealNumbers) {
  const auto of_type = [](int type) {
    Handmade m = usual();
    m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(type);
    return m;
  };
  of_type(::onnx::TensorProto::FLOAT).expect_read();
  of_type(::onnx::TensorProto::DOUBLE).expect_read();
  // An image of bytes, which the file scales itself.
  Handmade bytes = chain({0, 4}, [](Handmade& m) {
    Handmade::attribute(m.node("Cast", {"x"}, "f"), "to").set_i(::onnx::TensorProto::FLOAT);
    m.tensor("c", {}, {255});
    m.node("Div", {"f", "c"}, "n");
    m.layers("n");
    return std::string("y");
  });
  EXPECT_EQ(bytes.read().normalisation.scale, Floats(4, 255.0F));
  // Declared as bytes, data from 0 to 1 are 0 to 255 of them.
  bytes.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
      ::onnx::TensorProto::UINT8);
  const std::vector<double> x{1.0, 0.0, 51 / 255.0, 0.4};
  const std::vector<double> want = logits(usual().read(), x);
  const ModelFile file = bytes.read_file();
  const std::vector<double> got = logits(file.network, x);
  for (std::size_t k = 0; k < want.size(); ++k) EXPECT_NEAR(got[k], want[k], 1e-5);
  std::vector<double> x255;
  for (const double v : x) x255.push_back(v * 255.0);
  const std::vector<double> written = logits(as_written(file), x255);
  for (std::size_t k = 0; k < want.size(); ++k) EXPECT_NEAR(written[k], want[k], 1e-5);
  Handmade graph = chain({0, 1, 2, 3}, [](Handmade& m) {  // pixels of three channels
    Handmade::attribute(m.node("Cast", {"x"}, "f"), "to").set_i(::onnx::TensorProto::FLOAT);
    set_ints(m.node("Transpose", {"f"}, "t"), "perm", {0, 3, 1, 2});
    m.node("GlobalAveragePool", {"t"}, "g");
    m.node("Flatten", {"g"}, "y");
    return std::string("y");
  });
  graph.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
      ::onnx::TensorProto::UINT8);
  EXPECT_EQ(graph.read_file().graph->input, (FeatureShape{1, 2, 3}));
  EXPECT_EQ(answer(graph, {1, 0, 0, 0.5, 0, 1}), (std::vector<double>{127.5, 63.75, 127.5}))
      << "the mean of every channel, given one channel after another";
  for (const int type : {0, 3, 6, 7, 9, 10, 16, 99, -1}) {
    EXPECT_THAT([&] { static_cast<void>(of_type(type).read()); },
                ThrowsMessage<Error>(
                    HasSubstr(fmt::format("input 'x': its elements are of type {} (", type))));
  }
  Handmade m = usual();
  m.graph().mutable_input(0)->mutable_type()->mutable_sequence_type();
  m.expect_refused(
      "input 'x': its elements are of type 0 (UNDEFINED); allowed are float32 (1), double (11) and "
      "bytes (2), which stand for 255 times the data; export the model from the first operator on "
      "that takes float32, and do to the data what those before it did");
}

/// usual() with a change to its first node, a Gemm, or its second, a Relu.
Handmade changed(int node, const std::function<void(::onnx::NodeProto&)>& change) {
  Handmade m = usual();
  change(*m.graph().mutable_node(node));
  return m;
}

TEST(ModelContract, AttributesAreKnownAndOfTheirType) {
  changed(1, [](::onnx::NodeProto& n) { set_ints(n, "consumed_inputs", {0}); })
      .expect_refused(
          "node 'a' (Relu): attribute 'consumed_inputs' is not supported; it has none in opset 13; "
          "export the model without it");
  changed(0, [](::onnx::NodeProto& n) { Handmade::attribute(n, "broadcast").set_i(1); })
      .expect_refused(
          "node 'z' (Gemm): attribute 'broadcast' is not supported; known are alpha, beta, transA, "
          "transB in opset 13; export the model without it");
  changed(0, [](::onnx::NodeProto& n) {
    Handmade::attribute(n, "transB").set_i(0);
  }).expect_refused("node 'z' (Gemm): attribute 'transB' occurs twice");
  const std::string wrong = "allowed is INT (2), and no other value beside it";
  changed(0, [](::onnx::NodeProto& n) {
    n.clear_attribute();
    Handmade::attribute(n, "transB").set_f(1.0F);
  }).expect_refused("node 'z' (Gemm): attribute 'transB' is of type 1; " + wrong);
  changed(0, [](::onnx::NodeProto& n) {
    n.mutable_attribute(0)->set_type(::onnx::AttributeProto::UNDEFINED);
  }).expect_refused("node 'z' (Gemm): attribute 'transB' is of type 0; " + wrong);
  changed(0,
          [](::onnx::NodeProto& n) {  // says INT, holds a float
            n.mutable_attribute(0)->set_type(::onnx::AttributeProto::INT);
            n.mutable_attribute(0)->clear_i();
            n.mutable_attribute(0)->set_f(1.0F);
          })
      .expect_refused("node 'z' (Gemm): attribute 'transB' is of type 2; " + wrong);
  changed(0, [](::onnx::NodeProto& n) {
    n.mutable_attribute(0)->set_ref_attr_name("transB");
  }).expect_refused("node 'z' (Gemm): attribute 'transB' is of type 2; " + wrong);
  for (const float value :
       {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
    changed(0, [=](::onnx::NodeProto& n) { Handmade::attribute(n, "alpha").set_f(value); })
        .expect_refused(
            fmt::format("node 'z' (Gemm): attribute 'alpha' is {}; it must be finite", value));
  }
}

TEST(ModelContract, InputsAndOutputsOfOperators) {
  changed(1, [](::onnx::NodeProto& n) {
    n.add_input("b1");
  }).expect_refused("node 'a' (Relu): it has 2 inputs; allowed are 1 to 1 in opset 13");
  changed(1, [](::onnx::NodeProto& n) { n.add_output("mask"); })
      .expect_refused(
          "node 'a' (Relu): it has an output 2, 'mask', which does not exist in inference; export "
          "the model "
          "for inference");
  changed(1, [](::onnx::NodeProto& n) { n.add_output(""); }).expect_read();
  // The bias of a Gemm became optional with opset 11.
  Handmade m = usual();
  m.graph().mutable_node(2)->mutable_input()->RemoveLast();
  m.opset(10);
  m.expect_refused("node 'y' (Gemm): it has 2 inputs; allowed are 3 to 3 in opset 10");
  // The first input is what an operator works on.
  m = usual();
  m.tensor("ratio", {}, {0.5F});
  m.graph().mutable_node(2)->set_input(0, "d");
  ::onnx::NodeProto& dropout = *m.graph().add_node();
  dropout.set_op_type("Dropout");
  for (const char* name : {"x", "a"}) dropout.add_input(name);
  for (const char* name : {"d", "mask"}) dropout.add_output(name);
  m.graph().mutable_node()->SwapElements(2, 3);
  m.expect_refused("node 'y' (Gemm): its weight takes 3 inputs, but 4 arrive");
  m.graph().mutable_node(2)->set_input(0, "a");
  m.graph().mutable_node(2)->set_input(1, "ratio");
  m.expect_read();
  m.graph().mutable_node(3)->set_input(2, "mask");
  m.expect_refused("node 'y' (Gemm): its third input is not a constant");
}

TEST(ModelContract, TrainingModeIsAConstantTruth) {
  const auto trained = [](const std::function<void(::onnx::TensorProto&)>& fill) {
    return chain({0, 4}, [&](Handmade& m) {
      ::onnx::TensorProto& training = *m.graph().add_initializer();
      training.set_name("training");
      fill(training);
      m.node("Dropout", {"x", "", "training"}, "n");
      m.layers("n");
      return std::string("y");
    });
  };
  const std::string training =
      "node 'n' (Dropout): training_mode = 1; export the model for "
      "inference";
  const std::string no_truth =
      "node 'n' (Dropout): training_mode is not a constant of type bool; "
      "export the model for inference";
  const auto truth = [&](std::int32_t value) {
    return trained([=](::onnx::TensorProto& t) {
      t.set_data_type(::onnx::TensorProto::BOOL);
      t.add_int32_data(value);
    });
  };
  truth(0).expect_read();
  truth(1).expect_refused(training);
  truth(256).expect_refused(training);
  trained([](::onnx::TensorProto& t) {
    t.set_data_type(::onnx::TensorProto::BOOL);
    t.set_raw_data("\2", 1);
  }).expect_refused(training);
  trained([](::onnx::TensorProto& t) { Handmade::fill(t, {}, {1}); }).expect_refused(no_truth);
  trained([](::onnx::TensorProto& t) {
    t.set_data_type(::onnx::TensorProto::INT64);
    t.add_int64_data(0);
  }).expect_refused(no_truth);
}

TEST(ModelContract, AxesThatAreNamedTwoWays) {
  const auto squeezed = [](const std::vector<std::int64_t>& axes) {
    return chain({0, 4}, [&](Handmade& m) {
      m.integers("axes", axes);
      m.node("Squeeze", {"x", "axes"}, "n");
      m.layers("n");
      return std::string("y");
    });
  };
  squeezed({}).expect_refused("node 'n' (Squeeze): it names no axes");
  squeezed({1}).expect_refused("node 'n' (Squeeze): shape mismatch: axis 1 has size 4, not 1");
  chain({0, 4}, [](Handmade& m) {
    m.tensor("axes", {1}, {0});
    m.node("Unsqueeze", {"x", "axes"}, "n");
    m.layers("n");
    return std::string("y");
  }).expect_refused("node 'n' (Unsqueeze): its input 'axes' is not a list of integers");
}

TEST(ModelContract, CastsOfConstants) {
  const auto cast = [](std::int64_t to, const Floats& from = {}) {
    return chain({0, 4}, [&](Handmade& m) {
      if (from.empty()) {
        m.integers("c0", {2, 4, 8, 16777217});
      } else {
        m.tensor("c0", {4}, from);
      }
      Handmade::attribute(m.node("Cast", {"c0"}, "c"), "to").set_i(to);
      m.node("Div", {"x", "c"}, "n");
      m.layers("n");
      return std::string("y");
    });
  };
  const ModelFile read = cast(::onnx::TensorProto::FLOAT).read_file();
  EXPECT_EQ(read.network.normalisation.scale, (Floats{2, 4, 8, 16777216}));
  EXPECT_THAT(read.rounded, testing::ElementsAre("node 'n' (Div)"));
  cast(::onnx::TensorProto::INT64)
      .expect_refused("node 'n' (Div): its other input is not a constant");
  const std::string allowed =
      "; allowed are float32 (1) and double (11), and int64 (7) for whole numbers";
  cast(::onnx::TensorProto::UINT8).expect_refused("node 'c' (Cast): to = 2" + allowed);
  cast(::onnx::TensorProto::INT64, {2.5F, 1, 1, 1})
      .expect_refused("node 'c' (Cast): to = 7" + allowed);
  cast(::onnx::TensorProto::FLOAT16, {2.5F, 1, 1, 1})
      .expect_refused("node 'c' (Cast): to = 10" + allowed);
}

TEST(ModelContract, NumbersThatNoFloatHolds) {
  const auto scaled = [](const std::string& op, float constant, bool first) {
    return chain({0, 4}, [=](Handmade& m) {
      m.weights();
      m.tensor("c", {}, {constant});
      if (first) {
        m.node(op, {"x", "c"}, "n");
        m.node(op, {"n", "c"}, "n2");
        m.gemm({"n2", "W1", "b1"}, "y");
      } else {
        m.gemm({"x", "W1", "b1"}, "z");
        m.node(op, {"z", "c"}, "y");
      }
      return std::string("y");
    });
  };
  const std::string layer =
      "with its constants folded in, layer 1 has weights outside the range of float32";
  const std::string before =
      "the constants before its first layer give numbers outside the range of float32";
  scaled("Mul", 3e38F, false).expect_refused(layer);
  scaled("Div", 1e-40F, false).expect_refused(layer);
  scaled("Mul", 3e38F, true).expect_refused(before);
  scaled("Mul", 1e-38F, true).expect_refused(before);
  scaled("Div", 1e-38F, true).expect_refused(before);
}

TEST(ModelContract, GemmWantsTwoDimensions) {
  chain({0, 2, 2}, [](Handmade& m) {
    m.layers("x");
    return std::string("y");
  }).expect_refused("node 'z' (Gemm): it expects a row, but 1x2x2 arrives");
  Handmade m = usual();
  for (int k = 0; k < 2; ++k) m.graph().mutable_initializer(1)->add_dims(1);
  m.expect_refused("node 'z' (Gemm): its third input has 3 dimensions; allowed are 2");
}

}  // namespace
}  // namespace gibbon::models::onnx
