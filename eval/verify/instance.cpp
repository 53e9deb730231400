// SPDX-License-Identifier: MIT
#include "eval/verify/instance.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fmt/format.h>

#include "base/error.hpp"
#include "models/loss.hpp"
#include "models/mlp.hpp"

namespace gibbon::eval::verify {
namespace {

bool compares_with_numbers(const Property& property) {
  for (const UnsafeSet& set : property.sets) {
    for (const auto& conjunction : set.conjunctions) {
      for (const HalfSpace& space : conjunction) {
        if (!space.left.output || !space.right.output) return true;
      }
    }
  }
  return false;
}

/// One forward pass, in double.
template <class Float>
std::vector<double> outputs_of(const models::MlpOf<Float>& model, const std::vector<Float>& x) {
  auto tape = model.make_tape(1);
  const auto y = model.forward({x.data(), 1, x.size()}, tape).row(0);
  return {y.begin(), y.end()};
}

/// To where replay() looks at a candidate.
void move_inside(const InputBox& box, bool single_precision, std::span<double> x) {
  std::ranges::copy(moved_inside(box, x), x.begin());
  if (!single_precision) return;
  const std::vector<float> rounded(x.begin(), x.end());
  if (const auto point = moved_inside(box, std::span(rounded))) {
    std::ranges::copy(*point, x.begin());
  }
}

/// The counterexample an engine found, as a point of the box as written; false: it is none.
bool replay(const models::Network& network, const UnsafeSet& set, bool single_precision,
            const std::vector<double>& witness, Outcome& outcome) {
  if (witness.size() != set.box.lower.size()) return false;
  outcome.inputs = witness;
  move_inside(set.box, single_precision, outcome.inputs);
  if (single_precision) {
    const std::vector<float> point(outcome.inputs.begin(), outcome.inputs.end());
    const bool representable = std::ranges::equal(
        point, outcome.inputs, [](float a, double b) { return static_cast<double>(a) == b; });
    if (!representable || !is_unsafe(set, outputs_of(models::Mlp(network), point))) return false;
  }
  outcome.outputs = outputs_of(models::MlpOf<double>(network), outcome.inputs);
  return contains(set.box, outcome.inputs) && is_unsafe(set, outcome.outputs);
}

std::string reason_of(const Answer& answer, const Limits& limits) {
  const auto bound = [&] {
    return fmt::format("; least bound {:.6g}, {} parts open", answer.bound, answer.open);
  };
  switch (answer.reason) {
    case Reason::kNone: return "no reason given";
    case Reason::kNodes:
      return fmt::format("the limit of {} nodes per clause is reached{}", limits.nodes, bound());
    case Reason::kTime: return fmt::format("timed out{}", bound());
    case Reason::kResolution:
      return fmt::format("an activation's interval is too narrow to be split further{}", bound());
    case Reason::kRounding:
      return "bound and counterexample differ by less than their rounding errors";
  }
  return {};
}

}  // namespace

models::Network network_for(const models::ModelFile& model, const std::string& model_name,
                            const Property& property) {
  models::Network network = models::as_written(model);
  if (model.final_op.empty() || !compares_with_numbers(property)) return network;
  if (model.final_op != "Sigmoid") {
    fail_usage(
        "{}: it ends in {}, and the property compares outputs with numbers; there, outputs may be "
        "compared with each other only; export the model without {}",
        model_name, model.final_op, model.final_op);
  }
  network.layers.back().activation = models::make_activation("sigmoid");
  return network;
}

std::string_view to_string(Result result) {
  switch (result) {
    case Result::kUnsat: return "unsat";
    case Result::kSat: return "sat";
    case Result::kTimeout: return "timeout";
    case Result::kUnknown: return "unknown";
  }
  return {};
}

Outcome verify(const models::Network& network, const Property& property, const Limits& limits,
               const Decide& decide) {
  const auto start = std::chrono::steady_clock::now();
  Outcome outcome{.result = Result::kUnsat};
  const auto undecided = [&](Result result, std::string why) {
    // A timeout says more than an unknown: with more time the answer may come.
    if (outcome.result == Result::kTimeout) return;
    if (outcome.result == Result::kUnknown && result == Result::kUnknown) return;
    outcome.result = result;
    outcome.reason = std::move(why);
  };
  for (const UnsafeSet& set : property.sets) {
    Limits left = limits;
    if (limits.seconds > 0.0) {
      const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
      left.seconds = limits.seconds - spent.count();
      if (left.seconds <= 0.0) {
        undecided(Result::kTimeout, "timed out");
        break;
      }
    }
    Query query = to_query(set, property.outputs);
    query.single_precision = limits.soundness == Soundness::kFloat32;
    query.admit = [&](std::span<double> x) { move_inside(set.box, query.single_precision, x); };
    const Answer answer = decide(query, left);
    outcome.nodes += answer.nodes;
    switch (answer.verdict) {
      case Verdict::kRobust:
        if (outcome.result == Result::kUnsat) {
          outcome.reason = fmt::format("proved by {}", answer.method);
        }
        break;
      case Verdict::kUndecided:
        undecided(answer.reason == Reason::kTime ? Result::kTimeout : Result::kUnknown,
                  reason_of(answer, limits));
        break;
      case Verdict::kAttacked:
        if (replay(network, set, query.single_precision, answer.witness, outcome)) {
          outcome.result = Result::kSat;
          outcome.reason = "a counterexample, replayed in double";
          return outcome;
        }
        outcome.inputs.clear();
        outcome.outputs.clear();
        undecided(Result::kUnknown,
                  "a counterexample was found, but it does not hold inside the box as written");
        break;
    }
  }
  return outcome;
}

std::vector<double> file_outputs(const models::ModelFile& model, const models::Network& network,
                                 std::span<const double> outputs) {
  std::vector<double> out(outputs.begin(), outputs.end());
  const bool applied = network.layers.back().activation.info->name == "sigmoid";
  if (model.final_op.empty() || applied) return out;
  models::apply_output(network.output, outputs, std::span(out));
  if (model.final_op == "LogSoftmax") {
    std::ranges::transform(out, out.begin(), [](double p) { return std::log(p); });
  }
  return out;
}

std::string to_results(const Outcome& outcome) {
  std::string text(to_string(outcome.result));
  text += '\n';
  if (outcome.result != Result::kSat) return text;
  const auto append = [&](char kind, const std::vector<double>& values) {
    for (std::size_t k = 0; k < values.size(); ++k) {
      text += fmt::format("{}({}_{} {:.17g})", text.ends_with("sat\n") ? "(" : "\n ", kind, k,
                          values[k]);
    }
  };
  append('X', outcome.inputs);
  append('Y', outcome.outputs);
  return text + ")\n";
}

}  // namespace gibbon::eval::verify
