// SPDX-License-Identifier: MIT
// Operators and quirks of files that other programs export. What is expected was worked out by
// hand: the network 4-3-2 of handmade.hpp has small whole numbers, so that sums of products are
// exact.
#include <functional>

#include "base/environment.hpp"
#include "models/onnx/handmade.hpp"

namespace gibbon::models::onnx {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

/// y = the four features in the order they arrive, times 1, 10, 100, 1000 and summed.
std::string ordered_sum(Handmade& m, const std::string& from) {
  m.tensor("powers", {4, 1}, {1, 10, 100, 1000});
  m.node("Flatten", {from}, "flat");
  m.node("MatMul", {"flat", "powers"}, "y");
  return "y";
}

TEST(Import, TransposedInputsKeepTheirNumbers) {
  const std::vector<double> x{1, 2, 3, 4};
  EXPECT_THAT(run(chain({0, 2, 2}, [](Handmade& m) { return ordered_sum(m, "x"); }), x),
              ElementsAre(4321));
  EXPECT_THAT(run(chain({0, 2, 2},
                        [](Handmade& m) {
                          set_ints(m.node("Transpose", {"x"}, "t"), "perm", {0, 2, 1});
                          return ordered_sum(m, "t");
                        }),
                  x),
              ElementsAre(4231));
  // All axes are reversed where there is no perm; a mean per row comes off before or after.
  for (const bool first : {true, false}) {
    EXPECT_THAT(run(chain({1, 2, 2},
                          [=](Handmade& m) {
                            m.tensor("mean", {2, 1}, {1, 3});
                            m.integers("row", {1, 4});
                            if (first) m.node("Sub", {"x", "mean"}, "s");
                            m.node("Transpose", {first ? "s" : "x"}, "t");  // [column][row][1]
                            if (!first) m.node("Sub", {"t", "mean"}, "n");
                            m.node("Reshape", {first ? "t" : "n", "row"}, "r");
                            return ordered_sum(m, "r");
                          }),
                    x),
                ElementsAre(1100));
  }
  chain({1, 2, 2}, [](Handmade& m) {
    m.node("Transpose", {"x"}, "t");
    return ordered_sum(m, "t");
  }).expect_refused("node 'y' (MatMul): it expects a row, but 2x2 arrives");
}

TEST(Import, HiddenFeaturesMayBeTransposedToo) {
  const auto model = chain({0, 4}, [](Handmade& m) {
    m.tensor("eye", {4, 4}, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1});
    m.tensor("b", {2, 2}, {0, 0, 0, 5});  // of the transposed features
    m.node("MatMul", {"x", "eye"}, "h");
    m.integers("square", {0, 2, -1});
    m.node("Reshape", {"h", "square"}, "r");
    set_ints(m.node("Transpose", {"r"}, "t"), "perm", {0, 2, 1});
    m.node("Add", {"t", "b"}, "s");
    m.node("Relu", {"s"}, "a");
    return ordered_sum(m, "a");
  });
  EXPECT_THAT(run(model, {1, 2, 3, -1}), ElementsAre(4231));
  const auto ends_turned = chain({0, 4}, [](Handmade& m) {
    m.tensor("eye", {4, 4}, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1});
    m.node("MatMul", {"x", "eye"}, "h");
    m.integers("square", {0, 2, -1});
    m.node("Reshape", {"h", "square"}, "r");
    set_ints(m.node("Transpose", {"r"}, "t"), "perm", {0, 2, 1});
    return std::string("t");
  });
  ends_turned.expect_refused("the output is transposed: remove the final Transpose");
}

TEST(Import, ConstantsMayBeReshapedFirst) {
  Handmade m;
  m.input("x", {0, 4});
  m.tensor("V1", {4, 3}, kW1T);
  m.tensor("c1", {1, 3, 1}, kB1);
  m.tensor("V2", {6}, kW2);
  m.tensor("c2", {2}, kB2);
  m.node("Transpose", {"V1"}, "W1");
  m.node("Squeeze", {"c1"}, "b1");
  m.integers("two by three", {2, -1});
  m.node("Reshape", {"V2", "two by three"}, "W2");
  Handmade::attribute(m.node("Cast", {"c2"}, "cast"), "to").set_i(::onnx::TensorProto::FLOAT);
  m.integers("front", {0});
  m.node("Unsqueeze", {"cast", "front"}, "b2");
  m.gemm({"x", "W1", "b1"}, "z");
  m.node("Relu", {"z"}, "a");
  m.gemm({"a", "W2", "b2"}, "y");
  m.output("y");
  m.expect_read();
  EXPECT_THAT(m.read_file().rounded, IsEmpty());
}

TEST(Import, ConstantNodesOfEveryKind) {
  const auto model = chain({0, 4}, [](Handmade& m) {
    Handmade::attribute(m.node("Constant", {}, "two"), "value_float").set_f(2.0F);
    auto& list = Handmade::attribute(m.node("Constant", {}, "means"), "value_floats");
    for (const float mean : {1.0F, 2.0F, 3.0F, 4.0F}) list.add_floats(mean);
    set_ints(m.node("Constant", {}, "shape"), "value_ints", {-1, 4});
    Handmade::attribute(m.node("Constant", {}, "unused"), "value_int").set_i(7);
    m.node("Reshape", {"x", "shape"}, "r");
    m.node("Sub", {"r", "means"}, "s");
    m.node("Div", {"s", "two"}, "n");
    return ordered_sum(m, "n");
  });
  EXPECT_THAT(run(model, {3, 2, 3, 6}), ElementsAre(1001));
}

TEST(Import, ColumnsWithTheWeightOnTheLeft) {
  for (const std::vector<std::int64_t>& dims :
       {std::vector<std::int64_t>{1, 4, 1}, {4, 1}, {4}, {0, 4, 1}, {5, 4, 1}}) {
    Handmade m;
    m.input("x", dims);
    m.weights();
    m.tensor("c1",
             dims.size() == 1 ? std::vector<std::int64_t>{3} : std::vector<std::int64_t>{3, 1},
             kB1);
    m.tensor("c2",
             dims.size() == 1 ? std::vector<std::int64_t>{2} : std::vector<std::int64_t>{2, 1},
             kB2);
    m.node("MatMul", {"W1", "x"}, "h");
    m.node("Add", {"h", "c1"}, "z");
    m.node("Relu", {"z"}, "a");
    m.node("MatMul", {"W2", "a"}, "h2");
    m.node("Add", {"c2", "h2"}, "y");
    m.output("y");
    m.expect_read();
  }
  Handmade m;  // a row, though
  m.input("x", {1, 4});
  m.weights();
  m.node("MatMul", {"W1", "x"}, "y");
  m.output("y");
  m.expect_refused("node 'y' (MatMul): it expects a column, but 1x4 arrives");
  m = Handmade();
  m.input("x", {1, 4, 1});
  m.tensor("V1", {4, 3}, kW1T);
  m.node("MatMul", {"x", "V1"}, "y");
  m.output("y");
  m.expect_refused("node 'y' (MatMul): it expects a row, but 1x4x1 arrives");
  m = Handmade();  // Gemm turns a column itself
  m.input("x", {4, 1});
  m.weights();
  m.gemm({"x", "W1", "b1"}, "z");
  Handmade::attribute(*m.graph().mutable_node(0), "transA").set_i(1);
  m.node("Relu", {"z"}, "a");
  m.gemm({"a", "W2", "b2"}, "y");
  m.output("y");
  m.expect_read();
}

TEST(Import, ReshapeMustKeepEverySample) {
  const auto reshape = [](const std::vector<std::int64_t>& dims,
                          const std::vector<std::int64_t>& shape) {
    return chain(dims, [&](Handmade& m) {
      m.integers("shape", shape);
      m.node("Reshape", {"x", "shape"}, "flat");
      m.layers("flat");
      return std::string("y");
    });
  };
  reshape({1, 1, 2, 2}, {4}).expect_read();
  reshape({1, 1, 2, 2}, {0, -1}).expect_read();
  reshape({32, 4}, {32, 4}).expect_read();
  reshape({32, 2, 2}, {0, -1}).expect_read();
  reshape({0, 4}, {-1, 5})
      .expect_refused("node 'flat' (Reshape): shape mismatch: 1x4 cannot be reshaped to -1x5");
  reshape({0, 4}, {2, 4})
      .expect_refused("node 'flat' (Reshape): shape mismatch: 1x4 cannot be reshaped to 2x4");
  reshape({32, 4}, {4, 32})
      .expect_refused(
          "node 'flat' (Reshape): it mixes the 32 samples of a batch; export the model with a "
          "batch of 1");
  const auto flatten = [](std::int64_t axis) {
    return chain({1, 2, 2}, [=](Handmade& m) {
      Handmade::attribute(m.node("Flatten", {"x"}, "flat"), "axis").set_i(axis);
      m.layers("flat");
      return std::string("y");
    });
  };
  flatten(0).expect_read();
  flatten(-2).expect_read();
  flatten(4).expect_refused("node 'flat' (Flatten): axis 4 of 3 dimensions does not exist");
}

TEST(Import, ConstantsBroadcastAsNumPyDoes) {
  // Two values along the last axis are columns: 1 and 2 come off in every row.
  EXPECT_THAT(run(chain({0, 2, 2},
                        [](Handmade& m) {
                          m.tensor("c", {2}, {1, 2});
                          m.node("Sub", {"x", "c"}, "s");
                          return ordered_sum(m, "s");
                        }),
                  {2, 2, 4, 6}),
              ElementsAre(4301));
  // A constant of more axes than the features.
  EXPECT_THAT(run(chain({0, 4},
                        [](Handmade& m) {
                          m.tensor("c", {1, 1, 1, 1}, {1});
                          m.node("Sub", {"x", "c"}, "s");
                          return ordered_sum(m, "s");
                        }),
                  {2, 3, 4, 5}),
              ElementsAre(4321));
  chain({0, 4},
        [](Handmade& m) {
          m.tensor("c", {4, 1}, {1, 2, 3, 4});
          m.node("Sub", {"x", "c"}, "s");
          return ordered_sum(m, "s");
        })
      .expect_refused(
          "node 's' (Sub): shape mismatch: a constant of shape 4x1 does not fit features of shape "
          "1x4");
}

TEST(Import, AConstantMinusTheChain) {
  EXPECT_THAT(run(chain({0, 4},
                        [](Handmade& m) {
                          m.tensor("one", {}, {1});
                          m.node("Sub", {"one", "x"}, "s");
                          return ordered_sum(m, "s");
                        }),
                  {1, 0, -2, 1}),
              ElementsAre(310));
  EXPECT_THAT(run(chain({0, 4},
                        [](Handmade& m) {
                          m.tensor("ten", {1}, {10});
                          ordered_sum(m, "x");
                          m.node("Sub", {"ten", "y"}, "s");
                          return std::string("s");
                        }),
                  {1, 0, 0, 0}),
              ElementsAre(9));
}

// epsilon .25 makes sqrt(variance + epsilon) a whole number.
void batch_norm(Handmade& m, const std::string& from, const std::string& to,
                const std::vector<std::int64_t>& dims) {
  m.tensor("gamma", dims, {1, 3});
  m.tensor("beta", dims, {0, 1});
  m.tensor("mu", dims, {2, 4});
  m.tensor("var", dims, {3.75F, 0.0F});  // roots 2 and 0.5
  Handmade::attribute(m.node("BatchNormalization", {from, "gamma", "beta", "mu", "var"}, to),
                      "epsilon")
      .set_f(0.25F);
}

TEST(Import, BatchNormalizationWhereverItStands) {
  // (z - 2) / 2 and (z - 4) / 0.5 · 3 + 1
  const auto eye = [](Handmade& m) { m.tensor("eye", {2, 2}, {1, 0, 0, 1}); };
  const auto after_layer = chain({0, 2}, [&](Handmade& m) {
    eye(m);
    m.node("MatMul", {"x", "eye"}, "z");
    batch_norm(m, "z", "y", {2});
    return std::string("y");
  });
  EXPECT_THAT(run(after_layer, {4, 5}), ElementsAre(1, 7));
  EXPECT_THAT(after_layer.read_file().rounded, IsEmpty());
  const auto after_relu = chain({0, 2}, [&](Handmade& m) {
    eye(m);
    m.node("MatMul", {"x", "eye"}, "z");
    m.node("Relu", {"z"}, "a");
    batch_norm(m, "a", "y", {2});
    return std::string("y");
  });
  EXPECT_THAT(run(after_relu, {-4, 5}), ElementsAre(-1, 7));
  EXPECT_EQ(after_relu.read().architecture(), "2-2-2");
  const auto of_channels = chain({0, 2, 1, 2}, [&](Handmade& m) {
    batch_norm(m, "x", "n", {2});
    return ordered_sum(m, "n");
  });
  const Network read = of_channels.read();
  EXPECT_THAT(read.normalisation.scale, ElementsAre(2, 2, 1.0F / 6, 1.0F / 6));
  EXPECT_NEAR(logits(read, {4, 2, 5, 4})[0], 1 + 0 + 700 + 1000, 1e-3);
  EXPECT_THAT(of_channels.read_file().rounded,
              ElementsAre("node 'n' (BatchNormalization)", "the normalisation"))
      << "a sixth is no float32 number";

  const auto refused = [&](const std::function<void(Handmade&)>& change, const std::string& why) {
    Handmade m = after_layer;
    change(m);
    m.expect_refused("node 'y' (BatchNormalization): " + why);
  };
  refused(
      [](Handmade& m) {
        m.opset(14);
        Handmade::attribute(*m.graph().mutable_node(1), "training_mode").set_i(1);
      },
      "training_mode = 1; export the model for inference");
  refused([](Handmade& m) { m.graph().mutable_node(1)->set_input(3, "eye"); },
          "shape mismatch: mean has 4 values for 2 channels");
  refused([](Handmade& m) { m.graph().mutable_node(1)->set_input(3, "none"); },
          "mean is not a constant");
  refused([](Handmade& m) { m.graph().mutable_initializer(4)->set_float_data(0, -0.25F); },
          "channel with var = -0.25; var + epsilon must be above 0");
}

TEST(Import, StepsBehindAnActivationBecomeADiagonalLayer) {
  const auto model = chain({0, 2}, [](Handmade& m) {
    m.tensor("eye", {2, 2}, {1, 0, 0, 1});
    m.tensor("c", {2}, {3, 5});
    m.node("MatMul", {"x", "eye"}, "z");
    m.node("Relu", {"z"}, "a");
    m.node("Mul", {"a", "c"}, "b");
    m.node("Sub", {"b", "c"}, "y");
    return std::string("y");
  });
  EXPECT_THAT(run(model, {2, -2}), ElementsAre(3, -5));
  EXPECT_EQ(model.read().architecture(), "2-2-2");
}

TEST(Import, ProductsInARowStayApart) {
  const auto model = chain({0, 4}, [](Handmade& m) {
    m.weights();
    m.gemm({"x", "W1", "b1"}, "z");
    m.gemm({"z", "W2", "b2"}, "y");
    return std::string("y");
  });
  const Network read = model.read();
  EXPECT_EQ(read.architecture(), "4-3-2");
  EXPECT_EQ(read.layers[0].activation.info->name, "identity");
  // z = (-1.5, 24.5, -23.5) + b, and W2 z + b2 by hand
  EXPECT_THAT(logits(read, {1, 1, 1, 1}),
              ElementsAre(-1.5 + 2 * 10.5 - 3 * 2.5 + 7, -4 * -1.5 + 5 * 10.5 + 6 * 2.5 - 8));
}

TEST(Import, WhatHasToBeRoundedIsSaid) {
  const auto rounded = [](const std::function<void(Handmade&)>& step) {
    return chain({0, 4},
                 [&](Handmade& m) {
                   m.weights();
                   m.tensor("c", {}, {0.3F});
                   m.tensor("big", {}, {1e10F});
                   step(m);
                   return std::string("y");
                 })
        .read_file()
        .rounded;
  };
  const auto gemm = [](Handmade& m, const std::string& to) { m.gemm({"x", "W1", "b1"}, to); };
  EXPECT_THAT(rounded([&](Handmade& m) { gemm(m, "y"); }), IsEmpty());
  EXPECT_THAT(rounded([&](Handmade& m) {
                gemm(m, "z");
                m.node("Mul", {"z", "c"}, "y");
              }),
              ElementsAre("node 'y' (Mul)"));
  EXPECT_THAT(rounded([&](Handmade& m) {
                gemm(m, "z");
                m.node("Div", {"z", "c"}, "y");
              }),
              ElementsAre("node 'y' (Div)"));
  EXPECT_THAT(rounded([&](Handmade& m) {
                gemm(m, "z");
                m.node("Add", {"z", "big"}, "y");
              }),
              ElementsAre("node 'y' (Add)"));
  EXPECT_THAT(rounded([&](Handmade& m) {
                gemm(m, "y");
                Handmade::attribute(*m.graph().mutable_node(0), "beta").set_f(0.3F);
              }),
              ElementsAre("node 'y' (Gemm)"));
  EXPECT_THAT(rounded([&](Handmade& m) {
                m.node("Div", {"x", "c"}, "n");
                m.gemm({"n", "W1", "b1"}, "y");
              }),
              IsEmpty())
      << "a normalisation by a float32 number is stored as it is";
  EXPECT_THAT(rounded([&](Handmade& m) {
                m.node("Mul", {"x", "c"}, "n");
                m.gemm({"n", "W1", "b1"}, "y");
              }),
              ElementsAre("node 'n' (Mul)", "the normalisation"));
}

TEST(Import, WeightsInDouble) {
  const auto in_double = [](double first) {
    Handmade m = usual();
    ::onnx::TensorProto& b2 = *m.graph().mutable_initializer(3);
    b2.clear_float_data();
    b2.set_data_type(::onnx::TensorProto::DOUBLE);
    b2.add_double_data(first);
    b2.add_double_data(-8.0);
    return m;
  };
  in_double(7.0).expect_read();
  EXPECT_THAT(in_double(7.0).read_file().rounded, IsEmpty());
  const ModelFile file = in_double(0.1).read_file();
  EXPECT_EQ(file.network.layers[1].bias[0], 0.1F);
  EXPECT_THAT(file.rounded, ElementsAre("node 'y' (Gemm)"));
}

TEST(Import, WhatStandsBehindTheLogitsIsNamed) {
  for (const std::string op : {"Softmax", "LogSoftmax", "Sigmoid", "Relu"}) {
    Handmade m;
    m.input("x", {0, 4});
    m.layers("x");
    m.node(op, {"y"}, "p");
    m.output("p");
    const ModelFile file = m.read_file();
    EXPECT_EQ(file.final_op, op == "Relu" ? "" : op);
    EXPECT_EQ(file.network.layers[1].activation.info->name, op == "Relu" ? "relu" : "identity");
  }
  EXPECT_EQ(usual().read_file().final_op, "");
}

TEST(Import, NodesThatWouldChangeNumbersAreRefused) {
  const auto before = [](const std::function<void(Handmade&)>& node) {
    Handmade m;
    m.input("x", {0, 4});
    node(m);
    m.layers("n");
    m.output("y");
    return m;
  };
  before([](Handmade& m) {
    Handmade::attribute(m.node("Cast", {"x"}, "n"), "to").set_i(::onnx::TensorProto::INT32);
  }).expect_refused("node 'n' (Cast): to = 6; allowed are float32 (1) and double (11)");
  before([](Handmade& m) {
    m.tensor("ratio", {}, {0.5F});
    ::onnx::TensorProto& training = *m.graph().add_initializer();
    training.set_name("training");
    training.set_data_type(::onnx::TensorProto::BOOL);
    training.add_int32_data(1);
    m.node("Dropout", {"x", "ratio", "training"}, "n");
  }).expect_refused("node 'n' (Dropout): training_mode = 1; export the model for inference");
  before([](Handmade& m) {
    m.node("Reshape", {"x", "computed"}, "n");
  }).expect_refused("node 'n' (Reshape): its input 'computed' is not a constant");
  before([](Handmade& m) {
    m.integers("axes", {1});
    m.node("Squeeze", {"x", "axes"}, "n");
  }).expect_refused("node 'n' (Squeeze): shape mismatch: axis 1 has size 4, not 1");
  before([](Handmade& m) {
    set_ints(m.node("Transpose", {"x"}, "n"), "perm", {0, 0});
  }).expect_refused("node 'n' (Transpose): axis 0 occurs twice");
  before([](Handmade& m) {
    ::onnx::AttributeProto& perm = Handmade::attribute(m.node("Transpose", {"x"}, "n"), "perm");
    perm.set_type(::onnx::AttributeProto::INTS);
  }).expect_refused("node 'n' (Transpose): perm has 0 axes for 2");
}

// The verification benchmarks' networks at x_j = (37 j mod 101) / 100, beside NumPy in float64.
TEST(Import, BenchmarkNetworksGiveNumPysLogits) {
  if (environment("GIBBON_ORACLES").empty()) {
    GTEST_SKIP() << "set GIBBON_ORACLES to the folder with vnncomp/";
  }
  const std::filesystem::path folder =
      std::filesystem::path(environment("GIBBON_ORACLES")) / "vnncomp";
  std::vector<double> x(784);
  for (std::size_t j = 0; j < x.size(); ++j) x[j] = static_cast<double>(j * 37 % 101) / 100.0;
  const auto check = [&](const std::string& file, const std::string& architecture,
                         const std::vector<double>& want) {
    const ModelFile read = read_model(folder / file);
    EXPECT_EQ(read.network.architecture(), architecture);
    EXPECT_THAT(read.rounded, IsEmpty()) << file;
    const std::vector<double> got = logits(read.network, x);
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t k = 0; k < want.size(); ++k) {
      EXPECT_NEAR(got[k], want[k], 1e-11 * (1.0 + std::abs(want[k]))) << file << " " << k;
    }
  };
  check("mnist_fc_2022/onnx/mnist-net_256x2.onnx.gz", "784-256-256-10",
        {-0.0207574402358109, -0.0139668748204089, 0.0253383824074574, -0.012913040044888,
         -0.006130543002612, -0.00223005213282375, 0.00326605379852238, -0.00645067161258878,
         0.994697898783746, -0.00533551086548067});
  check("mnist_fc_2022/onnx/mnist-net_256x4.onnx.gz", "784-256-256-256-256-10",
        {0.0123425355882463, 0.00218098760291587, 0.0115161992373407, 0.00354865543846744,
         -0.000279584156974169, 0.00820522827590499, -0.00183457517608465, -0.0114216980107028,
         0.966606771643083, -0.00848438701791962});
  check("eran_sigmoid_2021/ffnnSIGMOID__Point_6x200.onnx", "784-200-200-200-200-200-200-10",
        {-11.3062875609278, -2.9123842484292, -2.20295164095662, -4.46303656960728,
         -4.01044122611281, -6.33328383276311, -9.06398056388944, -0.0828624847114632,
         -6.74896964466823, -6.08450280748601});
}

}  // namespace
}  // namespace gibbon::models::onnx
