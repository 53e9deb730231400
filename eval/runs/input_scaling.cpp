// SPDX-License-Identifier: MIT
#include "eval/runs/input_scaling.hpp"

#include <charconv>
#include <cmath>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace gibbon::eval::runs {
namespace {

/// Numbers that float32 has, joined by commas; empty text: none.
std::vector<double> numbers(std::string_view option, const std::string& text,
                            std::string_view example) {
  std::vector<double> out;
  std::string_view rest = text;
  while (!text.empty()) {
    const std::size_t end = rest.find(',');
    std::string_view item = rest.substr(0, end);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    double value = 0.0;
    const auto [stop, error] = std::from_chars(item.data(), item.data() + item.size(), value);
    if (item.empty() || error != std::errc{} || stop != item.data() + item.size() ||
        !std::isfinite(static_cast<float>(value))) {
      fail_usage("--{} {}: '{}' is not a finite number; write for example --{} {}", option, text,
                 item, option, example);
    }
    out.push_back(value);
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace

models::InputScaling input_scaling(const InputOptions& options) {
  models::InputScaling scaling{.mean = numbers("mean", options.mean, "0.485,0.456,0.406"),
                               .deviation = numbers("std", options.std, "0.229,0.224,0.225")};
  for (const double value : scaling.deviation) {
    if (static_cast<float>(value) > 0.0F) continue;
    fail_usage("--std {}: {} is not greater than 0; the model sees (x - mean) / std", options.std,
               value);
  }
  const std::vector<double> range = numbers("input-range", options.input_range, "0,255");
  if (range.size() != 2 || range[0] == range[1]) {
    fail_usage(
        "--input-range {}: expected two different numbers, what the model takes for 0 and for 1; "
        "write for example --input-range 0,255",
        options.input_range);
  }
  scaling.low = range[0];
  scaling.high = range[1];
  return scaling;
}

}  // namespace gibbon::eval::runs
