// SPDX-License-Identifier: MIT
#include "attacks/search/iterate.hpp"

#include "attacks/search/campaign.hpp"
#include "attacks/search/sparse_step.hpp"
#include "attacks/search/starts.hpp"

namespace gibbon::attacks::search {
namespace {

/// Lowest margins of a run, now and when the last tenth of its steps began.
struct Progress {
  float best;
  float before;
  float first = std::numeric_limits<float>::infinity();
  bool reached = false;  // a success, though the run goes on
  [[nodiscard]] bool rising() const { return before - best > 0.01F * (first - best); }
};

class Iteration {
 public:
  Iteration(Oracle& oracle, const Problem& problem, Workspace& work, Campaign& campaign,
            const IterateOptions& options, StepRule& rule)
      : oracle_(oracle),
        problem_(problem),
        campaign_(campaign),
        options_(options),
        rule_(rule),
        x_(work.rows(problem.size(), problem.x.cols)),
        progress_(work.take<Progress>(problem.size())) {}

  void run(int number, std::span<std::uint32_t> samples) {
    for (std::size_t k = 0; k < samples.size(); ++k) {
      start(number, samples[k], x_.row(k));
      progress_[samples[k]] = {.best = std::numeric_limits<float>::infinity(), .before = 0.0F};
      rule_.begin(samples[k]);
    }
    for (int t = 0; t < options_.steps; ++t) {
      samples = afford(samples, 2);
      if (samples.empty()) return;
      const Oracle::Gradient got =
          oracle_.gradient(points(samples), problem_.labels, scale_free_seed<float>, samples);
      const bool last_tenth = t == options_.steps - 1 - options_.steps / 10;
      samples = keep_if(samples, [&](std::size_t k, std::uint32_t n) {
        if (!look(got.logits.row(k), n, x_.row(k))) return false;
        if (last_tenth) progress_[n].before = progress_[n].best;
        rule_.step(n, got.dx.row(k), x_.row(k));
        return true;
      });
    }
    samples = afford(samples, 1);
    if (samples.empty()) return;
    const Rows logits = oracle_.logits(points(samples), samples);
    for (std::size_t k = 0; k < samples.size(); ++k) {
      const std::uint32_t n = samples[k];
      if (!look(logits.row(k), n, x_.row(k))) continue;
      if (progress_[n].reached) {
        campaign_.won(n);
      } else {
        campaign_.ended(n, progress_[n].rising());
      }
    }
  }

 private:
  void start(int number, std::uint32_t n, MutableRow x) const {
    std::ranges::copy((number == Campaign::kKnown ? problem_.starts : problem_.x).row(n),
                      x.begin());
    if (number > 0 || (number == 0 && options_.start == Start::kRandom)) {
      Rng rng = run_rng(problem_, n, options_.purpose, number);
      add_ball_noise(problem_.norm, problem_.epsilons[n], rng, x);
    }
    project(problem_.threat(n), problem_.x.row(n), x);
  }

  [[nodiscard]] Rows points(Owners samples) const { return x_.slice(0, samples.size()); }

  /// False when the point at x fools the model and the sample's run ends with that.
  bool look(Row logits, std::uint32_t n, Row x) {
    if (succeeded(logits, problem_.labels[n], problem_.targeted)) {
      if (options_.stop == Stop::kFirstSuccess) {
        campaign_.broke(n, x);
        return false;
      }
      progress_[n].reached = true;
    }
    const float m = margin(logits, problem_.labels[n]) * (problem_.targeted ? -1.0F : 1.0F);
    Progress& progress = progress_[n];
    if (std::isinf(progress.first)) progress.first = m;
    progress.best = std::min(progress.best, m);
    campaign_.offer(n, x, m);
    return true;
  }

  std::span<std::uint32_t> afford(std::span<std::uint32_t> samples, std::uint64_t passes) {
    return keep_if(samples, [&](std::size_t, std::uint32_t n) {
      if (oracle_.affords(n, passes)) return true;
      campaign_.spent(n);
      return false;
    });
  }

  /// Keeps what keep(k, sample) is true for and closes the gaps in x_, so that its first rows are
  /// always those of `samples`: nothing has to be gathered for the model.
  template <class Keep>
  std::span<std::uint32_t> keep_if(std::span<std::uint32_t> samples, Keep keep) {
    std::size_t kept = 0;
    for (std::size_t k = 0; k < samples.size(); ++k) {
      if (!keep(k, samples[k])) continue;
      if (kept != k) std::ranges::copy(x_.row(k), x_.row(kept).begin());
      samples[kept++] = samples[k];
    }
    return samples.first(kept);
  }

  Oracle& oracle_;
  const Problem& problem_;
  Campaign& campaign_;
  const IterateOptions& options_;
  StepRule& rule_;
  MutableRows x_;                 // row k: the current point of the k-th sample of the run
  std::span<Progress> progress_;  // by sample
};

}  // namespace

void iterate(Oracle& oracle, const Problem& problem, Workspace& work, MutableRows candidate,
             const IterateOptions& options, StepRule& rule) {
  Campaign campaign(problem, work, candidate);
  Iteration iteration(oracle, problem, work, campaign, options, rule);
  campaign.each_run(options.restarts, 1, [&](int number, std::span<std::uint32_t> samples) {
    iteration.run(number, samples);
  });
}

void ProjectedStep::step(std::uint32_t sample, Row gradient, MutableRow x) {
  const ThreatModel threat = problem_.threat(sample);
  const Row origin = problem_.x.row(sample);
  const double size = problem_.direction() * share_ * threat.epsilon;
  if (threat.norm != Norm::kL1) return ascend(threat, origin, gradient, size, x);
  sparse_step(gradient, size, (x.size() + 99) / 100, threat.domain, x);
  project(threat, origin, x);
}

}  // namespace gibbon::attacks::search
