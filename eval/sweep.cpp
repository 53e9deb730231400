#include "eval/sweep.hpp"

#include <atomic>
#include <cmath>
#include <numeric>

#include "datasets/error.hpp"
#include "datasets/parallel.hpp"
#include "eval/checked.hpp"
#include "eval/curve.hpp"
#include "eval/judge.hpp"
#include "eval/quantise.hpp"
#include "models/train/train.hpp"

namespace gibbon::eval {
namespace {

using reports::SampleRecord;

/// One attack in one norm.
struct Pair {
  const AttackSpec* spec;
  attacks::Norm norm;
};

std::vector<Pair> pairs_of(const SweepPlan& plan) {
  std::vector<Pair> pairs;
  for (const AttackSpec& spec : plan.attacks) {
    for (const attacks::Norm norm : plan.norms) {
      if (spec.info->supports(norm)) pairs.push_back({&spec, norm});
    }
  }
  return pairs;
}

/// What one worker needs, all of it made once.
class Worker {
 public:
  Worker(const models::Classifier& model, const models::MlpOf<double>& judged,
         const models::Network& network, const datasets::Dataset& data, const SweepPlan& plan,
         std::size_t pairs)
      : data_(data),
        plan_(plan),
        judge_(judged, network.output, plan.batch),
        x_(plan.batch, data.shape.size()),
        candidates_(plan.batch, data.shape.size()),
        rounded_(plan.batch, data.shape.size()),
        levels_(data.shape.size()),
        findings_(plan.batch),
        clean_(plan.batch),
        forwards(pairs),
        backwards(pairs) {
    for (const attacks::Access access : {attacks::Access::kNone, attacks::Access::kLabels,
                                         attacks::Access::kScores, attacks::Access::kGradients}) {
      oracles_.emplace_back(std::make_unique<attacks::Oracle>(model, access, plan.batch));
    }
  }

  /// Looks at samples first … first + count - 1 before any attack.
  void begin(std::size_t first, std::size_t count) {
    first_ = first;
    count_ = count;
    judge_.look(data_.images.view().slice(first, count), labels(), std::span(clean_).first(count));
    for (std::size_t n = 0; n < count; ++n) {
      // From here on 1 - p_y rounds to 0 in float32, and with it cross-entropy's gradient.
      if (clean_[n].margin > 25.0 * std::log(2.0)) ++cancelled;
    }
  }

  /// Attacks the block with one pair at one budget; records[n] is sample first + n.
  void run(const Pair& pair, std::size_t pair_index, double epsilon,
           std::span<SampleRecord> records) {
    const attacks::ThreatModel threat{pair.norm, epsilon, data_.range};
    choose(pair.spec->target);
    const Rows x = std::as_const(x_).view().slice(0, chosen_.size());
    const MutableRows candidate = candidates_.view().slice(0, chosen_.size());
    attacks::Oracle& oracle = *oracles_[static_cast<std::size_t>(pair.spec->info->access)];
    const std::vector<double> budgets(chosen_.size(), epsilon);
    pair.spec->attack->run(oracle,
                           {.x = x,
                            .labels = aims_,
                            .ids = ids_,
                            .epsilons = budgets,
                            .norm = pair.norm,
                            .domain = data_.range,
                            .shape = data_.shape,
                            .targeted = pair.spec->target.kind != Target::Kind::kNone,
                            .seed = plan_.seed},
                           workspace_, candidate);
    for (const std::uint64_t passes : oracle.forwards()) forwards[pair_index] += passes;
    for (const std::uint64_t passes : oracle.backwards()) backwards[pair_index] += passes;
    judge_.look(candidate, true_labels_, std::span(findings_).first(chosen_.size()));

    for (std::size_t n = 0; n < count_; ++n) records[n] = untouched(n, pair.spec->target);
    std::size_t fooled = 0;
    for (std::size_t k = 0; k < chosen_.size(); ++k) {
      SampleRecord& r = records[chosen_[k]];
      judge(threat, x.row(k), candidate.row(k), findings_[k], r);
      if (r.fooled != 0) to_round_[fooled++] = k;
    }
    if (data_.shape.image) judge_rounded(threat, x, candidate, fooled, records);
  }

 private:
  [[nodiscard]] Labels labels() const { return Labels(data_.labels).subspan(first_, count_); }

  [[nodiscard]] int target_of(std::size_t n, const Target& target) const {
    switch (target.kind) {
      case Target::Kind::kNone: return -1;
      case Target::Kind::kFixed: return target.label;
      case Target::Kind::kLeastLikely: return clean_[n].least_likely;
    }
    throw std::logic_error("Target: no such kind");
  }

  /// Gathers the samples worth attacking: right when clean and not already of the target class.
  void choose(const Target& target) {
    chosen_.clear();
    aims_.clear();
    ids_.clear();
    true_labels_.clear();
    for (std::size_t n = 0; n < count_; ++n) {
      const int label = labels()[n];
      const int aim = target_of(n, target);
      if (clean_[n].label != label || aim == label) continue;
      std::ranges::copy(data_.images.row(first_ + n), x_.row(chosen_.size()).begin());
      chosen_.push_back(n);
      aims_.push_back(aim >= 0 ? aim : label);
      ids_.push_back(data_.ids[first_ + n]);
      true_labels_.push_back(label);
    }
    to_round_.resize(chosen_.size());
  }

  /// The record of a sample that was not attacked.
  [[nodiscard]] SampleRecord untouched(std::size_t n, const Target& target) const {
    return {.id = data_.ids[first_ + n],
            .label = static_cast<std::int16_t>(labels()[n]),
            .target = static_cast<std::int16_t>(target_of(n, target)),
            .clean_label = static_cast<std::int16_t>(clean_[n].label),
            .found_label = static_cast<std::int16_t>(clean_[n].label),
            .inside_ball = 1,
            .inside_box = 1,
            .confidence = static_cast<float>(clean_[n].confidence)};
  }

  /// Fails closed: what lies outside ball or box, or gives no label at all, breaks nothing.
  static void judge(const attacks::ThreatModel& threat, Row origin, Row candidate,
                    const Finding& finding, SampleRecord& r) {
    const Distances moved = measure(origin, candidate);
    r.found_label = static_cast<std::int16_t>(finding.label);
    r.confidence = static_cast<float>(finding.confidence);
    r.inside_ball = moved.in(threat.norm) <= threat.reach() ? 1 : 0;
    r.inside_box = inside(threat.domain, candidate) ? 1 : 0;
    r.l0 = moved.l0;
    r.l1 = moved.l1;
    r.l2 = moved.l2;
    r.linf = moved.linf;
    const bool wrong = finding.label >= 0 && finding.label != r.label;
    r.fooled = r.inside_ball != 0 && r.inside_box != 0 && wrong ? 1 : 0;
  }

  /// Rounds the first `fooled` of to_round_ to 8 bits and judges them again. rounded_label stays
  /// the true one when the rounded image left the ball.
  void judge_rounded(const attacks::ThreatModel& threat, Rows x, Rows candidate, std::size_t fooled,
                     std::span<SampleRecord> records) {
    rounded_labels_.clear();
    for (std::size_t j = 0; j < fooled; ++j) {
      const std::size_t k = to_round_[j];
      to_8bit(threat, x.row(k), candidate.row(k), levels_);
      from_8bit(levels_, rounded_.row(j));
      rounded_labels_.push_back(true_labels_[k]);
    }
    judge_.look(std::as_const(rounded_).view().slice(0, fooled), rounded_labels_,
                std::span(findings_).first(fooled));
    for (std::size_t j = 0; j < fooled; ++j) {
      const std::size_t k = to_round_[j];
      const double moved = measure(x.row(k), rounded_.row(j)).in(threat.norm);
      SampleRecord& r = records[chosen_[k]];
      constexpr double kSlack = 1e-7;  // a level k / 255 is itself rounded to float32
      r.rounded_label = static_cast<std::int16_t>(
          moved <= threat.reach() + kSlack ? findings_[j].label : int{r.label});
    }
  }

  const datasets::Dataset& data_;
  const SweepPlan& plan_;
  Judge judge_;
  std::vector<std::unique_ptr<attacks::Oracle>> oracles_;  // by access
  attacks::Workspace workspace_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  Tensor x_;
  Tensor candidates_;
  Tensor rounded_;
  std::vector<std::uint8_t> levels_;
  std::vector<Finding> findings_;
  std::vector<Finding> clean_;
  std::vector<std::size_t> chosen_;    // places in the block
  std::vector<std::size_t> to_round_;  // places in chosen_
  std::vector<int> aims_;              // what the attack is given: the true label or the target
  std::vector<int> true_labels_;
  std::vector<int> rounded_labels_;
  std::vector<std::uint64_t> ids_;

 public:
  std::vector<std::uint64_t> forwards;   ///< per pair
  std::vector<std::uint64_t> backwards;  ///< per pair
  std::size_t cancelled = 0;
};

/// Drops the samples behind the first `finished` from every row.
void keep_first(std::vector<SampleRecord>& samples, std::size_t rows, std::size_t n,
                std::size_t finished) {
  for (std::size_t row = 1; row < rows; ++row) {
    std::copy_n(samples.begin() + static_cast<std::ptrdiff_t>(row * n), finished,
                samples.begin() + static_cast<std::ptrdiff_t>(row * finished));
  }
  samples.resize(rows * finished);
}

}  // namespace

void require_runnable(const SweepPlan& plan, const datasets::Dataset& data) {
  for (const AttackSpec& spec : plan.attacks) {
    if (std::ranges::none_of(plan.norms, [&](auto norm) { return spec.info->supports(norm); })) {
      std::vector<std::string_view> known;
      for (const attacks::Norm norm : spec.info->norms) known.push_back(attacks::to_string(norm));
      fail_usage("attack {}: none of the chosen norms fits; allowed are {}", spec.text,
                 fmt::join(known, ", "));
    }
    if (spec.target.kind == Target::Kind::kFixed &&
        static_cast<std::size_t>(spec.target.label) >= data.class_names.size()) {
      fail_usage("attack {}: target = {} is outside [0, {}], the classes of {}", spec.text,
                 spec.target.label, data.class_names.size() - 1, data.name);
    }
  }
}

SweepResult sweep(const models::Network& network, const datasets::Dataset& data,
                  const SweepPlan& plan, const SweepProgress& progress) {
  models::require_fit(network, data);
  require_runnable(plan, data);
  const models::Mlp own(network);
  std::unique_ptr<models::Classifier> checked;
  if (plan.crosscheck) checked = std::make_unique<CheckedClassifier>(own, network);
  const models::Classifier& model =
      plan.crosscheck ? *checked : static_cast<const models::Classifier&>(own);
  const models::MlpOf<double> judged(network);

  const std::vector<Pair> pairs = pairs_of(plan);
  const std::size_t n = data.size();
  const std::size_t budgets = plan.epsilons.size();
  const std::size_t blocks = (n + plan.batch - 1) / plan.batch;
  SweepResult result;
  result.samples.resize(pairs.size() * budgets * n);
  std::vector<std::unique_ptr<Worker>> workers(std::min(plan.threads, blocks));
  std::vector<char> done(blocks, 0);
  std::atomic<std::size_t> samples_done = 0;

  for_each_block(blocks, plan.threads, [&](std::size_t worker, std::size_t block) {
    auto& w = workers[worker];
    if (!w) w = std::make_unique<Worker>(model, judged, network, data, plan, pairs.size());
    const std::size_t first = block * plan.batch;
    const std::size_t count = std::min(plan.batch, n - first);
    w->begin(first, count);
    for (std::size_t p = 0; p < pairs.size(); ++p) {
      for (std::size_t e = 0; e < budgets; ++e) {
        const std::size_t row = p * budgets + e;
        const auto records = std::span(result.samples).subspan(row * n + first, count);
        w->run(pairs[p], p, plan.epsilons[e], records);
        for (SampleRecord& r : records) r.curve_row = static_cast<std::uint32_t>(row);
      }
    }
    done[block] = 1;
    progress(samples_done += count, n);
  });

  // After Ctrl-C the blocks before the first unfinished one are a whole smaller run.
  const auto whole = static_cast<std::size_t>(std::ranges::find(done, char{0}) - done.begin());
  result.finished = std::min(n, whole * plan.batch);
  if (result.finished < n) keep_first(result.samples, pairs.size() * budgets, n, result.finished);
  result.forwards.assign(pairs.size(), 0);
  result.backwards.assign(pairs.size(), 0);
  std::size_t cancelled = 0;
  for (const auto& w : workers) {
    if (!w) continue;
    cancelled += w->cancelled;
    for (std::size_t p = 0; p < pairs.size(); ++p) {
      result.forwards[p] += w->forwards[p];
      result.backwards[p] += w->backwards[p];
    }
  }
  if (result.finished == 0) return result;

  const std::size_t classes = data.class_names.size();
  const auto block_of = [&](std::size_t p) {
    return std::span(result.samples)
        .subspan(p * budgets * result.finished, budgets * result.finished);
  };
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const bool control = pairs[p].spec->info->kind == attacks::Kind::kControl;
    const std::string norm(attacks::to_string(pairs[p].norm));
    result.pairs.push_back(pairs[p].spec->text + " " + norm);
    const auto points = summarise({pairs[p].spec->text, norm, control ? "control" : "attack"},
                                  plan.epsilons, classes, data.shape.image, block_of(p));
    result.curve.insert(result.curve.end(), points.begin(), points.end());
  }
  for (const attacks::Norm norm : plan.norms) {
    std::vector<std::span<const SampleRecord>> of_norm;
    for (std::size_t p = 0; p < pairs.size(); ++p) {
      if (pairs[p].norm == norm) of_norm.emplace_back(block_of(p));
    }
    if (of_norm.size() < 2) continue;
    const auto points =
        worst_case(std::string(attacks::to_string(norm)), plan.epsilons, classes, of_norm);
    result.curve.insert(result.curve.end(), points.begin(), points.end());
  }
  result.diagnosis = diagnose(result.curve, result.samples, cancelled, classes);
  return result;
}

}  // namespace gibbon::eval
