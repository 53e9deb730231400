// SPDX-License-Identifier: MIT
#include <sstream>

#include "base/fuzz.hpp"
#include "reports/formats/npy.hpp"
#include "reports/record/error.hpp"

using namespace gibbon::reports::formats;

GIBBON_FUZZ("reports/formats", npy) {
  try {
    std::istringstream file{std::string(bytes)};
    static_cast<void>(to_npy(from_npy(file)));
  } catch (const gibbon::reports::record::Error&) {  // what a reader is for
  }
}
