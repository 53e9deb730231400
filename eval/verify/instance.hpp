// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>

#include "eval/verify/property.hpp"
#include "models/model_file.hpp"

namespace gibbon::eval::verify {

/// The network whose outputs a property speaks of. Where it compares outputs with each other only,
/// these are the logits: a final Softmax, LogSoftmax or Sigmoid keeps their order. Where it
/// compares them with numbers, a final Sigmoid becomes the last activation, and a final softmax
/// throws a usage Error naming `model_name`.
[[nodiscard]] models::Network network_for(const models::ModelFile& model,
                                          const std::string& model_name, const Property& property);

/// What decides one query: Verifier::decide(), or another in tests. It is not trusted with
/// counterexamples.
using Decide = std::function<Answer(const Query&, const Limits&)>;

/// The four answers of the verification competitions.
enum class Result { kUnsat, kSat, kTimeout, kUnknown };
[[nodiscard]] std::string_view to_string(Result result);

struct Outcome {
  Result result = Result::kUnknown;
  std::string reason;           ///< what decided, or why nothing did; for people
  std::vector<double> inputs;   ///< D, of kSat
  std::vector<double> outputs;  ///< C, of kSat: of the network that was asked about
  std::uint64_t nodes = 0;      ///< of the search trees of all boxes
};

/// Asks about every box of the property; Limits::seconds is shared by them all, 0: no limit. A
/// counterexample is moved into the box as it is written and replayed in double, for
/// Soundness::kFloat32 as a float32 point in float32, too; what does not stand that is no
/// counterexample, and the result is unknown.
[[nodiscard]] Outcome verify(const models::Network& network, const Property& property,
                             const Limits& limits, const Decide& decide);

/// Outputs as the model file has them, from what network_for() gives: its final operator applied
/// where it was taken off.
[[nodiscard]] std::vector<double> file_outputs(const models::ModelFile& model,
                                               const models::Network& network,
                                               std::span<const double> outputs);

/// "unsat", or "sat" and the counterexample "((X_0 0.5)\n (X_1 …", 17 significant digits: the text
/// of a competition's results file.
[[nodiscard]] std::string to_results(const Outcome& outcome);

}  // namespace gibbon::eval::verify
