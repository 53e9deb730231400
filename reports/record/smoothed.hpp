// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "reports/record/certified.hpp"

// What randomised smoothing certifies: of the smoothed classifier, in l2, with a probability. Kept
// apart from what is proved of the model itself.
namespace gibbon::reports::record {

struct SmoothedPoint {
  double epsilon = 0.0;
  std::uint64_t n = 0;
  std::uint64_t certified = 0;  ///< right and of a radius above ε, of n

  [[nodiscard]] double share() const {
    return n == 0 ? 0.0 : static_cast<double>(certified) / static_cast<double>(n);
  }
};

struct SmoothedSample {
  std::uint64_t id = 0;
  int label = -1;
  int predicted = -1;      ///< by the smoothed classifier; -1: it abstains
  int top = -1;            ///< the class that was counted
  std::uint64_t hits = 0;  ///< of the n draws that it got
  double p_low = 0.0;      ///< its probability is at least this
  double radius = 0.0;     ///< l2; 0 when it abstains

  [[nodiscard]] bool holds(double epsilon) const { return predicted == label && radius > epsilon; }
};

struct Smoothed {
  nlohmann::ordered_json provenance;
  std::string title;  ///< model, data and n, for people
  double sigma = 0.0;
  std::uint64_t n0 = 0;
  std::uint64_t n = 0;  ///< draws per sample
  double alpha = 0.0;
  std::vector<SmoothedPoint> curve;
  std::vector<SmoothedSample> samples;
};

/// smoothed.csv: norm,epsilon,n,certified,share,wilson_low,wilson_high,sigma,draws,alpha.
[[nodiscard]] std::string to_smoothed_csv(const Smoothed& smoothed);

/// smoothed.json: provenance, what the certificates mean, curve and samples; `predicted` is null
/// where the smoothed classifier abstains.
[[nodiscard]] std::string to_smoothed_json(const Smoothed& smoothed);

/// For a terminal: ε, share in %, certified of n and the 95 % Wilson interval; abstentions.
[[nodiscard]] std::string to_smoothed_table(const Smoothed& smoothed);

}  // namespace gibbon::reports::record
