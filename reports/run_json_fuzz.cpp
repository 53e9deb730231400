#include "base/fuzz.hpp"
#include "reports/csv.hpp"
#include "reports/error.hpp"
#include "reports/gate/snapshot.hpp"
#include "reports/json.hpp"
#include "reports/table.hpp"

using namespace gibbon::reports;

GIBBON_FUZZ("reports", run_json) {
  try {
    const Run run = read_run(bytes);
    static_cast<void>(to_run_json(run));
    static_cast<void>(to_curve_csv(run));
    static_cast<void>(to_markdown(run));
    static_cast<void>(gate::snapshot_of(run));
  } catch (const Error&) {  // what a reader is for
  }
}
