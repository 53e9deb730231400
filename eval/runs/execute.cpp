// SPDX-License-Identifier: MIT
#include "eval/runs/execute.hpp"

#include <chrono>

#include "base/phase.hpp"
#include "eval/runs/limit_files.hpp"
#include "eval/runs/provenance.hpp"

namespace gibbon::eval::runs {

reports::record::Run execute(const RunPlan& plan, const models::Target& target,
                             const datasets::Dataset& data, sweep::PartStore* journal,
                             const Observer& observer) {
  const auto start = std::chrono::steady_clock::now();
  const sweep::SweepProgress silent = [](const sweep::SweepStatus&) {};
  sweep::SweepResult result = [&] {
    const Phase phase("sweep");
    return sweep::sweep(target, data, plan.sweep, observer.progress ? observer.progress : silent,
                        journal);
  }();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (observer.swept) observer.swept(result, seconds);
  reports::record::Run run{.provenance = sweep_provenance({.command = plan.command,
                                                           .model_path = plan.model_path.string(),
                                                           .model_sha256 = plan.model_sha256,
                                                           .seconds_sweep = seconds},
                                                          target, data, plan.fields, result),
                           .curve = std::move(result.curve),
                           .samples = std::move(result.samples),
                           .distances = std::move(result.distances),
                           .diagnosis = std::move(result.diagnosis)};
  add_limits(run, sweep::fit_limits(plan.sweep.limits, data));
  run.diagnosis.insert(run.diagnosis.begin(), data.notes.begin(), data.notes.end());
  return run;
}

}  // namespace gibbon::eval::runs
