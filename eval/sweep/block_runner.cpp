// SPDX-License-Identifier: MIT
#include "eval/sweep/block_runner.hpp"

#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "eval/judge/quantise.hpp"

namespace gibbon::eval::sweep {
namespace {

using reports::record::SampleRecord;

constexpr double kNever = std::numeric_limits<double>::infinity();

/// Minimal-distance attacks up to this cost go first and without a budget: what they find saves
/// more than they cost. Dearer ones only see what everything else left.
constexpr double kCheapPasses = 500.0;

bool is_minimal(const AttackSpec& spec) { return attacks::info_of(spec.info->kind).nearest; }

}  // namespace

Tally& Tally::operator+=(const Tally& other) {
  attacked += other.attacked;
  broken += other.broken;
  forwards += other.forwards;
  backwards += other.backwards;
  seconds += other.seconds;
  seen += other.seen;
  return *this;
}

bool Pair::row_by_row() const {
  if (entry->ensemble) return false;
  return attacks::info_of(members.front()->info->kind).each_budget;
}

BlockRunner::BlockRunner(const Bench& bench, std::size_t max_samples)
    : bench_(bench),
      judge_(bench.judged, bench.output, max_samples),
      clean_(max_samples),
      nearest_(max_samples),
      best_(max_samples, bench.data.shape.size()),
      forwards_(max_samples),
      backwards_(max_samples),
      x_(max_samples, bench.data.shape.size()),
      starts_(max_samples, bench.data.shape.size()),
      candidates_(max_samples, bench.data.shape.size()),
      rounded_(max_samples, bench.data.shape.size()),
      levels_(bench.data.shape.size()),
      findings_(max_samples),
      found_(max_samples),
      verdicts_(max_samples) {
  if (bench.limits.any()) {
    view_.emplace(bench.limits, bench.data.shape, bench.data.range);
    viewed_.reshape(3 * max_samples, view_->size());
  }
  for (const attacks::Access access : {attacks::Access::kNone, attacks::Access::kLabels,
                                       attacks::Access::kScores, attacks::Access::kGradients}) {
    oracles_.emplace_back(std::make_unique<attacks::Oracle>(bench.model, access, max_samples,
                                                            view_ ? &*view_ : nullptr));
  }
}

void BlockRunner::begin(std::size_t first, std::size_t count) {
  first_ = first;
  count_ = count;
  judge_.look(bench_.data.images.view().slice(first, count),
              Labels(bench_.data.labels).subspan(first, count), std::span(clean_).first(count));
}

std::uint64_t BlockRunner::count_zero_gradients() {
  attacks::Oracle& oracle = *oracles_.back();
  const Rows x = bench_.data.images.view().slice(first_, count_);
  Rows points = x;
  if (view_) {
    budgets_.assign(count_, kNever);
    oracle.look_from(x, attacks::Norm::kLinf, budgets_);
    for (std::size_t n = 0; n < count_; ++n) view_->narrow(x.row(n), viewed_.row(n));
    points = std::as_const(viewed_).view().slice(0, count_);
  }
  oracle.begin(count_, 0);
  who_.clear();
  for (std::size_t n = 0; n < count_; ++n) who_.push_back(static_cast<std::uint32_t>(n));
  const Rows dx = oracle.known_gradient(points, Labels(bench_.data.labels).subspan(first_, count_),
                                        attacks::scale_free_seed<float>, who_);
  std::uint64_t zero = 0;
  for (std::size_t n = 0; n < count_; ++n) {
    zero += std::ranges::all_of(dx.row(n), [](float g) { return g == 0.0F; }) ? 1U : 0U;
  }
  return zero;
}

int BlockRunner::target_of(std::size_t n, const Target& target) const {
  switch (target.kind) {
    case Target::Kind::kNone: return -1;
    case Target::Kind::kFixed: return target.label;
    case Target::Kind::kLeastLikely: return clean_[n].least_likely;
  }
  throw std::logic_error("Target: no such kind");
}

bool BlockRunner::worth_attacking(std::size_t n, const Target& target) const {
  return clean_[n].label == label(n) && target_of(n, target) != label(n);
}

reports::record::SampleRecord BlockRunner::untouched(std::size_t n, const Target& target) const {
  return {.id = bench_.data.ids[first_ + n],
          .label = static_cast<std::int16_t>(label(n)),
          .target = static_cast<std::int16_t>(target_of(n, target)),
          .clean_label = static_cast<std::int16_t>(clean_[n].label),
          .found_label = static_cast<std::int16_t>(clean_[n].label),
          .inside_ball = 1,
          .inside_box = 1,
          .confidence = static_cast<float>(clean_[n].confidence)};
}

std::size_t BlockRunner::first_row(double distance) const {
  std::size_t row = 0;
  while (row < budgets() && !(distance <= threat(row).reach())) ++row;
  return row;
}

void BlockRunner::run(const Pair& pair, std::span<reports::record::SampleRecord> records,
                      std::span<Tally> tallies, std::span<const char> keep_row,
                      const Listener& listener) {
  records_ = records;
  tallies_ = tallies;
  keep_row_ = keep_row;
  listener_ = &listener;
  points_.clear();
  kept_.assign(budgets() * count_, 0);
  norm_ = pair.norm;
  const Target target = pair.entry->ensemble ? Target{} : pair.members.front()->target;
  for (std::size_t n = 0; n < count_; ++n) {
    nearest_[n] = clean_[n].label == label(n) ? kNever : 0.0;
    forwards_[n] = 0;
    backwards_[n] = 0;
    std::ranges::copy(bench_.data.images.row(first_ + n), best_.row(n).begin());
    for (std::size_t k = 0; k < budgets(); ++k) records_[k * count_ + n] = untouched(n, target);
  }
  if (pair.row_by_row()) {
    run_row_by_row(pair);
  } else if (bench_.exhaustive) {
    run_exhaustively(pair);
  } else {
    run_by_ledger(pair);
  }
  for (std::size_t k = 0; k < budgets(); ++k) {
    for (std::size_t n = 0; n < count_; ++n) {
      reports::record::SampleRecord& r = records_[k * count_ + n];
      r.nearest = nearest_[n];
      if (pair.row_by_row() || r.fooled != 0) continue;
      r.forwards = forwards_[n];  // to stand here took everything that was spent on the sample
      r.backwards = backwards_[n];
    }
  }
}

void BlockRunner::run_row_by_row(const Pair& pair) {
  for (std::size_t k = 0; k < budgets(); ++k) {
    who_.clear();
    for (std::size_t n = 0; n < count_; ++n) {
      if (worth_attacking(n, pair.members[0]->target))
        who_.push_back(static_cast<std::uint32_t>(n));
      forwards_[n] = 0;
      backwards_[n] = 0;
    }
    budgets_.assign(who_.size(), bench_.epsilons[k]);
    attack(pair, 0, false, k);
    std::size_t broken = 0;
    for (std::size_t i = 0; i < who_.size(); ++i) {
      write(k, 0, i);
      const Verdict& v = verdicts_[i];
      if (v.row != k) continue;
      ++broken;
      nearest_[who_[i]] = std::min(nearest_[who_[i]], v.distance);
    }
    tallies_[0].broken += broken;
    (*listener_)(0, who_.size(), broken);
  }
}

void BlockRunner::run_exhaustively(const Pair& pair) {
  for (std::size_t m = 0; m < pair.members.size(); ++m) {
    std::vector<std::uint32_t> all;
    for (std::size_t n = 0; n < count_; ++n) {
      if (worth_attacking(n, pair.members[m]->target)) all.push_back(static_cast<std::uint32_t>(n));
    }
    if (is_minimal(*pair.members[m])) {
      look_for_nearest(pair, m, all);
      continue;
    }
    for (std::size_t k = 0; k < budgets(); ++k) {
      if (bench_.epsilons[k] == 0.0) continue;
      who_ = all;
      budgets_.assign(who_.size(), bench_.epsilons[k]);
      attack(pair, m, false);
      std::size_t broken = 0;
      for (std::size_t i = 0; i < who_.size(); ++i) {
        if (book(m, i, budgets() - 1)) {
          ++broken;
        } else if (records_[k * count_ + who_[i]].fooled == 0) {
          write(k, m, i);
        }
      }
      tallies_[m].broken += broken;
      (*listener_)(m, who_.size(), broken);
    }
  }
}

void BlockRunner::look_for_nearest(const Pair& pair, std::size_t member,
                                   std::span<const std::uint32_t> standing) {
  who_.clear();
  for (const std::uint32_t n : standing) {
    if (worth_attacking(n, pair.members[member]->target)) who_.push_back(n);
  }
  budgets_.assign(who_.size(), kNever);
  attack(pair, member, false);
  std::size_t broken = 0;
  for (std::size_t i = 0; i < who_.size(); ++i) {
    if (book(member, i, budgets() - 1)) {
      ++broken;
    } else {
      keep_failure(pair, member, i);
    }
  }
  tallies_[member].broken += broken;
  (*listener_)(member, who_.size(), broken);
}

void BlockRunner::keep_failure(const Pair& pair, std::size_t member, std::size_t k) {
  const bool given = pair.members[member]->info->access == attacks::Access::kNone;
  const bool sound = verdicts_[k].inside_box && findings_[k].label >= 0;
  if (sound && !given) return;
  for (std::size_t row = given ? 0 : budgets() - 1; row < budgets(); ++row) {
    if (records_[row * count_ + who_[k]].fooled == 0) write(row, member, k);
  }
}

void BlockRunner::run_by_ledger(const Pair& pair) {
  const std::size_t lowest = bench_.epsilons.front() == 0.0 ? 1 : 0;
  std::vector<std::uint32_t> standing;
  for (std::size_t n = 0; n < count_; ++n) {
    if (clean_[n].label == label(n)) standing.push_back(static_cast<std::uint32_t>(n));
  }
  const bool one_budget = budgets() - lowest <= 1;
  std::vector<char> looked(pair.members.size() * count_, 0);  // minimal-distance attacks: once
  const auto look_once = [&](std::size_t m) {
    look_for_nearest(pair, m, standing);
    for (const std::uint32_t n : standing) looked[m * count_ + n] = 1;
  };
  for (std::size_t m = 0; m < pair.members.size(); ++m) {
    if (!is_minimal(*pair.members[m])) continue;
    const bool cheap = pair.members[m]->attack->passes(bench_.model.num_classes()) <= kCheapPasses;
    if (!pair.entry->ensemble || (cheap && !one_budget)) look_once(m);
  }
  if (budgets() == lowest) return;

  // The largest budget below what is known, per sample; K: settled or nothing left below.
  const auto frontier = [&](std::uint32_t n) {
    const std::size_t row = first_row(nearest_[n]);
    return row > lowest ? row - 1 : budgets();
  };
  std::vector<std::uint32_t> left;
  while (!standing.empty()) {
    std::erase_if(standing, [&](std::uint32_t n) { return frontier(n) == budgets(); });
    std::vector<std::uint32_t> moved;  // broken at their frontier: they come again, further down
    for (std::size_t m = 0; m < pair.members.size() && !standing.empty(); ++m) {
      const bool minimal = is_minimal(*pair.members[m]);
      who_.clear();
      budgets_.clear();
      left.clear();
      for (const std::uint32_t n : standing) {
        if (looked[m * count_ + n] != 0 || !worth_attacking(n, pair.members[m]->target)) {
          left.push_back(n);
        } else {
          who_.push_back(n);
          budgets_.push_back(bench_.epsilons[frontier(n)]);
        }
      }
      if (who_.empty()) continue;
      // A single attack is what its paper says; together they may use what the others know.
      attack(pair, m, pair.entry->ensemble);
      std::size_t broken = 0;
      for (std::size_t i = 0; i < who_.size(); ++i) {
        const std::uint32_t n = who_[i];
        const std::size_t row = frontier(n);
        if (book(m, i, row)) {
          ++broken;
          moved.push_back(n);
          continue;
        }
        write(row, m, i);
        left.push_back(n);
        if (minimal) looked[m * count_ + n] = 1;
      }
      tallies_[m].broken += broken;
      (*listener_)(m, who_.size(), broken);
      standing = left;
      std::ranges::sort(standing);
    }
    standing = std::move(moved);
    std::ranges::sort(standing);
  }
}

void BlockRunner::attack(const Pair& pair, std::size_t member, bool from_known,
                         std::optional<std::size_t> row) {
  const AttackSpec& spec = *pair.members[member];
  const std::size_t count = who_.size();
  aims_.clear();
  ids_.clear();
  true_labels_.clear();
  bool known = false;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t n = who_[i];
    std::ranges::copy(bench_.data.images.row(first_ + n), x_.row(i).begin());
    const int aim = target_of(n, spec.target);
    aims_.push_back(aim >= 0 ? aim : label(n));
    ids_.push_back(bench_.data.ids[first_ + n]);
    true_labels_.push_back(label(n));
    known = known || (from_known && std::isfinite(nearest_[n]));
  }
  if (known) {
    for (std::size_t i = 0; i < count; ++i) {
      std::ranges::copy(best_.row(who_[i]), starts_.row(i).begin());
    }
  }
  Tally& tally = tallies_[member];
  const auto start = std::chrono::steady_clock::now();
  propose(spec, pair.norm, known, tally);
  tally.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  tally.attacked += count;
  const attacks::Oracle& oracle = *oracles_[static_cast<std::size_t>(spec.info->access)];
  for (std::size_t i = 0; i < count; ++i) {
    tally.forwards += oracle.forwards()[i];
    tally.backwards += oracle.backwards()[i];
    forwards_[who_[i]] += static_cast<std::uint32_t>(oracle.forwards()[i]);
    backwards_[who_[i]] += static_cast<std::uint32_t>(oracle.backwards()[i]);
  }
  judge(row);
}

void BlockRunner::propose(const AttackSpec& spec, attacks::Norm norm, bool from_known,
                          Tally& tally) {
  const std::size_t count = who_.size();
  attacks::Oracle& oracle = *oracles_[static_cast<std::size_t>(spec.info->access)];
  attacks::Problem problem{.x = std::as_const(x_).view().slice(0, count),
                           .labels = aims_,
                           .ids = ids_,
                           .epsilons = budgets_,
                           .norm = norm,
                           .domain = bench_.data.range,
                           .shape = bench_.data.shape,
                           .targeted = spec.target.kind != Target::Kind::kNone,
                           .seed = bench_.seed,
                           .max_queries = bench_.max_queries,
                           .seen = &tally.seen};
  if (from_known) problem.starts = std::as_const(starts_).view().slice(0, count);
  const MutableRows candidates = candidates_.view().slice(0, count);
  if (!view_) return spec.attack->run(oracle, problem, workspace_, candidates);
  const MutableRows x = viewed_.view().slice(0, count);
  const MutableRows starts = viewed_.view().slice(count, count);
  const MutableRows found = viewed_.view().slice(2 * count, count);
  for (std::size_t i = 0; i < count; ++i) {
    view_->narrow(x_.row(i), x.row(i));
    if (from_known) view_->narrow(starts_.row(i), starts.row(i));
  }
  oracle.look_from(problem.x, norm, budgets_);
  problem.x = x;
  if (from_known) problem.starts = starts;
  problem.domain = view_->domain();
  problem.shape = view_->shape();
  spec.attack->run(oracle, problem, workspace_, found);
  for (std::size_t i = 0; i < count; ++i) {
    view_->widen({norm, budgets_[i], bench_.data.range}, x_.row(i), found.row(i),
                 candidates_.row(i));
  }
}

void BlockRunner::look_at_candidates() {
  const std::size_t count = who_.size();
  const Rows candidates = std::as_const(candidates_).view().slice(0, count);
  moved_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    const Row point = candidates.row(i);
    if (std::memcmp(point.data(), x_.row(i).data(), point.size_bytes()) != 0) {
      moved_.push_back(static_cast<std::uint32_t>(i));
    } else {
      findings_[i] = clean_[who_[i]];
    }
  }
  if (moved_.size() == count) {
    return judge_.look(candidates, true_labels_, std::span(findings_).first(count));
  }
  labels_.clear();
  for (std::size_t j = 0; j < moved_.size(); ++j) {
    std::ranges::copy(candidates.row(moved_[j]), rounded_.row(j).begin());
    labels_.push_back(true_labels_[moved_[j]]);
  }
  judge_.look(std::as_const(rounded_).view().slice(0, moved_.size()), labels_,
              std::span(found_).first(moved_.size()));
  for (std::size_t j = 0; j < moved_.size(); ++j) findings_[moved_[j]] = found_[j];
}

void BlockRunner::judge(std::optional<std::size_t> row) {
  const std::size_t count = who_.size();
  look_at_candidates();
  to_round_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    // Fails closed: what lies outside ball or box, or gives no label at all, breaks nothing.
    Verdict& v = verdicts_[i];
    const PerNorm moved = judge::measure(x_.row(i), candidates_.row(i), bench_.limits.scale);
    const double step = bench_.limits.lattice;
    v = {.moved = moved,
         .distance = moved[norm_],
         .inside_box = judge::inside(bench_.data.range, candidates_.row(i)) &&
                       (step == 0.0 || judge::on_lattice(step, candidates_.row(i))),
         .wrong = findings_[i].label >= 0 && findings_[i].label != true_labels_[i],
         .row = budgets()};
    if (!v.wrong || !v.inside_box) continue;
    v.row = first_row(v.distance);
    if (row) v.row = v.row <= *row ? *row : budgets();
    if (v.row < budgets() && bench_.data.shape.image) {
      to_round_.push_back(static_cast<std::uint32_t>(i));
    }
  }
  if (to_round_.empty()) return;
  labels_.clear();
  for (std::size_t j = 0; j < to_round_.size(); ++j) {
    const std::uint32_t i = to_round_[j];
    judge::to_8bit(threat(verdicts_[i].row), x_.row(i), candidates_.row(i), levels_);
    judge::from_8bit(levels_, rounded_.row(j));
    labels_.push_back(true_labels_[i]);
  }
  judge_.look(std::as_const(rounded_).view().slice(0, to_round_.size()), labels_,
              std::span(found_).first(to_round_.size()));
  for (std::size_t j = 0; j < to_round_.size(); ++j) {
    const std::uint32_t i = to_round_[j];
    constexpr double kSlack = 1e-7;  // a level k / 255 is itself rounded to float32
    const double moved = judge::measure(x_.row(i), rounded_.row(j), bench_.limits.scale)[norm_];
    // The true label where the rounded image left the ball.
    verdicts_[i].rounded_label =
        moved <= threat(verdicts_[i].row).reach() + kSlack ? found_[j].label : true_labels_[i];
  }
}

bool BlockRunner::book(std::size_t member, std::size_t k, std::size_t last) {
  const Verdict& v = verdicts_[k];
  if (!v.wrong || !v.inside_box) return false;
  const std::uint32_t n = who_[k];
  if (v.distance < nearest_[n]) {
    nearest_[n] = v.distance;
    std::ranges::copy(candidates_.row(k), best_.row(n).begin());
  }
  bool news = false;
  for (std::size_t row = v.row; row <= last && row < budgets(); ++row) {
    if (records_[row * count_ + n].fooled != 0) continue;
    write(row, member, k);
    news = true;
  }
  return news;
}

void BlockRunner::write(std::size_t row, std::size_t member, std::size_t k) {
  const std::uint32_t n = who_[k];
  const Verdict& v = verdicts_[k];
  reports::record::SampleRecord& r = records_[row * count_ + n];
  r.found_label = static_cast<std::int16_t>(findings_[k].label);
  r.confidence = static_cast<float>(findings_[k].confidence);
  r.inside_ball = v.distance <= threat(row).reach() ? 1 : 0;
  r.inside_box = v.inside_box ? 1 : 0;
  r.distances = v.moved;
  r.fooled = v.row <= row ? 1 : 0;
  r.rounded_label = static_cast<std::int16_t>(r.fooled != 0 ? v.rounded_label : -1);
  r.member = static_cast<std::int16_t>(r.fooled != 0 ? static_cast<int>(member) : -1);
  r.forwards = forwards_[n];
  r.backwards = backwards_[n];
  if (keep_row_[row] == 0) return;
  const Row point = std::as_const(candidates_).row(k);
  kept_[row * count_ + n] = points_.size() + 1;
  points_.insert(points_.end(), point.begin(), point.end());
}

Row BlockRunner::point(std::size_t k, std::size_t n) const {
  const std::size_t at = kept_[k * count_ + n];
  if (at == 0) return bench_.data.images.row(first_ + n);
  return Row(points_).subspan(at - 1, bench_.data.shape.size());
}

}  // namespace gibbon::eval::sweep
