// SPDX-License-Identifier: MIT
#include "base/error.hpp"
#include "base/fuzz.hpp"
#include "eval/verify/vnnlib.hpp"

GIBBON_FUZZ("eval/verify", vnnlib) {
  try {
    static_cast<void>(gibbon::eval::verify::parse_vnnlib(bytes, "fuzz.vnnlib"));
  } catch (const gibbon::Error&) {  // what a reader is for
  }
}
