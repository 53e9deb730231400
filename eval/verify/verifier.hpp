// SPDX-License-Identifier: MIT
#pragma once

#include "eval/verify/replay.hpp"
#include "models/bounds/bounder.hpp"

namespace gibbon::eval::verify {

/// Decides queries about one network: attack, bounds, optimised bounds, branch and bound.
/// Immutable, shared by all threads.
class Verifier {
 public:
  /// Throws what models::Bounder throws: activations without a sound relaxation, weights that are
  /// not finite.
  explicit Verifier(const models::Network& network);

  /// Same answer for any number of threads; only Limits::seconds makes it depend on the machine.
  /// Throws Interrupted after Ctrl-C.
  [[nodiscard]] Answer decide(const Query& query, const Limits& limits,
                              std::size_t threads = 1) const;

 private:
  models::bounds::Bounder bounder_;
  Replay replay_;
};

}  // namespace gibbon::eval::verify
