#include "base/fuzz.hpp"
#include "datasets/error.hpp"
#include "eval/experiment.hpp"

GIBBON_FUZZ("eval", experiment) {
  try {
    auto experiment = gibbon::eval::parse_experiment(bytes, "fuzz.toml");
    static_cast<void>(to_text(experiment));
  } catch (const gibbon::Error&) {  // what a reader is for
  }
}
