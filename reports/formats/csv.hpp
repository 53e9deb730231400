#pragma once

#include <string>
#include <string_view>

#include "reports/record/record.hpp"

namespace gibbon::reports::formats {

/// Text as one field: in quotes where it holds commas, quotes or line ends.
[[nodiscard]] std::string csv_field(std::string_view text);

/// curve.csv: one line per CurvePoint in the order of the run, RFC 4180 quoting, "\n" line ends,
/// decimals that read back to the same double; "nan" where nothing was counted.
[[nodiscard]] std::string to_curve_csv(const record::Run& run);

}  // namespace gibbon::reports::formats
