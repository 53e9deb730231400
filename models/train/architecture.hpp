// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "models/graph.hpp"
#include "models/train/initialise.hpp"

// Architectures of graphs in one line: layers joined by commas, in order.
//
//   conv16:4s2p1   16 windows of 4 × 4, stride 2, padding 1; d2: dilation 2; g4: 4 groups
//   maxpool:2      windows of 2 × 2, as far apart as they are large; maxpool:3s2p1; avgpool alike
//   globalpool     the mean of every channel
//   dense100       100 neurons, after pictures have become rows
//   bn             batch norm
//   relu, tanh, …  an activation of the catalogue, for every number alone
//   res(A|B)       the sum of the layers A and the layers B on the same input; res(A): B does
//                  nothing
namespace gibbon::models::train {

/// A line with a name.
struct ArchitectureInfo {
  std::string_view name;
  std::string_view layers;
  std::string_view source;
};

[[nodiscard]] std::span<const ArchitectureInfo> architectures();

/// Whether the text is a line of layers or its name; a perceptron's widths begin with a digit.
[[nodiscard]] bool names_graph(std::string_view text);

/// The line in full, which gives the same graph: names replaced, and dense<classes> at the end
/// unless the last layer is dense. Throws a usage Error that quotes what is not understood.
[[nodiscard]] std::string full_architecture(std::string_view text, std::size_t classes);

/// A fresh graph of a line in full. A weight is a function of (seed, its layer, its place) alone.
/// Throws a usage Error where a layer does not fit.
[[nodiscard]] Graph make_graph(std::string_view line, const FeatureShape& input, Output output,
                               const InitialiserInfo& initialiser, std::uint64_t seed);

}  // namespace gibbon::models::train
