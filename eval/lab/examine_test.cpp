// SPDX-License-Identifier: MIT
#include "eval/lab/examine.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "models/train/initialise.hpp"

namespace gibbon::eval::lab {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A perceptron as wide as trained ones are, whose first weights are `scale` times as large.
models::Network network_of(const std::string& activation, float scale) {
  models::Network network = models::train::make_network(
      std::vector<std::size_t>{196, 24, 10}, models::make_activation(activation),
      models::Output::kSoftmax, models::train::find_initialiser("xavier"), 3);
  for (models::Dense& layer : network.layers) {
    for (float& w : layer.weight.flat()) w *= 3.0F;
  }
  for (float& w : network.layers.front().weight.flat()) w *= scale;
  return network;
}

models::ModelFile file_of(models::Network network) {
  models::ModelFile file;
  file.network = std::move(network);
  file.sha256 = std::string(64, 'a');
  return file;
}

std::string examined(models::Network network) {
  const models::ModelFile file = file_of(std::move(network));
  return examine("m.onnx", file, models::Target(file));
}

TEST(Examine, ScalesOfInputsAreToldApart) {
  for (const char* activation : {"relu", "sigmoid", "tanh"}) {
    const RangeGuess guess = guess_range(models::Target(network_of(activation, 1.0F)));
    EXPECT_EQ(guess.likeliest, 0U) << activation << " " << guess.probed[0].spread;
    EXPECT_EQ(guess_range(models::Target(network_of(activation, 1.0F / 255))).likeliest, 1U);
    EXPECT_EQ(guess_range(models::Target(network_of(activation, 1e-6F))).likeliest, 2U);
  }
  // A normalisation in the file is part of what is probed.
  models::Network bytes = network_of("relu", 1.0F);
  bytes.normalisation = {std::vector<float>(196, 0.0F), std::vector<float>(196, 255.0F)};
  EXPECT_EQ(guess_range(models::Target(bytes)).likeliest, 1U);
  const std::string text = examined(bytes);
  EXPECT_THAT(text, HasSubstr("normalisation  (x - 0) / 255, part of the model"));
  EXPECT_THAT(text, HasSubstr("--input-range 0,255"));
}

TEST(Examine, SaysWhatStandsWhereAndWhatCanBeDone) {
  models::Network network = network_of("relu", 1.0F);
  for (std::size_t o = 0; o < 24; ++o) network.layers.front().weight.row(o)[7] = 0.0F;
  EXPECT_THAT(examined(network),
              AllOf(HasSubstr("multilayer perceptron: 196-24-10, 4,978 parameters"),
                    HasSubstr("layer 1  dense 24, relu  24           4,728"),
                    HasSubstr("1 of 196 inputs have no weight"), HasSubstr("SHA-256 aaaaaaaaaaaa…"),
                    HasSubstr("certify                        yes"),
                    HasSubstr("gibbon train --arch 196-24-10")));
  EXPECT_THAT(examined(network_of("gelu", 1.0F)),
              HasSubstr("certify                        no   bounds: layer 1: activation gelu"));
  EXPECT_THAT(examined(network_of("step", 1.0F)),
              AllOf(HasSubstr("without gradients: they are zero behind step"),
                    Not(HasSubstr("yes  gibbon sweep"))));
}

TEST(Examine, WeightsThatAreNoNumbersAreCounted) {
  models::Network network = network_of("relu", 1.0F);
  network.layers[1].weight.row(0)[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT(examined(network), HasSubstr("1 of 240 are NaN or infinite"));
}

}  // namespace
}  // namespace gibbon::eval::lab
