// SPDX-License-Identifier: MIT
#pragma once

#include "reports/table/render.hpp"

namespace gibbon::eval::cli {

/// What stdout is shown on. Colour: on a terminal, unless NO_COLOR is set (https://no-color.org) or
/// TERM is dumb. Width: that of the terminal within 60 to 200 columns, else 100.
[[nodiscard]] reports::table::Screen screen();

/// Columns of the terminal at this file descriptor now; `otherwise` where it is none.
[[nodiscard]] std::size_t columns_of(int descriptor, std::size_t otherwise);

/// Where LC_ALL, LC_CTYPE or LANG, the first that is set, names no UTF-8 but C, POSIX or another
/// encoding: stdout and stderr say everything in ASCII from now on. Where none is set, nothing is
/// known against UTF-8.
void write_ascii_where_asked();

}  // namespace gibbon::eval::cli
