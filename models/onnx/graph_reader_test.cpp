// SPDX-License-Identifier: MIT
// Files of networks that convolve, pool, join and add, with answers worked out by hand.
#include <cmath>

#include "models/onnx/handmade.hpp"

namespace gibbon::models::onnx {
namespace {

/// 2 channels of 2 × 2; the weights tell rows, columns and channels apart.
Handmade conv(const std::function<std::string(Handmade&)>& after) {
  return chain({0, 2, 2, 2}, [&](Handmade& m) {
    m.tensor("W", {1, 2, 1, 2}, {1, 10, 100, 1000});
    m.tensor("b", {1}, {0.5F});
    m.node("Conv", {"x", "W", "b"}, "c");
    return after(m);
  });
}

const std::vector<double> kX{1, 2, 3, 4, 5, 6, 7, 8};

TEST(GraphReader, ConvThenFlatten) {
  const Handmade m = conv([](Handmade& g) {
    g.node("Flatten", {"c"}, "y");
    return std::string("y");
  });
  // Row h: x[0][h][0] + 10 x[0][h][1] + 100 x[1][h][0] + 1000 x[1][h][1] + 0.5
  EXPECT_EQ(answer(m, kX), (std::vector<double>{6521.5, 8743.5}));
}

TEST(GraphReader, FlattenPutsChannelsFirst) {
  const Handmade m = chain({0, 2, 2, 2}, [](Handmade& g) {
    set_ints(g.node("MaxPool", {"x"}, "p"), "kernel_shape", {1, 1});
    g.node("Flatten", {"p"}, "f");
    g.tensor("W", {8, 1}, {1, 10, 100, 1000, 1e4F, 1e5F, 1e6F, 1e7F});
    g.node("MatMul", {"f", "W"}, "y");
    return std::string("y");
  });
  EXPECT_EQ(answer(m, kX), std::vector<double>{87654321.0});
}

// x.view(x.size(0), -1), as PyTorch writes it.
TEST(GraphReader, ShapesAreWorkedOut) {
  const Handmade m = conv([](Handmade& g) {
    g.node("Shape", {"c"}, "s");
    g.integers("zero", {0});
    g.node("Gather", {"s", "zero"}, "n");
    g.integers("rest", {-1});
    Handmade::attribute(g.node("Concat", {"n", "rest"}, "to"), "axis").set_i(0);
    g.node("Reshape", {"c", "to"}, "y");
    return std::string("y");
  });
  EXPECT_EQ(answer(m, kX), (std::vector<double>{6521.5, 8743.5}));
}

TEST(GraphReader, BranchesMeet) {
  const Handmade m = chain({0, 1, 1, 2}, [](Handmade& g) {
    set_ints(g.node("MaxPool", {"x"}, "p"), "kernel_shape", {1, 1});
    g.tensor("two", {}, {2});
    g.node("Mul", {"x", "two"}, "d");
    g.node("Add", {"p", "d"}, "s");
    Handmade::attribute(g.node("Concat", {"s", "x"}, "j"), "axis").set_i(1);
    g.node("Flatten", {"j"}, "y");
    return std::string("y");
  });
  EXPECT_EQ(answer(m, {3, 5}), (std::vector<double>{9, 15, 3, 5}));
}

TEST(GraphReader, MeansNormsAndSoftmax) {
  const Handmade m = chain({0, 2, 2, 2}, [](Handmade& g) {
    g.tensor("scale", {2}, {2, 0});
    g.tensor("B", {2}, {1, 7});
    g.tensor("mean", {2}, {3, 1});
    g.tensor("var", {2}, {4, 9});
    Handmade::attribute(g.node("BatchNormalization", {"x", "scale", "B", "mean", "var"}, "n"),
                        "epsilon")
        .set_f(0.0F);
    g.node("GlobalAveragePool", {"n"}, "a");
    g.node("Flatten", {"a"}, "f");
    g.node("Softmax", {"f"}, "y");
    return std::string("y");
  });
  EXPECT_EQ(answer(m, kX), (std::vector<double>{0.5, 7.0})) << "(2.5 - 3) · 2 / 2 + 1, and B";
  EXPECT_EQ(m.read_file().final_op, "Softmax");
}

TEST(GraphReader, SamePaddingAndCeiling) {
  const auto pooled = [](const std::string& mode, bool ceil) {
    return answer(chain({0, 1, 1, 3},
                        [&](Handmade& g) {
                          ::onnx::NodeProto& pool = g.node("MaxPool", {"x"}, "p");
                          set_ints(pool, "kernel_shape", {1, 2});
                          set_ints(pool, "strides", {1, 2});
                          if (!mode.empty()) Handmade::attribute(pool, "auto_pad").set_s(mode);
                          if (ceil) Handmade::attribute(pool, "ceil_mode").set_i(1);
                          g.node("Flatten", {"p"}, "y");
                          return std::string("y");
                        }),
                  {1, 4, 2});
  };
  EXPECT_EQ(pooled("", false), std::vector<double>{4});
  EXPECT_EQ(pooled("", true), (std::vector<double>{4, 2}));
  EXPECT_EQ(pooled("SAME_UPPER", false), (std::vector<double>{4, 2}));
  EXPECT_EQ(pooled("SAME_LOWER", false), (std::vector<double>{1, 4}));
  EXPECT_EQ(pooled("VALID", false), std::vector<double>{4});
}

TEST(GraphReader, InputsWithTheChannelsLast) {
  const Handmade m = chain({0, 1, 2, 3}, [](Handmade& g) {  // 1 × 2 pixels of 3 channels
    set_ints(g.node("Transpose", {"x"}, "t"), "perm", {0, 3, 1, 2});
    g.node("GlobalAveragePool", {"t"}, "a");
    g.node("Flatten", {"a"}, "y");
    return std::string("y");
  });
  EXPECT_EQ(m.read_file().graph->input, (FeatureShape{1, 2, 3}));
}

TEST(GraphReader, WhatItDoesNotTakeIsNamed) {
  const auto refused = [](const std::vector<std::int64_t>& dims,
                          const std::function<std::string(Handmade&)>& nodes,
                          const std::string& message) {
    const Handmade m = chain(dims, nodes);
    EXPECT_THAT([&] { static_cast<void>(m.read_file()); },
                testing::ThrowsMessage<Error>("m.onnx: " + message));
  };
  const auto pool = [](Handmade& g, const std::string& from) -> ::onnx::NodeProto& {
    ::onnx::NodeProto& node = g.node("MaxPool", {from}, "p");
    set_ints(node, "kernel_shape", {2, 2});
    return node;
  };
  refused(
      {0, 1, 1, 1},
      [&](Handmade& g) {
        pool(g, "x");
        return std::string("p");
      },
      "node 'p' (MaxPool): its window reaches over 2 places, but 1 are there");
  refused(
      {0, 4},
      [&](Handmade& g) {
        pool(g, "x");
        return std::string("p");
      },
      "node 'p' (MaxPool): it expects samples × channels × rows × columns, but 1x4 arrives");
  refused(
      {0, 1, 2, 2},
      [&](Handmade& g) {
        pool(g, "nobody");
        return std::string("p");
      },
      "node 'p' (MaxPool): its input 'nobody' is made by no node before it");
  refused(
      {0, 1, 0, 2},
      [&](Handmade& g) {
        pool(g, "x");
        return std::string("p");
      },
      "input 'x': a dimension has no number; export the model with a fixed size");
  refused(
      {5, 1, 2, 2},
      [&](Handmade& g) {
        pool(g, "x");
        return std::string("p");
      },
      "input 'x': it takes batches of 5; export the model with a batch of 1 or without a "
      "number");
  refused(
      {0, 1, 2, 2},
      [&](Handmade& g) {
        set_ints(pool(g, "x"), "pads", {2, 0, 0, 0});
        return std::string("p");
      },
      "node 'p' (MaxPool): its padding is as large as its window");
  refused(
      {0, 1, 2, 2},
      [&](Handmade& g) {
        pool(g, "x");
        g.tensor("W", {1, 2, 1, 1}, {1, 1});
        g.node("Conv", {"p", "W"}, "c");
        return std::string("c");
      },
      "node 'c' (Conv): its weight takes 2 channels, but 1 arrive");
  refused(
      {0, 12},
      [&](Handmade& g) {
        g.integers("to", {-1, 3, 2, 2});
        g.node("Reshape", {"x", "to"}, "r");
        pool(g, "r");
        return std::string("p");
      },
      "node 'r' (Reshape): it makes a picture of 3 channels out of a flat input, in an order "
      "that data sets do not have; export the model with an input of samples × channels × rows "
      "× columns");
}

}  // namespace
}  // namespace gibbon::models::onnx
