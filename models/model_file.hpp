#pragma once

#include <filesystem>
#include <string>

#include "models/network.hpp"

namespace gibbon::models {

/// A network as it was read, and the SHA-256 of the file's (uncompressed) bytes.
struct ModelFile {
  Network network;
  std::string sha256;
};

/// Reads an ONNX file (plain or .gz) that describes a multilayer perceptron: Gemm, or MatMul and
/// Add, with any activation of the catalogue after each; Flatten, Reshape, Identity, Dropout and
/// Constant anywhere; Sub, Div, Add, Mul by constants before the first layer become the
/// normalisation. A final Softmax, LogSoftmax or Sigmoid is taken off: the logits are what is
/// attacked. Anything else throws an input Error that names the node and its operator.
[[nodiscard]] ModelFile read_model(const std::filesystem::path& path);
[[nodiscard]] Network parse_model(std::string_view bytes, const std::string& name);

/// The network as ONNX bytes: input "input" (batch × D), Gemm with transB and activations, output
/// "logits" ("output" after a final Sigmoid, which is written when output is kSigmoid), metadata.
[[nodiscard]] std::string to_onnx(const Network& network);

/// to_onnx(), written atomically.
void write_model(const std::filesystem::path& path, const Network& network);

}  // namespace gibbon::models
