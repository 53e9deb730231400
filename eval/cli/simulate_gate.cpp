// SPDX-License-Identifier: MIT
#include <cmath>
#include <fmt/format.h>

#include "base/error.hpp"
#include "eval/cli/command.hpp"
#include "eval/lab/gate_simulation.hpp"

namespace gibbon::eval::cli {
namespace {

struct State {
  lab::GateSimulation simulation;
  double drop = 0.0;          // percentage points
  double disagreement = 2.0;  // likewise
  double margin = 0.3;        // likewise

  void run() {
    if (simulation.n < 1 || simulation.points < 1 || simulation.repetitions < 1)
      fail_usage("simulate-gate: --n, --points and --repetitions must be at least 1");
    if (!(disagreement > 0.0 && disagreement <= 5.0)) {
      fail_usage(
          "--disagreement {}: outside (0, 5], in percent; beyond, samples would leave the "
          "curve at its ends",
          disagreement);
    }
    if (!(std::abs(drop) <= disagreement)) {
      fail_usage("--drop {}: more than --disagreement {}; a drop is a disagreement", drop,
                 disagreement);
    }
    simulation.drop = drop / 100.0;
    simulation.disagreement = disagreement / 100.0;
    simulation.criteria.margin = margin / 100.0;
    require_sensible(simulation.criteria);
    fmt::print("{}", lab::to_text(simulation, lab::simulate_gate(simulation)));
  }
};

}  // namespace

void require_sensible(const reports::gate::Criteria& criteria) {
  if (!(criteria.margin >= 0.0 && criteria.margin < 1.0))
    fail_usage("--margin {}: outside [0, 100), in percentage points", 100.0 * criteria.margin);
  if (!(criteria.alpha > 0.0 && criteria.alpha < 0.5))
    fail_usage("--alpha {}: outside (0, 0.5)", criteria.alpha);
}

void add_simulate_gate(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app =
      root.command("simulate-gate",
                   "Simulate how often 'gibbon check' is right about models of known difference");
  lab::GateSimulation& s = state->simulation;
  app.option("--n", s.n, "samples").shows_default();
  app.option("--points", s.points, "points of the curve").shows_default();
  app.option("--drop", state->drop, "true drop at every point, in percentage points")
      .shows_default();
  app.option("--disagreement", state->disagreement,
             "share of samples whose outcome changes at a point, in percent")
      .shows_default();
  app.option("--repetitions", s.repetitions, "simulated pairs of runs").shows_default();
  app.option("--margin", state->margin, "as in 'gibbon check'").shows_default();
  app.option("--alpha", s.criteria.alpha, "as in 'gibbon check'").shows_default();
  app.option("--seed", s.seed, "random seed").shows_default();
  app.run([state] { return state->run(); });
}

}  // namespace gibbon::eval::cli
