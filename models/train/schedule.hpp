// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

namespace gibbon::models::train {

/// Factor on the learning rate over a training run.
struct ScheduleInfo {
  std::string_view name;
  std::string_view formula;  ///< with p = finished part of the run, 0 … 1
  double (*factor)(double progress);
};

[[nodiscard]] std::span<const ScheduleInfo> schedules();
[[nodiscard]] const ScheduleInfo& find_schedule(std::string_view name);

}  // namespace gibbon::models::train
