// SPDX-License-Identifier: MIT
#include "eval/verify/query.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"

namespace gibbon::eval::verify {
namespace {

struct Level {
  Soundness soundness;
  std::string_view name;
  std::string_view meaning;
};
constexpr std::array<Level, 3> kLevels{
    {{Soundness::kReal, "real", "in real arithmetic with the weights as stored"},
     {Soundness::kDouble, "double", "in real arithmetic and for the judge's pass in double"},
     {Soundness::kFloat32, "float32", "in real arithmetic and for passes in double and float32"}}};

}  // namespace

Soundness find_soundness(std::string_view name) {
  const auto found = std::ranges::find(kLevels, name, &Level::name);
  if (found == kLevels.end()) {
    fail_usage("--soundness {}: unknown level; allowed are real, double and float32", name);
  }
  return found->soundness;
}

std::string_view name_of(Soundness soundness) {
  return std::ranges::find(kLevels, soundness, &Level::soundness)->name;
}

double unit_of(Soundness soundness) {
  switch (soundness) {
    case Soundness::kReal: return 0.0;
    case Soundness::kDouble: return 0x1p-53;
    case Soundness::kFloat32: return 0x1p-24;
  }
  return 0.0;
}

std::string_view meaning_of(Soundness soundness) {
  return std::ranges::find(kLevels, soundness, &Level::soundness)->meaning;
}

std::string_view name_of(Reason reason) {
  switch (reason) {
    case Reason::kNone: return "";
    case Reason::kNodes: return "nodes";
    case Reason::kTime: return "time";
    case Reason::kResolution: return "resolution";
    case Reason::kRounding: return "rounding";
  }
  return "";
}

}  // namespace gibbon::eval::verify
