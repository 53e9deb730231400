// SPDX-License-Identifier: MIT
#include "base/phase.hpp"

#include <cstdio>
#include <unistd.h>

#include "base/printable.hpp"

namespace gibbon {

Phase::Phase(std::string_view what) : what_(verbose ? printable(what) : std::string()) {}

Phase::~Phase() {
  if (!verbose) return;
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  // A progress bar may stand in this line of the terminal.
  std::fprintf(stderr, "%s%9.3f s  %s\n", ::isatty(STDERR_FILENO) == 1 ? "\r\033[K" : "", seconds,
               what_.c_str());
}

}  // namespace gibbon
