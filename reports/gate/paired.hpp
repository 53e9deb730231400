// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "reports/record/record.hpp"

// What two runs over the same samples say about each other. Only samples whose outcome changed
// carry information, which is why 10,000 paired samples see a drop that two intervals side by side
// hide. All rates are fractions of n.
namespace gibbon::reports::gate {

/// The outcomes of n samples in a run before and a run now.
struct Paired {
  std::uint64_t n = 0;
  std::uint64_t lost = 0;    ///< right before, wrong now
  std::uint64_t gained = 0;  ///< wrong before, right now

  [[nodiscard]] double drop() const;     ///< (lost - gained) / n
  [[nodiscard]] double changed() const;  ///< (lost + gained) / n
};

/// Counts two lists of outcomes, 1 for right. Throws a logic_error unless they are of equal length.
[[nodiscard]] Paired count_paired(std::span<const std::uint8_t> before,
                                  std::span<const std::uint8_t> now);

/// Two-sided exact p-value of McNemar 1947 for "neither loss nor gain is likelier": twice the
/// smaller tail of Binomial(lost + gained, 1/2), at most 1.
[[nodiscard]] double mcnemar_p(const Paired& paired);

/// One-sided p-value of Tango's 1998 score test for "the drop in the population is at most
/// `margin`", margin in [0, 1).
[[nodiscard]] double drop_above_p(const Paired& paired, double margin);

/// The p-value by which a change counts, in either direction: it has to differ from 0 (mcnemar_p)
/// and to be more than `margin` (twice drop_above_p, in the direction that was seen).
[[nodiscard]] double change_p(const Paired& paired, double margin);

/// Tango's score interval of the drop at 95 %, inside [-1, 1]; n > 0.
[[nodiscard]] record::Interval drop_interval(const Paired& paired);

/// Holm's 1979 step-down adjustment: adjusted[i] <= alpha rejects i with the probability of any
/// false rejection held below alpha, whatever the dependence.
[[nodiscard]] std::vector<double> holm(std::span<const double> p);

/// About how many samples would settle what these cannot, should the rates stay as seen: enough to
/// show with a power of 90 % that the change is more than `margin`, at level alpha in a family of
/// `tests`; or, for a smaller change, to bring the 95 % interval inside the margin. More than n,
/// two significant digits, rounded up; none when the change is the margin itself.
[[nodiscard]] std::optional<std::uint64_t> needed_samples(const Paired& paired, double margin,
                                                          double alpha, std::size_t tests);

}  // namespace gibbon::reports::gate
