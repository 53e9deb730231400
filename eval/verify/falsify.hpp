// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>

#include "base/deadline.hpp"
#include "eval/verify/replay.hpp"

namespace gibbon::eval::verify {

/// Searches for a counterexample by signed gradients (PGD, Madry et al. 2018) on the requirements
/// of the clauses `open`, each clause from several points: first the given `starts`, then random
/// ones keyed by `key`. Rounds of 64 points side by side. Throws TimeOver when the deadline passes.
[[nodiscard]] std::optional<std::vector<double>> falsify(
    const Query& query, std::span<const std::size_t> open,
    std::span<const std::vector<double>> starts, const Replay& replay, int rounds, int steps,
    std::uint64_t key, const Deadline& deadline = {});

}  // namespace gibbon::eval::verify
