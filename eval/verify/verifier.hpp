#pragma once

#include <memory>

#include "eval/verify/query.hpp"
#include "models/network.hpp"

namespace gibbon::eval {

/// Decides queries about one network: attack, bounds, optimised bounds, branch and bound.
/// Immutable, shared by all threads.
class Verifier {
 public:
  /// Throws what models::Bounder throws: activations without a sound relaxation, weights that are
  /// not finite.
  explicit Verifier(const models::Network& network);
  ~Verifier();

  /// Same answer for any number of threads; only Limits::seconds makes it depend on the machine.
  /// Throws Interrupted after Ctrl-C.
  [[nodiscard]] Answer decide(const Query& query, const Limits& limits,
                              std::size_t threads = 1) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gibbon::eval
