#pragma once

#include <cstdint>
#include <optional>

#include "eval/verify/replay.hpp"

namespace gibbon::eval {

/// Searches for a counterexample by signed gradients (PGD, Madry et al. 2018) on the requirements
/// of the clauses `open`, each clause from several points: first the given `starts`, then random
/// ones keyed by `key`. Rounds of 64 points side by side.
[[nodiscard]] std::optional<std::vector<double>> falsify(
    const Query& query, std::span<const std::size_t> open,
    std::span<const std::vector<double>> starts, const Replay& replay, int rounds, int steps,
    std::uint64_t key);

}  // namespace gibbon::eval
