// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attacks/threat_model.hpp"
#include "datasets/dataset.hpp"
#include "reports/record/certified.hpp"

namespace gibbon::eval::certify {

/// The band between what is proved and what is refuted, sample by sample, in one norm: proofs raise
/// the lower end, confirmed counterexamples lower the upper one. The ends never meet: whichever
/// side writes what the other has refuted is told so by a std::logic_error that names image, ε and
/// both witnesses. Workers may write at once as long as each has samples of its own.
class Band {
 public:
  Band(attacks::Norm norm, const datasets::Dataset& data);

  /// The model says `label` without attack; another than the true one is a counterexample at 0.
  void predict(std::size_t sample, int label);

  /// No input within ε changes the prediction, as `method` proves.
  void certify(std::size_t sample, double epsilon, std::string_view method);

  /// An input at this distance does; `by` says who found it. Infinity says nothing.
  void attack(std::size_t sample, double distance, std::string_view by);

  /// It stays undecided, and what the search says of that.
  void leave(std::size_t sample, double bound, std::string_view reason);

  /// Spent on the sample, added to what was.
  void spend(std::size_t sample, std::uint64_t nodes) { samples_[sample].nodes += nodes; }

  [[nodiscard]] bool certified(std::size_t sample, double epsilon) const;
  [[nodiscard]] bool attacked(std::size_t sample, double epsilon) const;
  [[nodiscard]] bool undecided(std::size_t sample, double epsilon) const {
    return !certified(sample, epsilon) && !attacked(sample, epsilon);
  }

  [[nodiscard]] std::vector<reports::record::CertifiedPoint> curve(
      std::span<const double> epsilons) const;
  [[nodiscard]] const std::vector<reports::record::CertifiedSample>& samples() const {
    return samples_;
  }

 private:
  [[nodiscard]] double reach(double epsilon) const;
  void require_apart(std::size_t sample) const;

  attacks::Norm norm_;
  Box range_;
  std::vector<reports::record::CertifiedSample> samples_;
  std::vector<std::string> attackers_;  ///< who found samples_[n].attacked
};

}  // namespace gibbon::eval::certify
