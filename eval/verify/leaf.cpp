#include "eval/verify/leaf.hpp"

#include <algorithm>
#include <glpk.h>
#include <limits>
#include <memory>

namespace gibbon::eval::verify {
namespace {

struct Delete {
  void operator()(glp_prob* problem) const { glp_delete_prob(problem); }
};

/// As GLPK counts its time: a whole number, at least 1.
int milliseconds(double seconds) {
  return static_cast<int>(std::clamp(1e3 * seconds, 1.0, double{std::numeric_limits<int>::max()}));
}

/// Columns x, then one more for the largest objective, or for how far constraints are missed.
class Program {
 public:
  Program(std::span<const double> lower, std::span<const double> upper, bool feasibility)
      : problem_(glp_create_prob()), extra_(static_cast<int>(lower.size()) + 1) {
    glp_term_out(GLP_OFF);
    glp_set_obj_dir(problem_.get(), GLP_MIN);
    glp_add_cols(problem_.get(), extra_);
    for (std::size_t j = 0; j < lower.size(); ++j) {
      const bool fixed = lower[j] >= upper[j];
      glp_set_col_bnds(problem_.get(), static_cast<int>(j) + 1, fixed ? GLP_FX : GLP_DB, lower[j],
                       upper[j]);
    }
    glp_set_col_bnds(problem_.get(), extra_, feasibility ? GLP_LO : GLP_FR, 0.0, 0.0);
    glp_set_obj_coef(problem_.get(), extra_, 1.0);
    index_.resize(lower.size() + 2);
    value_.resize(lower.size() + 2);
  }

  /// slope · x + extra_weight · extra >= bound
  void require(std::span<const double> slope, double extra_weight, double bound) {
    const int row = glp_add_rows(problem_.get(), 1);
    int count = 0;
    for (std::size_t j = 0; j < slope.size(); ++j) {
      if (slope[j] == 0.0) continue;
      ++count;
      index_[static_cast<std::size_t>(count)] = static_cast<int>(j) + 1;
      value_[static_cast<std::size_t>(count)] = slope[j];
    }
    if (extra_weight != 0.0) {
      ++count;
      index_[static_cast<std::size_t>(count)] = extra_;
      value_[static_cast<std::size_t>(count)] = extra_weight;
    }
    glp_set_mat_row(problem_.get(), row, count, index_.data(), value_.data());
    glp_set_row_bnds(problem_.get(), row, GLP_LO, bound, 0.0);
  }

  [[nodiscard]] int solve(const Deadline& deadline) {
    deadline.check();
    glp_smcp settings;
    glp_init_smcp(&settings);
    settings.msg_lev = GLP_MSG_OFF;
    settings.it_lim = 20'000;
    settings.tm_lim = milliseconds(deadline.left());
    glp_std_basis(problem_.get());
    const int failure = glp_simplex(problem_.get(), &settings);
    deadline.check();
    if (failure != 0) return GLP_UNDEF;
    return glp_get_status(problem_.get());
  }
  [[nodiscard]] double value() const { return glp_get_obj_val(problem_.get()); }
  [[nodiscard]] double dual(std::size_t row) const {
    return std::max(0.0, glp_get_row_dual(problem_.get(), static_cast<int>(row) + 1));
  }
  [[nodiscard]] double column(std::size_t j) const {
    return glp_get_col_prim(problem_.get(), static_cast<int>(j) + 1);
  }

 private:
  std::unique_ptr<glp_prob, Delete> problem_;
  int extra_;
  std::vector<int> index_;  // 1-based, as GLPK wants them
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
  const int status = program.solve(deadline);
  if (status == GLP_OPT) {
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
  if (status != GLP_NOFEAS && status != GLP_INFEAS && status != GLP_UNDEF) return out;
  // By how much the constraints must be missed: its multipliers are the proof that they must.
  Program missed(lower, upper, true);
  for (const Affine& constraint : constraints) {
    missed.require(constraint.slope, 1.0, -constraint.constant);
  }
  if (missed.solve(deadline) != GLP_OPT || !(missed.value() > 0.0)) return out;
  out.solved = true;
  for (std::size_t k = 0; k < constraints.size(); ++k) out.multipliers.push_back(missed.dual(k));
  return out;
}

}  // namespace gibbon::eval::verify
