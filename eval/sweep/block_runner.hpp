// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "attacks/limits.hpp"
#include "datasets/dataset.hpp"
#include "eval/judge/judge.hpp"
#include "eval/sweep/attack_spec.hpp"
#include "reports/record/record.hpp"

namespace gibbon::eval::sweep {

/// What all blocks of a sweep have in common.
struct Bench {
  const models::Classifier& model;             ///< what is attacked
  const models::ClassifierOf<double>& judged;  ///< what decides
  models::Output output;
  const datasets::Dataset& data;
  std::span<const double> epsilons;  ///< K budgets, rising
  std::uint64_t seed = 0;
  std::uint64_t max_queries = 0;  ///< passes one attack may spend on a sample; 0: any
  bool exhaustive = false;        ///< every attack at every budget
  attacks::Limits limits;         ///< of the adversary; scale: none or D numbers
};

/// What one attack of an entry did in a block, or in all blocks together.
struct Tally {
  std::uint64_t attacked = 0;  ///< samples it was run on
  std::uint64_t broken = 0;    ///< of them, broken by it
  std::uint64_t forwards = 0;
  std::uint64_t backwards = 0;
  double seconds = 0.0;
  attacks::Observations seen;

  Tally& operator+=(const Tally& other);
};

/// One entry in one norm, with its attacks in the order they are run.
struct Pair {
  const Entry* entry = nullptr;
  attacks::Norm norm = attacks::Norm::kLinf;
  std::vector<const AttackSpec*> members;

  [[nodiscard]] bool is_control() const {
    return !entry->ensemble && attacks::info_of(members.front()->info->kind).noise;
  }
  /// Noise and single steps: more budget may do less damage, so a row is that very budget's.
  [[nodiscard]] bool row_by_row() const;
};

/// Attacks blocks of samples and keeps the books: the one place where what an attack proposes meets
/// the judge. One per worker.
///
/// An entry's ledger holds, per sample, the smallest distance at which it is known to break. Its
/// minimal-distance attacks that cost little look once, without a budget. Then each sample is
/// attacked at the largest budget below its smallest known distance, cheap attacks first, those of
/// an ensemble also from the best point known; what breaks moves down to the next budget below its
/// new distance and is attacked again; what stands against all of them is settled, there and below.
/// So a budget list costs little more than its hardest budget.
class BlockRunner {
 public:
  BlockRunner(const Bench& bench, std::size_t max_samples);

  /// Takes samples first … first + count - 1 of the data and looks at them clean.
  void begin(std::size_t first, std::size_t count);

  /// What the judge found before any attack.
  [[nodiscard]] std::span<const judge::Finding> clean() const {
    return std::span(clean_).first(count_);
  }
  /// Samples whose loss gradient by the input is exactly zero (asked once per block).
  [[nodiscard]] std::uint64_t count_zero_gradients();

  /// Called after each attack of an entry: its place in the members, samples attacked, broken now.
  using Listener =
      std::function<void(std::size_t member, std::size_t attacked, std::size_t broken)>;

  /// Runs one entry. records: K × count, budget after budget, overwritten but for curve_row and
  /// broken. tallies: one per member, added to. keep_row[k] != 0: point(k, n) will be asked for.
  void run(const Pair& pair, std::span<reports::record::SampleRecord> records,
           std::span<Tally> tallies, std::span<const char> keep_row, const Listener& listener);

  /// The candidate behind records[k · count + n] of the last run(): the input itself where nothing
  /// was tried.
  [[nodiscard]] Row point(std::size_t k, std::size_t n) const;

 private:
  /// What the judge says of one candidate.
  struct Verdict {
    PerNorm moved;
    double distance = 0.0;  ///< moved in the norm of the entry
    bool inside_box = false;
    bool wrong = false;      ///< the model does not answer the true label
    std::size_t row = 0;     ///< the first budget it breaks; K: none
    int rounded_label = -1;  ///< after rounding to 8 bits; -1: no pixels, or it breaks nothing
  };

  [[nodiscard]] int label(std::size_t n) const { return bench_.data.labels[first_ + n]; }
  [[nodiscard]] int target_of(std::size_t n, const Target& target) const;
  /// Right when clean and not already of the target class.
  [[nodiscard]] bool worth_attacking(std::size_t n, const Target& target) const;
  [[nodiscard]] reports::record::SampleRecord untouched(std::size_t n, const Target& target) const;
  [[nodiscard]] std::size_t budgets() const { return bench_.epsilons.size(); }
  /// The first budget whose ball holds a point at this distance; K: none.
  [[nodiscard]] std::size_t first_row(double distance) const;
  [[nodiscard]] attacks::ThreatModel threat(std::size_t row) const {
    return {norm_, bench_.epsilons[row], bench_.data.range};
  }

  void run_row_by_row(const Pair& pair);
  void run_exhaustively(const Pair& pair);
  void run_by_ledger(const Pair& pair);
  /// One attack without a budget on every sample of `standing`, read off at all of them.
  void look_for_nearest(const Pair& pair, std::size_t member,
                        std::span<const std::uint32_t> standing);

  /// What a minimal-distance attack found beyond every budget is not its fault, and its records say
  /// that nothing was tried. Points that are no examples at all, outside the box or without a
  /// label, are written to the last row for the diagnosis, and points of a file to every row that
  /// they do not break: whether those are inside is a question about the file.
  void keep_failure(const Pair& pair, std::size_t member, std::size_t k);

  /// Runs pair.members[member] on the places who_ of the block with budgets_ each, and judges what
  /// comes back: verdicts_. Rows are found by distance, or are `row` for all.
  void attack(const Pair& pair, std::size_t member, bool from_known,
              std::optional<std::size_t> row = std::nullopt);
  /// Runs the attack on x_, which it sees through the view where there is one.
  void propose(const AttackSpec& spec, attacks::Norm norm, bool from_known, Tally& tally);
  void judge(std::optional<std::size_t> row);
  /// findings_ of the candidates; one that did not move is the clean sample.
  void look_at_candidates();
  /// Books candidate k of the last attack(): in every row from its first to the last that is still
  /// standing. True when it breaks a row that was standing.
  bool book(std::size_t member, std::size_t k, std::size_t last);
  /// Writes the record of candidate k to one row.
  void write(std::size_t row, std::size_t member, std::size_t k);

  Bench bench_;
  std::optional<attacks::View> view_;
  judge::Judge judge_;
  std::vector<std::unique_ptr<attacks::Oracle>> oracles_;  // by access
  attacks::Workspace workspace_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::vector<judge::Finding> clean_;
  // The ledger of the entry that runs, by place in the block.
  std::vector<double> nearest_;
  attacks::Norm norm_ = attacks::Norm::kLinf;
  Tensor best_;  // the nearest point known, the input where none is
  std::vector<std::uint32_t> forwards_;
  std::vector<std::uint32_t> backwards_;
  std::vector<float> points_;      // kept candidates
  std::vector<std::size_t> kept_;  // K × count: where a row's point starts in points_, plus one
  std::span<reports::record::SampleRecord> records_;
  std::span<Tally> tallies_;
  std::span<const char> keep_row_;
  const Listener* listener_ = nullptr;
  // Candidates of the last attack().
  std::vector<std::uint32_t> who_;
  std::vector<double> budgets_;
  std::vector<int> aims_;
  std::vector<int> true_labels_;
  std::vector<std::uint64_t> ids_;
  Tensor x_;
  Tensor starts_;
  Tensor candidates_;
  Tensor viewed_;  // x_, starts_ and candidates_ as the attack sees them, one after the other
  Tensor rounded_;
  std::vector<std::uint8_t> levels_;
  std::vector<judge::Finding> findings_;
  std::vector<std::uint32_t> moved_;   // who has left the clean sample
  std::vector<int> labels_;            // of a part of who_
  std::vector<judge::Finding> found_;  // likewise
  std::vector<std::uint32_t> to_round_;
  std::vector<Verdict> verdicts_;
};

}  // namespace gibbon::eval::sweep
