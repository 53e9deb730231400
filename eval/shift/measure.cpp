// SPDX-License-Identifier: MIT
#include "eval/shift/measure.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <memory>
#include <mutex>
#include <span>
#include <utility>

#include "attacks/pose_search.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "eval/judge/judge.hpp"

namespace gibbon::eval::shift {
namespace {

using attacks::Pose;
using reports::record::CorruptedSample;
using reports::record::PosedOutcome;

constexpr std::size_t kMostRows = 32;  // pictures the judge looks at in one pass

/// What one worker needs.
class Worker {
 public:
  Worker(const models::Target& target, const datasets::Dataset& data, const ShiftPlan& plan,
         std::span<const Pose> grid)
      : data_(data),
        plan_(plan),
        grid_(grid),
        rows_(std::min(kMostRows, target.most_rows())),
        judge_(*target.exact, target.output, rows_),
        oracle_(*target.fast, attacks::Access::kScores,
                std::min<std::size_t>(64, target.most_rows())),
        points_(rows_, target.input_dim()) {}

  CorruptedSample sample(std::size_t n) {
    CorruptedSample out{.id = data_.ids[n], .label = data_.labels[n]};
    out.clean = predicted(data_.images.row(n));
    corrupted(n, out);
    if (plan_.poses) posed(n, out);
    return out;
  }

  [[nodiscard]] std::uint64_t passes() const { return passes_; }

 private:
  int predicted(Row x) {
    std::ranges::copy(x, points_.row(0).begin());
    return look(1).front().label;
  }

  std::span<const judge::Finding> look(std::size_t rows) {
    const std::vector<int> labels(rows, 0);  // of margins, which are not used
    findings_.resize(rows_);
    judge_.look(std::as_const(points_).view().slice(0, rows), labels, findings_);
    return std::span(findings_).first(rows);
  }

  void corrupted(std::size_t n, CorruptedSample& out) {
    std::size_t waiting = 0;
    const auto judge_waiting = [&] {
      if (interrupted) throw Interrupted{};
      if (waiting == 0) return;
      for (const judge::Finding& finding : look(waiting)) out.predicted.push_back(finding.label);
      waiting = 0;
    };
    for (const attacks::CorruptionInfo* corruption : plan_.corruptions) {
      for (const std::size_t severity : plan_.severities) {
        attacks::corrupt(*corruption, severity, {plan_.seed, data_.ids[n]}, data_.shape,
                         data_.range, data_.images.row(n), points_.row(waiting));
        if (++waiting == rows_) judge_waiting();
      }
    }
    judge_waiting();
  }

  void posed(std::size_t n, CorruptedSample& out) {
    const attacks::Posed about{
        .shape = data_.shape, .range = data_.range, .x = data_.images.row(n), .label = out.label};
    Rng rng(plan_.seed, data_.ids[n], "rotation-translation");
    std::vector<Pose> random;
    for (std::size_t k = 0; k < plan_.poses->worst_of; ++k) {
      random.push_back(attacks::random_pose(plan_.poses->box, rng));
    }
    out.posed.push_back(at_pose(about, random.front()));
    if (out.clean != out.label) {  // no motion at all breaks it
      const PosedOutcome clean{.predicted = out.clean, .has_pose = true};
      out.posed.insert(out.posed.end(), 3, clean);
      return;
    }
    int found_label = out.label;
    const attacks::Breaks breaks = [&](Row point) {
      found_label = predicted(point);
      return found_label != out.label;
    };
    const auto outcome = [&](const std::optional<Pose>& pose) {
      if (!pose) return PosedOutcome{.correct = true, .predicted = out.clean};
      return PosedOutcome{.predicted = found_label,
                          .has_pose = true,
                          .degrees = pose->degrees,
                          .down = pose->down,
                          .right = pose->right};
    };
    {
      attacks::PoseSearch few(oracle_, about, breaks);
      out.posed.push_back(outcome(few.among(random)));
      passes_ += few.passes();
    }
    attacks::PoseSearch search(oracle_, about, breaks);
    out.posed.push_back(outcome(search.among(grid_)));
    out.posed.push_back(out.posed.back().correct ? outcome(search.refine(plan_.poses->box))
                                                 : out.posed.back());
    // A random pose may lie where the grid has none.
    if (out.posed.back().correct && !out.posed[1].correct) out.posed.back() = out.posed[1];
    passes_ += search.passes();
  }

  PosedOutcome at_pose(const attacks::Posed& about, const Pose& pose) {
    attacks::put(about.shape, about.range, about.x, pose, points_.row(0));
    const int found = look(1).front().label;
    return {.correct = found == about.label,
            .predicted = found,
            .has_pose = true,
            .degrees = pose.degrees,
            .down = pose.down,
            .right = pose.right};
  }

  const datasets::Dataset& data_;
  const ShiftPlan& plan_;
  std::span<const Pose> grid_;
  std::size_t rows_;
  judge::Judge judge_;
  attacks::Oracle oracle_;
  Tensor points_;
  std::vector<judge::Finding> findings_;
  std::uint64_t passes_ = 0;
};

}  // namespace

std::vector<std::string> search_names(const PosePlan& plan) {
  const std::string grid =
      fmt::format("grid-{}x{}x{}", plan.box.degrees, plan.box.down, plan.box.right);
  return {"random", fmt::format("worst-of-{}", plan.worst_of), grid, grid + "-refined"};
}

ShiftResult measure(const models::Target& target, const datasets::Dataset& data,
                    const ShiftPlan& plan, const ShiftProgress& progress) {
  if (!data.shape.image || (data.shape.channels != 1 && data.shape.channels != 3)) {
    fail_usage(
        "--data {}: the samples are not pictures of 1 or 3 channels; corruptions and rotations "
        "need pictures, such as mnist, cifar10 or a folder of images",
        data.name);
  }
  const std::vector<Pose> grid =
      plan.poses ? attacks::grid_of(plan.poses->box) : std::vector<Pose>();
  ShiftResult result;
  result.samples.resize(data.size());
  std::vector<std::unique_ptr<Worker>> workers(std::max<std::size_t>(1, plan.threads));
  std::size_t done = 0;
  std::mutex mutex;  // guards done and progress
  for_each_block(data.size(), workers.size(), [&](std::size_t w, std::size_t n) {
    std::unique_ptr<Worker>& worker = workers[w];
    if (!worker) worker = std::make_unique<Worker>(target, data, plan, grid);
    result.samples[n] = worker->sample(n);
    const std::lock_guard lock(mutex);
    progress(++done, data.size());
  });
  if (interrupted) throw Interrupted{};
  for (const auto& worker : workers) result.passes += worker ? worker->passes() : 0;
  return result;
}

}  // namespace gibbon::eval::shift
