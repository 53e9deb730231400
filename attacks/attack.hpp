#pragma once

#include <array>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "attacks/oracle.hpp"
#include "attacks/threat_model.hpp"

namespace gibbon::attacks {

/// One block of samples to attack. Rows of x, labels and ids belong together.
struct Problem {
  Rows x;                              ///< N × D clean inputs, inside threat.domain
  Labels labels;                       ///< N true labels, or the targets when `targeted`
  std::span<const std::uint64_t> ids;  ///< N dataset indices; randomness is keyed by them
  ThreatModel threat;
  bool targeted = false;
  std::uint64_t seed = 0;

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
    if (used_ == buffers_.size()) buffers_.emplace_back();
    buffers_[used_].reshape(rows, cols);
    return buffers_[used_++].view();
  }

 private:
  std::vector<Tensor> buffers_;
  std::size_t used_ = 0;
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

  /// candidate (N × D) is overwritten; row n belongs to problem.x row n. A function of model,
  /// problem and fields alone, row by row. Allocates only while `work` is new. ε = 0 returns the
  /// input bit for bit, without asking the model.
  void run(Oracle& oracle, const Problem& problem, Workspace& work, MutableRows candidate) const;

 private:
  /// On entry `work` is empty, ε > 0, and what candidate holds is unspecified.
  virtual void search(Oracle& oracle, const Problem& problem, Workspace& work,
                      MutableRows candidate) const = 0;
};

enum class Kind {
  kFixedBudget,  ///< uses the budget it is given
  kControl,      ///< noise of the same size: what any attack has to beat
};

/// Everything the rest of the program knows about an attack without running it.
struct AttackInfo {
  std::string_view name;     ///< key in configs and reports: [a-z0-9-]
  std::string_view summary;  ///< one sentence
  std::string_view formula;  ///< how x' comes about
  std::string_view source;   ///< authors, year, arXiv id
  Kind kind;
  Access access;
  std::vector<Norm> norms;
  bool targeted;  ///< can it aim at a given class?
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
