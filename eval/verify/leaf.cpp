// SPDX-License-Identifier: MIT
#include "eval/verify/leaf.hpp"

#include <algorithm>

#include "base/plugin.hpp"
#include "eval/verify/linear_program.hpp"

namespace gibbon::eval::verify {
namespace {

const LinearSolver& solver() {
  constexpr Plugin kClp{
      .engine = "CLP",
      .file = "gibbon_clp.so",
      .symbol = kSolverSymbol,
      .environment = "GIBBON_CLP_PLUGIN",
      .to_build = "build it: cmake --build --preset release",
      .to_load = "coinor-libclp1",
      .version = kSolverVersion,
  };
  static const auto& loaded = *static_cast<const LinearSolver*>(open_plugin(kClp));
  return loaded;
}

/// Columns x, then one more for the largest objective, or for how far constraints are missed.
class Program {
 public:
  Program(std::span<const double> lower, std::span<const double> upper, bool feasibility)
      : program_{.lower = {lower.begin(), lower.end()}, .upper = {upper.begin(), upper.end()}} {
    for (std::size_t j = 0; j < lower.size(); ++j)
      program_.upper[j] = std::max(program_.lower[j], program_.upper[j]);
    program_.lower.push_back(feasibility ? 0.0 : -kUnbounded);
    program_.upper.push_back(kUnbounded);
  }

  /// slope · x + extra_weight · extra >= bound
  void require(std::span<const double> slope, double extra_weight, double bound) {
    for (std::size_t j = 0; j < slope.size(); ++j) put(j, slope[j]);
    put(slope.size(), extra_weight);
    program_.start.push_back(static_cast<int>(program_.index.size()));
    program_.bound.push_back(bound);
  }

  /// Whether there is an optimum; the rest is to be asked only then.
  [[nodiscard]] bool solve(const Deadline& deadline) {
    deadline.check();
    solution_ = solver().solve(program_, [&] { return interrupted || deadline.passed(); });
    deadline.check();
    return solution_.optimal;
  }
  [[nodiscard]] double value() const { return solution_.objective; }
  [[nodiscard]] double dual(std::size_t row) const { return std::max(0.0, solution_.duals[row]); }
  [[nodiscard]] double column(std::size_t j) const { return solution_.columns[j]; }

 private:
  void put(std::size_t column, double weight) {
    if (weight == 0.0) return;
    program_.index.push_back(static_cast<int>(column));
    program_.value.push_back(weight);
  }

  LinearProgram program_;
  LinearSolution solution_;
};

}  // namespace

LeafSolution solve_leaf(std::span<const Affine> objectives, std::span<const Affine> constraints,
                        std::span<const double> lower, std::span<const double> upper,
                        const Deadline& deadline) {
  LeafSolution out;
  Program program(lower, upper, false);
  for (const Affine& objective : objectives) {  // t >= a · x + c
    std::vector<double> negative(objective.slope.size());
    std::ranges::transform(objective.slope, negative.begin(), [](double a) { return -a; });
    program.require(negative, 1.0, objective.constant);
  }
  for (const Affine& constraint : constraints) {
    program.require(constraint.slope, 0.0, -constraint.constant);
  }
  if (program.solve(deadline)) {
    out.solved = out.feasible = true;
    out.value = program.value();
    for (std::size_t j = 0; j < lower.size(); ++j) {
      out.point.push_back(std::clamp(program.column(j), lower[j], upper[j]));
    }
    double sum = 0.0;
    for (std::size_t k = 0; k < objectives.size(); ++k) {
      out.weights.push_back(program.dual(k));
      sum += out.weights.back();
    }
    for (double& weight : out.weights) weight = sum > 0.0 ? weight / sum : 0.0;
    for (std::size_t k = 0; k < constraints.size(); ++k) {
      out.multipliers.push_back(program.dual(objectives.size() + k));
    }
    return out;
  }
  // By how much the constraints must be missed: its multipliers are the proof that they must.
  Program missed(lower, upper, true);
  for (const Affine& constraint : constraints) {
    missed.require(constraint.slope, 1.0, -constraint.constant);
  }
  if (!missed.solve(deadline) || !(missed.value() > 0.0)) return out;
  out.solved = true;
  for (std::size_t k = 0; k < constraints.size(); ++k) out.multipliers.push_back(missed.dual(k));
  return out;
}

}  // namespace gibbon::eval::verify
