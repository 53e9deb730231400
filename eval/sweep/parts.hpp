// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "eval/sweep/block_runner.hpp"

// A sweep in parts, so that one that was stopped can go on: what somebody who keeps them has to
// know.
namespace gibbon::eval::sweep {

/// What one entry did to one block of samples: enough not to do it again.
struct Part {
  std::uint32_t pair = 0;
  std::uint32_t block = 0;
  std::uint64_t zero_gradients = 0;                    ///< of the block, with its first pair
  std::vector<reports::record::SampleRecord> records;  ///< K × count
  std::vector<Tally> tallies;                          ///< per member
  std::vector<float> points;  ///< count × D at the largest budget, or empty
};

/// What the parts of a sweep look like: any other is not one of them.
struct PartLayout {
  std::vector<std::size_t> members;    ///< of each pair
  std::size_t budgets = 0;             ///< K
  std::size_t batch = 1;               ///< samples of every block but the last
  std::size_t dim = 0;                 ///< D of points that are kept; 0: none are
  std::size_t classes = 0;             ///< labels lie below
  std::span<const std::uint64_t> ids;  ///< of the samples
  std::span<const int> labels;

  [[nodiscard]] std::size_t blocks() const { return (ids.size() + batch - 1) / batch; }
  /// Samples of a block.
  [[nodiscard]] std::size_t count(std::size_t block) const {
    return std::min(batch, ids.size() - block * batch);
  }
  /// Whether pair and block are there, and everything in the part can be theirs.
  [[nodiscard]] bool fits(const Part& part) const;
};

/// Whoever keeps the parts of a sweep, from any worker.
class PartStore {
 public:
  PartStore() = default;
  PartStore(const PartStore&) = delete;
  PartStore& operator=(const PartStore&) = delete;
  virtual ~PartStore() = default;

  /// The part an earlier run finished; null when there is none.
  [[nodiscard]] virtual const Part* find(std::size_t pair, std::size_t block) const = 0;
  virtual void add(const Part& part) = 0;
};

}  // namespace gibbon::eval::sweep
