// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>
#include <type_traits>

#include "base/parallel.hpp"
#include "base/phase.hpp"
#include "eval/cli/command.hpp"
#include "eval/cli/exit_code.hpp"
#include "eval/cli/progress.hpp"

namespace gibbon::eval::cli {

/// What a piece of work came to, and its wall clock.
template <class Result>
struct Counted {
  Result result;
  double seconds = 0.0;
};

/// Runs `work`, which is given a function (done, total) to call, under a progress bar that counts
/// images. Empty after Ctrl-C, which is said: nothing may be written then.
template <class Work>
auto run_counted(const char* label, const runs::CommonOptions& common, const Work& work) {
  Progress progress(label, "images", common.quiet);
  const auto update = [&](std::size_t done, std::size_t total) { progress.update(done, total); };
  std::optional<Counted<std::invoke_result_t<Work, decltype(update)>>> out;
  const Phase phase(label);
  const auto start = std::chrono::steady_clock::now();
  try {
    out.emplace(work(update));
    out->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    progress.pause();
  } catch (const Interrupted&) {
    progress.pause();
    say(common, "interrupted: nothing was written");
  }
  return out;
}

}  // namespace gibbon::eval::cli
