#include <sstream>

#include "base/fuzz.hpp"
#include "reports/error.hpp"
#include "reports/npy.hpp"

using namespace gibbon::reports;

GIBBON_FUZZ("reports", npy) {
  try {
    std::istringstream file{std::string(bytes)};
    static_cast<void>(to_npy(from_npy(file)));
  } catch (const Error&) {  // what a reader is for
  }
}
