// SPDX-License-Identifier: MIT
#include "eval/verify/verifier.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "eval/verify/falsify.hpp"
#include "eval/verify/search.hpp"
#include "models/bounds/bounder.hpp"

namespace gibbon::eval::verify {

namespace {

// The errors of a requirement are added up in double, each sum rounded: far less than this share.
constexpr double kBeyondSumming = 1.0 + 1e-9;

/// One query on its way up the ladder.
class Decision {
 public:
  Decision(const models::bounds::Bounder& bounder, const Replay& replay, const Query& query,
           const Limits& limits, std::size_t threads)
      : bounder_(bounder),
        replay_(replay),
        query_(query),
        limits_(limits),
        threads_(threads),
        deadline_(Deadline::in(limits.seconds)),
        tape_(bounder.make_tape(1)) {
    tape_.deadline = deadline_;
  }

  [[nodiscard]] Answer run();

 private:
  [[nodiscard]] Answer climb();
  [[nodiscard]] Answer search_tree();
  void enclose();
  void set_targets();
  void optimise(int iterations, std::string_view method);
  [[nodiscard]] bool attack(int rounds, int steps);
  void refine();
  [[nodiscard]] Answer conclude(Verdict verdict, Reason reason = Reason::kNone);

  const models::bounds::Bounder& bounder_;
  const Replay& replay_;
  const Query& query_;
  const Limits& limits_;
  std::size_t threads_;
  Deadline deadline_;
  models::bounds::BoundTape tape_;
  std::vector<std::vector<double>> targets_;  // per clause and requirement
  std::unique_ptr<LocalNetwork> network_;
  Enclosure enclosure_;
  std::vector<std::vector<Form>> forms_;
  std::vector<std::size_t> open_;  // clauses
  std::vector<std::shared_ptr<const Choices>> choices_;
  std::vector<double> bounds_;  // per clause
  std::vector<std::vector<double>> starts_;
  Answer answer_;
};

void Decision::enclose() {
  for (std::size_t c = 0; c < query_.clauses.size(); ++c) open_.push_back(c);
  bounds_.resize(query_.clauses.size(), -std::numeric_limits<double>::infinity());
  models::bounds::BoxRegion region{.lower = query_.lower, .upper = query_.upper};
  if (query_.ball) {
    region.ball = query_.ball->ball;
    region.centre = query_.ball->centre;
    region.radius = query_.ball->radius;
    region.share = query_.ball->share;
  }
  bounder_.enclose(region, tape_);
  set_targets();
  network_ = std::make_unique<LocalNetwork>(bounder_, tape_);
  Intervals intervals;
  for (const LocalLayer& layer : network_->layers) {
    intervals.lower.insert(intervals.lower.end(), layer.lower.begin(), layer.lower.end());
    intervals.upper.insert(intervals.upper.end(), layer.upper.begin(), layer.upper.end());
  }
  enclosure_ = Enclosure(*network_, std::move(intervals));
  for (std::size_t c = 0; c < query_.clauses.size(); ++c) {
    std::vector<Form>& forms = forms_.emplace_back();
    for (const Requirement& requirement : query_.clauses[c]) {
      forms.push_back(network_->form(requirement));
    }
  }
  choices_.resize(query_.clauses.size(), std::make_shared<Choices>());
}

/// Optimised bounds of the open clauses over the whole region; those that hold are closed.
void Decision::optimise(int iterations, std::string_view method) {
  std::size_t rows = 0;
  for (const std::size_t c : open_) rows += forms_[c].size();
  if (rows == 0) return;
  DualBatch batch(*network_, rows, deadline_);
  for (const std::size_t c : open_) {
    for (std::size_t f = 0; f < forms_[c].size(); ++f) {
      batch.add(forms_[c][f], enclosure_, {}, *choices_[c], targets_[c][f]);
    }
  }
  batch.optimise({.iterations = iterations});
  std::vector<std::size_t> still;
  starts_.clear();
  std::size_t row = 0;
  for (const std::size_t c : open_) {
    bool proved = false;
    std::size_t best = row;
    for (std::size_t f = 0; f < forms_[c].size(); ++f, ++row) {
      proved = proved || batch.proved(row);
      if (batch.bound(row) > batch.bound(best)) best = row;
    }
    bounds_[c] = std::max(bounds_[c], batch.bound(best));
    if (proved) {
      answer_.method = method;
      continue;
    }
    still.push_back(c);
    choices_[c] = std::make_shared<Choices>(batch.choices(best));
    std::vector<double> start(query_.lower.size());
    for (std::size_t j = 0; j < start.size(); ++j) {
      start[j] = (batch.slope(best)[j] > 0.0) == (network_->stretch[j] > 0.0) ? query_.lower[j]
                                                                              : query_.upper[j];
    }
    starts_.push_back(std::move(start));
  }
  open_ = std::move(still);
}

bool Decision::attack(int rounds, int steps) {
  std::vector<std::vector<double>> starts = starts_;
  for (std::size_t k = 0; k < open_.size(); ++k) {
    std::vector<double>& middle = starts.emplace_back(query_.lower.size());
    for (std::size_t j = 0; j < middle.size(); ++j) {
      middle[j] = 0.5 * query_.lower[j] + 0.5 * query_.upper[j];
    }
  }
  auto found = falsify(query_, open_, starts, replay_, rounds, steps, 0, deadline_);
  if (!found) return false;
  answer_.witness = std::move(*found);
  return true;
}

/// Optimised bounds of all neurons that bend.
void Decision::refine() {
  // Never empty: there are no splits, and the region has a point.
  static_cast<void>(
      Tightener(*network_, threads_, deadline_).tighten(1, {}, {.iterations = 20}, enclosure_));
}

Answer Decision::conclude(Verdict verdict, Reason reason) {
  answer_.verdict = verdict;
  answer_.reason = reason;
  if (verdict == Verdict::kUndecided) {
    for (const std::size_t c : open_) {
      answer_.bound = c == open_.front() ? bounds_[c] : std::min(answer_.bound, bounds_[c]);
    }
  } else {
    answer_.bound = *std::ranges::min_element(bounds_);
  }
  return std::move(answer_);
}

Answer Decision::run() {
  try {
    return climb();
  } catch (const TimeOver&) {
    return conclude(Verdict::kUndecided, Reason::kTime);
  }
}

/// From what is cheap to what is dear, until something decides.
Answer Decision::climb() {
  if (query_.clauses.empty()) return conclude(Verdict::kRobust);
  enclose();
  optimise(0, "crown");
  if (open_.empty()) return conclude(Verdict::kRobust);
  if (attack(1, 20)) return conclude(Verdict::kAttacked);
  optimise(20, "alpha");
  if (open_.empty()) return conclude(Verdict::kRobust);
  if (limits_.nodes == 0) return conclude(Verdict::kUndecided, Reason::kNodes);
  // A search on a large network is dear: look harder for a counterexample, and bound better, first.
  const bool large = network_->neurons > 128;
  if (large && attack(8, 60)) return conclude(Verdict::kAttacked);
  if (network_->layers.size() > 1) {
    refine();
    optimise(40, "alpha");
    if (open_.empty()) return conclude(Verdict::kRobust);
  }
  return search_tree();
}

Answer Decision::search_tree() {
  // The clause that is nearest to failing first: if there is a counterexample, it is likely there.
  std::ranges::stable_sort(open_, {}, [&](std::size_t c) { return bounds_[c]; });
  const std::vector<std::size_t> clauses = open_;
  const auto intervals = std::make_shared<Intervals>(enclosure_.intervals());
  Reason reason = Reason::kNone;
  answer_.method = "branch-and-bound";
  std::vector<std::size_t> undecided;
  for (const std::size_t c : clauses) {
    const SearchProblem problem{*network_, query_, replay_, forms_[c], targets_[c]};
    Answer one = search(problem, {intervals, choices_[c]},
                        {.nodes = limits_.nodes,
                         .deadline = deadline_,
                         .threads = threads_,
                         .memory = limits_.memory});
    answer_.nodes += one.nodes;
    answer_.open += one.open;
    if (one.verdict == Verdict::kAttacked) {
      answer_.witness = std::move(one.witness);
      return conclude(Verdict::kAttacked);
    }
    if (one.verdict == Verdict::kUndecided) {
      bounds_[c] = one.bound;
      undecided.push_back(c);
      reason = reason == Reason::kNone ? one.reason : reason;
    } else {
      bounds_[c] = std::max(bounds_[c], 0.0);
    }
  }
  open_ = undecided;
  return conclude(open_.empty() ? Verdict::kRobust : Verdict::kUndecided, reason);
}

/// What each requirement's bound must exceed, so that a forward pass shows it, too.
void Decision::set_targets() {
  std::vector<double> error(bounder_.num_classes());
  if (limits_.soundness != Soundness::kReal) {
    bounder_.rounding(tape_, 0, unit_of(limits_.soundness), error);
  }
  for (const Clause& clause : query_.clauses) {
    std::vector<double>& targets = targets_.emplace_back();
    for (const Requirement& requirement : clause) {
      double target = 0.0;
      for (std::size_t c = 0; c < error.size(); ++c) {
        if (requirement.weights[c] != 0.0) target += std::abs(requirement.weights[c]) * error[c];
      }
      targets.push_back(target * kBeyondSumming);
    }
  }
}

void check(const models::bounds::Bounder& bounder, const Query& query) {
  const std::size_t features = bounder.input_dim();
  if (query.lower.size() != features || query.upper.size() != features) {
    fail_usage("verifier: a region of {} and {} ends for a network with {} inputs",
               query.lower.size(), query.upper.size(), features);
  }
  for (std::size_t j = 0; j < features; ++j) {
    if (std::isfinite(query.lower[j]) && std::isfinite(query.upper[j]) &&
        query.lower[j] <= query.upper[j]) {
      continue;
    }
    fail_usage("verifier: input {} lies in [{}, {}]; both ends must be finite, in rising order", j,
               query.lower[j], query.upper[j]);
  }
  for (const Clause& clause : query.clauses) {
    for (const Requirement& requirement : clause) {
      if (requirement.weights.size() == bounder.num_classes()) continue;
      fail_usage("verifier: a requirement over {} outputs for a network with {}",
                 requirement.weights.size(), bounder.num_classes());
    }
    if (clause.empty()) fail_usage("verifier: empty clause");
  }
}

}  // namespace

Verifier::Verifier(const models::Network& network) : bounder_(network), replay_(network) {}

Answer Verifier::decide(const Query& query, const Limits& limits, std::size_t threads) const {
  check(bounder_, query);
  return Decision(bounder_, replay_, query, limits, threads).run();
}

}  // namespace gibbon::eval::verify
