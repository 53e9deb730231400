// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "datasets/dataset.hpp"
#include "models/network.hpp"
#include "models/train/initialise.hpp"

namespace gibbon::eval::judge {

/// Two features, two classes: the answer is whether x_0 > x_1, so all distances are known: the
/// margin x_0 - x_1 shrinks by 2 ε in linf, √2 ε in l2 and ε in l1. For tests.
inline models::Network comparer(const std::string& activation = "identity") {
  models::Network network = models::train::make_network(
      std::vector<std::size_t>{2, 2}, models::make_activation("identity"), models::Output::kSoftmax,
      models::train::find_initialiser("xavier"), 1);
  network.layers[0].weight.row(0)[0] = network.layers[0].weight.row(1)[1] = 1.0F;
  network.layers[0].weight.row(0)[1] = network.layers[0].weight.row(1)[0] = 0.0F;
  network.layers[0].bias = {0.0F, 0.0F};
  network.layers[0].activation = models::make_activation(activation);
  return network;
}

/// Samples of class 0 for it, with ids 10, 11, ...
inline datasets::Dataset pairs(std::span<const std::array<float, 2>> values) {
  datasets::Dataset data;
  data.images = Tensor(values.size(), 2);
  for (std::size_t n = 0; n < values.size(); ++n) {
    data.images.row(n)[0] = values[n][0];
    data.images.row(n)[1] = values[n][1];
    data.ids.push_back(10 + n);
  }
  data.labels.assign(values.size(), 0);
  data.shape = {.height = 1, .width = 2, .channels = 1};
  data.class_names = {"a", "b"};
  return data;
}

}  // namespace gibbon::eval::judge
