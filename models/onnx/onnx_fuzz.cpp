// SPDX-License-Identifier: MIT
#include "base/error.hpp"
#include "base/fuzz.hpp"
#include "models/model_file.hpp"

GIBBON_FUZZ("models/onnx", onnx) {
  try {
    static_cast<void>(gibbon::models::parse_model(bytes, "fuzz.onnx"));
  } catch (const gibbon::Error&) {  // what a reader is for
  }
}
