// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "models/layer.hpp"
#include "models/train/team.hpp"

namespace gibbon::models::train {

/// The layer with the rows of a batch shared among the team, for networks whose batch must stay
/// together (batch norm); not for layers whose rows depend on each other. One caller at a time.
///
/// Rows are cut into slices of 16 that are dealt to sixteen lanes; a lane adds up its gradients
/// slice by slice and the lanes are summed in order, so the bits depend on the batch, never on the
/// threads.
[[nodiscard]] LayerPtr share_rows(LayerPtr layer, std::shared_ptr<Team> team);

}  // namespace gibbon::models::train
