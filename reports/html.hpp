#pragma once

#include <span>
#include <string>
#include <string_view>

#include "reports/gallery.hpp"
#include "reports/record.hpp"

namespace gibbon::reports {

/// report.html: one page that needs no network, no script and no other file. Question and answer,
/// curve, tables, pictures, diagnosis, provenance, the command to repeat the run and what the
/// numbers must not be compared with. `curve_svg` is what to_curve_svg returned, or empty; it is
/// inserted as it is. Everything else is escaped. The page is well-formed XML too.
[[nodiscard]] std::string to_html(const Run& run, std::string_view curve_svg,
                                  std::span<const Figure> figures);

}  // namespace gibbon::reports
