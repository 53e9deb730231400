#include "reports/table/latex.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <span>

#include "reports/record/certified.hpp"
#include "reports/record/series.hpp"
#include "reports/record/subject.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::table {
namespace {

constexpr std::size_t kMostSeries = 4;  // of one table: what fits across a page
constexpr std::size_t kHeadLetters = 18;

std::string norm_math(std::string_view norm) {
  if (norm == "linf") return "$\\ell_\\infty$";
  if (norm.size() == 2 && norm[0] == 'l') return fmt::format("$\\ell_{}$", norm[1]);
  return latex_escaped(norm);
}

// A name with its knobs in lines of at most kHeadLetters, broken behind "," or ":" or "(".
std::string head_cell(const record::Series& series) {
  const std::string name = printable(series.attack) + (series.kind == "control" ? " (noise)" : "");
  std::vector<std::string> lines{""};
  std::string part;
  const auto flush = [&] {
    if (!lines.back().empty() && record::display_width(lines.back() + part) > kHeadLetters)
      lines.emplace_back();
    lines.back() += part;
    part.clear();
  };
  for (const char c : name) {
    part += c;
    if (c == ',' || c == ':' || c == '(') flush();
  }
  flush();
  for (std::string& line : lines) line = latex_escaped(line);
  return fmt::format("\\multicolumn{{2}}{{c}}{{\\shortstack{{{}}}}}", fmt::join(lines, "\\\\"));
}

std::string share_cell(std::uint64_t k, std::uint64_t n) {
  const record::Interval interval = record::wilson95(k, n);
  return fmt::format("{} & {{\\scriptsize [{}, {}]}}",
                     record::percent_number(static_cast<double>(k) / static_cast<double>(n)),
                     record::low_end(interval.low), record::high_end(interval.high));
}

std::string point_cell(const record::CurvePoint* point) {
  return point == nullptr ? "-- &" : share_cell(point->correct, point->n);
}

std::string caption(const record::Panel& panel, const record::Subject& subject) {
  const std::string units =
      panel.norm == "l0" ? "in changed input values" : "in " + latex_escaped(subject.units);
  return fmt::format(
      "Accuracy in \\% of {} on {}, $n = {}$, under perturbations of {} size at most "
      "$\\varepsilon$ "
      "({}), in brackets the 95\\,\\% Wilson interval. Samples that are wrong without attack count "
      "as not correct.",
      latex_escaped(subject.model), latex_escaped(subject.data_and_split()),
      fmt::format("{}", subject.n), norm_math(panel.norm), units);
}

// One table: the ε column and some of the panel's series.
std::string table(const record::Panel& panel, std::span<const record::Series> series,
                  const record::Subject& subject, std::string_view label) {
  std::string text = fmt::format(
      "\\begin{{table}}\n  \\centering\n  \\caption{{{}}}\n  \\label{{tab:{}}}\n"
      "  \\begin{{tabular}}{{l*{{{}}}{{r@{{~}}l}}}}\n    \\toprule\n    $\\varepsilon$",
      caption(panel, subject), label, series.size());
  for (const record::Series& one : series) text += " & " + head_cell(one);
  text += " \\\\\n    \\midrule\n";
  for (const double epsilon : panel.epsilons) {
    text += "    " + record::epsilon_text(epsilon);
    for (const record::Series& one : series) text += " & " + point_cell(one.at(epsilon));
    text += " \\\\\n";
  }
  return text + "    \\bottomrule\n  \\end{tabular}\n\\end{table}\n";
}

std::string label_of(const record::Panel& panel) {
  std::string label;
  for (const char c : panel.norm)
    label += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-';
  return label;
}

/// Certified, attacked and undecided per ε.
std::string band_table(const record::Panel& panel, const record::Subject& subject) {
  std::string text = fmt::format(
      "\n\\begin{{table}}\n  \\centering\n  \\caption{{Samples in \\% of {} on {}, $n = {}$, whose "
      "answer no perturbation of {} size at most $\\varepsilon$ (in {}) changes, certified; for "
      "which one is known that does, attacked; the others, undecided; in brackets the 95\\,\\% "
      "Wilson interval. Samples that are wrong without attack count as attacked.}}\n"
      "  \\label{{tab:certified-{}}}\n  \\begin{{tabular}}{{l*{{3}}{{r@{{~}}l}}}}\n    \\toprule\n"
      "    $\\varepsilon$",
      latex_escaped(subject.model), latex_escaped(subject.data_and_split()), subject.n,
      norm_math(panel.norm), latex_escaped(subject.units), label_of(panel));
  for (const char* verdict : record::kVerdicts)
    text += fmt::format(" & \\multicolumn{{2}}{{c}}{{{}}}", verdict);
  text += " \\\\\n    \\midrule\n";
  for (const record::CertifiedPoint& point : panel.band->curve) {
    text += "    " + record::epsilon_text(point.epsilon);
    for (const std::uint64_t k : record::counts_of(point)) text += " & " + share_cell(k, point.n);
    text += point.exact() ? " exact \\\\\n" : " \\\\\n";
  }
  return text + "    \\bottomrule\n  \\end{tabular}\n\\end{table}\n";
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
    for (std::size_t first = 0; first < panel.series.size(); first += kMostSeries) {
      const std::size_t count = std::min(kMostSeries, panel.series.size() - first);
      const std::string part = first == 0 ? "" : fmt::format("-{}", first / kMostSeries + 1);
      text += "\n" + table(panel, std::span(panel.series).subspan(first, count), subject,
                           "accuracy-" + label_of(panel) + part);
    }
    if (panel.band != nullptr) text += band_table(panel, subject);
  }
  return text;
}

}  // namespace gibbon::reports::table
