// SPDX-License-Identifier: MIT
#include "base/fuzz.hpp"
#include "reports/formats/json.hpp"
#include "reports/gate/snapshot.hpp"
#include "reports/record/error.hpp"
#include "reports/table/run_csv.hpp"
#include "reports/table/table.hpp"

using namespace gibbon::reports;

GIBBON_FUZZ("reports/formats", run_json) {
  try {
    const record::Run run = formats::read_run(bytes);
    static_cast<void>(formats::to_run_json(run));
    static_cast<void>(table::to_curve_csv(run));
    static_cast<void>(table::to_markdown(run));
    static_cast<void>(gate::snapshot_of(run));
  } catch (const record::Error&) {  // what a reader is for
  }
}
