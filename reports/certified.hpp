#pragma once

#include <limits>
#include <string>
#include <vector>

#include "reports/record.hpp"

// Both edges of robust accuracy: what was proved, and what a counterexample refuted.
namespace gibbon::reports {

/// One point of the band. Every sample is certified, attacked or undecided.
struct CertifiedPoint {
  double epsilon = 0.0;
  std::uint64_t n = 0;
  std::uint64_t certified = 0;  ///< of n; clean errors count as attacked
  std::uint64_t attacked = 0;   ///< of n

  [[nodiscard]] std::uint64_t undecided() const { return n - certified - attacked; }
};

/// What is known of one sample: its smallest distance lies above `certified` and is at most
/// `attacked`.
struct CertifiedSample {
  std::uint64_t id = 0;
  int label = -1;
  int predicted = -1;
  double certified = -1.0;  ///< largest ε proved robust; -1: none
  /// Smallest distance of a counterexample that the judge confirmed; 0 for clean errors.
  double attacked = std::numeric_limits<double>::infinity();
  /// Least lower bound of the margin at the smallest undecided ε; NaN: none is undecided.
  double bound = std::numeric_limits<double>::quiet_NaN();
  std::string reason;  ///< why it is undecided: "nodes", "time", "resolution", "rounding"; or empty
  std::string method;  ///< what proved `certified`: "interval", "crown", "alpha",
                       ///< "branch-and-bound"; empty: nothing is proved
  std::uint64_t nodes = 0;  ///< bound evaluations spent
};

struct Certificates {
  nlohmann::ordered_json provenance;
  std::string norm;
  std::string title;  ///< model, data and n, for people
  std::string level;  ///< of soundness: what the proofs hold for
  std::uint64_t clean_correct = 0;
  bool with_radius = false;  ///< both ends were searched, not only asked at the curve's budgets
  std::vector<CertifiedPoint> curve;
  std::vector<CertifiedSample> samples;
};

/// certified.csv: norm,epsilon,n,certified,attacked,undecided,clean_correct, then the shares of the
/// three with their 95 % Wilson intervals.
[[nodiscard]] std::string to_certified_csv(const Certificates& certificates);

/// certified.json: provenance, then curve and samples. What is not known is null.
[[nodiscard]] std::string to_certified_json(const Certificates& certificates);

/// For a terminal: per ε certified, attacked and undecided samples, each with its share in %, count
/// of n and 95 % Wilson interval; "exact" where nothing is undecided.
[[nodiscard]] std::string to_certified_table(const Certificates& certificates);

}  // namespace gibbon::reports
