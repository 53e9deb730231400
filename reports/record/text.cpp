// SPDX-License-Identifier: MIT
#include "reports/record/text.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>

#include "base/norm.hpp"

namespace gibbon::reports::record {
namespace {

constexpr std::string_view kNone = "–";

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

std::string percent_number(double fraction) {
  return std::isnan(fraction) ? std::string(kNone) : fmt::format("{:.1f}", 100.0 * fraction);
}

std::string percent(double fraction) {
  if (std::isnan(fraction)) return std::string(kNone);
  const std::string number = percent_number(fraction);
  if (number == "100.0" && fraction < 1.0) return "> 99.9 %";
  if (number == "0.0" && fraction > 0.0) return "< 0.1 %";
  return number + " %";
}

std::string low_end(double fraction) {
  const std::string text = percent_number(fraction);
  return text == "100.0" && fraction < 1.0 ? "99.9" : text;
}

std::string high_end(double fraction) {
  const std::string text = percent_number(fraction);
  return text == "0.0" && fraction > 0.0 ? "0.1" : text;
}

std::string compact(double value) {
  return std::isnan(value) ? std::string(kNone) : fmt::format("{:.5g}", value);
}

std::string grouped(std::uint64_t value) {
  std::string digits = fmt::format("{}", value);
  for (std::size_t end = digits.size(); end > 3; end -= 3) digits.insert(end - 3, 1, ',');
  return digits;
}

std::string epsilon_text(double epsilon) {
  const double levels = std::round(epsilon * 255.0);
  if (levels < 1.0 || levels > 254.0 || std::abs(epsilon - levels / 255.0) > 1e-9)
    return compact(epsilon);
  return fmt::format("{} = {:.0f}/255", compact(epsilon), levels);
}

std::string norm_symbol(std::string_view norm) {
  const NormInfo* known = known_norm(norm);
  return std::string(known == nullptr ? norm : known->symbol);
}

std::string norm_unit(std::string_view norm, std::string_view units) {
  const NormInfo* known = known_norm(norm);
  return std::string(known == nullptr || known->unit.empty() ? units : known->unit);
}

std::string class_name(std::span<const std::string> names, int label) {
  const auto index = static_cast<std::size_t>(label);
  if (label >= 0 && index < names.size() && !names[index].empty()) return names[index];
  return fmt::format("{}", label);
}

std::size_t display_width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::string to_ascii(std::string_view text) {
  static const std::map<std::string_view, std::string_view> kForms{
      {"ε", "eps"},   {"×", "x"},     {"·", "*"},     {"…", "..."},   {"λ", "lambda"},
      {"Σ", "sum"},   {"σ", "sigma"}, {"→", "->"},    {"∞", "inf"},   {"–", "-"},
      {"−", "-"},     {"─", "-"},     {"α", "alpha"}, {"∇", "grad"},  {"∂", "d"},
      {"²", "^2"},    {"√", "sqrt"},  {"ₓ", "_x"},    {"ᵀ", "^T"},    {"Δ", "Delta"},
      {"θ", "theta"}, {"₀", "0"},     {"₁", "1"},     {"₂", "2"},     {"δ", "delta"},
      {"°", " deg"},  {"±", "+-"},    {"≥", ">="},    {"≤", "<="},    {"β", "beta"},
      {"≈", "~"},     {"←", "<-"},    {"μ", "mu"},    {"κ", "kappa"}, {"γ", "gamma"},
      {"ŷ", "y^"},    {"‖", "||"},    {"∈", "in"},    {"η", "eta"},   {"Φ", "Phi"},
      {"“", "\""},    {"”", "\""},    {"’", "'"},     {"ä", "ae"},    {"ö", "oe"},
      {"ü", "ue"},    {"é", "e"}};
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    while (end < text.size() && is_continuation(text[end])) ++end;
    const std::string_view letter = text.substr(at, end - at);
    at = end;
    const bool ascii = letter.size() == 1 && static_cast<unsigned char>(letter[0]) < 0x80U;
    const auto form = kForms.find(letter);
    out += ascii ? letter : form == kForms.end() ? "?" : form->second;
  }
  return out;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (true) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line;
    for (std::size_t at = 0; at < end;) {
      const std::size_t stop = std::min(text.find(' ', at), end);
      const std::string_view word = text.substr(at, stop - at);
      if (!line.empty() && display_width(line) + 1 + display_width(word) > width) {
        lines.push_back(std::move(line));
        line.clear();
      }
      if (!line.empty()) line += ' ';
      line += word;
      at = stop + 1;
    }
    lines.push_back(std::move(line));
    if (end == text.size()) return lines;
    text.remove_prefix(end + 1);
  }
}

std::string pad_left(std::string_view text, std::size_t width) {
  return std::string(width - std::min(width, display_width(text)), ' ').append(text);
}

std::string pad_right(std::string_view text, std::size_t width) {
  return std::string(text).append(width - std::min(width, display_width(text)), ' ');
}

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : printable(text)) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      case '\'': escaped += "&#39;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string escape_markdown(std::string_view text) {
  std::string escaped;
  for (const char c : printable(text)) {
    if (std::string_view("\\`*_[]<>|#").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace gibbon::reports::record
