// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <vector>

#include "reports/record/series.hpp"

// What the figure of one or several runs draws: per norm its lines and bands, and how they look.
namespace gibbon::reports::figure {

/// As gnuplot numbers dashes and marks. `width` in points of the terminal.
struct Look {
  std::string colour;  ///< "0072B2"
  int dash = 1;
  int point = 7;  ///< 0: no marks
  double width = 2.0;
};

/// A place on a curve, in %, with both ends of its 95 % Wilson interval.
struct Spot {
  double epsilon = 0.0;
  double share = 0.0;
  double low = 0.0;
  double high = 0.0;
};

/// Rising ε from 0, where the accuracy is that without attack, measured or not.
struct Curve {
  std::string name;
  Look look;
  std::vector<Spot> spots;
  bool below = false;  ///< drawn below the others, which it meets where it is one of them
};

/// Certificates of one run, which must live longer.
struct Band {
  std::string name;  ///< of the run; empty: there is only one
  std::string colour;
  const record::Certificates* certificates = nullptr;
};

struct Plot {
  std::string norm;
  std::vector<Curve> curves;
  std::vector<Band> bands;

  /// 1 where nothing above 0 was measured.
  [[nodiscard]] double largest_epsilon() const;
};

/// One plot per norm. Of one run, all its attacks, whose colours they are; of several, the
/// strongest curve of each, and colour means the run.
[[nodiscard]] std::vector<Plot> plots_of(std::span<const record::NamedRun> runs);

}  // namespace gibbon::reports::figure
