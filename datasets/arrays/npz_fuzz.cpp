// SPDX-License-Identifier: MIT
#include "base/error.hpp"
#include "base/fuzz.hpp"
#include "datasets/arrays/npz.hpp"

using namespace gibbon::datasets::arrays;

GIBBON_FUZZ("datasets/arrays", npz) {
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
  } catch (const gibbon::Error&) {  // what a reader is for
  }
}
