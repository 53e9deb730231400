// SPDX-License-Identifier: MIT
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "models/network.hpp"
#include "models/train/initialise.hpp"

// The one list of small models. Finite differences, the LibTorch comparison, the attack contract
// and the benchmarks walk it: a new activation is in it by itself, another kind of model is one
// more line.
namespace gibbon::models {

struct ModelCase {
  std::string name;
  std::vector<std::size_t> widths;
  std::string activation;
  Output output = Output::kSoftmax;
  bool normalised = false;

  friend std::ostream& operator<<(std::ostream& out, const ModelCase& c) { return out << c.name; }
};

/// 12 inputs, 3 classes: one linear model, one deep network per activation, one with a
/// normalisation, one per output; widths that fit no vector register.
[[nodiscard]] inline std::vector<ModelCase> model_cases() {
  std::vector<ModelCase> cases{{"linear", {12, 3}, "identity"},
                               {"normalised", {12, 16, 3}, "tanh", Output::kSoftmax, true},
                               {"sigmoid_output", {12, 16, 3}, "sigmoid", Output::kSigmoid},
                               {"raw_output", {12, 16, 3}, "tanh", Output::kIdentity}};
  for (const ActivationInfo& info : activations()) {
    std::string name(info.name);
    for (char& c : name) c = c == '-' ? '_' : c;
    cases.push_back({"deep_" + name, {12, 17, 9, 3}, std::string(info.name)});
  }
  return cases;
}

[[nodiscard]] inline Network make_case(const ModelCase& c) {
  Network network = train::make_network(c.widths, make_activation(c.activation), c.output,
                                        train::find_initialiser("xavier"), 42);
  Rng rng(43, 0, "biases");
  for (Dense& layer : network.layers) {
    for (float& b : layer.bias) b = rng.uniform(-0.3F, 0.3F);
    for (float& w : layer.weight.flat()) w *= 2.0F;  // far enough from linear to be worth a test
  }
  if (c.normalised) {
    for (std::size_t d = 0; d < c.widths.front(); ++d) {
      network.normalisation.shift.push_back(rng.uniform(0.1F, 0.6F));
      network.normalisation.scale.push_back(rng.uniform(0.2F, 2.0F));
    }
  }
  return network;
}

}  // namespace gibbon::models
