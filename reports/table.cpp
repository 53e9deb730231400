#include "reports/table.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "reports/certified.hpp"
#include "reports/series.hpp"
#include "reports/subject.hpp"
#include "reports/text.hpp"

namespace gibbon::reports {
namespace {

constexpr std::size_t kTerminalWidth = 100;
constexpr std::string_view kGap = "   ";

enum class Emphasis { kPlain, kBold, kDim };

struct Column {
  std::string head;
  Emphasis emphasis = Emphasis::kPlain;
  std::vector<std::string> cells;
  std::size_t width = 0;
};

std::string paint(const std::string& text, Emphasis emphasis, Colour colour) {
  if (colour == Colour::kNever || emphasis == Emphasis::kPlain) return text;
  return fmt::format("\x1b[{}m{}\x1b[0m", emphasis == Emphasis::kBold ? 1 : 2, text);
}

// The three numbers of one point; widths make them line up below each other.
std::string cell_text(const CurvePoint& point, std::size_t count_width) {
  const Interval interval = wilson95(point.correct, point.n);
  return fmt::format("{}  {}  [{}, {}]", pad_left(percent(point.accuracy()), 8),
                     pad_left(fmt::format("{}/{}", point.correct, point.n), count_width),
                     pad_left(low_end(interval.low), 5), pad_left(high_end(interval.high), 5));
}

std::size_t count_width(const Panel& panel) {
  std::size_t width = 0;
  for (const Series& series : panel.series)
    for (const CurvePoint* point : series.points)
      width = std::max(width, fmt::formatted_size("{0}/{0}", point->n));
  return width;
}

Emphasis emphasis_of(const Series& series) {
  if (series.kind == "worst-case") return Emphasis::kBold;
  return series.kind == "control" ? Emphasis::kDim : Emphasis::kPlain;
}

std::string head_of(const Series& series) {
  const std::string name = printable(series.attack);
  return series.kind == "control" ? name + " (noise)" : name;
}

Column epsilon_column(const Panel& panel) {
  Column column{.head = "ε", .emphasis = Emphasis::kPlain, .cells = {}, .width = 1};
  for (const double epsilon : panel.epsilons) column.cells.push_back(epsilon_text(epsilon));
  return column;
}

Column series_column(const Panel& panel, const Series& series) {
  Column column{.head = head_of(series), .emphasis = emphasis_of(series), .cells = {}, .width = 0};
  const std::size_t width = count_width(panel);
  for (const double epsilon : panel.epsilons) {
    const CurvePoint* point = series.at(epsilon);
    column.cells.push_back(point == nullptr ? "–" : cell_text(*point, width));
  }
  return column;
}

void measure(Column& column) {
  column.width = display_width(column.head);
  for (const std::string& cell : column.cells)
    column.width = std::max(column.width, display_width(cell));
}

std::vector<Column> columns_of(const Panel& panel) {
  std::vector<Column> columns{epsilon_column(panel)};
  for (const Series& series : panel.series) columns.push_back(series_column(panel, series));
  for (Column& column : columns) measure(column);
  return columns;
}

std::string rule_of(std::size_t width) {
  std::string rule;
  for (std::size_t i = 0; i < width; ++i) rule += "─";
  return rule;
}

// One block: the ε column and columns [first, last).
std::string block(const std::vector<Column>& columns, std::size_t first, std::size_t last,
                  Colour colour) {
  const Column& epsilon = columns.front();
  std::string head = pad_right(epsilon.head, epsilon.width);
  std::string rule = rule_of(epsilon.width);
  for (std::size_t c = first; c < last; ++c) {
    const bool is_last = c + 1 == last;
    const Emphasis emphasis =
        columns[c].emphasis == Emphasis::kDim ? Emphasis::kDim : Emphasis::kBold;
    head += kGap;
    head += paint(is_last ? columns[c].head : pad_right(columns[c].head, columns[c].width),
                  emphasis, colour);
    rule += std::string(kGap) + rule_of(columns[c].width);
  }
  std::string text = fmt::format("{}\n{}\n", head, rule);
  for (std::size_t row = 0; row < epsilon.cells.size(); ++row) {
    text += pad_right(epsilon.cells[row], epsilon.width);
    for (std::size_t c = first; c < last; ++c) {
      text += kGap;
      text += paint(pad_left(columns[c].cells[row], columns[c].width), columns[c].emphasis, colour);
    }
    text += '\n';
  }
  return text;
}

std::string blocks(const std::vector<Column>& columns, Colour colour) {
  std::string text;
  std::size_t first = 1;
  while (first < columns.size()) {
    std::size_t last = first;
    std::size_t width = columns.front().width;
    while (last < columns.size() &&
           (last == first || width + kGap.size() + columns[last].width <= kTerminalWidth))
      width += kGap.size() + columns[last++].width;
    text += fmt::format("\n{}", block(columns, first, last, colour));
    first = last;
  }
  return text;
}

std::string panel_title(const Panel& panel, const Subject& subject) {
  return fmt::format("{}, ε in {}", norm_symbol(panel.norm),
                     panel.norm == "l0" ? "changed input values" : subject.units);
}

constexpr std::string_view kCellMeaning =
    "accuracy   correct/n   [95 % Wilson interval in %]; wrong without attack counts as not "
    "correct";

// Smallest distances as lines of cells: attack, norm, broken, quartiles.
std::vector<std::vector<std::string>> distance_rows(const Run& run) {
  const auto cell = [](double value) {
    return std::isinf(value) ? std::string("not found") : compact(value);
  };
  std::vector<std::vector<std::string>> rows{
      {"smallest distance", "norm", "broken/n", "lower quartile", "median", "upper quartile"}};
  for (const DistanceSummary& d : run.distances)
    rows.push_back({printable(d.attack), norm_symbol(d.norm), fmt::format("{}/{}", d.found, d.n),
                    cell(d.lower_quartile), cell(d.median), cell(d.upper_quartile)});
  return rows;
}

std::string distance_table(const Run& run, Colour colour) {
  const auto rows = distance_rows(run);
  if (rows.size() == 1) return {};
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c)
      widths[c] = std::max(widths[c], display_width(row[c]));
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line = pad_right(rows[r][0], widths[0]);
    for (std::size_t c = 1; c < rows[r].size(); ++c)
      line += std::string(kGap) + pad_left(rows[r][c], widths[c]);
    text += paint(line, r == 0 ? Emphasis::kBold : Emphasis::kPlain, colour) + "\n";
  }
  return "\n" + text;
}

std::string markdown_row(const std::vector<std::string>& cells) {
  return fmt::format("| {} |\n", fmt::join(cells, " | "));
}

std::string markdown_panel(const Panel& panel) {
  std::vector<std::string> head{"ε"};
  for (const Series& series : panel.series) head.push_back(escape_markdown(head_of(series)));
  std::string text = markdown_row(head) + "|---";
  for (std::size_t c = 1; c < head.size(); ++c) text += "|---:";
  text += "|\n";
  for (const double epsilon : panel.epsilons) {
    std::vector<std::string> cells{epsilon_text(epsilon)};
    for (const Series& series : panel.series) {
      const CurvePoint* point = series.at(epsilon);
      if (point == nullptr) {
        cells.emplace_back("–");
        continue;
      }
      const Interval interval = wilson95(point->correct, point->n);
      cells.push_back(fmt::format("**{}** {}/{} [{}, {}]", percent(point->accuracy()),
                                  point->correct, point->n, low_end(interval.low),
                                  high_end(interval.high)));
    }
    text += markdown_row(cells);
  }
  return text;
}

}  // namespace

std::string to_table(const Run& run, Colour colour) {
  const Subject subject = subject_of(run);
  std::string text = paint(subject.title(), Emphasis::kBold, colour) + "\n";
  if (!run.curve.empty()) text += paint(std::string(kCellMeaning), Emphasis::kDim, colour) + "\n";
  for (const Panel& panel : panels_of(run))
    text += fmt::format("\n{}\n{}", paint(panel_title(panel, subject), Emphasis::kBold, colour),
                        blocks(columns_of(panel), colour)) +
            (panel.band == nullptr ? "" : "\n" + to_certified_table(*panel.band));
  return text + distance_table(run, colour);
}

std::string to_markdown(const Run& run) {
  const Subject subject = subject_of(run);
  std::string text = fmt::format("# {}\n\n{}\n\n", escape_markdown(subject.title()),
                                 escape_markdown(question(run)));
  for (const std::string& sentence : answers(run))
    text += fmt::format("{}\n\n", escape_markdown(sentence));
  for (const Panel& panel : panels_of(run))
    text += fmt::format("## {}\n\n{}{}\n", escape_markdown(panel_title(panel, subject)),
                        panel.series.empty() ? "" : markdown_panel(panel),
                        panel.band == nullptr ? "" : "\n" + to_certified_markdown(*panel.band));
  if (!run.curve.empty())
    text +=
        "Cells: accuracy, correct/n, 95 % Wilson interval in %. Wrong without attack counts as not "
        "correct.\n";
  if (!run.distances.empty()) {
    text += "\n## Smallest distances\n\n";
    const auto rows = distance_rows(run);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      std::vector<std::string> cells;
      for (const std::string& cell : rows[r]) cells.push_back(escape_markdown(cell));
      text += markdown_row(cells);
      if (r == 0) text += "|---|---|---:|---:|---:|---:|\n";
    }
  }
  if (!run.diagnosis.empty()) text += "\n## Diagnosis\n\n";
  for (const std::string& sentence : run.diagnosis)
    text += fmt::format("- {}\n", escape_markdown(sentence));
  if (!subject.commands.empty())
    text += fmt::format("\n## Repeat it\n\n```sh\n{}\n```\n", fmt::join(subject.commands, "\n"));
  return text;
}

}  // namespace gibbon::reports
