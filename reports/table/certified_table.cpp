// SPDX-License-Identifier: MIT
#include "reports/table/certified_table.hpp"

#include <fmt/format.h>

#include "reports/record/text.hpp"
#include "reports/table/render.hpp"
#include "reports/table/run_tables.hpp"

namespace gibbon::reports::table {

std::string to_certified_table(const record::Certificates& certificates) {
  const Table radii = radius_table(certificates);
  return fmt::format(
      "certified in {}: no input within ε changes the prediction; a lower bound of robust "
      "accuracy\nfalsified: a counterexample is known, or misclassified without attack; clean "
      "accuracy {} of {}\n"
      "share   count/n   [95 % Wilson interval in %]\n\n{}{}\nsoundness {}\n",
      record::norm_symbol(certificates.norm), certificates.clean_correct,
      certificates.curve.front().n, render_text(band_table(certificates), Colour::kNever),
      radii.rows.empty() ? "" : "\n" + render_text(radii, Colour::kNever), certificates.level);
}

std::string to_certified_markdown(const record::Certificates& certificates) {
  const Table radii = radius_table(certificates);
  return fmt::format(
      "{}\nCells: share, count/n, 95 % Wilson interval in %. Certified: no input within ε changes "
      "the prediction; falsified: a counterexample is known, or misclassified without attack. "
      "Soundness: {}.\n{}",
      render_markdown(band_table(certificates)), record::escape_markdown(certificates.level),
      radii.rows.empty() ? "" : "\n" + render_markdown(radii));
}

}  // namespace gibbon::reports::table
