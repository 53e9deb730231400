// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

// A table as a value: what stands in it, not how it looks. render.hpp shows it.
namespace gibbon::reports::table {

struct Missing {};  ///< nothing was measured

/// Of an attack with its options, as it was given: may be broken between these.
struct Name {
  std::string text;
};

struct Epsilon {
  double value = 0.0;
};

/// Infinite: none was found.
struct Distance {
  double value = 0.0;
};

struct Ratio {
  std::uint64_t k = 0;
  std::uint64_t n = 0;

  [[nodiscard]] double value() const;  ///< NaN when n is 0
};

/// A share with its 95 % Wilson interval.
struct Share {
  std::uint64_t k = 0;
  std::uint64_t n = 0;
  bool exact = false;  ///< nothing is left that could be counted

  [[nodiscard]] double value() const { return Ratio{k, n}.value(); }
};

/// A number is written so that it reads back to the same double.
using Cell = std::variant<Missing, std::string, std::uint64_t, double, Name, Epsilon, Distance,
                          Ratio, Share>;

/// What a column is about, where that is to be seen.
enum class Role { kValue, kAttack, kControl, kWorstCase };

enum class Align { kLeft, kRight };

struct Column {
  std::string head;
  Align align = Align::kRight;
  Role role = Role::kValue;
};

/// The first column says what the others of its row are about.
struct Table {
  std::string title;  ///< for readers who do not see the table
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  ///< as many cells as columns each
};

template <class... Visits>
struct Overloaded : Visits... {
  using Visits::operator()...;
};

/// How readers see it, not escaped: "–" for Missing, "k/n" of a ratio or share.
[[nodiscard]] std::string cell_text(const Cell& cell);

}  // namespace gibbon::reports::table
