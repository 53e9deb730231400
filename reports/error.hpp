#pragma once

#include <stdexcept>

namespace gibbon::reports {

/// A stored run that cannot be read or drawn: "where: what, the value; what is allowed; what to
/// do".
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace gibbon::reports
