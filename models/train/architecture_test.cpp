// SPDX-License-Identifier: MIT
#include "models/train/architecture.hpp"

#include <cmath>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/rng.hpp"
#include "models/model_file.hpp"

namespace gibbon::models::train {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr FeatureShape kMnist{28, 28, 1};
constexpr FeatureShape kCifar{32, 32, 3};

Graph graph_of(std::string_view text, const FeatureShape& input = kMnist,
               Output output = Output::kSoftmax) {
  return make_graph(full_architecture(text, 10), input, output, find_initialiser("he"), 3);
}

TEST(Architecture, ALetterTellsGraphsFromPerceptrons) {
  for (const char* text : {"lenet5", "conv4:3", "res(conv4:3)", "relu"})
    EXPECT_TRUE(names_graph(text));
  for (const char* text : {"784-16-10", "784", "", "-3", "7x"}) EXPECT_FALSE(names_graph(text));
}

TEST(Architecture, NamesAreWrittenOut) {
  EXPECT_EQ(full_architecture("conv-small", 10),
            "conv16:4s2p1,relu,conv32:4s2p1,relu,dense100,relu,dense10");
  for (const ArchitectureInfo& info : architectures()) {
    const std::string line = full_architecture(info.name, 10);
    EXPECT_EQ(full_architecture(line, 7), line) << "a line in full stays as it is";
  }
}

TEST(Architecture, ALayerHasOneSpelling) {
  EXPECT_EQ(full_architecture("conv4:3s1p0d1g1,leaky-relu,maxpool:2s2,avgpool:3s2p1,dense5", 10),
            "conv4:3,leaky-relu,maxpool:2,avgpool:3s2p1,dense5");
  EXPECT_EQ(full_architecture("conv4:3s2p1d2g4,res(conv4:1|bn,tanh),res(bn)", 3),
            "conv4:3s2p1d2g4,res(conv4:1|bn,tanh),res(bn),dense3");
}

TEST(Architecture, TheNamedOnesHaveTheirPublishedSizes) {
  // Wong & Kolter's 4·4·1·16 + 16 + 4·4·16·32 + 32 + 1568·100 + 100 + 1010
  EXPECT_EQ(graph_of("conv-small").parameter_count(), 166406U);
  EXPECT_EQ(graph_of("lenet5").parameter_count(), 648226U);  // as shared/oracles' file
  EXPECT_EQ(graph_of("conv-large").parameter_count(), 1974762U);
  // He et al.: 0.27 M for n = 3 (20 layers); 16·27 + 2·16·144 + … for n = 1, each with its bias,
  // and 4 numbers per channel of batch norm.
  EXPECT_EQ(graph_of("resnet8", kCifar).num_classes(), 10U);
  EXPECT_EQ(graph_of("lenet5").architecture(), "28×28×1-conv32-conv64-200-10");
}

TEST(Architecture, WeightsAreDrawnByTheFanIn) {
  const Graph graph = graph_of("conv64:3p1,relu,conv64:3p1,relu,globalpool");
  const std::vector<Parameter> all = graph.parameters();
  EXPECT_EQ(all[2].name, "conv2.weight");
  EXPECT_EQ(all[2].dims, (std::vector<std::size_t>{64, 3, 3, 64}));
  double squares = 0.0;
  for (const float w : all[2].values) squares += static_cast<double>(w) * static_cast<double>(w);
  const auto count = static_cast<double>(all[2].values.size());
  // N(0, 2 / 576): the variance of 36,864 draws, within five standard errors.
  EXPECT_NEAR(squares / count, 2.0 / 576.0, 5.0 * 2.0 / 576.0 * std::sqrt(2.0 / count));
  const Graph other = make_graph(full_architecture("conv64:3p1", 10), kMnist, Output::kSoftmax,
                                 find_initialiser("he"), 4);
  EXPECT_NE(other.parameters()[0].values[0], all[0].values[0]);
}

TEST(Architecture, WhatIsNotUnderstoodIsQuoted) {
  const auto refuses = [](std::string_view text, const std::string& why) {
    EXPECT_THAT([&] { static_cast<void>(full_architecture(text, 10)); },
                ThrowsMessage<Error>(HasSubstr("--arch " + std::string(text) + ": " + why)));
  };
  refuses("cnov16:3", "unknown layer 'cnov'; did you mean 'conv'?");
  refuses("conv16", "'conv16' needs a window, as in conv16:3");
  refuses("conv:3", "conv needs a number of 0 to 1048576");
  refuses("conv0:3", "conv needs a number above 0");
  refuses("conv4:3s0", "s needs a number above 0");
  refuses("conv4:3x", "'x' ends no list");
  refuses("conv4:3,", "a layer is missing at place 9");
  refuses("conv4:3,,relu", "a layer is missing at place 9");
  refuses("res(conv4:3", "a res( without its )");
  refuses("res(conv4:3|relu|tanh)", "a res( without its )");
  refuses("res", "res needs its layers");
  refuses("conv99999999999999999999:3", "conv needs a number of 0 to 1048576");
  refuses("lenet-5", "unknown layer 'lenet-'");
  refuses("dense10,relu", "it neither convolves nor pools; write a perceptron as its layer widths");
  refuses("res(res(res(res(res(res(res(res(res(conv1:1)))))))))", "res() inside res() is nested");
}

TEST(Architecture, WhatDoesNotFitIsNamed) {
  const auto refuses = [](std::string_view text, const std::string& why) {
    EXPECT_THAT([&] { static_cast<void>(graph_of(text)); },
                ThrowsMessage<Error>(HasSubstr("--arch: " + why)));
  };
  refuses("conv4:30", "conv1 (conv 4: 30×30) on 28×28×1: its window reaches over 30 places");
  refuses("dense4,conv4:3", "conv1 (conv 4: 3×3) on 4: its window reaches over 3 places");
  refuses("conv4:3,res(conv8:3p1)", "add1 (add) on 26×26×8: it adds 26×26×8 and 26×26×4");
  refuses("conv4:3,conv4:3g3", "conv4:3g3: 3 groups do not divide 4 channels");
  refuses("conv4:3,conv6:3g4", "conv2 (conv 6: 3×3, 4 groups) on 26×26×4: 4 groups do not divide");
  refuses("conv1000:28,conv1000000:1", "conv1000000:1: 1000000 × 1000 weights");
}

// Written and read again: the same layers, and the same logits bit by bit.
TEST(Architecture, AFileGivesTheSameLogits) {
  const std::string all =
      "conv4:3s2p1,bn,gelu,res(conv4:3p1g2,bn,tanh|conv4:1),leaky-relu,maxpool:2s1,"
      "conv6:3p2d2,softplus,avgpool:3s2p1,dense12,sigmoid";
  for (const std::string_view text : {std::string_view("lenet5"), std::string_view("conv-small"),
                                      std::string_view("resnet8"), std::string_view(all)}) {
    for (const Output output : {Output::kSoftmax, Output::kSigmoid, Output::kIdentity}) {
      Graph graph = graph_of(text, kCifar, output);
      Rng rng(8, 0, "architecture-test");
      for (Node& node : graph.nodes) {  // biases and statistics that are not 0 and 1
        std::vector<float> values;
        for (const Parameter& p : node.layer->parameters()) {
          for (const float value : p.values) values.push_back(value + rng.uniform(0.0F, 0.1F));
        }
        if (!values.empty()) node.layer = node.layer->with(values);
      }
      graph.metadata["gibbon.train.arch"] = text;
      const ModelFile file = parse_model(to_onnx(graph), "trained.onnx");
      ASSERT_TRUE(file.graph);
      EXPECT_EQ(file.graph->input, kCifar);
      EXPECT_EQ(file.graph->output, output);
      EXPECT_EQ(file.graph->architecture(), graph.architecture());
      EXPECT_EQ(file.graph->metadata.at("gibbon.train.arch"), text);
      const GraphModelOf<double> ours(graph);
      const GraphModelOf<double> read(*file.graph);
      TensorOf<double> x(3, kCifar.size());
      for (double& value : x.flat()) value = rng.unit();
      TapeOf<double> tape = ours.make_tape(3);
      TapeOf<double> other = read.make_tape(3);
      const auto want = ours.forward(std::as_const(x).view(), tape);
      const auto got = read.forward(std::as_const(x).view(), other);
      EXPECT_TRUE(std::ranges::equal(got.flat(), want.flat())) << text;
    }
  }
}

}  // namespace
}  // namespace gibbon::models::train
