// SPDX-License-Identifier: MIT
#include "base/fuzz.hpp"
#include "reports/formats/npz.hpp"
#include "reports/record/error.hpp"

using namespace gibbon::reports::formats;

GIBBON_FUZZ("reports/formats", npz) {
  try {
    const NpzFile file(bytes, "fuzz.npz");
    for (const char* name : {"x", "names", "arr_0"}) {
      if (!file.has(name)) continue;
      if (file.at(name).descr.find('U') != std::string::npos) {
        static_cast<void>(file.texts(name));
      } else {
        static_cast<void>(file.numbers(name));
      }
    }
  } catch (const gibbon::reports::record::Error&) {  // what a reader is for
  }
}
