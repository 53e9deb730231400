// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "models/graph.hpp"
#include "models/network.hpp"

namespace gibbon::models {

/// A network as it was read.
struct ModelFile {
  Network network;  ///< a multilayer perceptron; without layers when `graph` is there
  std::shared_ptr<const Graph> graph;  ///< any other network; null: it is a multilayer perceptron
  std::string sha256;                  ///< of the file's (uncompressed) bytes
  /// Softmax, LogSoftmax or Sigmoid, where the file has one behind the logits; else empty.
  std::string final_op;
  /// Nodes whose constants are no float32 numbers, or none after folding: the network is the file's
  /// up to this rounding. Empty: it is exactly the file's.
  std::vector<std::string> rounded;
};

/// Reads an ONNX file (plain or .gz). A file that convolves, pools, joins channels or works out its
/// shapes is a graph (models/onnx/graph_reader.hpp); any other is a multilayer perceptron: Gemm, or
/// MatMul with the weight on either side, with any activation of the catalogue after each; Add,
/// Sub, Mul, Div by constants and BatchNormalization; Flatten, Reshape, Transpose, Squeeze,
/// Unsqueeze, Identity, Dropout, Cast and Constant anywhere. Steps by constants before the first
/// layer become the normalisation. A final Softmax, LogSoftmax or Sigmoid is taken off: the logits
/// are what is attacked. Anything else throws an input Error that names the node and its operator:
/// every attribute of a node is honoured or refused (models/onnx/operators.hpp), and sizes are held
/// against file_limit before memory is taken.
[[nodiscard]] ModelFile read_model(const std::filesystem::path& path);
/// The same of the file's uncompressed bytes; `name` is what messages call it.
[[nodiscard]] ModelFile parse_model(std::string_view bytes, const std::string& name);

/// The network as ONNX bytes: input "input" (batch × D), Gemm with transB and activations, output
/// "logits" ("output" after a final Sigmoid, which is written when output is kSigmoid), metadata.
[[nodiscard]] std::string to_onnx(const Network& network);

/// A graph as ONNX bytes, in the layout of files: input "input" (batch × channels × rows ×
/// columns), the nodes under their names, and output and metadata as above. Reading it gives the
/// same logits. Throws a logic_error for layers that training never makes.
[[nodiscard]] std::string to_onnx(const Graph& graph);

/// to_onnx(), written atomically.
void write_model(const std::filesystem::path& path, const Network& network);
void write_model(const std::filesystem::path& path, const Graph& graph);

}  // namespace gibbon::models
