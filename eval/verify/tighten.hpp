// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "base/deadline.hpp"
#include "eval/verify/dual.hpp"

namespace gibbon::eval::verify {

/// Bounds of neurons, each from two rows of a DualBatch. Keeps the memory of its batches.
class Tightener {
 public:
  /// Whatever it bounds may end with a TimeOver.
  Tightener(const LocalNetwork& network, std::size_t threads, const Deadline& deadline);

  /// Tightens the intervals of layers `first` and above under the splits given: sound, never wider
  /// than before. False: no point of the region meets the splits.
  bool tighten(std::size_t first, std::span<const Split> splits, const Ascent& ascent,
               Enclosure& enclosure);

 private:
  const LocalNetwork& network_;
  Deadline deadline_;
  std::vector<std::unique_ptr<DualBatch>> batches_;  // per worker
};

}  // namespace gibbon::eval::verify
