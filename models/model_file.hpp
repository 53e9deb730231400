// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "models/graph.hpp"
#include "models/input_scaling.hpp"
#include "models/network.hpp"

namespace gibbon::models {

/// A TorchScript archive: a program that another engine runs (models/open_target.hpp).
struct ScriptFile {
  std::string name;
  std::string bytes;
};

/// A network as it was read.
struct ModelFile {
  Network network;  ///< a multilayer perceptron; without layers when `graph` is there
  std::shared_ptr<const Graph> graph;  ///< any other network; null: it is a multilayer perceptron
  std::shared_ptr<const ScriptFile> script;  ///< instead of a network that we know; null: none
  /// Of the file's (uncompressed) bytes, of its external data, and of a scaling that was asked for.
  std::string sha256;
  /// Softmax, LogSoftmax, Sigmoid or ArgMax, where the file has one behind the logits; else empty.
  std::string final_op;
  /// The network has two scores, 0 and z, for the one logit z of the file: softmax over them is the
  /// file's sigmoid.
  bool one_logit = false;
  /// The file takes bytes: the network multiplies its inputs, which are data from 0 to 1, by 255.
  bool bytes = false;
  /// file_order[k]: the network's number of the file's input k; empty: the same. Of a file that has
  /// the channels of its input first.
  std::vector<std::size_t> file_order;
  /// Nodes whose constants are no float32 numbers, or none after folding: the network is the file's
  /// up to this rounding. Empty: it is exactly the file's.
  std::vector<std::string> rounded;
};

/// Reads an ONNX file (plain or .gz), and its external data from its own folder. One chain of
/// layers is a multilayer perceptron: Gemm, or MatMul with the weight on either side, with any
/// activation of the catalogue after each; Add, Sub, Mul, Div by constants and BatchNormalization;
/// what only changes a shape, Dropout, Cast and constants anywhere. Steps by constants before the
/// first layer become the normalisation. Anything else is a graph (models/onnx/graph_reader.hpp).
/// What depends on constants alone is computed here; of several outputs the one with scores is
/// taken, and what stands behind the scores is taken off: the logits are what is attacked. What is
/// not understood throws an input Error that names the node and its operator: every attribute of a
/// node is honoured or refused (models/onnx/operators.hpp), and sizes are held against file_limit
/// before memory is taken. `scaling` is put before its first node (models/onnx/scale_input.hpp).
/// A zip archive, or a file *.pt, *.pth or *.ts, is a TorchScript archive, which is not opened here
/// and takes no scaling: a usage Error.
[[nodiscard]] ModelFile read_model(const std::filesystem::path& path,
                                   const InputScaling& scaling = {});
/// The same of the file's uncompressed bytes, without other files; `name` is what messages call it.
[[nodiscard]] ModelFile parse_model(std::string_view bytes, const std::string& name,
                                    const InputScaling& scaling = {});

/// The perceptron with inputs and logits numbered as in the file, for properties that name them.
[[nodiscard]] Network as_written(const ModelFile& file);

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
