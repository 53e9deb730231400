#pragma once

#include <string>

#include "reports/record/record.hpp"

namespace gibbon::reports::formats {

/// certified.csv: norm,epsilon,n,certified,attacked,undecided,clean_correct, then the shares of the
/// three with their 95 % Wilson intervals.
[[nodiscard]] std::string to_certified_csv(const record::Run& run);

/// radii.csv: per norm and sample both ends of the smallest distance that breaks it, what proved
/// the lower one, and why they do not meet. Empty: no norm, sample or end is known.
[[nodiscard]] std::string to_radii_csv(const record::Run& run);

}  // namespace gibbon::reports::formats
