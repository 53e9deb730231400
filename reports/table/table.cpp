#include "reports/table/table.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "reports/record/series.hpp"
#include "reports/record/subject.hpp"
#include "reports/record/text.hpp"
#include "reports/table/certified_table.hpp"

namespace gibbon::reports::table {
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
std::string cell_text(const record::CurvePoint& point, std::size_t count_width) {
  const record::Interval interval = record::wilson95(point.correct, point.n);
  return fmt::format("{}  {}  [{}, {}]", record::pad_left(record::percent(point.accuracy()), 8),
                     record::pad_left(fmt::format("{}/{}", point.correct, point.n), count_width),
                     record::pad_left(record::low_end(interval.low), 5),
                     record::pad_left(record::high_end(interval.high), 5));
}

std::size_t count_width(const record::Panel& panel) {
  std::size_t width = 0;
  for (const record::Series& series : panel.series)
    for (const record::CurvePoint* point : series.points)
      width = std::max(width, fmt::formatted_size("{0}/{0}", point->n));
  return width;
}

Emphasis emphasis_of(const record::Series& series) {
  if (series.kind == "worst-case") return Emphasis::kBold;
  return series.kind == "control" ? Emphasis::kDim : Emphasis::kPlain;
}

std::string head_of(const record::Series& series) {
  const std::string name = printable(series.attack);
  return series.kind == "control" ? name + " (noise)" : name;
}

Column epsilon_column(const record::Panel& panel) {
  Column column{.head = "ε", .emphasis = Emphasis::kPlain, .cells = {}, .width = 1};
  for (const double epsilon : panel.epsilons) column.cells.push_back(record::epsilon_text(epsilon));
  return column;
}

Column series_column(const record::Panel& panel, const record::Series& series) {
  Column column{.head = head_of(series), .emphasis = emphasis_of(series), .cells = {}, .width = 0};
  const std::size_t width = count_width(panel);
  for (const double epsilon : panel.epsilons) {
    const record::CurvePoint* point = series.at(epsilon);
    column.cells.push_back(point == nullptr ? "–" : cell_text(*point, width));
  }
  return column;
}

void measure(Column& column) {
  column.width = record::display_width(column.head);
  for (const std::string& cell : column.cells)
    column.width = std::max(column.width, record::display_width(cell));
}

std::vector<Column> columns_of(const record::Panel& panel) {
  std::vector<Column> columns{epsilon_column(panel)};
  for (const record::Series& series : panel.series) columns.push_back(series_column(panel, series));
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
  std::string head = record::pad_right(epsilon.head, epsilon.width);
  std::string rule = rule_of(epsilon.width);
  for (std::size_t c = first; c < last; ++c) {
    const bool is_last = c + 1 == last;
    const Emphasis emphasis =
        columns[c].emphasis == Emphasis::kDim ? Emphasis::kDim : Emphasis::kBold;
    head += kGap;
    head += paint(is_last ? columns[c].head : record::pad_right(columns[c].head, columns[c].width),
                  emphasis, colour);
    rule += std::string(kGap) + rule_of(columns[c].width);
  }
  std::string text = fmt::format("{}\n{}\n", head, rule);
  for (std::size_t row = 0; row < epsilon.cells.size(); ++row) {
    text += record::pad_right(epsilon.cells[row], epsilon.width);
    for (std::size_t c = first; c < last; ++c) {
      text += kGap;
      text += paint(record::pad_left(columns[c].cells[row], columns[c].width), columns[c].emphasis,
                    colour);
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

std::string panel_title(const record::Panel& panel, const record::Subject& subject) {
  return fmt::format("{}, ε in {}", record::norm_symbol(panel.norm),
                     panel.norm == "l0" ? "changed input values" : subject.units);
}

constexpr std::string_view kCellMeaning =
    "accuracy   correct/n   [95 % Wilson interval in %]; wrong without attack counts as not "
    "correct";

// Smallest distances as lines of cells: attack, norm, broken, quartiles.
std::vector<std::vector<std::string>> distance_rows(const record::Run& run) {
  const auto cell = [](double value) {
    return std::isinf(value) ? std::string("not found") : record::compact(value);
  };
  std::vector<std::vector<std::string>> rows{
      {"smallest distance", "norm", "broken/n", "lower quartile", "median", "upper quartile"}};
  for (const record::DistanceSummary& d : run.distances)
    rows.push_back({printable(d.attack), record::norm_symbol(d.norm),
                    fmt::format("{}/{}", d.found, d.n), cell(d.lower_quartile), cell(d.median),
                    cell(d.upper_quartile)});
  return rows;
}

std::string distance_table(const record::Run& run, Colour colour) {
  const auto rows = distance_rows(run);
  if (rows.size() == 1) return {};
  std::vector<std::size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c)
      widths[c] = std::max(widths[c], record::display_width(row[c]));
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line = record::pad_right(rows[r][0], widths[0]);
    for (std::size_t c = 1; c < rows[r].size(); ++c)
      line += std::string(kGap) + record::pad_left(rows[r][c], widths[c]);
    text += paint(line, r == 0 ? Emphasis::kBold : Emphasis::kPlain, colour) + "\n";
  }
  return "\n" + text;
}

std::string markdown_row(const std::vector<std::string>& cells) {
  return fmt::format("| {} |\n", fmt::join(cells, " | "));
}

std::string markdown_panel(const record::Panel& panel) {
  std::vector<std::string> head{"ε"};
  for (const record::Series& series : panel.series)
    head.push_back(record::escape_markdown(head_of(series)));
  std::string text = markdown_row(head) + "|---";
  for (std::size_t c = 1; c < head.size(); ++c) text += "|---:";
  text += "|\n";
  for (const double epsilon : panel.epsilons) {
    std::vector<std::string> cells{record::epsilon_text(epsilon)};
    for (const record::Series& series : panel.series) {
      const record::CurvePoint* point = series.at(epsilon);
      if (point == nullptr) {
        cells.emplace_back("–");
        continue;
      }
      const record::Interval interval = record::wilson95(point->correct, point->n);
      cells.push_back(fmt::format("**{}** {}/{} [{}, {}]", record::percent(point->accuracy()),
                                  point->correct, point->n, record::low_end(interval.low),
                                  record::high_end(interval.high)));
    }
    text += markdown_row(cells);
  }
  return text;
}

}  // namespace

std::string to_table(const record::Run& run, Colour colour) {
  const record::Subject subject = record::subject_of(run);
  std::string text = paint(subject.title(), Emphasis::kBold, colour) + "\n";
  if (!run.curve.empty()) text += paint(std::string(kCellMeaning), Emphasis::kDim, colour) + "\n";
  for (const record::Panel& panel : record::panels_of(run))
    text += fmt::format("\n{}\n{}", paint(panel_title(panel, subject), Emphasis::kBold, colour),
                        blocks(columns_of(panel), colour)) +
            (panel.band == nullptr ? "" : "\n" + to_certified_table(*panel.band));
  return text + distance_table(run, colour);
}

std::string to_markdown(const record::Run& run) {
  const record::Subject subject = record::subject_of(run);
  std::string text = fmt::format("# {}\n\n{}\n\n", record::escape_markdown(subject.title()),
                                 record::escape_markdown(record::question(run)));
  for (const std::string& sentence : record::answers(run))
    text += fmt::format("{}\n\n", record::escape_markdown(sentence));
  for (const record::Panel& panel : record::panels_of(run))
    text += fmt::format("## {}\n\n{}{}\n", record::escape_markdown(panel_title(panel, subject)),
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
      for (const std::string& cell : rows[r]) cells.push_back(record::escape_markdown(cell));
      text += markdown_row(cells);
      if (r == 0) text += "|---|---|---:|---:|---:|---:|\n";
    }
  }
  if (!run.diagnosis.empty()) text += "\n## Diagnosis\n\n";
  for (const std::string& sentence : run.diagnosis)
    text += fmt::format("- {}\n", record::escape_markdown(sentence));
  if (!subject.commands.empty())
    text += fmt::format("\n## Repeat it\n\n```sh\n{}\n```\n", fmt::join(subject.commands, "\n"));
  return text;
}

}  // namespace gibbon::reports::table
