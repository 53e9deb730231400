// SPDX-License-Identifier: MIT
#include "models/network.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "models/train/initialise.hpp"

namespace gibbon::models {
namespace {

using testing::ElementsAre;
using testing::ThrowsMessage;

Network small() {
  return train::make_network(std::vector<std::size_t>{4, 3, 2}, make_activation("relu"),
                             Output::kSoftmax, train::find_initialiser("he"), 1);
}

TEST(Network, TheCoursesDigitNetworkHas13002Parameters) {
  const Network network =
      train::make_network(parse_architecture("784-16-16-10"), make_activation("sigmoid"),
                          Output::kSoftmax, train::find_initialiser("normal"), 0);
  ASSERT_EQ(network.layers.size(), 3U);
  const auto count = [&](std::size_t l) {
    return network.layers[l].weight.flat().size() + network.layers[l].bias.size();
  };
  EXPECT_EQ(count(0), 12560U);
  EXPECT_EQ(count(1), 272U);
  EXPECT_EQ(count(2), 170U);
  EXPECT_EQ(network.parameter_count(), 13002U);
  EXPECT_EQ(network.architecture(), "784-16-16-10");
  EXPECT_EQ(network.input_dim(), 784U);
  EXPECT_EQ(network.num_classes(), 10U);
  EXPECT_EQ(network.layers[0].activation.info->name, "sigmoid");
  EXPECT_EQ(network.layers[1].activation.info->name, "sigmoid");
  EXPECT_EQ(network.layers[2].activation.info->name, "identity") << "the last layer gives scores";
}

TEST(Network, CheckNamesWhatDoesNotFit) {
  EXPECT_NO_THROW(small().check());
  EXPECT_THAT([] { Network{}.check(); }, ThrowsMessage<std::logic_error>("Network: no layers"));
  Network network = small();
  network.layers[1].weight.reshape(2, 5);
  EXPECT_THAT([&] { network.check(); },
              ThrowsMessage<std::logic_error>("Network: columns of a weight is 5, expected 3"));
  network = small();
  network.layers[0].bias.resize(9);
  EXPECT_THAT([&] { network.check(); },
              ThrowsMessage<std::logic_error>("Network: length of a bias is 9, expected 3"));
  network = small();
  network.normalisation.shift = {0.0F};
  EXPECT_THAT([&] { network.check(); },
              ThrowsMessage<std::logic_error>("Network: length of the shift is 1, expected 4"));
  network.normalisation = {.shift = std::vector<float>(4), .scale = {1.0F, 1.0F}};
  EXPECT_THAT([&] { network.check(); },
              ThrowsMessage<std::logic_error>("Network: length of the scale is 2, expected 4"));
}

TEST(ParseArchitecture, ReadsLayerWidths) {
  EXPECT_THAT(parse_architecture("784-16-16-10"), ElementsAre(784U, 16U, 16U, 10U));
  EXPECT_THAT(parse_architecture("2-2"), ElementsAre(2U, 2U));
  EXPECT_THAT(parse_architecture("1048576-1"), ElementsAre(1048576U, 1U));
}

TEST(ParseArchitecture, RefusesAnythingElseWithTheRemedy) {
  const auto refuses = [](std::string_view text, const std::string& why) {
    EXPECT_THAT(
        [=] { static_cast<void>(parse_architecture(text)); },
        ThrowsMessage<Error>("--arch " + std::string(text) + ": " + why +
                             "; allowed are at least two layer widths of 1 to 1048576 joined by "
                             "'-', input first; write for example --arch 784-16-16-10"));
  };
  for (const std::string_view text :
       {"", "784-", "-784-10", "784--10", "0-10", "784-x-10", "784,10", "784-16 -10", "784-1048577",
        "784-99999999999999999999", "8x-2"}) {
    refuses(text, "not a list of layer widths");
  }
  refuses(std::string_view(), "not a list of layer widths");
  refuses("784", "too few layers");
}

}  // namespace
}  // namespace gibbon::models
