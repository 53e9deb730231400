// SPDX-License-Identifier: MIT
#include "base/error.hpp"
#include "base/fuzz.hpp"
#include "eval/runs/experiment.hpp"

GIBBON_FUZZ("eval/runs", experiment) {
  try {
    auto experiment = gibbon::eval::runs::parse_experiment(bytes, "fuzz.toml");
    static_cast<void>(to_text(experiment));
  } catch (const gibbon::Error&) {  // what a reader is for
  }
}
