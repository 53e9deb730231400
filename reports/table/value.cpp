// SPDX-License-Identifier: MIT
#include "reports/table/value.hpp"

#include <cmath>
#include <fmt/format.h>

#include "reports/record/text.hpp"

namespace gibbon::reports::table {

double Ratio::value() const {
  return n == 0 ? std::nan("") : static_cast<double>(k) / static_cast<double>(n);
}

std::string cell_text(const Cell& cell) {
  return std::visit(
      Overloaded{[](const Missing&) { return std::string("–"); },
                 [](const std::string& text) { return text; },
                 [](std::uint64_t count) { return record::grouped(count); },
                 [](double value) { return record::compact(value); },
                 [](const Name& name) { return printable(name.text); },
                 [](const Epsilon& epsilon) { return record::epsilon_text(epsilon.value); },
                 [](const Distance& distance) {
                   return std::isinf(distance.value) ? "not found"
                                                     : record::compact(distance.value);
                 },
                 [](const auto& of) { return fmt::format("{}/{}", of.k, of.n); }},
      cell);
}

}  // namespace gibbon::reports::table
