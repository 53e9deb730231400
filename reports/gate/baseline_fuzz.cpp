// SPDX-License-Identifier: MIT
#include "base/fuzz.hpp"
#include "reports/formats/bits.hpp"
#include "reports/formats/parse_json.hpp"
#include "reports/gate/baseline.hpp"
#include "reports/record/error.hpp"

using namespace gibbon::reports;

static void read(std::string_view text) {
  try {
    static_cast<void>(gate::to_baseline_json(gate::read_baseline(text, "fuzz.json")));
  } catch (const record::Error&) {  // what a reader is for
  }
}

GIBBON_FUZZ("reports/gate", baseline) {
  read(bytes);
  // With the right checksum, which no fuzzer finds.
  try {
    auto json = formats::parse_json(bytes, "fuzz.json", "");
    if (!json.is_object()) return;
    json.erase("checksum");
    json["checksum"] = formats::checksum(json.dump());
    read(json.dump());
  } catch (const record::Error&) {
  }
}
