// SPDX-License-Identifier: MIT
#include "datasets/units.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.hpp"
#include "base/printable.hpp"

namespace gibbon::datasets {
namespace {

/// What a detour by another scale may add to a value at the end of a range: four roundings to 24
/// bits, or to the 11 bits of a float16.
float slack_of(const Numbers& about) {
  return about.kind == 'f' && about.bytes == 2 ? 4.0F * 0x1p-11F : 4.0F * 0x1p-24F;
}

struct Extremes {
  float least = 0.0F;
  float most = 0.0F;
  bool whole = true;  ///< integers only
};

/// Of finite values; an Error names the first that is not.
Extremes extremes_of(std::span<const float> values, const Numbers& about) {
  Extremes found{.least = values[0], .most = values[0]};
  for (std::size_t k = 0; k < values.size(); ++k) {
    const float value = values[k];
    if (!std::isfinite(value)) {
      fail_input(
          "{}: is {} in sample {}, number {} of it; allowed are finite numbers; leave the sample "
          "out or mend it",
          about.where, value, k / about.each, k % about.each);
    }
    found.least = std::min(found.least, value);
    found.most = std::max(found.most, value);
    found.whole = found.whole && value == std::floor(value);
  }
  return found;
}

void clamp_to_unit(std::span<float> values) {
  for (float& value : values) value = std::clamp(value, 0.0F, 1.0F);
}

void divide_by_255(std::span<float> values) {
  for (float& value : values) value /= 255.0F;
}

/// Where nothing says what the numbers mean.
[[noreturn]] void fail_unsaid(const Numbers& about, const Extremes& found, std::string_view why,
                              std::string_view examples) {
  fail_input(
      "{}: has {} from {:g} to {:g}{}; allowed without --data-range are floats in [0, 1] and 8-bit "
      "levels 0 … 255; say which numbers mean 0 and 1, {}",
      about.where, about.kind == 'f' ? "floats" : "integers", found.least, found.most, why,
      examples);
}

void from_range(std::span<float> values, const Numbers& about, const Interval& range,
                std::vector<std::string>& notes) {
  const double width = range.upper - range.lower;
  const double slack =
      double{slack_of(about)} * std::max(std::abs(range.lower), std::abs(range.upper));
  const auto span = static_cast<float>(width);
  const bool pure = range.lower == 0.0;  // x / 255 is the float32 that an 8-bit picture has
  for (std::size_t k = 0; k < values.size(); ++k) {
    const double value = values[k];
    if (value < range.lower - slack || value > range.upper + slack) {
      fail_input(
          "{}: is {:g} in sample {}, number {} of it, outside of --data-range {:g},{:g}; give a "
          "range that holds all numbers",
          about.where, value, k / about.each, k % about.each, range.lower, range.upper);
    }
    values[k] = pure ? values[k] / span : static_cast<float>((value - range.lower) / width);
  }
  clamp_to_unit(values);
  if (range.lower == 0.0 && range.upper == 1.0) return;
  notes.push_back(fmt::format(
      "{}: [{:g}, {:g}] was taken to [0, 1], as --data-range says: ε is a share of that range. A "
      "model that takes the numbers as they stand in the file needs --input-range {:g},{:g}.",
      about.where, range.lower, range.upper, range.lower, range.upper));
}

void from_integers(std::span<float> values, const Numbers& about, const Extremes& found,
                   std::vector<std::string>& notes) {
  constexpr float kFew = 16.0F;
  if (found.least < 0.0F) {
    fail_unsaid(about, found, "", "e.g. --data-range -128,127");
  }
  if (found.most > 255.0F) {
    fail_unsaid(about, found, ", more than 8-bit levels",
                found.most > 4095.0F ? "e.g. --data-range 0,65535" : "e.g. --data-range 0,4095");
  }
  if (found.most <= kFew) {
    fail_unsaid(
        about, found, ", of 0 … 255 or of fewer levels",
        fmt::format("--data-range 0,{:g} or --data-range 0,255", std::max(1.0F, found.most)));
  }
  if (!about.image && !(about.kind == 'u' && about.bytes == 1)) {
    fail_unsaid(about, found, " that are not pixels",
                fmt::format("e.g. --data-range {:g},{:g}", found.least, found.most));
  }
  divide_by_255(values);
  notes.push_back(fmt::format("{}: {}, taken as levels 0 … 255 and divided by 255.", about.where,
                              about.kind == 'f'                       ? "whole numbers"
                              : about.kind == 'u' && about.bytes == 1 ? "uint8"
                                                                      : "integers"));
}

void from_floats(std::span<float> values, const Numbers& about, const Extremes& found,
                 std::vector<std::string>& notes) {
  if (found.least < -slack_of(about)) {
    fail_unsaid(about, found, "",
                fmt::format("e.g. --data-range -1,1 for (x - 0.5) / 0.5, or (0 - mean) / std and "
                            "(1 - mean) / std of what normalised them"));
  }
  if (found.most > 1.0F + slack_of(about)) {
    if (found.whole && about.image && found.most > 16.0F && found.most <= 255.0F)
      return from_integers(values, about, found, notes);
    fail_unsaid(about, found, "",
                found.most <= 255.0F && found.most > 16.0F
                    ? std::string("e.g. --data-range 0,255")
                    : fmt::format("e.g. --data-range 0,{:g}", std::ceil(found.most)));
  }
  clamp_to_unit(values);
  constexpr float kTwice = 1.0F / 255.0F + 0x1p-20F;
  if (found.most > 0.0F && found.most <= kTwice && about.image) {
    notes.push_back(fmt::format(
        "{}: the largest value is {:g}: the pictures may have been divided by 255 twice. "
        "--data-range 0,{:g} undoes that.",
        about.where, found.most, 1.0 / 255.0));
  }
}

}  // namespace

std::optional<Interval> parse_range(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const std::size_t comma = std::min(text.find(','), text.size());
  const auto number = [&](std::string_view part) -> std::optional<double> {
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    double value = 0.0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc{} || end != part.data() + part.size() || !std::isfinite(value))
      return std::nullopt;
    return value;
  };
  const auto lower = number(text.substr(0, comma));
  const auto upper = comma < text.size() ? number(text.substr(comma + 1)) : std::nullopt;
  if (!lower || !upper || !(*lower < *upper)) {
    fail_usage(
        "--data-range {}: not a range; allowed are two rising numbers, those that mean 0 and 1; "
        "write for example --data-range 0,255",
        printable(text));
  }
  return Interval{*lower, *upper};
}

void to_unit(std::span<float> values, const Numbers& about, const std::optional<Interval>& range,
             std::vector<std::string>& notes) {
  if (values.empty()) return;
  const Extremes found = extremes_of(values, about);
  if (range) return from_range(values, about, *range, notes);
  if (about.kind == 'b') {
    notes.push_back(fmt::format("{}: bools, True is 1 and False 0.", about.where));
    return;
  }
  if (about.kind == 'f') return from_floats(values, about, found, notes);
  from_integers(values, about, found, notes);
}

}  // namespace gibbon::datasets
