// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/train/train.hpp"
#include "reports/figure/history_figure.hpp"
#include "reports/table/render.hpp"

namespace gibbon::eval::cli {

/// The confusion matrix: a row per true class, a column per predicted one, what is right on the
/// diagonal. Of more than 20 classes, the ten most frequent mistakes instead. `predicted` belongs
/// to `labels`.
[[nodiscard]] std::string confusion_text(Labels labels, std::span<const std::uint32_t> predicted,
                                         std::span<const std::string> class_names,
                                         const reports::table::Screen& screen);

/// For to_history_svg().
[[nodiscard]] std::vector<reports::figure::HistoryPoint> history_points(
    std::span<const models::train::EpochRecord> history);

}  // namespace gibbon::eval::cli
