// SPDX-License-Identifier: MIT
#include "models/onnx/scale_input.hpp"

#include <functional>
#include <gmock/gmock.h>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "models/graph.hpp"
#include "models/onnx/handmade.hpp"
#include "models/target.hpp"

namespace gibbon::models::onnx {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

std::vector<double> exact_logits(const ModelFile& file, std::vector<double> x) {
  const Target target(file);
  TapeOf<double> tape = target.exact->make_tape(1);
  const auto z = target.exact->forward({x.data(), 1, x.size()}, tape).row(0);
  return {z.begin(), z.end()};
}

/// A picture of two rows, three columns and three channels, with a convolution and a product.
Handmade picture(std::int64_t batch = 0) {
  Handmade m;
  m.input("x", {batch, 3, 2, 3});
  Floats kernel;
  for (int k = 0; k < 2 * 3 * 2 * 2; ++k) kernel.push_back(static_cast<float>(k % 7) - 3.0F);
  m.tensor("K", {2, 3, 2, 2}, kernel);
  m.tensor("c", {2}, {0.5F, -1.0F});
  m.node("Conv", {"x", "K", "c"}, "v");
  m.node("Relu", {"v"}, "a");
  m.node("Flatten", {"a"}, "f");
  m.tensor("W", {3, 4}, kW1);
  m.tensor("b", {3}, kB1);
  m.gemm({"f", "W", "b"}, "y");
  m.output("y");
  return m;
}

/// Of the file with the scaling, at x; of the file alone, at what the model is to see.
void expect_scaled(const std::string& bytes, const InputScaling& scaling, std::size_t features,
                   std::size_t channels) {
  const ModelFile plain = parse_model(bytes, "m.onnx");
  const ModelFile scaled = parse_model(bytes, "m.onnx", scaling);
  std::vector<double> x;
  std::vector<double> seen;
  const auto of = [](const std::vector<double>& numbers, std::size_t c, double none) {
    return numbers.empty()
               ? none
               : static_cast<double>(static_cast<float>(numbers[numbers.size() == 1 ? 0 : c]));
  };
  for (std::size_t d = 0; d < features; ++d) {
    const std::size_t c = d % channels;  // data have the channels last
    x.push_back(static_cast<double>(d * 5 % 8) / 8.0);
    seen.push_back(
        (scaling.low + x.back() * (scaling.high - scaling.low) - of(scaling.mean, c, 0.0)) /
        of(scaling.deviation, c, 1.0));
  }
  const std::vector<double> want = exact_logits(plain, seen);
  const std::vector<double> got = exact_logits(scaled, x);
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t c = 0; c < want.size(); ++c) {
    EXPECT_NEAR(got[c], want[c], 1e-5 * (1.0 + std::abs(want[c]))) << scaling.text();
  }
  EXPECT_NE(scaled.sha256, plain.sha256) << "certificates of one must not join runs of the other";
}

TEST(ScaleInput, IsWhatTheModelSees) {
  const std::vector<InputScaling> of_one{
      {.mean = {0.1307}, .deviation = {0.3081}},
      {.mean = {0.5}},
      {.deviation = {0.25}},
      {.low = 0.0, .high = 255.0},
      {.low = -1.0, .high = 1.0},
      {.low = 1.0, .high = 0.0},
      {.mean = {33.3}, .deviation = {78.6}, .low = 0.0, .high = 255.0},
      {.mean = {0.25}, .deviation = {2.0}, .low = -1.0, .high = 1.0}};
  for (const InputScaling& scaling : of_one) {
    expect_scaled(usual().bytes(), scaling, 4, 1);
    expect_scaled(picture().bytes(), scaling, 18, 3);
  }
  expect_scaled(usual().bytes(), {.mean = {1, 2, 3, 4}, .deviation = {0.5, 1, 2, 4}}, 4, 4);
  expect_scaled(picture().bytes(),
                {.mean = {0.485, 0.456, 0.406}, .deviation = {0.229, 0.224, 0.225}}, 18, 3);
  expect_scaled(picture(1).bytes(), {.mean = {100, 110, 120}, .high = 255.0}, 18, 3);
}

TEST(ScaleInput, BecomesTheNormalisationOfAPerceptron) {
  const ModelFile file =
      parse_model(usual().bytes(), "m.onnx", {.mean = {0.1307}, .deviation = {0.3081}});
  EXPECT_THAT(file.network.normalisation.shift, ElementsAre(0.1307F, 0.1307F, 0.1307F, 0.1307F));
  EXPECT_THAT(file.network.normalisation.scale, ElementsAre(0.3081F, 0.3081F, 0.3081F, 0.3081F));
  EXPECT_TRUE(file.rounded.empty());
  const auto& metadata = file.network.metadata;
  EXPECT_EQ(metadata.at("gibbon.input.mean"), "0.1307");
  EXPECT_EQ(metadata.at("gibbon.input.std"), "0.3081");
  EXPECT_EQ(metadata.at("gibbon.input.range"), "0,1");
}

TEST(ScaleInput, IsFoundInTheFirstAxisThatCanBeChannels) {
  Handmade m;
  m.input("x", {1, 2, 4, 3});  // rows × columns × channels, as TensorFlow has them
  m.node("Flatten", {"x"}, "f");
  m.tensor("W", {2, 24}, Floats(48, 0.5F));
  m.tensor("b", {2}, kB2);
  m.gemm({"f", "W", "b"}, "y");
  m.output("y");
  expect_scaled(m.bytes(), {.mean = {0.1, 0.2, 0.3}, .deviation = {1, 2, 3}}, 24, 3);
}

TEST(ScaleInput, RefusesWhatDoesNotFit) {
  const auto refused = [](const Handmade& m, const InputScaling& scaling) {
    try {
      static_cast<void>(parse_model(m.bytes(), "m.onnx", scaling));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(refused(picture(), {.mean = {1, 2}}),
            "m.onnx: --mean has 2 numbers, but the input 0x3x2x3 has 3 channels; give one for all, "
            "or 3");
  EXPECT_EQ(refused(usual(), {.deviation = {1, 2, 3}}),
            "m.onnx: --std has 3 numbers, but the input 0x4 has 4 inputs; give one for all, or 4");
  Handmade bytes = usual();
  bytes.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
      ::onnx::TensorProto::UINT8);
  EXPECT_THAT(refused(bytes, {.mean = {1}}), HasSubstr("its input takes bytes"));
}

TEST(ScaleInput, IsWrittenOnce) {
  const InputScaling scaling{.mean = {1, 2, 3}, .deviation = {4, 5, 6}};
  const std::string written =
      with_scaled_input(picture().bytes(), "m.onnx", scaling, {{"source", "by hand"}});
  const ModelFile asked = parse_model(picture().bytes(), "m.onnx", scaling);
  const ModelFile inside = parse_model(written, "w.onnx");
  const std::vector<double> x(18, 0.625);
  EXPECT_EQ(exact_logits(inside, x), exact_logits(asked, x));
  EXPECT_EQ(inside.network.metadata.at("source"), "by hand");
  EXPECT_THAT([&] { static_cast<void>(parse_model(written, "w.onnx", scaling)); },
              ThrowsMessage<Error>(HasSubstr("w.onnx: it has its normalisation inside")));
  EXPECT_THAT([] { static_cast<void>(with_scaled_input("nonsense", "n.onnx", {}, {})); },
              ThrowsMessage<Error>(HasSubstr("n.onnx: not an ONNX model")));
}

TEST(ScaleInput, TakesNamesThatNobodyHas) {
  Handmade m = usual();
  m.graph().mutable_node(0)->set_output(0, "gibbon.scaled.Sub");
  m.graph().mutable_node(1)->set_input(0, "gibbon.scaled.Sub");
  expect_scaled(m.bytes(), {.mean = {0.5}}, 4, 1);
}

TEST(ScaleInput, ListsItsConstantsWhereTheFormatWantsThem) {
  Handmade old = usual();
  old.model().set_ir_version(3);
  for (const auto& tensor : old.proto().graph().initializer()) {
    old.graph().add_input()->set_name(tensor.name());
  }
  const std::string written = with_scaled_input(old.bytes(), "m.onnx", {.mean = {0.5}}, {});
  ::onnx::ModelProto model;
  ASSERT_TRUE(model.ParseFromString(written));
  EXPECT_EQ(model.graph().input_size(), 1 + model.graph().initializer_size());
  EXPECT_EQ(model.graph().initializer_size(), 5);
  static_cast<void>(parse_model(written, "w.onnx"));
}

}  // namespace
}  // namespace gibbon::models::onnx
