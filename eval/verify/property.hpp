// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>

#include "eval/verify/decimal.hpp"
#include "eval/verify/query.hpp"

namespace gibbon::eval::verify {

/// Bounds of every input as they were written, in input units: D each.
struct InputBox {
  std::vector<Decimal> lower;
  std::vector<Decimal> upper;
};

/// An output, or a number where there is none.
struct Operand {
  std::optional<std::size_t> output;
  Decimal number;
};

/// left <= right; equality holds.
struct HalfSpace {
  Operand left;
  Operand right;
};

/// Inputs of a box whose outputs lie in all half-spaces of one of the conjunctions.
struct UnsafeSet {
  InputBox box;
  std::vector<std::vector<HalfSpace>> conjunctions;
};

/// What must not be reachable: the union of sets, each with a box of its own.
struct Property {
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  std::vector<UnsafeSet> sets;
};

/// "No point of the box is unsafe": a clause per conjunction, requiring that one of its half-spaces
/// is left. Numbers are rounded so that the doubles ask for no less than the decimals: the box
/// contains the one written, an unsafe set the one written.
[[nodiscard]] Query to_query(const UnsafeSet& set, std::size_t outputs);

/// The point lies between the bounds as written. Where no double does, the double nearest to the
/// bound counts.
[[nodiscard]] bool contains(const InputBox& box, std::span<const double> point);

/// The point moved into the box as contains() has it, each coordinate by itself.
[[nodiscard]] std::vector<double> moved_inside(const InputBox& box, std::span<const double> point);

/// The same with float32 numbers; none where a coordinate has no float32 number in the box.
[[nodiscard]] std::optional<std::vector<float>> moved_inside(const InputBox& box,
                                                             std::span<const float> point);

/// The outputs lie in all half-spaces of one conjunction, numbers as written. NaN never does.
[[nodiscard]] bool is_unsafe(const UnsafeSet& set, std::span<const double> outputs);

/// Throws a usage Error unless the network, of that many inputs and outputs, fits the property.
void require_fit(const Property& property, const std::string& property_name, std::size_t inputs,
                 std::size_t outputs, const std::string& network_name);

}  // namespace gibbon::eval::verify
