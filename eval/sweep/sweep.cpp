// SPDX-License-Identifier: MIT
#include "eval/sweep/sweep.hpp"

#include <algorithm>
#include <limits>
#include <mutex>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "eval/sweep/checked.hpp"
#include "eval/sweep/curve.hpp"
#include "eval/sweep/diagnose.hpp"
#include "models/target.hpp"

namespace gibbon::eval::sweep {
namespace {

using reports::record::RowKind;
using reports::record::SampleRecord;

constexpr std::size_t kFewest = 128;  // in a block: survivors should still fill a product
constexpr std::size_t kBlocks = 8;    // of a run, at least: enough to keep workers busy to the end

// From here on the float32 nearest to p_y is 1: 1 - p_y < 2^-25, half a unit below 1.
const double kCancelling = 25.0 * std::log(2.0);

/// A function of the plan, the model and the number of samples alone: a journal counts blocks.
std::size_t batch_of(const SweepPlan& plan, std::size_t samples, std::size_t most) {
  return std::min({plan.batch, most, std::max(kFewest, (samples + kBlocks - 1) / kBlocks)});
}

/// What a pair costs per sample, in passes, about.
double cost_of(const Pair& pair, std::size_t budgets, std::size_t classes) {
  double passes = 0.0;
  for (const AttackSpec* member : pair.members) passes += 1.0 + member->attack->passes(classes);
  return pair.row_by_row() ? passes * static_cast<double>(budgets) : passes;
}

/// Adds up what the workers report and hands it on, one call at a time.
class Reporter {
 public:
  Reporter(const SweepProgress& progress, std::span<const Pair> pairs, const SweepPlan& plan,
           std::size_t samples, std::size_t blocks, std::size_t classes)
      : progress_(progress),
        pairs_(pairs),
        samples_(samples),
        blocks_(blocks),
        done_(pairs.size(), 0),
        standing_(pairs.size(), 0) {
    for (const Pair& pair : pairs) {
      costs_.push_back(cost_of(pair, plan.epsilons.size(), classes));
      total_ += costs_.back() * static_cast<double>(samples);
    }
  }

  /// One attack of a pair has been run on a block.
  void attacked(std::size_t pair, std::size_t member, std::size_t block, std::size_t attacked,
                std::size_t broken) {
    const std::lock_guard lock(mutex_);
    SweepStatus status = status_of(pair);
    status.attack = pairs_[pair].members[member]->text;
    status.block = block;
    status.attacked = attacked;
    status.broken = broken;
    progress_(status);
  }

  /// A pair is through with a block of `count` samples.
  void finished(std::size_t pair, std::size_t count, std::size_t standing) {
    const std::lock_guard lock(mutex_);
    done_[pair] += count;
    standing_[pair] += standing;
    spent_ += costs_[pair] * static_cast<double>(count);
    progress_(status_of(pair));
  }

 private:
  [[nodiscard]] SweepStatus status_of(std::size_t pair) const {
    return {.share = total_ > 0.0 ? spent_ / total_ : 1.0,
            .entry = pairs_[pair].entry->text,
            .done = done_[pair],
            .standing = standing_[pair],
            .total = samples_,
            .blocks = blocks_};
  }

  const SweepProgress& progress_;
  std::span<const Pair> pairs_;
  std::size_t samples_;
  std::size_t blocks_;
  std::vector<double> costs_;
  std::mutex mutex_;  // guards what follows
  std::vector<std::size_t> done_;
  std::vector<std::size_t> standing_;
  double total_ = 0.0;
  double spent_ = 0.0;
};

/// One sweep while it runs: what the workers write to.
class Run {
 public:
  Run(const Bench& bench, const SweepPlan& plan, const ModelSigns& signs,
      const SweepProgress& progress, PartStore* parts)
      : bench_(bench),
        plan_(plan),
        parts_(parts),
        pairs_(pairs_of(plan, bench.model.num_classes())),
        n_(bench.data.size()),
        batch_(batch_of(plan, n_, std::min(bench.model.most_rows(), bench.judged.most_rows()))),
        blocks_((n_ + batch_ - 1) / batch_),
        reporter_(progress, pairs_, plan, n_, blocks_, bench.model.num_classes()),
        workers_(std::min(plan.threads, blocks_)),
        done_(blocks_, 0),
        keep_row_(plan.epsilons.size(), 0),
        seen_(signs) {
    result_.samples.resize(pairs_.size() * plan.epsilons.size() * n_);
    result_.tallies.resize(pairs_.size());
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
      result_.tallies[p].resize(pairs_[p].members.size());
    }
    if (!plan.keep_examples) return;
    keep_row_.back() = 1;
    result_.examples.points = Tensor(n_, bench.data.shape.size());
    result_.examples.broken_by.resize(n_);
  }

  SweepResult run() {
    for_each_block(blocks_, plan_.threads, [&](std::size_t worker, std::size_t block) {
      auto& runner = workers_[worker];
      if (!runner) runner = std::make_unique<BlockRunner>(bench_, batch_);
      attack_block(*runner, block);
    });
    // After Ctrl-C the blocks before the first unfinished one are a whole smaller run.
    const auto whole = static_cast<std::size_t>(std::ranges::find(done_, char{0}) - done_.begin());
    result_.finished = std::min(n_, whole * batch_);
    if (result_.finished < n_) keep_first(result_.finished);
    result_.pairs = pairs_;
    if (result_.finished > 0) summarise_all();
    return std::move(result_);
  }

 private:
  void attack_block(BlockRunner& runner, std::size_t block) {
    const std::size_t first = block * batch_;
    const std::size_t count = std::min(batch_, n_ - first);
    runner.begin(first, count);
    std::uint64_t cancelled = 0;
    std::size_t clean_correct = 0;
    for (std::size_t n = 0; n < count; ++n) {
      const judge::Finding& clean = runner.clean()[n];
      if (clean.margin > kCancelling) ++cancelled;
      if (clean.label == bench_.data.labels[first + n]) ++clean_correct;
    }
    std::uint64_t zero_gradients = 0;
    const std::size_t budgets = plan_.epsilons.size();
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
      const Part* known = parts_ == nullptr ? nullptr : parts_->find(p, block);
      Part part;
      if (known == nullptr) {
        part = {.pair = static_cast<std::uint32_t>(p), .block = static_cast<std::uint32_t>(block)};
        if (p == 0) part.zero_gradients = runner.count_zero_gradients();
        part.records.resize(budgets * count);
        part.tallies.resize(pairs_[p].members.size());
        runner.run(pairs_[p], part.records, part.tallies, keep_row_,
                   [&](std::size_t member, std::size_t attacked, std::size_t broken) {
                     reporter_.attacked(p, member, block, attacked, broken);
                   });
        if (plan_.keep_examples) {
          for (std::size_t n = 0; n < count; ++n) {
            const Row point = runner.point(budgets - 1, n);
            part.points.insert(part.points.end(), point.begin(), point.end());
          }
        }
        if (parts_ != nullptr) parts_->add(part);
        known = &part;
      }
      zero_gradients += known->zero_gradients;
      store(*known, first, count);
      reporter_.finished(p, count,
                         static_cast<std::size_t>(std::ranges::count_if(
                             std::span(known->records).last(count), [](const auto& r) {
                               return r.clean_label == r.label && r.fooled == 0;
                             })));
    }
    const std::lock_guard lock(mutex_);
    seen_.cancelled += cancelled;
    seen_.zero_gradients += zero_gradients;
    result_.clean_correct += clean_correct;
    done_[block] = 1;
  }

  /// Copies a part to its place in the result.
  void store(const Part& part, std::size_t first, std::size_t count) {
    const std::size_t budgets = plan_.epsilons.size();
    for (std::size_t k = 0; k < budgets; ++k) {
      const std::size_t row = part.pair * budgets + k;
      for (std::size_t n = 0; n < count; ++n) {
        reports::record::SampleRecord& r = result_.samples[row * n_ + first + n];
        r = part.records[k * count + n];
        r.curve_row = static_cast<std::uint32_t>(row);
      }
    }
    const std::lock_guard lock(mutex_);
    for (std::size_t m = 0; m < part.tallies.size(); ++m) {
      result_.tallies[part.pair][m] += part.tallies[m];
    }
    if (!plan_.keep_examples) return;
    if (pairs_[part.pair].is_control() && part.pair != first_attack()) return;
    const std::size_t dim = bench_.data.shape.size();
    for (std::size_t n = 0; n < count; ++n) {
      const reports::record::SampleRecord& r = part.records[(budgets - 1) * count + n];
      std::string& by = result_.examples.broken_by[first + n];
      const bool taken = !by.empty() || (r.fooled == 0 && part.pair != first_attack());
      if (taken) continue;
      if (r.fooled != 0) {
        by = pairs_[part.pair].members[static_cast<std::size_t>(r.member)]->text;
      }
      std::copy_n(part.points.begin() + static_cast<std::ptrdiff_t>(n * dim), dim,
                  result_.examples.points.row(first + n).begin());
    }
  }

  /// The first pair when all are controls.
  [[nodiscard]] std::size_t first_attack() const {
    const auto found = std::ranges::find_if(pairs_, [](const Pair& p) { return !p.is_control(); });
    return found == pairs_.end() ? 0 : static_cast<std::size_t>(found - pairs_.begin());
  }

  /// Drops the samples behind the first `finished` from every row.
  void keep_first(std::size_t finished) {
    const std::size_t rows = pairs_.size() * plan_.epsilons.size();
    for (std::size_t row = 1; row < rows; ++row) {
      std::copy_n(result_.samples.begin() + static_cast<std::ptrdiff_t>(row * n_), finished,
                  result_.samples.begin() + static_cast<std::ptrdiff_t>(row * finished));
    }
    result_.samples.resize(rows * finished);
    if (plan_.keep_examples) {
      result_.examples.broken_by.resize(finished);
      result_.examples.points.reshape(finished, bench_.data.shape.size());
    }
  }

  void summarise_all() {
    const std::size_t classes = bench_.model.num_classes();
    const std::size_t size = plan_.epsilons.size() * result_.finished;
    const auto records_of = [&](std::size_t p) {
      return std::span(result_.samples).subspan(p * size, size);
    };
    for (std::size_t p = 0; p < pairs_.size(); ++p) {
      const PairInfo info{pairs_[p].entry->text, std::string(attacks::to_string(pairs_[p].norm)),
                          pairs_[p].is_control() ? RowKind::kControl : RowKind::kAttack};
      const auto points =
          summarise(info, plan_.epsilons, classes, bench_.data.shape.image, records_of(p));
      result_.curve.insert(result_.curve.end(), points.begin(), points.end());
      const std::array<std::span<const reports::record::SampleRecord>, 1> row{
          records_of(p).first(result_.finished)};
      result_.distances.push_back(summarise_distances(info, row));
    }
    for (const attacks::Norm norm : plan_.norms) {
      std::vector<std::span<const reports::record::SampleRecord>> all;
      std::vector<std::span<const reports::record::SampleRecord>> first_rows;
      for (std::size_t p = 0; p < pairs_.size(); ++p) {
        if (pairs_[p].norm != norm) continue;
        all.emplace_back(records_of(p));
        first_rows.emplace_back(records_of(p).first(result_.finished));
      }
      if (all.size() < 2) continue;
      const std::string name(attacks::to_string(norm));
      constexpr RowKind kWorst = RowKind::kWorstCase;
      const auto points = worst_case(name, plan_.epsilons, classes, all);
      result_.curve.insert(result_.curve.end(), points.begin(), points.end());
      result_.distances.push_back(
          summarise_distances({std::string(to_string(kWorst)), name, kWorst}, first_rows));
    }
    result_.diagnosis = diagnose(result_, plan_, seen_);
  }

  Bench bench_;
  const SweepPlan& plan_;
  PartStore* parts_;
  std::vector<Pair> pairs_;
  std::size_t n_;
  std::size_t batch_;
  std::size_t blocks_;
  Reporter reporter_;
  std::vector<std::unique_ptr<BlockRunner>> workers_;
  std::vector<char> done_;
  std::vector<char> keep_row_;
  std::mutex mutex_;  // guards the sums
  ModelSigns seen_;
  SweepResult result_;
};

}  // namespace

std::vector<Pair> pairs_of(const SweepPlan& plan, std::size_t classes) {
  std::vector<Pair> pairs;
  for (const Entry& entry : plan.attacks) {
    for (const attacks::Norm norm : plan.norms) {
      if (!entry.supports(norm)) continue;
      Pair pair{.entry = &entry, .norm = norm, .members = {}};
      for (const AttackSpec& spec : entry.in(norm)) pair.members.push_back(&spec);
      if (!entry.ordered) {
        std::ranges::stable_sort(pair.members, {}, [&](const AttackSpec* spec) {
          return spec->attack->passes(classes);
        });
      }
      pairs.push_back(std::move(pair));
    }
  }
  return pairs;
}

PartLayout part_layout(const SweepPlan& plan, const datasets::Dataset& data,
                       const models::Target& target) {
  const std::size_t classes = target.num_classes();
  PartLayout out{.budgets = plan.epsilons.size(),
                 .batch = batch_of(plan, data.size(), target.most_rows()),
                 .dim = plan.keep_examples ? data.shape.size() : 0,
                 .classes = classes,
                 .ids = data.ids,
                 .labels = data.labels};
  for (const Pair& pair : pairs_of(plan, classes)) out.members.push_back(pair.members.size());
  return out;
}

attacks::Limits fit_limits(const attacks::Limits& limits, const datasets::Dataset& data) {
  attacks::Limits out = limits;
  const std::size_t features = data.shape.size();
  const std::size_t channels = data.shape.channels;
  if (!out.scale.empty() && out.scale.size() != features &&
      out.scale.size() * channels == features) {
    out.scale.resize(features);
    for (std::size_t d = 0; d < features; ++d) out.scale[d] = limits.scale[d / channels];
  }
  if (!out.scale.empty() && out.scale.size() != features) {
    fail_usage("--mask, --epsilon-scale: {} numbers, but a sample of {} has {} ({} × {} × {})",
               out.scale.size(), data.name, features, data.shape.height, data.shape.width,
               channels);
  }
  if (!out.scale.empty() && std::ranges::all_of(out.scale, [](float s) { return s == 0.0F; })) {
    fail_usage("--mask, --epsilon-scale: 0 everywhere: the adversary may change nothing");
  }
  if (out.lattice == 0.0) return out;
  for (std::size_t n = 0; n < data.size(); ++n) {
    if (judge::on_lattice(out.lattice, data.images.row(n))) continue;
    fail_usage(
        "--lattice {:g}: sample {} of {} has numbers that are no multiples of it; give a step that "
        "the data have, e.g. 1/255 for 8-bit images in [0, 1]",
        out.lattice, data.ids[n], data.name);
  }
  return out;
}

void fit_attacks(const models::Classifier& model, const SweepPlan& plan,
                 const attacks::Limits& limits) {
  std::vector<double> budgets;
  std::ranges::copy_if(plan.epsilons, std::back_inserter(budgets),
                       [](double e) { return e > 0.0; });
  for (const Entry& entry : plan.attacks) {
    for (const attacks::Norm norm : plan.norms) {
      for (const AttackSpec& spec : entry.in(norm)) {
        if (!spec.info->fitted) continue;
        if (!plan.training) throw std::logic_error("sweep: no samples to fit an attack on");
        const datasets::Dataset& data = *plan.training;
        const std::vector<double> unread(data.size(), std::numeric_limits<double>::infinity());
        std::optional<attacks::View> view;
        if (limits.any()) view.emplace(limits, data.shape, data.range);
        attacks::Oracle oracle(model, spec.info->access, std::min(plan.batch, model.most_rows()),
                               view ? &*view : nullptr);
        Tensor viewed(view ? data.size() : 0, view ? view->size() : 0);
        for (std::size_t n = 0; n < viewed.rows(); ++n)
          view->narrow(data.images.row(n), viewed.row(n));
        oracle.look_from(data.images.view(), norm, unread);
        attacks::Workspace work;
        oracle.begin(data.size(), 0);
        spec.attack->fit(oracle,
                         {.x = view ? std::as_const(viewed).view() : data.images.view(),
                          .labels = data.labels,
                          .ids = data.ids,
                          .epsilons = unread,
                          .norm = norm,
                          .domain = view ? view->domain() : data.range,
                          .shape = view ? view->shape() : data.shape,
                          .seed = plan.seed},
                         budgets, work);
      }
    }
  }
}

void require_runnable(const SweepPlan& plan, const datasets::Dataset& data) {
  for (const Entry& entry : plan.attacks) {
    if (std::ranges::none_of(plan.norms, [&](auto norm) { return entry.supports(norm); })) {
      std::vector<std::string_view> known;
      for (const attacks::Norm norm : attacks::kNorms) {
        if (entry.supports(norm)) known.push_back(attacks::to_string(norm));
      }
      fail_usage("attack {}: supports none of the chosen norms; allowed are {}", entry.text,
                 fmt::join(known, ", "));
    }
    for (const attacks::Norm norm : plan.norms) {
      for (const AttackSpec& spec : entry.in(norm)) {
        if (spec.target.kind != Target::Kind::kFixed) continue;
        if (spec.target.label < 0) {
          fail_usage("attack {}: target = {} is not a class number; names need resolve_targets()",
                     spec.text, spec.target.name);
        }
        if (static_cast<std::size_t>(spec.target.label) >= data.class_names.size()) {
          fail_usage("attack {}: target = {} is outside [0, {}], the classes of {}", spec.text,
                     spec.target.label, data.class_names.size() - 1, data.name);
        }
      }
    }
  }
}

SweepResult sweep(const models::Target& target, const datasets::Dataset& data,
                  const SweepPlan& plan, const SweepProgress& progress, PartStore* parts) {
  models::require_fit(target, data);
  require_runnable(plan, data);
  std::unique_ptr<models::Classifier> checked;
  if (plan.crosscheck) {
    if (target.network == nullptr && target.graph == nullptr) {
      fail_usage(
          "--crosscheck: the layers of {} are not known, so LibTorch cannot run them; omit it",
          target.architecture);
    }
    checked = target.graph == nullptr
                  ? std::make_unique<CheckedClassifier>(*target.fast, *target.network)
                  : std::make_unique<CheckedClassifier>(*target.fast, *target.graph);
  }
  const models::Classifier& model = plan.crosscheck ? *checked : *target.fast;
  const attacks::Limits limits = fit_limits(plan.limits, data);
  fit_attacks(model, plan, limits);
  Run run({.model = model,
           .judged = *target.exact,
           .output = target.output,
           .data = data,
           .epsilons = plan.epsilons,
           .seed = plan.seed,
           .max_queries = plan.max_queries,
           .exhaustive = plan.exhaustive,
           .limits = limits},
          plan, look_at_model(model, target.metadata, data), progress, parts);
  return run.run();
}

}  // namespace gibbon::eval::sweep
