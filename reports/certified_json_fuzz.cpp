#include "base/fuzz.hpp"
#include "reports/certified.hpp"
#include "reports/error.hpp"

using namespace gibbon::reports;

GIBBON_FUZZ("reports", certified_json) {
  try {
    const Run run{.certificates = read_certificates(bytes)};
    static_cast<void>(to_certified_json(run));
    static_cast<void>(to_certified_csv(run));
    static_cast<void>(to_radii_csv(run));
    for (const Certificates& certificates : run.certificates)
      static_cast<void>(to_certified_markdown(certificates));
  } catch (const Error&) {  // what a reader is for
  }
}
