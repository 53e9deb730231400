// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "reports/table/value.hpp"

// The forms of a table, a file each. Every text in it is escaped.
namespace gibbon::reports::table {

enum class Colour { kNever, kAlways };

/// What texts are shown on.
struct Screen {
  Colour colour = Colour::kNever;
  std::size_t width = 100;  ///< columns
  bool ascii = false;       ///< it knows no other characters
};
enum class Emphasis { kPlain, kBold, kDim };

[[nodiscard]] std::string paint(std::string_view text, Emphasis emphasis, Colour colour);

/// Lines for a terminal, columns `gap` apart. Columns in the middle stand to the right, whatever
/// they hold.
[[nodiscard]] std::string render_text(const Table& table, Colour colour,
                                      std::string_view gap = "   ");

/// With a rule below the heads; columns that do not fit the screen follow below, behind the first
/// one again.
[[nodiscard]] std::string render_text_blocks(const Table& table, const Screen& screen);

[[nodiscard]] std::string render_markdown(const Table& table);

/// A table of this class that scrolls inside its own box.
[[nodiscard]] std::string render_html(const Table& table, std::string_view css);

/// A floating table for booktabs. Caption and label are LaTeX. The first column is ε, all others
/// hold shares.
[[nodiscard]] std::string render_latex(const Table& table, std::string_view caption,
                                       std::string_view label);

/// RFC 4180 quoting, "\n" line ends, decimals that read back to the same double, nothing where
/// nothing was measured.
[[nodiscard]] std::string render_csv(const Table& table);

}  // namespace gibbon::reports::table
