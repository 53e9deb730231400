// SPDX-License-Identifier: MIT
#include "reports/table/table.hpp"

#include <fmt/format.h>

#include "reports/record/series.hpp"
#include "reports/record/subject.hpp"
#include "reports/record/text.hpp"
#include "reports/table/certified_table.hpp"
#include "reports/table/run_tables.hpp"

namespace gibbon::reports::table {
namespace {

constexpr std::string_view kCellMeaning =
    "accuracy   correct/n   [95 % Wilson interval in %]; errors without attack count as not "
    "correct";

/// In one table where it fits, else folded.
std::string distances_text(const record::Run& run, const Screen& screen) {
  const Table table = distance_table(run);
  const std::string whole = render_text(table, Colour::kNever);
  const bool fits = record::display_width(whole.substr(0, whole.find('\n'))) <= screen.width;
  return fits ? "\n" + render_text(table, screen.colour) : render_text_blocks(table, screen);
}

}  // namespace

std::string to_table(const record::Run& run, const Screen& screen) {
  const Colour colour = screen.colour;
  const record::Subject subject = record::subject_of(run);
  std::string text = paint(subject.title(), Emphasis::kBold, colour) + "\n";
  if (!run.curve.empty())
    for (const std::string& line : record::wrapped(kCellMeaning, screen.width))
      text += paint(line, Emphasis::kDim, colour) + "\n";
  for (const record::Panel& panel : record::panels_of(run)) {
    text += fmt::format("\n{}\n{}", paint(panel_title(panel, subject), Emphasis::kBold, colour),
                        render_text_blocks(accuracy_table(panel), screen));
    if (panel.band != nullptr) text += "\n" + to_certified_table(*panel.band);
  }
  if (!run.distances.empty()) text += distances_text(run, screen);
  return screen.ascii ? record::to_ascii(text) : text;
}

std::string to_markdown(const record::Run& run) {
  const record::Subject subject = record::subject_of(run);
  std::string text = fmt::format("# {}\n\n{}\n\n", record::escape_markdown(subject.title()),
                                 record::escape_markdown(record::question(run)));
  for (const std::string& sentence : record::answers(run))
    text += fmt::format("{}\n\n", record::escape_markdown(sentence));
  for (const record::Panel& panel : record::panels_of(run))
    text += fmt::format("## {}\n\n{}{}\n", record::escape_markdown(panel_title(panel, subject)),
                        panel.series.empty() ? "" : render_markdown(accuracy_table(panel)),
                        panel.band == nullptr ? "" : "\n" + to_certified_markdown(*panel.band));
  if (!run.curve.empty())
    text +=
        "Cells: accuracy, correct/n, 95 % Wilson interval in %. Samples misclassified without "
        "attack count as not correct.\n";
  if (!run.distances.empty())
    text += "\n## Smallest distances\n\n" + render_markdown(distance_table(run));
  if (!run.diagnosis.empty()) text += "\n## Diagnosis\n\n";
  for (const std::string& sentence : run.diagnosis)
    text += fmt::format("- {}\n", record::escape_markdown(sentence));
  if (!subject.commands.empty())
    text += fmt::format("\n## Reproduce\n\n```sh\n{}\n```\n", fmt::join(subject.commands, "\n"));
  return text;
}

}  // namespace gibbon::reports::table
