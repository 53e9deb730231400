// SPDX-License-Identifier: MIT
#include "eval/verify/leaf.hpp"

#include <algorithm>
#include <coin/ClpEventHandler.hpp>
#include <coin/ClpFactorization.hpp>
#include <coin/ClpSimplex.hpp>
#include <coin/CoinPackedMatrix.hpp>

namespace gibbon::eval::verify {
namespace {

constexpr int kOptimal = 0;          // ClpModel::status()
constexpr double kTolerance = 1e-9;  // far below the 1e-7 at which the search tries a point

/// Looks at the clock after every iteration. CLP's own limit counts the processor time of all
/// threads, so what it allows would depend on what else is running.
class Clock : public ClpEventHandler {
 public:
  explicit Clock(const Deadline& deadline) : deadline_(deadline) {}
  int event(Event /*which*/) override {
    constexpr int kStop = 0;
    constexpr int kGoOn = -1;
    return interrupted || deadline_.passed() ? kStop : kGoOn;
  }
  [[nodiscard]] ClpEventHandler* clone() const override { return new Clock(*this); }

 private:
  Deadline deadline_;
};

/// Columns x, then one more for the largest objective, or for how far constraints are missed.
class Program {
 public:
  Program(std::span<const double> lower, std::span<const double> upper, bool feasibility)
      : lower_(lower.begin(), lower.end()), upper_(upper.begin(), upper.end()) {
    for (std::size_t j = 0; j < lower_.size(); ++j) upper_[j] = std::max(lower_[j], upper_[j]);
    lower_.push_back(feasibility ? 0.0 : -COIN_DBL_MAX);
    upper_.push_back(COIN_DBL_MAX);
  }

  /// slope · x + extra_weight · extra >= bound
  void require(std::span<const double> slope, double extra_weight, double bound) {
    for (std::size_t j = 0; j < slope.size(); ++j) put(j, slope[j]);
    put(slope.size(), extra_weight);
    start_.push_back(static_cast<CoinBigIndex>(index_.size()));
    bound_.push_back(bound);
  }

  /// CLP's status; the rest is to be asked only where it is kOptimal.
  [[nodiscard]] int solve(const Deadline& deadline) {
    deadline.check();
    const int rows = static_cast<int>(bound_.size());
    const int columns = static_cast<int>(lower_.size());
    const CoinPackedMatrix matrix(false, columns, rows, start_.back(), value_.data(), index_.data(),
                                  start_.data(), nullptr);
    std::vector<double> objective(lower_.size());
    objective.back() = 1.0;
    const std::vector<double> unbounded(bound_.size(), COIN_DBL_MAX);
    simplex_.setLogLevel(0);
    simplex_.loadProblem(matrix, lower_.data(), upper_.data(), objective.data(), bound_.data(),
                         unbounded.data());
    simplex_.setMaximumIterations(20'000);
    simplex_.setPrimalTolerance(kTolerance);
    simplex_.setDualTolerance(kTolerance);
    const Clock clock(deadline);
    simplex_.passInEventHandler(&clock);  // a copy
    // The factorisation for small matrices: the usual one asks for a megabyte even for twenty rows,
    // and may call LAPACK, whose sums depend on its number of threads.
    constexpr int kSmall = 2;
    simplex_.factorization()->forceOtherFactorization(kSmall);
    simplex_.dual();
    deadline.check();
    return simplex_.status();
  }
  [[nodiscard]] double value() const { return simplex_.objectiveValue(); }
  [[nodiscard]] double dual(std::size_t row) const {
    return std::max(0.0, simplex_.dualRowSolution()[row]);
  }
  [[nodiscard]] double column(std::size_t j) const { return simplex_.primalColumnSolution()[j]; }

 private:
  void put(std::size_t column, double weight) {
    if (weight == 0.0) return;
    index_.push_back(static_cast<int>(column));
    value_.push_back(weight);
  }

  ClpSimplex simplex_;
  std::vector<double> lower_;
  std::vector<double> upper_;
  std::vector<double> bound_;           // of the rows
  std::vector<CoinBigIndex> start_{0};  // of each row in index_ and value_, then their end
  std::vector<int> index_;
  std::vector<double> value_;
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
  if (program.solve(deadline) == kOptimal) {
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
  if (missed.solve(deadline) != kOptimal || !(missed.value() > 0.0)) return out;
  out.solved = true;
  for (std::size_t k = 0; k < constraints.size(); ++k) out.multipliers.push_back(missed.dual(k));
  return out;
}

}  // namespace gibbon::eval::verify
