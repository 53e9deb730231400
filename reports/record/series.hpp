// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "reports/record/record.hpp"

// The curve as people read it: per norm, one line per attack, ascending ε.
namespace gibbon::reports::record {

/// One attack in one norm. Points belong to the Run it was made from, which must live longer.
struct Series {
  std::string attack;  ///< as the files name it
  std::string name;    ///< as people read it: display_name()
  RowKind kind = RowKind::kAttack;
  std::vector<const CurvePoint*> points;  ///< ascending ε

  /// The point at exactly this ε, or null.
  [[nodiscard]] const CurvePoint* at(double epsilon) const;
};

/// Whether less than half of the clean accuracy is left.
[[nodiscard]] bool is_halved(const CurvePoint& point);

/// Everything measured or proved in one norm.
struct Panel {
  std::string norm;
  std::vector<double> epsilons;  ///< ascending, of all series
  std::vector<Series> series;    ///< attacks, then controls, then the worst case; none where only
                                 ///< certificates are
  const Certificates* band = nullptr;  ///< of the run; null: none in this norm

  /// The worst case where there is one, else the attack of the smallest mean accuracy over its ε;
  /// null when there are only controls.
  [[nodiscard]] const Series* strongest() const;
  /// Of the strongest, the point at the smallest ε that more than halves the clean accuracy, or at
  /// the largest where none does; null where there is no strongest.
  [[nodiscard]] const CurvePoint* headline() const;
};

/// A run and what it is called beside others; the name is not shown where there is only one.
struct NamedRun {
  std::string name;
  const Run* run = nullptr;
};

/// What to do with a worst case that is one of its attacks: as many correct at every ε, and so the
/// same samples.
enum class Repeats { kDropped, kKept };

/// Norms in order of first appearance.
[[nodiscard]] std::vector<Panel> panels_of(const Run& run, Repeats repeats = Repeats::kDropped);

/// The label that the run gives the attack, or its name; of noise that it is noise. The worst case
/// is "all attacks".
[[nodiscard]] std::string display_name(const Run& run, const std::string& attack, RowKind kind);

}  // namespace gibbon::reports::record
