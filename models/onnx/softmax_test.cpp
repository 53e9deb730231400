// SPDX-License-Identifier: MIT
// A final Softmax is taken off, which is right only where it is over the classes of one sample.
#include "models/onnx/handmade.hpp"

namespace gibbon::models::onnx {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr std::int64_t kDefault = 99;  // no attribute

/// Three classes in the shape `out` (empty: as the layer leaves them) behind `op` over `axis`.
Handmade ending(const std::string& op, std::int64_t opset, const std::vector<std::int64_t>& in,
                const std::vector<std::int64_t>& out, std::int64_t axis) {
  return chain(in, [&](Handmade& m) {
    m.opset(opset);
    m.tensor("V1", {4, 3}, kW1T);
    m.node("MatMul", {"x", "V1"}, "z");
    if (!out.empty()) {
      m.integers("shape", out);
      m.node("Reshape", {"z", "shape"}, "r");
    }
    ::onnx::NodeProto& node = m.node(op, {out.empty() ? "z" : "r"}, "p");
    if (axis != kDefault) Handmade::attribute(node, "axis").set_i(axis);
    return std::string("p");
  });
}

TEST(SoftmaxAxis, OfTheClassesIsTakenOff) {
  for (const std::string op : {"Softmax", "LogSoftmax"}) {
    const auto reads = [&](std::int64_t opset, const std::vector<std::int64_t>& in,
                           const std::vector<std::int64_t>& out, std::int64_t axis) {
      const ModelFile file = ending(op, opset, in, out, axis).read_file();
      EXPECT_EQ(file.final_op, op);
      EXPECT_EQ(file.network.architecture(), "4-3");
      EXPECT_EQ(to_string(file.network.output), "softmax");
    };
    for (const std::int64_t opset : {7, 11, 12, 13, 17, 25}) {
      reads(opset, {0, 4}, {}, 1);
      reads(opset, {0, 4}, {}, -1);
      reads(opset, {0, 4}, {}, kDefault);
      reads(opset, {5, 4}, {}, 1);
      reads(opset, {4}, {}, 0);  // no axis of samples: this one is the classes
      reads(opset, {4}, {}, -1);
      reads(opset, {1, 4}, {3}, 0);
      reads(opset, {0, 4}, {-1, 3, 1}, 1);
      reads(opset, {1, 4}, {3, 1}, 0);
    }
    // Up to opset 12 all axes from this one on are one.
    reads(12, {1, 4}, {}, 0);
    reads(12, {0, 4}, {-1, 1, 3}, kDefault);
    reads(12, {0, 4}, {-1, 3, 1}, kDefault);
    reads(13, {0, 4}, {-1, 1, 3}, kDefault);
  }
}

TEST(SoftmaxAxis, OfAnythingElseIsRefused) {
  const auto refuses = [](std::int64_t opset, const std::vector<std::int64_t>& in,
                          const std::vector<std::int64_t>& out, std::int64_t axis,
                          const std::string& what) {
    for (const std::string op : {"Softmax", "LogSoftmax"}) {
      EXPECT_THAT([&] { static_cast<void>(ending(op, opset, in, out, axis).read()); },
                  ThrowsMessage<Error>(HasSubstr("m.onnx: node 'p' (" + op + "): " + what)));
    }
  };
  ending("Softmax", 13, {0, 4}, {}, 0)
      .expect_refused(
          "node 'p' (Softmax): axis = 0 of 1x3 in opset 13 is not over the 3 classes of one "
          "sample; "
          "allowed is the axis of the classes alone; export the model without Softmax, or with the "
          "last axis");
  refuses(13, {0, 4}, {}, -2, "axis = -2 of 1x3");
  refuses(13, {1, 4}, {}, 0, "axis = 0 of 1x3");  // with one sample it is 1 whatever comes
  refuses(13, {3, 4}, {}, 0, "axis = 0 of 3x3");  // as many samples as classes
  refuses(12, {3, 4}, {}, 0, "axis = 0 of 3x3");
  refuses(12, {0, 4}, {}, 0, "axis = 0 of 1x3");  // over all samples together
  refuses(13, {0, 4}, {-1, 1, 3}, 1, "axis = 1 of 1x1x3");
  refuses(13, {0, 4}, {-1, 3, 1}, kDefault, "axis = -1 of 1x3x1");
  refuses(12, {0, 4}, {-1, 3, 1}, 2, "axis = 2 of 1x3x1");
  refuses(13, {0, 4}, {}, 2, "axis 2 of 2 dimensions does not exist");
  refuses(13, {0, 4}, {}, -3, "axis -3 of 2 dimensions does not exist");
  refuses(12, {4}, {}, kDefault, "axis 1 of 1 dimensions does not exist");
}

TEST(SoftmaxAxis, OfHalfTheClassesIsRefused) {
  const auto halves = [](std::int64_t opset, std::int64_t axis) {
    return chain({0, 4}, [&](Handmade& m) {
      m.opset(opset);
      m.tensor("eye", {4, 4}, {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1});
      m.node("MatMul", {"x", "eye"}, "z");
      m.integers("shape", {-1, 2, 2});
      m.node("Reshape", {"z", "shape"}, "r");
      Handmade::attribute(m.node("Softmax", {"r"}, "p"), "axis").set_i(axis);
      return std::string("p");
    });
  };
  EXPECT_THROW(static_cast<void>(halves(13, 1).read()), Error);
  EXPECT_THROW(static_cast<void>(halves(13, 2).read()), Error);
  EXPECT_THROW(static_cast<void>(halves(12, 2).read()), Error);
  EXPECT_EQ(halves(12, 1).read().architecture(), "4-4") << "both axes together are the classes";
}

}  // namespace
}  // namespace gibbon::models::onnx
