// SPDX-License-Identifier: MIT
#pragma once

#include <attacks/attack.hpp>

/// Two steps along the gradient's sign: a part of the budget first, then, with the gradient found
/// there, to the edge of the ball.
const gibbon::attacks::AttackInfo& two_step_info();
