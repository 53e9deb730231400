// SPDX-License-Identifier: MIT
// Files that exporters write and that are neither chains of layers nor plain convolutions: several
// outputs, labels, shapes without numbers, weights in other formats, activations spelt out. The
// answers were worked out by hand.
#include <cmath>

#include "models/onnx/handmade.hpp"

namespace gibbon::models::onnx {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pointwise;
using testing::ThrowsMessage;

using Doubles = std::vector<double>;

::onnx::NodeProto& of_domain(::onnx::NodeProto& node, const std::string& domain) {
  node.set_domain(domain);
  return node;
}

/// What one node makes of the input "x".
Doubles through(const std::vector<std::int64_t>& dims, const Doubles& x,
                const std::function<void(Handmade&)>& to_y) {
  return answer(chain(dims,
                      [&](Handmade& m) {
                        to_y(m);
                        return std::string("y");
                      }),
                x);
}

/// scikit-learn's MLPClassifier as skl2onnx writes it: a label and the probabilities.
Handmade scikit(const std::function<void(Handmade&)>& probabilities, bool zipped) {
  Handmade m;
  m.input("x", {0, 4});
  m.weights();
  m.tensor("V1", {4, 3}, kW1T);
  ::onnx::TensorProto& classes = *m.graph().add_initializer();
  classes.set_name("classes");
  classes.set_data_type(::onnx::TensorProto::STRING);
  classes.add_dims(2);
  classes.add_string_data("cat");
  classes.add_string_data("dog");
  m.node("MatMul", {"x", "V1"}, "h");
  m.node("Add", {"h", "b1"}, "z");
  m.node("Relu", {"z"}, "a");
  m.gemm({"a", "W2", "b2"}, "scores");
  probabilities(m);  // "p"
  Handmade::attribute(m.node("ArgMax", {"p"}, "best"), "axis").set_i(1);
  of_domain(m.node("ArrayFeatureExtractor", {"classes", "best"}, "name"), "ai.onnx.ml");
  m.integers("flat", {-1});
  m.node("Reshape", {"name", "flat"}, "label");
  m.output("label");
  if (zipped) of_domain(m.node("ZipMap", {"p"}, "zipped"), "ai.onnx.ml");
  m.output(zipped ? "zipped" : "p");
  m.model().add_opset_import()->set_domain("ai.onnx.ml");
  return m;
}

TEST(Reading, LabelAndProbabilitiesOfScikitLearn) {
  for (const bool zipped : {false, true}) {
    const Handmade m = scikit([](Handmade& g) { g.node("Softmax", {"scores"}, "p"); }, zipped);
    m.expect_read([] {
      Network want = expected();
      want.output = Output::kSoftmax;
      return want;
    }());
    EXPECT_EQ(m.read_file().final_op, "Softmax");
  }
}

/// Two classes from one logit: 1 - p and p.
void pair(Handmade& m) {
  m.tensor("V", {2, 1}, {2, -3});
  m.tensor("one", {1}, {1});
  m.node("MatMul", {"scores", "V"}, "logit");
  m.node("Sigmoid", {"logit"}, "q");
  m.node("Sub", {"one", "q"}, "not q");
  Handmade::attribute(m.node("Concat", {"not q", "q"}, "p"), "axis").set_i(1);
}

TEST(Reading, TwoClassesOfScikitLearn) {
  const Handmade m = scikit(pair, true);
  const ModelFile file = m.read_file();
  // z = (-2.5, 4.5, -4.5 + 2.5 + ...) by hand below; what counts: (0, logit) and softmax.
  const Doubles two = logits(file.network, {1, 0, 0, 1});
  const Doubles scores = logits(expected(), {1, 0, 0, 1});
  EXPECT_THAT(two, ElementsAre(0.0, 2 * scores[0] - 3 * scores[1]));
  EXPECT_EQ(to_string(file.network.output), "softmax");
  EXPECT_EQ(file.final_op, "Softmax");
  EXPECT_FALSE(file.one_logit) << "the file itself has two outputs";
  // Another constant than 1 is no pair of probabilities.
  Handmade other = m;
  for (auto& tensor : *other.graph().mutable_initializer()) {
    if (tensor.name() == "one") tensor.set_float_data(0, 2.0F);
  }
  EXPECT_TRUE(other.read_file().graph) << "a graph like any other";
}

TEST(Reading, OneLogitBecomesTwoClasses) {
  const auto one = [](bool graph) {
    return chain({0, 4}, [=](Handmade& m) {
      m.tensor("V", {4, 1}, {1, 10, 100, 1000});
      m.tensor("b", {1}, {0.5F});
      m.node("MatMul", {"x", "V"}, "h");
      if (graph) m.node("Neg", {"h"}, "n");
      m.node("Add", {graph ? "n" : "h", "b"}, "z");
      m.node("Sigmoid", {"z"}, "p");
      m.integers("flat", {-1});
      m.node("Reshape", {"p", "flat"}, "y");  // probabilities in a list
      return std::string("y");
    });
  };
  const ModelFile file = one(false).read_file();
  EXPECT_THAT(logits(file.network, {1, 2, 3, 4}), ElementsAre(0.0, 4321.5));
  EXPECT_EQ(to_string(file.network.output), "softmax");
  EXPECT_EQ(file.final_op, "Sigmoid");
  EXPECT_TRUE(file.one_logit);
  EXPECT_THAT(logits(as_written(file), {1, 2, 3, 4}), ElementsAre(4321.5));
  EXPECT_EQ(to_string(as_written(file).output), "sigmoid");
  EXPECT_THAT(answer(one(true), {1, 2, 3, 4}), ElementsAre(0.0, -4320.5));
  EXPECT_TRUE(one(true).read_file().one_logit);
}

TEST(Reading, TheOutputWithScoresIsChosen) {
  const auto with = [](const std::function<void(Handmade&)>& more) {
    Handmade m = usual();
    more(m);
    return m;
  };
  // Hidden features beside the scores, before or behind them.
  with([](Handmade& m) { m.output("a"); }).expect_read();
  Handmade first = with([](Handmade& m) { m.output("y"); });
  first.graph().mutable_output(0)->set_name("a");
  first.expect_read();
  // Logits and probabilities: these say what the logits mean.
  const Handmade both = with([](Handmade& m) {
    m.node("Softmax", {"y"}, "p");
    m.output("p");
  });
  EXPECT_EQ(both.read_file().final_op, "Softmax");
  // A label of whole numbers, worked out in any way.
  with([](Handmade& m) {
    Handmade::attribute(m.node("Cast", {"y"}, "label"), "to").set_i(::onnx::TensorProto::INT64);
    m.output("label");
  }).expect_read();
  with([](Handmade& m) {
    of_domain(m.node("Scorer", {"y"}, "odd"), "some.where");
    m.output("odd");
    m.graph().mutable_output(1)->mutable_type()->mutable_tensor_type()->set_elem_type(
        ::onnx::TensorProto::STRING);
  }).expect_read();
  // Two heads on one body.
  with([](Handmade& m) {
    m.gemm({"a", "W2", "b2"}, "other");
    m.output("other");
  })
      .expect_refused(
          "its outputs 'y' and 'other' both hold scores; allowed is one; export the model with the "
          "scores of the classes alone");
  with([](Handmade& m) {
    for (int k = 0; k < 100; ++k) m.output("y");
  }).expect_refused("it has 101 outputs; allowed are at most 64");
}

TEST(Reading, WhatStandsBehindTheScoresIsTakenOff) {
  const auto behind = [](const std::function<void(Handmade&)>& nodes, bool graph) {
    Handmade m;
    m.input("x", {0, 4});
    m.layers("x");
    if (graph) m.graph().mutable_node(1)->set_op_type("HardSwish");
    if (graph) m.opset(14);
    nodes(m);
    m.output("end");
    return m;
  };
  for (const bool graph : {false, true}) {
    const Doubles plain =
        answer(behind([](Handmade& m) { m.node("Identity", {"y"}, "end"); }, graph), {1, 0, 2, 1});
    const auto same = [&](const std::string& final_op,
                          const std::function<void(Handmade&)>& nodes) {
      const Handmade m = behind(nodes, graph);
      EXPECT_EQ(answer(m, {1, 0, 2, 1}), plain);
      EXPECT_EQ(m.read_file().final_op, final_op);
    };
    same("Softmax", [](Handmade& m) {
      m.node("Softmax", {"y"}, "p");
      m.node("Identity", {"p"}, "i");
      m.integers("to", {1, 2, 1});
      m.node("Reshape", {"i", "to"}, "r");
      Handmade::attribute(m.node("Cast", {"r"}, "end"), "to").set_i(::onnx::TensorProto::DOUBLE);
    });
    same("ArgMax", [](Handmade& m) {
      Handmade::attribute(m.node("ArgMax", {"y"}, "label"), "axis").set_i(1);
      Handmade::attribute(m.node("Cast", {"label"}, "end"), "to").set_i(::onnx::TensorProto::INT32);
    });
    same("LogSoftmax", [](Handmade& m) {
      m.node("LogSoftmax", {"y"}, "p");
      Handmade::attribute(m.node("ArgMax", {"p"}, "end"), "axis").set_i(-1);
    });
    const auto refused = [&](const std::string& why, const std::function<void(Handmade&)>& nodes) {
      EXPECT_THAT([&] { static_cast<void>(behind(nodes, graph).read_file()); },
                  ThrowsMessage<Error>(HasSubstr(why)));
    };
    refused("node 'end' (Mul): it comes after the final Softmax; export the model without it",
            [](Handmade& m) {
              m.node("Softmax", {"y"}, "p");
              m.node("Mul", {"p", "p"}, "end");
            });
    refused("node 'end' (ArgMax): axis = 0 of 1x2 in opset",
            [](Handmade& m) { m.node("ArgMax", {"y"}, "end"); });
  }
}

TEST(Reading, OpenDimensionsComeFromTheFirstWeight) {
  const auto open = [](const std::vector<std::int64_t>& dims, const std::string& first) {
    return chain(dims, [&](Handmade& m) {
      m.tensor("mean", {4}, {1, 2, 3, 4});
      std::string from = "x";
      if (first == "Flatten") from = (m.node("Flatten", {"x"}, "f"), "f");
      if (first == "Sub") from = (m.node("Sub", {"x", "mean"}, "f"), "f");
      m.layers(from);
      return std::string("y");
    });
  };
  open({0, 0}, "").expect_read();
  open({0}, "").expect_read();
  open({0, 1, 0, 0}, "Flatten").expect_read();
  open({0, 2, 0}, "Flatten").expect_read();
  EXPECT_EQ(open({0, 0}, "Sub").read().normalisation.shift, (Floats{1, 2, 3, 4}));
  open({0, 3, 0}, "Flatten")
      .expect_refused(
          "input 'x': it declares multiples of 3 features, but its first weight takes 4");
  // A weight that is worked out.
  chain({0, 0}, [](Handmade& m) {
    m.weights();
    m.tensor("V1", {4, 3}, kW1T);
    m.node("Transpose", {"V1"}, "U1");
    m.gemm({"x", "U1", "b1"}, "z");
    m.node("Relu", {"z"}, "a");
    m.gemm({"a", "W2", "b2"}, "y");
    return std::string("y");
  }).expect_read();
  // Channels from the convolution, but rows and columns from nowhere.
  const auto conv = [](const std::vector<std::int64_t>& dims) {
    return chain(dims, [](Handmade& m) {
      m.tensor("W", {2, 3, 1, 1}, {1, 10, 100, 2, 20, 200});
      m.node("Conv", {"x", "W"}, "c");
      m.node("GlobalAveragePool", {"c"}, "g");
      m.node("Flatten", {"g"}, "y");
      return std::string("y");
    });
  };
  EXPECT_EQ(answer(conv({0, 0, 1, 1}), {1, 2, 3}), (Doubles{321, 642}));
  EXPECT_THAT(
      [&] {
        static_cast<void>(conv({0, 0, 0, 0}).read_file());
      },
      ThrowsMessage<Error>("m.onnx: input 'x': a dimension has no number; export the model "
                           "with a fixed size"));
}

TEST(Reading, InputsWithoutAnAxisOfSamples) {
  // A picture of 2 × 2, which is no batch of two.
  chain({2, 2}, [](Handmade& m) {
    m.integers("row", {1, 4});
    m.node("Reshape", {"x", "row"}, "f");
    m.layers("f");
    return std::string("y");
  }).expect_read();
  // Three channels of 1 × 2, as PyTorch makes a batch of it.
  const Handmade m = chain({3, 1, 2}, [](Handmade& g) {
    g.integers("front", {0});
    g.node("Unsqueeze", {"x", "front"}, "b");
    g.tensor("W", {1, 3, 1, 2}, {1, 10, 100, 1000, 1e4F, 1e5F});
    g.node("Conv", {"b", "W"}, "c");
    g.node("Flatten", {"c"}, "y");
    return std::string("y");
  });
  EXPECT_EQ(m.read_file().graph->input, (FeatureShape{1, 2, 3}));
  EXPECT_EQ(answer(m, {1, 2, 3, 4, 5, 6}), Doubles{654321});
  // Five samples are no sample.
  EXPECT_THAT(
      [] {
        static_cast<void>(chain({5, 4}, [](Handmade& g) {
                            g.node("Neg", {"x"}, "n");
                            g.layers("n");
                            return std::string("y");
                          }).read_file());
      },
      ThrowsMessage<Error>("m.onnx: node 'z' (Gemm): it expects samples × features, but 5x4 "
                           "arrives; export with torch.flatten(x, 1)"));
}

// Data sets have the channels last; a file that flattens channels first numbers them otherwise.
TEST(Reading, PerceptronsOnPicturesWithTheChannelsFirst) {
  const Handmade m = chain({0, 3, 1, 2}, [](Handmade& g) {
    g.tensor("mean", {3, 1, 1}, {1, 2, 3});
    g.node("Sub", {"x", "mean"}, "s");
    g.node("Flatten", {"s"}, "f");
    g.tensor("W", {6, 1}, {1, 10, 100, 1000, 1e4F, 1e5F});
    g.node("MatMul", {"f", "W"}, "y");
    return std::string("y");
  });
  const ModelFile file = m.read_file();
  EXPECT_THAT(file.file_order, ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_EQ(file.network.normalisation.shift, (Floats{1, 2, 3, 1, 2, 3})) << "channels last";
  // Pixels (1, 3, 5) and (2, 4, 6) less (1, 2, 3)
  EXPECT_THAT(logits(file.network, {1, 3, 5, 2, 4, 6}),
              ElementsAre(0 + 10 + 100 + 2000 + 2e4 + 3e5));
  EXPECT_THAT(logits(as_written(file), {1, 2, 3, 4, 5, 6}), ElementsAre(322110));
  EXPECT_EQ(usual().read_file().file_order, std::vector<std::size_t>());
}

TEST(Reading, ShapesOfPerceptronsAreWorkedOut) {  // x.view(x.size(0), -1)
  const Handmade m = chain({0, 1, 2, 2}, [](Handmade& g) {
    g.node("Shape", {"x"}, "s");
    g.integers("zero", {0});
    g.node("Gather", {"s", "zero"}, "n");
    g.integers("rest", {-1});
    Handmade::attribute(g.node("Concat", {"n", "rest"}, "to"), "axis").set_i(0);
    g.node("Reshape", {"x", "to"}, "f");
    g.layers("f");
    return std::string("y");
  });
  m.expect_read();
}

TEST(Reading, WeightsInOtherFormats) {
  const auto with_weight = [](const std::function<void(Handmade&)>& weight) {
    Handmade m;
    m.input("x", {0, 4});
    m.weights();
    weight(m);  // "V", as W1
    m.gemm({"x", "V", "b1"}, "z");
    m.node("Relu", {"z"}, "a");
    m.gemm({"a", "W2", "b2"}, "y");
    m.output("y");
    return m;
  };
  const auto sixteen = [](Handmade& m, int type, const std::function<std::uint16_t(float)>& bits) {
    ::onnx::TensorProto& tensor = *m.graph().add_initializer();
    tensor.set_name("V16");
    tensor.set_data_type(type);
    for (const int dim : {3, 4}) tensor.add_dims(dim);
    for (const float w : kW1) tensor.add_int32_data(bits(w));
    Handmade::attribute(m.node("Cast", {"V16"}, "V"), "to").set_i(::onnx::TensorProto::FLOAT);
  };
  // Small whole numbers: sign, exponent + 15, and the fraction's upper bits.
  const auto half = [](float w) {
    const int exponent = std::ilogb(w);
    const double fraction = std::abs(double{w}) / std::exp2(exponent) - 1.0;
    return static_cast<std::uint16_t>((w < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) |
                                      static_cast<int>(fraction * 1024));
  };
  with_weight([&](Handmade& m) { sixteen(m, ::onnx::TensorProto::FLOAT16, half); }).expect_read();
  with_weight([&](Handmade& m) {
    sixteen(m, ::onnx::TensorProto::BFLOAT16, [](float w) {
      return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(w) >> 16U);
    });
  }).expect_read();
  const auto bytes = [](Handmade& m, const std::string& name, int type, std::int32_t more) {
    ::onnx::TensorProto& tensor = *m.graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (const int dim : {3, 4}) tensor.add_dims(dim);
    for (const float w : kW1) tensor.add_int32_data(static_cast<std::int32_t>(w) * 2 + more);
  };
  const auto zero_point = [](Handmade& m, int type, const std::vector<std::int32_t>& values) {
    ::onnx::TensorProto& tensor = *m.graph().add_initializer();
    tensor.set_name("origin");
    tensor.set_data_type(type);
    if (values.size() > 1) tensor.add_dims(static_cast<std::int64_t>(values.size()));
    for (const std::int32_t v : values) tensor.add_int32_data(v);
  };
  with_weight([&](Handmade& m) {
    bytes(m, "Q", ::onnx::TensorProto::UINT8, 100);
    zero_point(m, ::onnx::TensorProto::UINT8, {100});
    m.tensor("half", {}, {0.5F});
    m.node("DequantizeLinear", {"Q", "half", "origin"}, "V");
  }).expect_read();
  with_weight([&](Handmade& m) {  // a scale and zero point of every row
    bytes(m, "Q", ::onnx::TensorProto::INT8, -3);
    zero_point(m, ::onnx::TensorProto::INT8, {-3, -3, -3});
    m.tensor("halves", {3}, {0.5F, 0.5F, 0.5F});
    Handmade::attribute(m.node("DequantizeLinear", {"Q", "halves", "origin"}, "V"), "axis")
        .set_i(0);
  })
      .expect_read();
  with_weight([&](Handmade& m) {  // there and back
    zero_point(m, ::onnx::TensorProto::INT8, {5});
    m.tensor("half", {}, {0.5F});
    m.node("QuantizeLinear", {"W1", "half", "origin"}, "Q");
    m.node("DequantizeLinear", {"Q", "half", "origin"}, "V");
  })
      .expect_read();
  // Weight norm, g · v / |v| per row: |(3, 4)| = 5.
  const Handmade norm = chain({0, 2}, [](Handmade& m) {
    m.tensor("v", {1, 2}, {3, 4});
    m.tensor("g", {1, 1}, {10});
    ::onnx::NodeProto& size = m.node("ReduceL2", {"v"}, "size");
    set_ints(size, "axes", {1});
    m.node("Div", {"v", "size"}, "u");
    m.node("Mul", {"u", "g"}, "w");
    m.node("Transpose", {"w"}, "V");
    m.node("MatMul", {"x", "V"}, "y");
    return std::string("y");
  });
  EXPECT_THAT(run(norm, {1, 1}), Pointwise(DoubleNear(1e-6), Doubles{14.0}));
  // What would round to sixteen bits in between is another network.
  EXPECT_THAT(
      [&] {
        static_cast<void>(chain({0, 4}, [](Handmade& m) {
                            Handmade::attribute(m.node("Cast", {"x"}, "h"), "to")
                                .set_i(::onnx::TensorProto::FLOAT16);
                            m.layers("h");
                            return std::string("y");
                          }).read_file());
      },
      ThrowsMessage<Error>("m.onnx: node 'h' (Cast): to = 10; allowed are float32 (1) and double "
                           "(11)"));
}

TEST(Reading, ActivationsOfPeoplesNetworks) {
  const Doubles x{-8, -1, 0.5, 7};
  const auto through_op = [&](const std::string& op, const std::function<void(Handmade&)>& more) {
    return through({0, 4}, x, [&](Handmade& m) {
      m.opset(14);
      m.node(op, {"x"}, "y");
      more(m);
    });
  };
  const auto nothing = [](Handmade&) {};
  const auto expect = [](const Doubles& got, const Doubles& want) {
    EXPECT_THAT(got, Pointwise(DoubleNear(1e-7), want));
  };
  expect(through_op("Neg", nothing), {8, 1, -0.5, -7});
  expect(through_op("Elu", nothing), {std::expm1(-8), std::expm1(-1), 0.5, 7});
  expect(through_op("Erf", nothing), {std::erf(-8), std::erf(-1), std::erf(0.5), std::erf(7)});
  expect(through_op("HardSigmoid", nothing), {0, 0.3, 0.6, 1});
  expect(through_op("HardSwish", nothing), {0, -1 / 3.0, 0.5 * 3.5 / 6, 7});
  expect(through_op("Clip", nothing), x);
  const auto add = [](const std::string& name, float value) {
    return [=](Handmade& m) {
      m.tensor(name, {}, {value});
      m.graph().mutable_node(0)->add_input(name);
    };
  };
  expect(through_op("Clip",
                    [&](Handmade& m) {
                      add("low", 0)(m);
                      add("high", 6)(m);
                    }),
         {0, 0, 0.5, 6});
  expect(through_op("Clip",
                    [&](Handmade& m) {
                      m.graph().mutable_node(0)->add_input("");
                      add("high", 0.25F)(m);
                    }),
         {-8, -1, 0.25, 0.25});
  expect(through_op("Max", add("c", -2)), {-2, -1, 0.5, 7});
  expect(through_op("Min", add("c", 1)), {-8, -1, 0.5, 1});
  expect(through_op("PRelu", add("a", 0.5F)), {-4, -0.5, 0.5, 7});
  expect(through({0, 2, 1, 2}, x,
                 [](Handmade& m) {
                   m.tensor("a", {2, 1, 1}, {0.5F, 0.25F});
                   m.node("PRelu", {"x", "a"}, "r");
                   m.node("Neg", {"r"}, "n");
                   m.node("PRelu", {"n", "a"}, "p");
                   m.node("Flatten", {"p"}, "y");
                 }),
         {4, 0.5, -0.125, -1.75});
  const auto gated = [&](const std::function<std::string(Handmade&)>& gate) {
    return through({0, 4}, x, [&](Handmade& m) { m.node("Mul", {"x", gate(m)}, "y"); });
  };
  Doubles silu;
  Doubles gelu;
  Doubles tanh_gelu;
  for (const double v : x) {
    silu.push_back(v / (1 + std::exp(-v)));
    gelu.push_back(v * std::erfc(-v / std::sqrt(2)) / 2);
    tanh_gelu.push_back(v / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v))));
  }
  expect(gated([](Handmade& m) {
           m.node("Sigmoid", {"x"}, "s");
           return std::string("s");
         }),
         silu);
  expect(gated([](Handmade& m) {  // as PyTorch spells GELU out
           m.tensor("root", {}, {std::sqrt(2.0F)});
           m.tensor("one", {}, {1});
           m.tensor("half", {}, {0.5F});
           m.node("Div", {"x", "root"}, "d");
           m.node("Erf", {"d"}, "e");
           m.node("Add", {"e", "one"}, "f");
           m.node("Mul", {"f", "half"}, "g");
           return std::string("g");
         }),
         gelu);
  expect(gated([](Handmade& m) {
           m.tensor("three", {}, {3});
           m.tensor("c", {}, {0.044715F});
           m.tensor("root", {}, {std::sqrt(static_cast<float>(2 / M_PI))});
           m.tensor("one", {}, {1});
           m.tensor("half", {}, {0.5F});
           m.node("Pow", {"x", "three"}, "cube");
           m.node("Mul", {"cube", "c"}, "d");
           m.node("Add", {"x", "d"}, "e");
           m.node("Mul", {"e", "root"}, "f");
           m.node("Tanh", {"f"}, "t");
           m.node("Add", {"t", "one"}, "g");
           m.node("Mul", {"g", "half"}, "h");
           return std::string("h");
         }),
         tanh_gelu);
  // Two in a row.
  expect(through({0, 4}, x,
                 [](Handmade& m) {
                   m.node("Relu", {"x"}, "r");
                   m.node("Tanh", {"r"}, "y");
                 }),
         {0, 0, std::tanh(0.5), std::tanh(7)});
}

// PyTorch before opset 20 has no GELU, and before 24 no SiLU: a perceptron stays one.
TEST(Reading, ActivationsThatAreSpeltOut) {
  const auto spelt = [](const std::function<void(Handmade&)>& from_z_to_a) {
    Handmade m;
    m.input("x", {0, 4});
    m.weights();
    m.tensor("half", {}, {0.5F});
    m.tensor("one", {1}, {1});
    m.tensor("root", {}, {std::sqrt(2.0F)});
    m.tensor("1/root", {}, {1 / std::sqrt(2.0F)});
    m.gemm({"x", "W1", "b1"}, "z");
    from_z_to_a(m);
    m.gemm({"a", "W2", "b2"}, "y");
    m.output("y");
    return m;
  };
  const auto expect = [](const Handmade& m, std::string_view activation) {
    Network want = expected();
    want.layers[0].activation = make_activation(activation);
    m.expect_read(want);
  };
  expect(spelt([](Handmade& m) {
           m.node("Sigmoid", {"z"}, "s");
           m.node("Mul", {"z", "s"}, "a");
         }),
         "silu");
  expect(spelt([](Handmade& m) {
           m.node("Sigmoid", {"z"}, "s");
           m.node("Mul", {"s", "z"}, "a");
         }),
         "silu");
  const auto erf = [](Handmade& m, bool divides) {
    m.node(divides ? "Div" : "Mul", {"z", divides ? "root" : "1/root"}, "d");
    m.node("Erf", {"d"}, "e");
    m.node("Add", {divides ? "e" : "one", divides ? "one" : "e"}, "f");
  };
  expect(spelt([&](Handmade& m) {
           erf(m, true);
           m.node("Mul", {"z", "f"}, "g");
           m.node("Mul", {"g", "half"}, "a");
         }),
         "gelu");
  expect(spelt([&](Handmade& m) {
           erf(m, false);
           m.node("Mul", {"half", "z"}, "g");
           m.node("Mul", {"g", "f"}, "a");
         }),
         "gelu");
  expect(spelt([&](Handmade& m) {
           erf(m, true);
           m.node("Mul", {"f", "half"}, "g");
           m.node("Mul", {"z", "g"}, "a");
         }),
         "gelu");
  // What only looks like it is a graph, with its own numbers.
  const auto other = [&](const std::function<void(Handmade&)>& nodes) {
    const Handmade m = spelt(nodes);
    EXPECT_TRUE(m.read_file().graph);
  };
  other([](Handmade& m) {
    m.node("Sigmoid", {"z"}, "s");
    m.node("Mul", {"s", "s"}, "a");
  });
  other([&](Handmade& m) {
    erf(m, true);
    m.node("Mul", {"z", "f"}, "g");
    m.node("Mul", {"g", "one"}, "a");  // no half
  });
  other([](Handmade& m) {
    m.node("Sigmoid", {"z"}, "s");
    m.node("Mul", {"z", "s"}, "b");
    m.node("Add", {"b", "s"}, "a");  // the gate is used again
  });
  const Doubles x{1, 0, 0, 1};
  const Handmade read_as_graph = spelt([](Handmade& m) {
    m.node("Sigmoid", {"z"}, "s");
    m.node("Mul", {"z", "s"}, "b");
    m.node("Identity", {"b"}, "c");
    m.node("Add", {"c", "s"}, "t");
    m.node("Sub", {"t", "s"}, "a");
  });
  const Doubles chain_says = answer(spelt([](Handmade& m) {
                                      m.node("Sigmoid", {"z"}, "s");
                                      m.node("Mul", {"z", "s"}, "a");
                                    }),
                                    x);
  EXPECT_THAT(answer(read_as_graph, x), Pointwise(DoubleNear(1e-9), chain_says));
}

TEST(Reading, BranchesOfEveryKind) {
  const Doubles x{1, 2, 3, 4};
  const auto residual = through({0, 4}, x, [](Handmade& m) {
    m.tensor("V", {4, 4}, {0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0});
    m.node("MatMul", {"x", "V"}, "h");
    m.node("Relu", {"h"}, "r");
    m.node("Add", {"r", "x"}, "y");
  });
  EXPECT_EQ(residual, (Doubles{3, 3, 7, 7}));
  EXPECT_EQ(through({0, 4}, x,
                    [](Handmade& m) {
                      m.node("Neg", {"x"}, "n");
                      m.node("Sub", {"x", "n"}, "s");
                      m.node("Sum", {"s", "x", "x"}, "y");
                    }),
            (Doubles{4, 8, 12, 16}));
  // Squeeze and excitation: a gate for every channel, here the channel's own mean.
  EXPECT_EQ(through({0, 2, 1, 2}, x,
                    [](Handmade& m) {
                      m.node("GlobalAveragePool", {"x"}, "g");
                      m.node("Mul", {"x", "g"}, "p");
                      m.node("Flatten", {"p"}, "y");
                    }),
            (Doubles{1.5, 3, 10.5, 14}));
  // Join along rows and columns, and of vectors.
  for (const std::int64_t axis : {2, 3}) {
    const Doubles want =
        axis == 2 ? Doubles{1, 2, 1, 2, 3, 4, 3, 4} : Doubles{1, 2, 1, 2, 3, 4, 3, 4};
    EXPECT_EQ(through({0, 2, 1, 2}, x,
                      [&](Handmade& m) {
                        Handmade::attribute(m.node("Concat", {"x", "x"}, "c"), "axis").set_i(axis);
                        m.node("Flatten", {"c"}, "y");
                      }),
              want);
  }
  EXPECT_EQ(through({0, 2, 2, 1}, x,
                    [](Handmade& m) {
                      m.node("Neg", {"x"}, "n");
                      Handmade::attribute(m.node("Concat", {"x", "n"}, "c"), "axis").set_i(3);
                      m.node("Flatten", {"c"}, "y");
                    }),
            (Doubles{1, -1, 2, -2, 3, -3, 4, -4}));
}

TEST(Reading, NumbersThatMove) {
  const Doubles x{1, 2, 3, 4, 5, 6, 7, 8};  // 2 channels of 2 × 2
  const auto moved = [&](const std::function<void(Handmade&)>& to_p) {
    return through({0, 2, 2, 2}, x, [&](Handmade& m) {
      to_p(m);
      m.node("Flatten", {"p"}, "y");
    });
  };
  const auto slice =
      [&](const std::vector<std::int64_t>& starts, const std::vector<std::int64_t>& ends,
          const std::vector<std::int64_t>& axes, const std::vector<std::int64_t>& steps) {
        return moved([&](Handmade& m) {
          m.integers("starts", starts);
          m.integers("ends", ends);
          m.integers("axes", axes);
          m.integers("steps", steps);
          m.node("Slice", {"x", "starts", "ends", "axes", "steps"}, "p");
        });
      };
  EXPECT_EQ(slice({1}, {2}, {1}, {1}), (Doubles{5, 6, 7, 8}));
  EXPECT_EQ(slice({-1}, {std::int64_t{1} << 40}, {-2}, {1}), (Doubles{3, 4, 7, 8}));
  EXPECT_EQ(slice({-1, 0}, {-1000, 1}, {3, 2}, {-1, 1}), (Doubles{2, 1, 6, 5}));
  EXPECT_THAT([&] { slice({2}, {2}, {1}, {1}); },
              ThrowsMessage<Error>(HasSubstr("nothing is left")));
  EXPECT_THAT([&] { slice({0}, {0}, {0}, {1}); },
              ThrowsMessage<Error>(HasSubstr("it moves the axis of the samples")));
  EXPECT_EQ(moved([](Handmade& m) {
              Handmade::attribute(m.node("Split", {"x"}, "a"), "axis").set_i(1);
              m.graph().mutable_node(0)->add_output("b");
              m.node("Sub", {"b", "a"}, "p");
            }),
            (Doubles{4, 4, 4, 4}));
  EXPECT_EQ(moved([](Handmade& m) {  // a picture's columns, the other way round
              m.integers("k", {1, 0});
              Handmade::attribute(m.node("Gather", {"x", "k"}, "p"), "axis").set_i(3);
            }),
            (Doubles{2, 1, 4, 3, 6, 5, 8, 7}));
  const auto padded = [&](const std::string& mode, const std::vector<std::int64_t>& pads) {
    return moved([&](Handmade& m) {
      m.integers("pads", pads);
      m.tensor("nine", {}, {9});
      ::onnx::NodeProto& node = m.node("Pad", {"x", "pads"}, "p");
      if (mode == "constant") node.add_input("nine");
      Handmade::attribute(node, "mode").set_s(mode);
    });
  };
  EXPECT_EQ(padded("constant", {0, 0, 0, 1, 0, 0, 0, 0}),
            (Doubles{9, 1, 2, 9, 3, 4, 9, 5, 6, 9, 7, 8}));
  EXPECT_EQ(padded("constant", {0, 1, -1, 0, 0, 0, 0, 0}), (Doubles{9, 9, 3, 4, 7, 8}));
  EXPECT_EQ(padded("edge", {0, 0, 0, 1, 0, -1, 0, 0}), (Doubles{1, 1, 2, 3, 3, 4}));
  EXPECT_EQ(padded("reflect", {0, 0, 0, 0, 0, -1, 0, 1}), (Doubles{1, 2, 1, 3, 4, 3}));
  EXPECT_THAT(
      [&] {
        padded("wrap", {0, 0, 0, 1, 0, 0, 0, 0});
      },
      ThrowsMessage<Error>(HasSubstr("mode = wrap is not supported; allowed are constant, "
                                     "reflect and edge")));
  const auto resized = [&](const Floats& scales, const std::string& transformation,
                           const std::string& nearest) {
    return moved([&](Handmade& m) {
      m.tensor("scales", {4}, scales);
      m.integers("channel", {0});
      Handmade::attribute(m.node("Gather", {"x", "channel"}, "one"), "axis").set_i(1);
      ::onnx::NodeProto& node = m.node("Resize", {"one", "", "scales"}, "p");
      Handmade::attribute(node, "coordinate_transformation_mode").set_s(transformation);
      Handmade::attribute(node, "nearest_mode").set_s(nearest);
    });
  };
  const Doubles twice{1, 1, 2, 2, 3, 3, 4, 4};
  EXPECT_EQ(resized({1, 1, 1, 2}, "half_pixel", "round_prefer_floor"), twice);
  EXPECT_EQ(resized({1, 1, 1, 2}, "asymmetric", "floor"), twice);
  EXPECT_EQ(resized({1, 1, 3, 1}, "half_pixel", "round_prefer_ceil"),
            (Doubles{1, 2, 1, 2, 1, 2, 3, 4, 3, 4, 3, 4}));
  EXPECT_THAT(
      [&] {
        resized({1, 1, 1, 2}, "asymmetric", "ceil");
      },
      ThrowsMessage<Error>(HasSubstr("nearest_mode = ceil is not supported")));
  EXPECT_THAT(
      [&] {
        resized({1, 1, 1, 1.5F}, "half_pixel", "floor");
      },
      ThrowsMessage<Error>(HasSubstr("nearest_mode = floor is not supported")));
  EXPECT_THAT(
      [&] {
        resized({1, 1, 1, 1.5F}, "half_pixel", "round_prefer_floor");
      },
      ThrowsMessage<Error>(HasSubstr("it resizes axis 3 by 1.5; allowed are whole factors")));
  EXPECT_EQ(moved([](Handmade& m) {
              m.opset(9);
              m.tensor("scales", {4}, {1, 1, 2, 1});
              m.integers("starts", {0});
              m.node("Upsample", {"x", "scales"}, "p");
            }),
            (Doubles{1, 2, 1, 2, 3, 4, 3, 4, 5, 6, 5, 6, 7, 8, 7, 8}));
}

TEST(Reading, PartsThatNothingTakesAreNoLayers) {
  const Handmade m = chain({0, 4}, [](Handmade& g) {
    ::onnx::NodeProto& split = g.node("Split", {"x"}, "a");
    split.add_output("b");
    Handmade::attribute(split, "axis").set_i(1);
    g.node("Neg", {"a"}, "y");
    return std::string("y");
  });
  EXPECT_EQ(answer(m, {1, 2, 3, 4}), (Doubles{-1, -2}));
  EXPECT_EQ(m.read_file().graph->nodes.size(), 2U) << "one half, and its negative";
}

TEST(Reading, ConstantsOfAShape) {
  EXPECT_EQ(
      through(
          {0, 4}, {1, 2, 3, 4},
          [](Handmade& m) {
            m.node("Shape", {"x"}, "s");
            Handmade::fill(
                *Handmade::attribute(m.node("ConstantOfShape", {"s"}, "c"), "value").mutable_t(),
                {1}, {10});
            m.node("Neg", {"x"}, "n");
            m.node("Add", {"n", "c"}, "y");
          }),
      (Doubles{9, 8, 7, 6}));
}

TEST(Reading, ScalesOfZeroInBatchNormalization) {
  const Handmade m = chain({0, 2}, [](Handmade& g) {
    g.tensor("scale", {2}, {0, 2});
    g.tensor("B", {2}, {7, 1});
    g.tensor("mean", {2}, {3, 1});
    g.tensor("var", {2}, {4, 4});
    Handmade::attribute(g.node("BatchNormalization", {"x", "scale", "B", "mean", "var"}, "n"),
                        "epsilon")
        .set_f(0.0F);
    g.tensor("V", {2, 2}, {1, 0, 0, 1});
    g.node("MatMul", {"n", "V"}, "y");
    return std::string("y");
  });
  EXPECT_EQ(answer(m, {100, 3}), (Doubles{7, 3}));
  const Handmade behind = chain({0, 2}, [](Handmade& g) {  // stays a perceptron
    g.tensor("scale", {2}, {0, 2});
    g.tensor("B", {2}, {7, 1});
    g.tensor("mean", {2}, {3, 1});
    g.tensor("var", {2}, {4, 4});
    g.tensor("V", {2, 2}, {1, 0, 0, 1});
    g.node("MatMul", {"x", "V"}, "z");
    Handmade::attribute(g.node("BatchNormalization", {"z", "scale", "B", "mean", "var"}, "y"),
                        "epsilon")
        .set_f(0.0F);
    return std::string("y");
  });
  EXPECT_EQ(run(behind, {100, 3}), (Doubles{7, 3}));
}

}  // namespace
}  // namespace gibbon::models::onnx
