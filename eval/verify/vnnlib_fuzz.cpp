#include "base/fuzz.hpp"
#include "datasets/error.hpp"
#include "eval/verify/vnnlib.hpp"

GIBBON_FUZZ("eval/verify", vnnlib) {
  try {
    static_cast<void>(gibbon::eval::parse_vnnlib(bytes, "fuzz.vnnlib"));
  } catch (const gibbon::Error&) {  // what a reader is for
  }
}
