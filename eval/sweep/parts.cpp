// SPDX-License-Identifier: MIT
#include "eval/sweep/parts.hpp"

#include <cmath>

namespace gibbon::eval::sweep {
namespace {

bool record_fits(const reports::record::SampleRecord& r, int classes, std::size_t members) {
  const auto is_label = [&](int label, int least) { return label >= least && label < classes; };
  return is_label(r.target, -1) && is_label(r.clean_label, 0) && is_label(r.found_label, 0) &&
         is_label(r.rounded_label, -1) && r.inside_ball <= 1 && r.inside_box <= 1 &&
         r.fooled <= 1 && r.broken <= 1 && r.member >= -1 &&
         r.member < static_cast<std::int64_t>(members) &&
         // Summaries sort these.
         !std::isnan(r.confidence) && r.nearest >= 0.0;
}

}  // namespace

bool PartLayout::fits(const Part& part) const {
  if (part.pair >= members.size() || part.block >= blocks()) return false;
  const std::size_t n = count(part.block);
  if (part.zero_gradients > n || part.records.size() != budgets * n ||
      part.tallies.size() != members[part.pair] || part.points.size() != n * dim) {
    return false;
  }
  for (std::size_t k = 0; k < part.records.size(); ++k) {
    const reports::record::SampleRecord& r = part.records[k];
    const std::size_t sample = part.block * batch + k % n;
    if (r.id != ids[sample] || r.label != labels[sample] ||
        !record_fits(r, static_cast<int>(classes), members[part.pair])) {
      return false;
    }
  }
  return true;
}

}  // namespace gibbon::eval::sweep
