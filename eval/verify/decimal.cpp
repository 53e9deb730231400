// SPDX-License-Identifier: MIT
#include "eval/verify/decimal.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

namespace gibbon::eval::verify {
namespace {

constexpr std::string_view kDigits = "0123456789";

/// 0.d1 d2 d3 … · 10^exponent with d1 and the last digit not 0; zero has no digits.
struct Magnitude {
  std::string digits;
  long exponent = 0;

  friend auto operator<=>(const Magnitude& a, const Magnitude& b) {
    if (a.digits.empty() || b.digits.empty()) return a.digits.size() <=> b.digits.size();
    if (a.exponent != b.exponent) return a.exponent <=> b.exponent;
    return a.digits.compare(b.digits) <=> 0;
  }
};

/// Of a number without sign: digits, a point, an exponent; none for other text.
std::optional<Magnitude> magnitude(std::string_view text) {
  const auto leading_digits = [&] {
    const std::string_view found = text.substr(0, text.find_first_not_of(kDigits));
    text.remove_prefix(found.size());
    return found;
  };
  Magnitude out;
  out.digits = leading_digits();
  const std::size_t whole = out.digits.size();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    out.digits += leading_digits();
  }
  if (out.digits.empty()) return std::nullopt;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.exponent);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  if (!text.empty()) return std::nullopt;
  const std::size_t zeros = std::min(out.digits.find_first_not_of('0'), out.digits.size());
  out.exponent += static_cast<long>(whole) - static_cast<long>(zeros);
  out.digits.erase(0, zeros);
  out.digits.erase(out.digits.find_last_not_of('0') + 1);
  return out;
}

/// A double has at most 767 significant digits: all of them.
Magnitude magnitude(double value) {
  std::array<char, 800> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), value,
                                     std::chars_format::scientific, 766);
  return *magnitude(std::string_view(text.data(), written.ptr));
}

}  // namespace

std::optional<Decimal> parse_decimal(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::optional<Magnitude> written = magnitude(text);
  if (!written) return std::nullopt;
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || !std::isfinite(value)) return std::nullopt;
  const auto order = magnitude(value) <=> *written;
  constexpr double kMost = std::numeric_limits<double>::infinity();
  double low = order > 0 ? std::nextafter(value, -kMost) : value;
  double high = order < 0 ? std::nextafter(value, kMost) : value;
  if (negative) {
    std::swap(low, high);
    low = 0.0 - low;  // 0 has one sign
    high = 0.0 - high;
    value = 0.0 - value;
  }
  return Decimal{.low = low, .high = high, .nearest = value};
}

}  // namespace gibbon::eval::verify
