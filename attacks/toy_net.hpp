// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>

#include "models/network.hpp"

namespace gibbon::attacks {

/// A network of two inputs whose numbers were worked out elsewhere: z = s(x W1) W2, s the sigmoid.
/// For tests.
inline models::Network toy_network() {
  models::Network network;
  network.layers.push_back(
      {.weight = {2, 2}, .bias = {0.0F, 0.0F}, .activation = models::make_activation("sigmoid")});
  network.layers.push_back(
      {.weight = {2, 2}, .bias = {0.0F, 0.0F}, .activation = models::make_activation("identity")});
  // W as z = W a + b stores it: the transposed of W1 = ((1.5, 0.3), (-2, 0.3)) and
  // W2 = ((-2.4, 1.2), (0.5, -2.3)).
  std::ranges::copy(std::array{1.5F, -2.0F, 0.3F, 0.3F}, network.layers[0].weight.flat().begin());
  std::ranges::copy(std::array{-2.4F, 0.5F, 1.2F, -2.3F}, network.layers[1].weight.flat().begin());
  return network;
}

}  // namespace gibbon::attacks
