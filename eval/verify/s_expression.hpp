// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gibbon::eval::verify {

/// A word, or a list in parentheses, and where it begins: line and column, from 1.
struct Expression {
  std::string_view word;  ///< into the text it was read from; empty: a list
  std::vector<Expression> items;
  std::size_t line = 1;
  std::size_t column = 1;

  [[nodiscard]] bool is_list() const { return word.empty(); }
  /// A list that begins with this word.
  [[nodiscard]] bool starts_with(std::string_view first) const {
    return is_list() && !items.empty() && items.front().word == first;
  }
};

/// The lists of a text, comments (from ';' to the end of a line) dropped. Words point into `text`.
/// Throws an input Error "file:line:column: …" for parentheses that do not match and words outside
/// of lists.
[[nodiscard]] std::vector<Expression> parse_expressions(std::string_view text,
                                                        const std::string& file);

/// As it was written, in one line, short, without control characters: for messages.
[[nodiscard]] std::string to_text(const Expression& expression);

}  // namespace gibbon::eval::verify
