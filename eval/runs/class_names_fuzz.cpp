// SPDX-License-Identifier: MIT
#include "base/error.hpp"
#include "base/fuzz.hpp"
#include "eval/runs/class_names.hpp"

GIBBON_FUZZ("eval/runs", class_names) {
  try {
    const auto names = gibbon::eval::runs::parse_class_names(bytes, "fuzz.txt");
    static_cast<void>(gibbon::datasets::classes_called(bytes.substr(0, 20), names));
  } catch (const gibbon::Error&) {  // what a reader is for
  }
}
