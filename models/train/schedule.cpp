// SPDX-License-Identifier: MIT
#include "models/train/schedule.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "base/suggest.hpp"

namespace gibbon::models::train {
namespace {

constexpr std::array<ScheduleInfo, 4> kSchedules{{
    {"constant", "1", [](double /*p*/) { return 1.0; }},
    {"cosine", "(1 + cos(π p)) / 2",
     [](double p) { return 0.5 * (1.0 + std::cos(std::numbers::pi * p)); }},
    {"linear", "1 - p", [](double p) { return 1.0 - p; }},
    {"step", "1, then 1/10 from p = 1/2 and 1/100 from p = 3/4",
     [](double p) { return p < 0.5 ? 1.0 : (p < 0.75 ? 0.1 : 0.01); }},
}};

}  // namespace

std::span<const ScheduleInfo> schedules() { return kSchedules; }

const ScheduleInfo& find_schedule(std::string_view name) {
  return find_entry("schedule", kSchedules, name);
}

}  // namespace gibbon::models::train
