// SPDX-License-Identifier: MIT
#include "eval/sweep/epsilons.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.hpp"

namespace gibbon::eval::sweep {
namespace {

constexpr std::string_view kAllowed =
    "allowed are numbers >= 0 in input units (0.1 or 8/255) joined by commas, and ranges "
    "start:stop:step; write for example --epsilons 0:0.3:0.025";

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(by);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

double parse_number(std::string_view item, std::string_view whole) {
  const auto read = [&](std::string_view part) {
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    double value = 0.0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (part.empty() || error != std::errc{} || end != part.data() + part.size()) {
      fail_usage("--epsilons {}: '{}' is not a number; {}", whole, item, kAllowed);
    }
    return value;
  };
  const std::size_t slash = item.find('/');
  const double value = slash == std::string_view::npos
                           ? read(item)
                           : read(item.substr(0, slash)) / read(item.substr(slash + 1));
  if (!std::isfinite(value) || value < 0.0) {
    fail_usage("--epsilons {}: '{}' is {}; {}", whole, item, value, kAllowed);
  }
  return value;
}

}  // namespace

std::vector<double> parse_epsilons(std::string_view text) {
  constexpr double kMost = 10000.0;
  std::vector<double> out;
  for (const std::string_view item : split(text, ',')) {
    const auto parts = split(item, ':');
    if (parts.size() == 1) {
      out.push_back(parse_number(item, text));
      continue;
    }
    if (parts.size() != 3) {
      fail_usage("--epsilons {}: '{}' is neither a number nor start:stop:step; {}", text, item,
                 kAllowed);
    }
    const double start = parse_number(parts[0], text);
    const double stop = parse_number(parts[1], text);
    const double step = parse_number(parts[2], text);
    if (step <= 0.0 || stop < start || (stop - start) / step > kMost) {
      fail_usage("--epsilons {}: '{}' does not reach its end in at most {} steps; {}", text, item,
                 kMost, kAllowed);
    }
    const auto steps = static_cast<int>(std::floor((stop - start) / step + 1e-9));
    for (int k = 0; k <= steps; ++k) {
      // Rounded to twelve decimals: 3 · 0.1 is meant to be 0.3, not 0.30000000000000004.
      out.push_back(std::round((start + k * step) * 1e12) / 1e12);
    }
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<double> usual_epsilons(Norm norm, std::size_t features) {
  constexpr int kSteps = 12;
  const NormInfo& info = info_of(norm);
  const double step = info.usual_step(features);
  const double parts = std::round(1.0 / step);
  const bool fraction = parts >= 1.0 && std::abs(1.0 / step - parts) < 1e-9;
  std::vector<double> out;
  for (int k = 0; k <= kSteps; ++k) {
    const double epsilon = fraction ? k / parts : k * step;
    if (info.counts && epsilon > static_cast<double>(features)) break;
    out.push_back(epsilon);
  }
  return out;
}

}  // namespace gibbon::eval::sweep
