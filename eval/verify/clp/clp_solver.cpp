// SPDX-License-Identifier: MIT
// The plugin gibbon_clp.so: linear programs. Nothing here calls gibbon's own functions, which live
// in the program.
#include <coin/ClpEventHandler.hpp>
#include <coin/ClpFactorization.hpp>
#include <coin/ClpSimplex.hpp>
#include <coin/CoinPackedMatrix.hpp>

#include "eval/verify/linear_program.hpp"

namespace gibbon::eval::verify {
namespace {

constexpr int kOptimal = 0;          // ClpModel::status()
constexpr double kTolerance = 1e-9;  // far below the 1e-7 at which the search tries a point

/// Asks after every iteration. CLP's own limit counts the processor time of all threads, so what it
/// allows would depend on what else is running.
class Stop : public ClpEventHandler {
 public:
  explicit Stop(const std::function<bool()>& stop) : stop_(stop) {}
  int event(Event /*which*/) override {
    constexpr int kStop = 0;
    constexpr int kGoOn = -1;
    return stop_() ? kStop : kGoOn;
  }
  [[nodiscard]] ClpEventHandler* clone() const override { return new Stop(*this); }

 private:
  const std::function<bool()>& stop_;
};

LinearSolution solve(const LinearProgram& program, const std::function<bool()>& stop) {
  const int rows = static_cast<int>(program.bound.size());
  const int columns = static_cast<int>(program.lower.size());
  const CoinPackedMatrix matrix(false, columns, rows, program.start.back(), program.value.data(),
                                program.index.data(), program.start.data(), nullptr);
  std::vector<double> objective(program.lower.size());
  objective.back() = 1.0;
  const std::vector<double> unbounded(program.bound.size(), kUnbounded);
  ClpSimplex simplex;
  simplex.setLogLevel(0);
  simplex.loadProblem(matrix, program.lower.data(), program.upper.data(), objective.data(),
                      program.bound.data(), unbounded.data());
  simplex.setMaximumIterations(20'000);
  simplex.setPrimalTolerance(kTolerance);
  simplex.setDualTolerance(kTolerance);
  const Stop handler(stop);
  simplex.passInEventHandler(&handler);  // a copy
  // The factorisation for small matrices: the usual one asks for a megabyte even for twenty rows,
  // and may call LAPACK, whose sums depend on its number of threads.
  constexpr int kSmall = 2;
  simplex.factorization()->forceOtherFactorization(kSmall);
  simplex.dual();
  if (simplex.status() != kOptimal) return {};
  const double* x = simplex.primalColumnSolution();
  const double* duals = simplex.dualRowSolution();
  return {.optimal = true,
          .objective = simplex.objectiveValue(),
          .columns = {x, x + columns},
          .duals = {duals, duals + rows}};
}

}  // namespace
}  // namespace gibbon::eval::verify

extern "C" {
[[gnu::visibility("default")]] extern const gibbon::eval::verify::LinearSolver gibbon_clp_plugin;
const gibbon::eval::verify::LinearSolver gibbon_clp_plugin = {gibbon::eval::verify::kSolverVersion,
                                                              gibbon::eval::verify::solve};
}
