// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>

namespace gibbon::reports::figure {

/// An epoch of a training. Accuracies are shares.
struct HistoryPoint {
  std::size_t epoch = 0;  ///< 1-based
  double loss = 0.0;
  double accuracy = 0.0;
  std::optional<double> validation_loss;
  std::optional<double> validation_accuracy;
};

/// The learning curve: loss and accuracy in % over epochs beside each other, of training and held
/// out samples, the epoch that was kept marked. Same record, same bytes. Throws Error when gnuplot
/// is missing or fails.
[[nodiscard]] std::string to_history_svg(std::span<const HistoryPoint> history, std::size_t best,
                                         const std::string& title);

}  // namespace gibbon::reports::figure
