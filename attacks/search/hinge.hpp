// SPDX-License-Identifier: MIT
#pragma once

#include "attacks/search/successes.hpp"

// Minimising "distance + c · hinge" per sample (Carlini & Wagner 2017, arXiv:1608.04644, sections V
// and VI): what C&W and EAD have in common.
namespace gibbon::attacks::search {

/// hinge = max(m + κ, 0) with the margin m; targeted: of -m.
struct Hinge {
  double confidence = 0.0;  ///< κ, in logits
  bool targeted = false;

  [[nodiscard]] double value(Row logits, int label) const {
    return std::max(lead(logits, label) + confidence, 0.0);
  }
  /// Whether the model is fooled, and by κ at least.
  [[nodiscard]] bool met(Row logits, int label) const {
    return succeeded(logits, label, targeted) &&
           (confidence == 0.0 || lead(logits, label) <= -confidence);
  }
  /// ∂hinge/∂z: e_y - e_other (targeted: the reverse), 0 where the hinge is.
  void seed(Row logits, int label, MutableRow dlogits) const {
    if (!(value(logits, label) > 0.0)) {
      std::ranges::fill(dlogits, 0.0F);
      return;
    }
    margin_seed<float>(logits, label, dlogits);
    if (!targeted) {
      for (float& q : dlogits) q = -q;
    }
  }

 private:
  [[nodiscard]] double lead(Row logits, int label) const {
    const double m{margin(logits, label)};
    return targeted ? -m : m;
  }
};

/// Looks for the smallest c of every sample that gives a success: ten times as much until one does,
/// then the middle between the largest that failed and the smallest that did not.
class ConstantSearch {
 public:
  ConstantSearch(Workspace& work, std::size_t samples, double first)
      : c_(work.take<double>(samples)),
        failed_(work.take<double>(samples)),
        fooled_(work.take<double>(samples)),
        hit_(work.take<std::uint8_t>(samples)) {
    std::ranges::fill(c_, first);
    std::ranges::fill(failed_, 0.0);
    std::ranges::fill(fooled_, std::numeric_limits<double>::infinity());
    std::ranges::fill(hit_, std::uint8_t{0});
  }

  [[nodiscard]] double c(std::size_t sample) const { return c_[sample]; }
  /// There was a success in this round.
  void hit(std::size_t sample) { hit_[sample] = 1; }
  /// Takes the c of the next round for all samples.
  void next_round() {
    for (std::size_t n = 0; n < c_.size(); ++n) {
      double& end = hit_[n] != 0 ? fooled_[n] : failed_[n];
      end = c_[n];
      c_[n] =
          std::isinf(fooled_[n]) ? std::min(10.0 * c_[n], kMost) : 0.5 * (failed_[n] + fooled_[n]);
      hit_[n] = 0;
    }
  }
  /// The paper's code ends on the smallest c that worked when there are ten rounds or more.
  void take_upper() {
    for (std::size_t n = 0; n < c_.size(); ++n) {
      if (!std::isinf(fooled_[n])) c_[n] = fooled_[n];
    }
  }

 private:
  static constexpr double kMost = 1e10;
  std::span<double> c_;
  std::span<double> failed_;
  std::span<double> fooled_;
  std::span<std::uint8_t> hit_;
};

/// Ends a sample's round when `interval` of its steps lowered the loss by less than 0.01 %.
class Plateau {
 public:
  Plateau(Workspace& work, std::size_t samples, int interval)
      : before_(work.take<double>(samples)), interval_(std::max(1, interval)) {}

  void restart() { std::ranges::fill(before_, std::numeric_limits<double>::infinity()); }
  /// True when `sample` has come to rest with this loss after `step` steps.
  bool reached(std::size_t sample, int step, double loss) {
    if (step % interval_ != 0) return false;
    if (loss > 0.9999 * before_[sample]) return true;
    before_[sample] = loss;
    return false;
  }

 private:
  std::span<double> before_;
  int interval_;
};

/// Offers x itself where it meets the hinge already. One forward pass for those that can afford it.
inline void offer_where_met(Oracle& oracle, const Problem& problem, Active& active,
                            const Hinge& hinge, Successes& successes) {
  active.afford(oracle, 1);
  if (active.empty()) return;
  const Rows logits = oracle.logits(oracle.pack(problem.x, active.items()), active.items());
  for (std::size_t k = 0; k < active.size(); ++k) {
    const std::uint32_t n = active[k];
    if (hinge.met(logits.row(k), problem.labels[n])) successes.offer(n, problem.x.row(n));
  }
}

}  // namespace gibbon::attacks::search
