// SPDX-License-Identifier: MIT
#include "base/fuzz.hpp"
#include "reports/formats/certified_json.hpp"
#include "reports/record/error.hpp"
#include "reports/table/certified_table.hpp"
#include "reports/table/run_csv.hpp"

using namespace gibbon::reports;

GIBBON_FUZZ("reports/formats", certified_json) {
  try {
    const record::Run run{.certificates = formats::read_certificates(bytes)};
    static_cast<void>(formats::to_certified_json(run));
    static_cast<void>(table::to_certified_csv(run));
    static_cast<void>(table::to_radii_csv(run));
    for (const record::Certificates& certificates : run.certificates)
      static_cast<void>(table::to_certified_markdown(certificates));
  } catch (const record::Error&) {  // what a reader is for
  }
}
