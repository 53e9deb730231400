// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "datasets/dataset.hpp"
#include "models/model_file.hpp"
#include "models/target.hpp"

namespace gibbon::models {

/// What --input-shape says: "1,28,28" (channels, rows, columns), or "784".
struct InputShape {
  FeatureShape shape;
  bool picture = false;
};

/// Empty: nothing was said. Throws a usage Error for anything that is not one or three positive
/// numbers.
[[nodiscard]] std::optional<InputShape> parse_input_shape(std::string_view text);

/// The model to attack: a file's network, or its TorchScript module, whose inputs have the shape of
/// `input_shape` or else of the data. Throws a usage Error when a module has neither, or another
/// file is given a shape; an input Error, in one line, when a module cannot be used.
[[nodiscard]] Target open_target(const ModelFile& file, std::string_view input_shape,
                                 const std::optional<datasets::Shape>& data);

/// Throws a usage Error for a TorchScript module: `work` needs layers.
void require_layers(const ModelFile& file, std::string_view work);

}  // namespace gibbon::models
