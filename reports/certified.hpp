#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "reports/record.hpp"

// What is written about certificates: files for programs, tables for people.
namespace gibbon::reports {

inline constexpr std::array kVerdicts{"certified", "attacked", "undecided"};
/// Samples of a point by kVerdicts.
[[nodiscard]] std::array<std::uint64_t, 3> counts_of(const CertifiedPoint& point);

/// certified.csv: norm,epsilon,n,certified,attacked,undecided,clean_correct, then the shares of the
/// three with their 95 % Wilson intervals.
[[nodiscard]] std::string to_certified_csv(const Run& run);

/// radii.csv: per norm and sample both ends of the smallest distance that breaks it, what proved
/// the lower one, and why they do not meet. Empty: no norm, sample or end is known.
[[nodiscard]] std::string to_radii_csv(const Run& run);

/// certified.json: per norm how it was made, then curve and samples. What is not known is null.
[[nodiscard]] std::string to_certified_json(const Run& run);

/// The certificates that to_certified_json wrote. Throws Error naming what is wrong.
[[nodiscard]] std::vector<Certificates> read_certificates(std::string_view certified_json);

/// Quartiles over all samples of one end of the smallest distance.
struct RadiusSummary {
  std::string end;          ///< "certified, at least" or "attacked, at most"
  std::uint64_t known = 0;  ///< of n: the end is no better than nothing for the others
  std::uint64_t n = 0;
  std::array<double, 3> quartiles{};  ///< lower, median, upper; infinity: not found
};
/// Both ends; none unless they were searched.
[[nodiscard]] std::vector<RadiusSummary> radius_summaries(const Certificates& certificates);

/// For a terminal: per ε certified, attacked and undecided samples, each with its share in %, count
/// of n and 95 % Wilson interval; "exact" where nothing is undecided.
[[nodiscard]] std::string to_certified_table(const Certificates& certificates);

/// The same as Markdown.
[[nodiscard]] std::string to_certified_markdown(const Certificates& certificates);

/// "At ε = 0.1 (l∞) at least 73.8 % (…) are proved to keep the right answer …", of the ε at which
/// there is most to see.
[[nodiscard]] std::string certified_answer(const Certificates& certificates);

}  // namespace gibbon::reports
