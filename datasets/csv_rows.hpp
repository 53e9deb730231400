// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace gibbon::datasets {

/// Reads the rows of a text file of columns, as RFC 4180 has it: fields between commas, in quotes
/// where they hold commas, quotes or line ends. Semicolons or tabs where the first line has more of
/// these. A byte order mark, empty lines and blanks around fields without quotes are skipped.
class CsvRows {
 public:
  /// `text` must outlive it; `path` is for messages.
  CsvRows(std::string_view text, std::filesystem::path path);

  /// Overwrites the fields by those of the next row; false at the end. Throws an input Error with
  /// the line of a quote that does not close, or that something stands behind.
  bool next(std::vector<std::string>& fields);
  [[nodiscard]] std::size_t line() const { return line_; }  ///< of the last row, from 1 on
  [[nodiscard]] char separator() const { return separator_; }

 private:
  void take_quoted(std::string& field);

  std::string_view rest_;
  std::filesystem::path path_;
  char separator_ = ',';
  std::size_t line_ = 0;
  std::size_t next_line_ = 1;
};

}  // namespace gibbon::datasets
