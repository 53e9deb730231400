// SPDX-License-Identifier: MIT
#include "models/train/initialise.hpp"

#include <array>
#include <cmath>

#include "base/rng.hpp"
#include "base/suggest.hpp"

namespace gibbon::models::train {
namespace {

constexpr std::array<InitialiserInfo, 3> kInitialisers{{
    {"he", "N(0, 2 / inputs)", "He et al. 2015, arXiv:1502.01852, section 2.2", false,
     [](double inputs, double /*outputs*/, double g, double /*u*/) {
       return g * std::sqrt(2.0 / inputs);
     }},
    {"normal", "N(0, 1), biases too", "Nielsen 2015, chapter 1", true,
     [](double /*inputs*/, double /*outputs*/, double g, double /*u*/) { return g; }},
    {"xavier", "U(-a, a), a = sqrt(6 / (inputs + outputs))", "Glorot & Bengio 2010, eq. 16", false,
     [](double inputs, double outputs, double /*g*/, double u) {
       return u * std::sqrt(6.0 / (inputs + outputs));
     }},
}};

}  // namespace

std::span<const InitialiserInfo> initialisers() { return kInitialisers; }

const InitialiserInfo& find_initialiser(std::string_view name) {
  return find_entry("initialiser", kInitialisers, name);
}

void initialise(Tensor& weight, std::span<float> bias, const InitialiserInfo& initialiser,
                std::uint64_t seed, std::size_t layer) {
  Rng rng(seed, layer, "weights");
  const auto inputs = static_cast<double>(weight.cols());
  const auto outputs = static_cast<double>(weight.rows());
  for (float& w : weight.flat()) {
    const double g = rng.normal();
    const double u = 2.0 * rng.unit() - 1.0;
    w = static_cast<float>(initialiser.weight(inputs, outputs, g, u));
  }
  if (!initialiser.normal_bias) return;
  for (float& b : bias) b = static_cast<float>(rng.normal());
}

Network make_network(std::span<const std::size_t> widths, Activation hidden, Output output,
                     const InitialiserInfo& initialiser, std::uint64_t seed) {
  Network network{.output = output};
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
    Dense& layer = network.layers.emplace_back(
        Dense{.weight = {widths[l + 1], widths[l]},
              .bias = std::vector<float>(widths[l + 1]),
              .activation = l + 2 == widths.size() ? make_activation("identity") : hidden});
    initialise(layer.weight, layer.bias, initialiser, seed, l);
  }
  return network;
}

}  // namespace gibbon::models::train
