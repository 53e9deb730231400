// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "reports/record/record.hpp"
#include "reports/record/text.hpp"
#include "reports/table/render.hpp"

namespace gibbon::reports::table {
namespace {

constexpr std::string_view kGap = "   ";
constexpr std::size_t kIntervalWidth = 5;     // of one end: "100.0"
constexpr std::size_t kWidestPercentage = 8;  // "> 99.9 %"

struct Widths {
  std::size_t percent = 0;
  std::size_t count = 0;
};

Emphasis emphasis_of(const Column& column) {
  if (column.role == Role::kWorstCase) return Emphasis::kBold;
  return column.role == Role::kControl ? Emphasis::kDim : Emphasis::kPlain;
}

// Widths make the three numbers line up below each other.
std::string share_text(const Share& share, const Widths& widths) {
  if (share.exact) return "0, exact";
  const record::Interval interval = record::wilson95(share.k, share.n);
  return fmt::format("{}  {}  [{}, {}]",
                     record::pad_left(record::percent(share.value()), widths.percent),
                     record::pad_left(fmt::format("{}/{}", share.k, share.n), widths.count),
                     record::pad_left(record::low_end(interval.low), kIntervalWidth),
                     record::pad_left(record::high_end(interval.high), kIntervalWidth));
}

std::string shown(const Cell& cell, const Widths& widths) {
  const auto* share = std::get_if<Share>(&cell);
  return share == nullptr ? cell_text(cell) : share_text(*share, widths);
}

/// A table as texts, and how wide its columns are.
struct Texts {
  Texts(const Table& table, std::size_t percent_width, bool ascii = false) {
    Widths inside{.percent = percent_width};
    for (const auto& row : table.rows)
      for (const Cell& cell : row)
        if (const Share* share = std::get_if<Share>(&cell); share != nullptr)
          inside.count = std::max(inside.count, fmt::formatted_size("{0}/{0}", share->n));
    auto& heads = rows.emplace_back();
    for (const Column& column : table.columns) heads.push_back(column.head);
    for (const auto& row : table.rows) {
      auto& texts = rows.emplace_back();
      for (const Cell& cell : row) texts.push_back(shown(cell, inside));
    }
    widths.resize(table.columns.size(), 0);
    for (auto& row : rows) {
      for (std::size_t c = 0; c < row.size(); ++c) {
        if (ascii) row[c] = record::to_ascii(row[c]);
        widths[c] = std::max(widths[c], record::display_width(row[c]));
      }
    }
  }
  std::vector<std::vector<std::string>> rows;  // the heads first
  std::vector<std::size_t> widths;
};

std::string rule_of(std::size_t width) {
  std::string rule;
  for (std::size_t i = 0; i < width; ++i) rule += "─";
  return rule;
}

// One block: the first column and columns [first, last).
std::string block(const Table& table, const Texts& texts, std::size_t first, std::size_t last,
                  Colour colour) {
  std::string head = record::pad_right(texts.rows[0][0], texts.widths[0]);
  std::string rule = rule_of(texts.widths[0]);
  for (std::size_t c = first; c < last; ++c) {
    const Emphasis emphasis =
        emphasis_of(table.columns[c]) == Emphasis::kDim ? Emphasis::kDim : Emphasis::kBold;
    const std::string& name = texts.rows[0][c];
    head += kGap;
    head +=
        paint(c + 1 == last ? name : record::pad_right(name, texts.widths[c]), emphasis, colour);
    rule += std::string(kGap) + rule_of(texts.widths[c]);
  }
  std::string text = fmt::format("{}\n{}\n", head, rule);
  for (std::size_t r = 1; r < texts.rows.size(); ++r) {
    text += record::pad_right(texts.rows[r][0], texts.widths[0]);
    for (std::size_t c = first; c < last; ++c) {
      text += kGap;
      text += paint(record::pad_left(texts.rows[r][c], texts.widths[c]),
                    emphasis_of(table.columns[c]), colour);
    }
    text += '\n';
  }
  return text;
}

}  // namespace

std::string paint(std::string_view text, Emphasis emphasis, Colour colour) {
  if (colour == Colour::kNever || emphasis == Emphasis::kPlain) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", emphasis == Emphasis::kBold ? 1 : 2, text);
}

std::string render_text(const Table& table, Colour colour, std::string_view gap) {
  const Texts texts(table, 0);
  std::string text;
  for (std::size_t r = 0; r < texts.rows.size(); ++r) {
    std::string line = record::pad_right(texts.rows[r][0], texts.widths[0]);
    for (std::size_t c = 1; c < table.columns.size(); ++c) {
      const bool ends_left =
          c + 1 == table.columns.size() && table.columns[c].align == Align::kLeft;
      line += gap;
      line += ends_left ? texts.rows[r][c] : record::pad_left(texts.rows[r][c], texts.widths[c]);
    }
    text += paint(line, r == 0 ? Emphasis::kBold : Emphasis::kPlain, colour) + "\n";
  }
  return text;
}

std::string render_text_blocks(const Table& table, const Screen& screen) {
  const Texts texts(table, kWidestPercentage, screen.ascii);
  std::string text;
  for (std::size_t first = 1; first < table.columns.size();) {
    std::size_t last = first;
    std::size_t width = texts.widths[0];
    while (last < table.columns.size() &&
           (last == first || width + kGap.size() + texts.widths[last] <= screen.width))
      width += kGap.size() + texts.widths[last++];
    text += "\n" + block(table, texts, first, last, screen.colour);
    first = last;
  }
  return text;
}

}  // namespace gibbon::reports::table
