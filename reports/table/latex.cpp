// SPDX-License-Identifier: MIT
#include "reports/table/latex.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/norm.hpp"
#include "reports/record/series.hpp"
#include "reports/record/subject.hpp"
#include "reports/record/text.hpp"
#include "reports/table/render.hpp"
#include "reports/table/run_tables.hpp"

namespace gibbon::reports::table {
namespace {

constexpr std::size_t kMostSeries = 4;  // of one table: what fits across a page

std::string norm_math(std::string_view norm) {
  const NormInfo* known = known_norm(norm);
  return known == nullptr ? latex_escaped(norm) : fmt::format("${}$", known->latex);
}

std::string caption(const record::Panel& panel, const record::Subject& subject) {
  const std::string units = "in " + latex_escaped(record::norm_unit(panel.norm, subject.units));
  return fmt::format(
      "Accuracy in \\% of {} on {}, $n = {}$, under perturbations of {} size at most "
      "$\\varepsilon$ "
      "({}), in brackets the 95\\,\\% Wilson interval. Samples misclassified without attack count "
      "as not correct.",
      latex_escaped(subject.model), latex_escaped(subject.data_and_split()),
      fmt::format("{}", subject.n), norm_math(panel.norm), units);
}

/// The ε column and some of the others.
Table part_of(const Table& table, std::size_t first, std::size_t count) {
  const auto pick = [&](const auto& all) {
    auto some = all;
    some.erase(some.begin() + 1, some.end());
    some.insert(some.end(), all.begin() + static_cast<std::ptrdiff_t>(first),
                all.begin() + static_cast<std::ptrdiff_t>(first + count));
    return some;
  };
  Table part{.title = table.title, .columns = pick(table.columns)};
  for (const auto& row : table.rows) part.rows.push_back(pick(row));
  return part;
}

std::string label_of(const record::Panel& panel) {
  std::string label;
  for (const char c : panel.norm)
    label += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-';
  return label;
}

std::string band_caption(const record::Panel& panel, const record::Subject& subject) {
  return fmt::format(
      "Samples in \\% of {} on {}, $n = {}$. Certified: no perturbation of {} size at most "
      "$\\varepsilon$ (in {}) changes the prediction. Falsified: a counterexample is known, or "
      "misclassified without attack. Undecided: neither. In brackets the 95\\,\\% Wilson interval.",
      latex_escaped(subject.model), latex_escaped(subject.data_and_split()), subject.n,
      norm_math(panel.norm), latex_escaped(subject.units));
}

}  // namespace

std::string latex_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : printable(text)) {
    switch (c) {
      case '\\': escaped += "\\textbackslash{}"; break;
      case '~': escaped += "\\textasciitilde{}"; break;
      case '^': escaped += "\\textasciicircum{}"; break;
      case '<': escaped += "\\textless{}"; break;
      case '>': escaped += "\\textgreater{}"; break;
      case '|': escaped += "\\textbar{}"; break;
      case '"': escaped += "\\textquotedbl{}"; break;
      case '\'': escaped += "\\textquotesingle{}"; break;
      case '`': escaped += "\\textasciigrave{}"; break;
      case '{':
      case '}':
      case '$':
      case '&':
      case '#':
      case '%':
      case '_': escaped += '\\'; [[fallthrough]];
      default: escaped += c;
    }
  }
  return escaped;
}

std::string to_latex(const record::Run& run) {
  const record::Subject subject = record::subject_of(run);
  std::string text =
      "% \\usepackage[T1]{fontenc}, \\usepackage{textcomp}, \\usepackage{booktabs}; names in "
      "other\n"
      "% scripts than Latin need XeLaTeX or LuaLaTeX.\n";
  for (const record::Panel& panel : record::panels_of(run)) {
    const Table accuracy = accuracy_table(panel);
    for (std::size_t first = 0; first < panel.series.size(); first += kMostSeries) {
      const std::size_t count = std::min(kMostSeries, panel.series.size() - first);
      const std::string part = first == 0 ? "" : fmt::format("-{}", first / kMostSeries + 1);
      text += "\n" + render_latex(part_of(accuracy, first + 1, count), caption(panel, subject),
                                  "accuracy-" + label_of(panel) + part);
    }
    if (panel.band != nullptr)
      text += "\n" + render_latex(band_table(*panel.band), band_caption(panel, subject),
                                  "certified-" + label_of(panel));
  }
  return text;
}

}  // namespace gibbon::reports::table
