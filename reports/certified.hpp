#pragma once

#include <string>
#include <vector>

#include "reports/record.hpp"

// The lower edge of robust accuracy: what was proved, not what survived.
namespace gibbon::reports {

/// One point of the certified curve.
struct CertifiedPoint {
  double epsilon = 0.0;
  std::uint64_t n = 0;
  std::uint64_t certified = 0;  ///< of n; clean errors count as not certified

  [[nodiscard]] double share() const;
};

/// What is proved of one sample.
struct CertifiedSample {
  std::uint64_t id = 0;
  int label = -1;
  int predicted = -1;
  double epsilon = -1.0;  ///< largest budget of the curve that is certified; -1: none
  double radius = -1.0;   ///< lower bound of the smallest distance that breaks it; -1: none known
};

struct Certificates {
  nlohmann::ordered_json provenance;
  std::string norm;
  std::string title;  ///< model, data and n, for people
  std::string level;  ///< of soundness: what the proofs hold for
  std::uint64_t clean_correct = 0;
  bool with_radius = false;  ///< radii were searched, not only read off the curve
  std::vector<CertifiedPoint> curve;
  std::vector<CertifiedSample> samples;
};

/// certified.csv: norm,epsilon,n,certified,share,wilson_low,wilson_high,clean_correct.
[[nodiscard]] std::string to_certified_csv(const Certificates& certificates);

/// certified.json: provenance, then curve and samples. What is not known is null.
[[nodiscard]] std::string to_certified_json(const Certificates& certificates);

/// For a terminal: ε, share in %, certified of n and the 95 % Wilson interval.
[[nodiscard]] std::string to_certified_table(const Certificates& certificates);

}  // namespace gibbon::reports
