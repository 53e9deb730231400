// SPDX-License-Identifier: MIT
#include "attacks/search/apgd.hpp"

#include <cmath>

#include "attacks/search/apgd_losses.hpp"
#include "attacks/search/sparse_step.hpp"
#include "attacks/search/starts.hpp"

namespace gibbon::attacks::search {
namespace {

double climb_cross_entropy(Row logits, int label, int /*target*/, MutableRow dlogits) {
  scale_free_seed<float>(logits, label, dlogits);
  return log_cross_entropy(logit_gap(logits, label));
}

double climb_dlr(Row logits, int label, int /*target*/, MutableRow dlogits) {
  return dlr<float>(logits, label, dlogits);
}

double climb_targeted_dlr(Row logits, int label, int target, MutableRow dlogits) {
  return targeted_dlr<float>(logits, label, target, dlogits);
}

constexpr double kMomentum = 0.75;  // weight of the new direction: section 3.1
constexpr double kSparsity = 1.5;   // of the changed features move in a step: 2103.01208

}  // namespace

ApgdLoss cross_entropy_loss() { return {climb_cross_entropy, true}; }
ApgdLoss dlr_loss() { return {climb_dlr, false}; }
ApgdLoss targeted_dlr_loss() { return {climb_targeted_dlr, false}; }

std::vector<Field> ApgdOptions::fields() {
  return {
      {"steps", "steps per run", &steps, 1, 100000},
      {"restarts", "number of runs, each on the surviving samples", &restarts, 1, 10000},
      {"rho", "the step is halved when at most this share of steps raised the loss", &rho, 0, 1},
      {"eot", "passes to average each gradient over, for randomized models", &eot, 1, 10000},
      {"schedule", "l1 only, 1: budgets of 3 ε, 2 ε, then ε over 30, 30, 40 % of the steps",
       &schedule, 0, 1}};
}

Checkpoint Checkpoint::next(int steps) const {
  const auto share = [&](int percent) { return std::max(1, percent * steps / 100); };
  const int length = interval == 0 ? share(22) : std::max(interval - share(3), share(6));
  return {step + length, length};
}

Apgd::Apgd(Oracle& oracle, const Problem& problem, Workspace& work, Campaign& campaign,
           const ApgdOptions& options, ApgdLoss loss)
    : oracle_(oracle),
      problem_(problem),
      campaign_(campaign),
      options_(options),
      loss_(loss),
      x_(work.rows(problem.size(), problem.x.cols)),
      previous_(work.rows(problem.size(), problem.x.cols)),
      mean_gradient_(work.rows(options.eot > 1 ? problem.size() : 0, problem.x.cols)),
      gradient_sum_(work.take<double>(options.eot > 1 ? problem.x.flat().size() : 0)),
      found_(work.take<Found>(problem.size())),
      best_(work.rows(problem.size(), problem.x.cols)),
      best_gradient_(work.rows(problem.size(), problem.x.cols)),
      state_(work.take<State>(problem.size())) {}

void Apgd::run(int number, std::span<std::uint32_t> samples, Labels targets) {
  for (std::size_t k = 0; k < samples.size(); ++k) {
    start(number, samples[k], x_.row(k));
    state_[samples[k]].known = false;
  }
  if (problem_.norm == Norm::kL1 && options_.schedule != 0) {
    const int third = (3 * options_.steps + 9) / 10;
    const int second = std::min(third, options_.steps - third);
    samples = climb({3.0, third, true, false}, samples, targets);
    if (second > 0) samples = climb({2.0, second, false, false}, samples, targets);
    samples = climb({1.0, options_.steps - third - second, false, true}, samples, targets);
  } else {
    samples = climb({1.0, options_.steps, true, true}, samples, targets);
  }
  for (const std::uint32_t n : samples) {
    give_up(n);
    const double rise = state_[n].best - state_[n].before;
    const double scale = loss_.logarithmic ? std::log(1.01) : 0.01 * std::abs(state_[n].before);
    campaign_.ended(n, rise > scale);
  }
}

void Apgd::start(int number, std::uint32_t n, MutableRow x) const {
  if (number == Campaign::kKnown) {
    std::ranges::copy(problem_.starts.row(n), x.begin());
    return;
  }
  std::ranges::copy(problem_.x.row(n), x.begin());
  Rng rng = run_rng(problem_, n, options_.purpose, number);
  add_full_noise(problem_.norm, problem_.epsilons[n], rng, x);
}

std::span<std::uint32_t> Apgd::climb(const Phase& phase, std::span<std::uint32_t> samples,
                                     Labels targets) {
  for (std::size_t k = 0; k < samples.size(); ++k) {
    const std::uint32_t n = samples[k];
    if (!phase.is_first) std::ranges::copy(best_.row(n), x_.row(k).begin());
    project(ball(phase, n), problem_.x.row(n), x_.row(k));
    std::ranges::copy(x_.row(k), previous_.row(k).begin());
  }
  const bool is_sparse = problem_.norm == Norm::kL1;
  const int sparsity_interval = std::max(1, phase.steps / 25);
  Checkpoint check = Checkpoint().next(phase.steps);
  for (int step = 0; step <= phase.steps; ++step) {
    const bool is_last = step == phase.steps;
    const auto passes = static_cast<std::uint64_t>(options_.eot) * (is_last ? 1U : 2U);
    samples = keep_if(samples, [&](std::size_t, std::uint32_t n) {
      if (oracle_.affords(n, passes)) return true;
      give_up(n);
      campaign_.spent(n);
      return false;
    });
    if (samples.empty()) break;
    const Rows gradients = evaluate(samples, targets, !is_last);
    const bool is_check =
        is_sparse ? step > 0 && step % sparsity_interval == 0 : step == check.step;
    samples = keep_if(samples, [&](std::size_t k, std::uint32_t n) {
      if (breaks(phase, k, n)) return false;
      Row gradient = is_last ? Row() : gradients.row(k);
      take_in(phase, step, k, n, gradient);
      if (is_last) return true;
      if (is_check && (is_sparse ? look_at_sparsity(phase, n) : pays_no_more(state_[n], check))) {
        std::ranges::copy(best_.row(n), x_.row(k).begin());
        gradient = best_gradient_.row(n);
      }
      move(phase, step, k, n, gradient);
      return true;
    });
    if (!is_last) std::swap(x_, previous_);
    if (is_check) check = check.next(phase.steps);
  }
  return samples;
}

Rows Apgd::evaluate(Owners samples, Labels targets, bool with_gradient) {
  Rows gradients;
  for (int pass = 0; pass < options_.eot; ++pass) {
    const Rows logits = oracle_.logits(x_.slice(0, samples.size()), samples);
    for (std::size_t k = 0; k < samples.size(); ++k) {
      look(k, logits.row(k), samples[k], targets, pass);
    }
    if (!with_gradient) continue;
    gradients = oracle_.backward(oracle_.seeds());
    if (options_.eot == 1) return gradients;
    const std::size_t size = gradients.flat().size();
    for (std::size_t i = 0; i < size; ++i) {
      const double so_far = pass == 0 ? 0.0 : gradient_sum_[i];
      gradient_sum_[i] = so_far + double{gradients.flat()[i]};
    }
    if (pass + 1 < options_.eot) continue;
    for (std::size_t i = 0; i < size; ++i) {
      mean_gradient_.flat()[i] = static_cast<float>(gradient_sum_[i] / options_.eot);
    }
    gradients = mean_gradient_.slice(0, samples.size());
  }
  return gradients;
}

/// Running means over the passes: exact when all agree. A point fools a model that answers at
/// random if it does so in every pass.
void Apgd::look(std::size_t k, Row logits, std::uint32_t n, Labels targets, int pass) {
  const int label = problem_.labels[n];
  const MutableRow seed = oracle_.seeds().row(k);
  double value = loss_.evaluate(logits, label, targets.empty() ? label : targets[n], seed);
  float m = margin(logits, label);
  if (problem_.targeted) {
    value = -value;
    m = -m;
    for (float& q : seed) q = -q;
  }
  const bool fooled = succeeded(logits, label, problem_.targeted);
  Found& found = found_[k];
  if (pass == 0) {
    found = {value, m, fooled};
    return;
  }
  found.value += (value - found.value) / (pass + 1);
  found.margin += (m - found.margin) / static_cast<float>(pass + 1);
  found.fooled = found.fooled && fooled;
}

/// In the wide balls of l1's schedule a point may fool the model and be too far off.
bool Apgd::breaks(const Phase& phase, std::size_t k, std::uint32_t n) const {
  if (!found_[k].fooled) return false;
  const ThreatModel threat = problem_.threat(n);
  if (!phase.is_last && distance(problem_.norm, problem_.x.row(n), x_.row(k)) > threat.reach()) {
    return false;
  }
  campaign_.broke(n, x_.row(k));
  return true;
}

void Apgd::take_in(const Phase& phase, int step, std::size_t k, std::uint32_t n, Row gradient) {
  const Found& found = found_[k];
  State& state = state_[n];
  if (step == 0) {
    const double epsilon = phase.factor * problem_.epsilons[n];
    const bool is_sparse = problem_.norm == Norm::kL1;
    state.best = state.last = state.checked = state.before = found.value;
    state.eta = is_sparse ? epsilon : 2.0 * epsilon;
    state.rises = 0;
    state.halved = true;  // the second condition is off at the first checkpoint
    if (is_sparse) {
      const auto size = static_cast<double>(x_.cols);
      const bool plain = options_.schedule == 0;
      state.changed = plain ? size : distance(Norm::kL0, problem_.x.row(n), x_.row(k));
      state.keep = plain ? 0.2 * size : state.changed / kSparsity;
    }
  } else {
    if (found.value > state.last) ++state.rises;
    state.last = found.value;
  }
  if (step == 0 || found.value > state.best) {
    state.best = found.value;
    state.margin = found.margin;
    state.known = true;
    std::ranges::copy(x_.row(k), best_.row(n).begin());
    std::ranges::copy(gradient, best_gradient_.row(n).begin());
  }
  if (step == phase.steps - phase.steps / 10) state.before = state.best;
}

/// The two conditions of section 3.2; true: half the step, from the best point.
bool Apgd::pays_no_more(State& state, const Checkpoint& check) const {
  const bool idle = state.rises <= options_.rho * check.interval;
  const bool stuck = !state.halved && state.best <= state.checked;
  state.halved = idle || stuck;
  if (state.halved) state.eta /= 2.0;
  state.checked = state.best;
  state.rises = 0;
  return state.halved;
}

/// l1: as long as the best point gets sparser, full steps from there; else ever smaller ones.
bool Apgd::look_at_sparsity(const Phase& phase, std::uint32_t n) {
  State& state = state_[n];
  const double epsilon = phase.factor * problem_.epsilons[n];
  const double changed = distance(Norm::kL0, problem_.x.row(n), best_.row(n));
  const bool sparser = changed < 0.95 * state.changed;
  state.eta = sparser ? epsilon : std::max(state.eta / 1.5, epsilon / 10.0);
  state.changed = changed;
  state.keep = changed / kSparsity;
  return sparser;
}

/// Writes the next point over previous_.row(k).
void Apgd::move(const Phase& phase, int step, std::size_t k, std::uint32_t n, Row gradient) {
  const State& state = state_[n];
  const Row origin = problem_.x.row(n);
  const MutableRow next = previous_.row(k);
  if (problem_.norm != Norm::kL1) {
    return ascend_with_momentum(ball(phase, n), origin, x_.row(k), gradient, state.eta,
                                step == 0 ? 1.0 : kMomentum, next);
  }
  std::ranges::copy(x_.row(k), next.begin());
  sparse_step(gradient, state.eta, static_cast<std::size_t>(std::ceil(state.keep)), kEverywhere,
              next);
  project(ball(phase, n), origin, next);
}

/// What is best of the run competes for the candidate.
void Apgd::give_up(std::uint32_t n) {
  if (!state_[n].known) return;
  const MutableRow best = best_.row(n);
  if (distance(problem_.norm, problem_.x.row(n), best) > problem_.threat(n).reach()) {
    project(problem_.threat(n), problem_.x.row(n), best);
  }
  campaign_.offer(n, best, state_[n].margin);
}

/// Keeps what keep(k, sample) is true for and closes the gaps.
template <class Keep>
std::span<std::uint32_t> Apgd::keep_if(std::span<std::uint32_t> samples, Keep keep) {
  std::size_t kept = 0;
  for (std::size_t k = 0; k < samples.size(); ++k) {
    if (!keep(k, samples[k])) continue;
    if (kept != k) {
      std::ranges::copy(x_.row(k), x_.row(kept).begin());
      std::ranges::copy(previous_.row(k), previous_.row(kept).begin());
    }
    samples[kept++] = samples[k];
  }
  return samples.first(kept);
}

}  // namespace gibbon::attacks::search
