// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string_view>

namespace gibbon::eval::verify {

/// A decimal number as it was written, by the doubles around it.
struct Decimal {
  double low = 0.0;      ///< the largest double that is not above the number
  double high = 0.0;     ///< the smallest that is not below; low where the number is a double
  double nearest = 0.0;  ///< one of the two
};

/// "0.03", "-1e-3", "+4."; none for other text and beyond the range of doubles. Whatever the
/// locale.
[[nodiscard]] std::optional<Decimal> parse_decimal(std::string_view text);

}  // namespace gibbon::eval::verify
