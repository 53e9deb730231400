// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "models/network.hpp"

namespace gibbon::models::train {

/// How weights start. Biases start as N(0, 1) with "normal" and as 0 with the others.
struct InitialiserInfo {
  std::string_view name;
  std::string_view formula;
  std::string_view source;
  bool normal_bias;
  /// One weight of a layer with `inputs` and `outputs`, from a standard normal `g` and a uniform
  /// `u` in [-1, 1).
  double (*weight)(double inputs, double outputs, double g, double u);
};

[[nodiscard]] std::span<const InitialiserInfo> initialisers();
[[nodiscard]] const InitialiserInfo& find_initialiser(std::string_view name);

/// Overwrites the weights (outputs × inputs of a neuron) and biases of layer `layer`.
void initialise(Tensor& weight, std::span<float> bias, const InitialiserInfo& initialiser,
                std::uint64_t seed, std::size_t layer);

/// A fresh network: `widths` from input to output, `hidden` after every layer but the last. A
/// weight is a function of (seed, its layer, its place) alone.
[[nodiscard]] Network make_network(std::span<const std::size_t> widths, Activation hidden,
                                   Output output, const InitialiserInfo& initialiser,
                                   std::uint64_t seed);

}  // namespace gibbon::models::train
