// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace gibbon::models::onnx {

/// A text out of a model file as a message shows it: printable(), and no longer than 80 characters.
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace gibbon::models::onnx
