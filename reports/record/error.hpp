// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>

namespace gibbon::reports::record {

/// A stored run that cannot be read or drawn: "where: what, the value; what is allowed; what to
/// do".
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Nothing is damaged, but what was asked for cannot be answered with these files: settings that do
/// not fit together.
struct Refusal : Error {
  using Error::Error;
};

}  // namespace gibbon::reports::record
