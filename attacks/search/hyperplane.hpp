// SPDX-License-Identifier: MIT
#pragma once

#include "attacks/threat_model.hpp"

namespace gibbon::attacks::search {

/// delta (D, overwritten) = the shortest move in `norm` (linf, l2, l1) that takes `point`, which
/// lies in the box, to the hyperplane { v : w · v = b } without leaving the box; returns its
/// length. `gap` = w · point - b. Out of reach: the move to the corner of the box that comes
/// nearest. Features with w = 0 stay where they are. Expected O(D), no sorting.
///
/// |delta_i| = min(λ, c_i) for linf and min(λ |w_i|, c_i) for l2, c_i being the room up to the side
/// of the box; l1 fills by falling |w_i|. Croce & Hein 2020, arXiv:1907.02044, section 2.2.
double towards_plane(Norm norm, Row point, Row w, double gap, Box box, MutableRow delta);

}  // namespace gibbon::attacks::search
