// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "attacks/oracle.hpp"
#include "attacks/threat_model.hpp"
#include "datasets/dataset.hpp"

namespace gibbon::attacks {

/// What attacks report about themselves beside candidates; the diagnosis reads it.
struct Observations {
  std::uint64_t exhausted = 0;  ///< samples on which an iterated run went to its last step in vain
  std::uint64_t unconverged = 0;  ///< of them: > 1 % of the loss's rise fell into the last tenth
  std::uint64_t first_run = 0;    ///< samples broken by the first start
  std::uint64_t restarts = 0;     ///< samples that only a further start broke

  Observations& operator+=(const Observations& other);
};

/// One block of samples to attack. Rows of x, labels, ids, epsilons and starts belong together.
struct Problem {
  Rows x;                              ///< N × D clean inputs, inside the domain
  Labels labels;                       ///< N true labels, or the targets when `targeted`
  std::span<const std::uint64_t> ids;  ///< N dataset indices; randomness is keyed by them
  std::span<const double> epsilons;    ///< N budgets, each sample's own; see ThreatModel::epsilon
  Norm norm = Norm::kLinf;
  Box domain;
  datasets::Shape shape;  ///< of a sample; without a picture (shape.image) features are unordered
  Rows starts;  ///< empty, or N × D: the best points known, x itself where none is. Iterated
                ///< attacks start from there, too
  bool targeted = false;
  std::uint64_t seed = 0;
  std::uint64_t max_queries = 0;  ///< passes, forward or backward, each sample may cost; 0: any
  Observations* seen = nullptr;   ///< where to count what was observed, if anybody wants to know

  [[nodiscard]] std::size_t size() const { return x.rows; }
  [[nodiscard]] ThreatModel threat(std::size_t n) const { return {norm, epsilons[n], domain}; }
  /// Attacks climb direction() · loss: away from the label, or towards the target.
  [[nodiscard]] double direction() const { return targeted ? -1.0 : 1.0; }
};

/// Scratch memory of one worker. After reset() the k-th request gets the memory of the k-th request
/// before it, so only the first block a worker attacks allocates.
class Workspace {
 public:
  void reset() { used_ = 0; }

  /// A buffer with unspecified contents, valid until the next reset().
  [[nodiscard]] MutableRows rows(std::size_t rows, std::size_t cols) {
    return {take<float>(rows * cols).data(), rows, cols};
  }

  /// Likewise for any plain type: numbers, indices, small structs.
  template <class Type>
  [[nodiscard]] std::span<Type> take(std::size_t count) {
    static_assert(std::is_trivially_copyable_v<Type> && alignof(Type) <= alignof(std::max_align_t));
    if (used_ == buffers_.size()) buffers_.emplace_back();
    std::vector<std::max_align_t>& buffer = buffers_[used_++];
    const std::size_t units =
        (count * sizeof(Type) + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t);
    if (buffer.size() < units) buffer.resize(units);
    return {reinterpret_cast<Type*>(buffer.data()), count};
  }

 private:
  std::vector<std::vector<std::max_align_t>> buffers_;
  std::size_t used_ = 0;
};

/// The samples of a block that an attack is still working on, in rising order.
class Active {
 public:
  /// All `samples`.
  Active(Workspace& work, std::size_t samples)
      : memory_(work.take<std::uint32_t>(samples)), items_(memory_) {
    for (std::size_t n = 0; n < samples; ++n) items_[n] = static_cast<std::uint32_t>(n);
  }

  /// Becomes the samples of `other`, made for the same problem: another round begins.
  void assign(const Active& other) {
    items_ = memory_.first(other.size());
    std::ranges::copy(other.items_, items_.begin());
  }

  [[nodiscard]] Owners items() const { return items_; }
  [[nodiscard]] bool empty() const { return items_.empty(); }
  [[nodiscard]] std::size_t size() const { return items_.size(); }
  [[nodiscard]] std::uint32_t operator[](std::size_t k) const { return items_[k]; }

  /// Keeps what keep(k, sample) is true for; k is the place in items(). No result of another sample
  /// may depend on it.
  template <class Keep>
  void keep_if(Keep keep) {
    std::size_t kept = 0;
    for (std::size_t k = 0; k < items_.size(); ++k) {
      const std::uint32_t sample = items_[k];
      if (keep(k, sample)) items_[kept++] = sample;
    }
    items_ = items_.first(kept);
  }

  /// Drops the samples whose query budget does not allow `passes` more: the head of every loop.
  void afford(const Oracle& oracle, std::uint64_t passes) {
    keep_if([&](std::size_t, std::uint32_t sample) { return oracle.affords(sample, passes); });
  }

 private:
  std::span<std::uint32_t> memory_;  // room for all samples
  std::span<std::uint32_t> items_;
};

/// Keeps the nearest success of every sample in `candidate`: what minimal-distance attacks hand
/// over. Points outside a sample's ball, which may be infinite, are remembered as distances only.
class Nearest {
 public:
  /// Candidates become x: nothing found.
  Nearest(const Problem& problem, Workspace& work, MutableRows candidate);

  /// A point that fools the model, inside the domain. True when it is nearer than all before.
  bool offer(std::size_t sample, Row point);

  /// Distance of the nearest one so far; infinity when there is none.
  [[nodiscard]] double distance(std::size_t sample) const { return distance_[sample]; }
  /// The budget is met: with a finite one there is nothing left to look for.
  [[nodiscard]] bool reached(std::size_t sample) const {
    return std::isfinite(problem_.epsilons[sample]) &&
           distance_[sample] <= problem_.threat(sample).reach();
  }

 private:
  const Problem& problem_;
  MutableRows candidate_;
  std::span<double> distance_;
};

/// One knob of an attack. Config parsing, `--help`, reports and docs all walk the list of fields,
/// so a number is described once, where it lives. An int field with the range 0 … 1 is a switch.
struct Field {
  std::string_view name;
  std::string_view help;  ///< one line, with unit
  std::variant<int*, double*> value;
  double low;
  double high;
};

/// Looks for inputs the model gets wrong. It only proposes: the bench itself checks ball, box and
/// label. Stateless while running, so one instance serves all workers.
class Attack {
 public:
  Attack() = default;
  Attack(const Attack&) = delete;
  Attack& operator=(const Attack&) = delete;
  virtual ~Attack() = default;
  [[nodiscard]] virtual std::vector<Field> fields() { return {}; }

  /// Passes through the model, forward and backward, that a sample costs which is not broken,
  /// about. Cheap attacks go first; 0 for those that do not look at the model.
  [[nodiscard]] virtual double passes(std::size_t classes) const = 0;

  /// What has to be said of this attack on a model of so many classes, e.g. a loss that needs more;
  /// a whole sentence. Usually empty.
  [[nodiscard]] virtual std::string remark(std::size_t /*classes*/) const { return {}; }

  /// For attacks with AttackInfo::fitted: learns from other samples, once before any run(), for all
  /// budgets that will follow. training.epsilons are the N samples' own and are not read.
  virtual void fit(Oracle& oracle, const Problem& training, std::span<const double> budgets,
                   Workspace& work);

  /// candidate (N × D) is overwritten; row n belongs to problem.x row n. A function of model,
  /// problem and fields alone, row by row. Allocates only while `work` is new. Stops a sample when
  /// it is broken or its query budget is spent, with its best point. ε = 0 returns the input bit
  /// for bit, without asking the model.
  void run(Oracle& oracle, const Problem& problem, Workspace& work, MutableRows candidate) const;

 private:
  /// On entry `work` is empty, ε > 0, and what candidate holds is unspecified.
  virtual void search(Oracle& oracle, const Problem& problem, Workspace& work,
                      MutableRows candidate) const = 0;
};

enum class Kind {
  kSingleStep,       ///< uses the budget it is given, in one step: more may do less
  kFixedBudget,      ///< uses the budget it is given, in many
  kMinimalDistance,  ///< looks for the nearest success and hands it over if it is in the ball
  kControl,          ///< noise of the same size: what any attack has to beat
};

struct KindInfo {
  Kind kind;
  std::string_view name;
  bool each_budget;      ///< every budget has to be tried: what it finds in a small one it may lose
  bool nearest = false;  ///< looks for the nearest success, whatever the budget
  bool noise = false;    ///< no attack, but what attacks are compared with
};
/// All of them, in the order of the enum.
[[nodiscard]] std::span<const KindInfo> kinds();
[[nodiscard]] const KindInfo& info_of(Kind kind);
[[nodiscard]] std::string_view to_string(Kind kind);

/// Everything the rest of the program knows about an attack without running it.
struct AttackInfo {
  std::string_view name;     ///< key in configs and reports: [a-z0-9-]
  std::string_view aliases;  ///< what else people type for it, separated by blanks
  std::string_view summary;  ///< one sentence
  std::string_view formula;  ///< how x' comes about
  std::string_view source;   ///< authors, year, arXiv id
  Kind kind;
  Access access;
  std::vector<Norm> norms;
  bool targeted;        ///< can it aim at a given class?
  bool fitted = false;  ///< has to see other samples first (Attack::fit)
  std::unique_ptr<Attack> (*make)();

  [[nodiscard]] bool supports(Norm norm) const {
    return std::ranges::find(norms, norm) != norms.end();
  }
};

template <class Type>
[[nodiscard]] std::unique_ptr<Attack> make_attack() {
  return std::make_unique<Type>();
}

/// All attacks compiled in, ordered by name.
[[nodiscard]] std::span<const AttackInfo> catalog();

/// Throws a usage Error with "did you mean" when `name` is not among them.
[[nodiscard]] const AttackInfo& find(std::string_view name);

/// Sets one knob from text. Throws a usage Error naming knob, value and range.
void set_field(const AttackInfo& info, Attack& attack, std::string_view name,
               std::string_view value);

}  // namespace gibbon::attacks
