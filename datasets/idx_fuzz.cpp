// SPDX-License-Identifier: MIT
#include "base/error.hpp"
#include "base/fuzz.hpp"
#include "base/gzip.hpp"
#include "base/limits.hpp"
#include "datasets/idx.hpp"

template <class Read>
static void accept(const Read& read) {
  try {
    read();
  } catch (const gibbon::Error&) {  // what a reader is for
  }
}

GIBBON_FUZZ("datasets", idx) {
  accept([&] { static_cast<void>(gibbon::datasets::parse_idx_images(bytes, "fuzz.idx")); });
  accept([&] { static_cast<void>(gibbon::datasets::parse_idx_labels(bytes, 10, "fuzz.idx")); });
  if (gibbon::is_gzip(bytes))
    accept([&] { static_cast<void>(gibbon::gunzip(bytes, "fuzz.gz", gibbon::file_limit)); });
}
