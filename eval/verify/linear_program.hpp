// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <limits>
#include <vector>

// What leaf.cpp needs of CLP, which loads BLAS, whose threads start with the process.
namespace gibbon::eval::verify {

inline constexpr double kUnbounded = std::numeric_limits<double>::max();  ///< as CLP has it

/// Minimises the last of the columns x subject to rows · x >= bound, lower <= x <= upper. Rows are
/// sparse: entries start[r] … start[r + 1] of index and value belong to row r.
struct LinearProgram {
  std::vector<double> lower;
  std::vector<double> upper;
  std::vector<double> bound;
  std::vector<int> start{0};
  std::vector<int> index;
  std::vector<double> value;
};

struct LinearSolution {
  bool optimal = false;  ///< the rest is to be read only then
  double objective = 0.0;
  std::vector<double> columns;
  std::vector<double> duals;  ///< of the rows
};

/// What the plugin (clp/) exports.
struct LinearSolver {
  int version;  ///< kSolverVersion of the time it was built
  /// The simplex method. Ends early, not optimal, once `stop`, which must not throw, returns true.
  LinearSolution (*solve)(const LinearProgram& program, const std::function<bool()>& stop);
};
inline constexpr int kSolverVersion = 1;
inline constexpr const char* kSolverSymbol = "gibbon_clp_plugin";  ///< LinearSolver

}  // namespace gibbon::eval::verify
