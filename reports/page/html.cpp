// SPDX-License-Identifier: MIT
#include "reports/page/html.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>

#include "generated/embedded.hpp"
#include "reports/formats/base64.hpp"
#include "reports/page/content_policy.hpp"
#include "reports/page/html_explore.hpp"
#include "reports/page/html_parts.hpp"
#include "reports/page/html_summary.hpp"
#include "reports/page/html_tables.hpp"
#include "reports/record/series.hpp"
#include "reports/record/subject.hpp"
#include "reports/record/text.hpp"
#include "reports/table/run_csv.hpp"

namespace gibbon::reports::page {
namespace {

// In the order in which they use each other.
constexpr std::array kScripts{&embedded::state_js,   &embedded::theme_js, &embedded::controls_js,
                              &embedded::curve_js,   &embedded::walk_js,  &embedded::changes_js,
                              &embedded::classes_js, &embedded::radii_js, &embedded::distances_js,
                              &embedded::start_js};

// As a picture: what an SVG holds, whoever wrote it, neither runs nor ends the element around it.
std::string without_script(std::string_view svg) {
  if (svg.empty()) return "";
  return fmt::format(
      "<noscript><div class=\"card scroll\"><img alt=\"accuracy over perturbation size; the tables "
      "below have its numbers\" src=\"data:image/svg+xml;base64,{}\"/></div></noscript>\n",
      formats::to_base64(svg));
}

// Levels of a cell's colour, since the page's policy allows no style in an element.
std::string heat_levels() {
  std::string css;
  for (int level = 0; level <= 100; ++level)
    css += fmt::format(".v{} {{ --v: {:.2f}; }}\n", level, level / 100.0);
  return css;
}

constexpr std::string_view kCurve = R"html(<section id="accuracy">
<h2>Accuracy over perturbation size</h2>
<div data-needs-script="" hidden="hidden">
<div class="row" id="curve-controls"></div>
<div class="chart"><canvas id="curve" role="img" tabindex="0"></canvas>
<div class="tip" id="curve-tip" hidden="hidden"></div></div>
<div class="row legend" id="curve-legend" role="group" aria-label="Curves shown"></div>
<p class="facts">Bands are 95 % Wilson intervals; images misclassified without
attack count as not correct. Point at a curve for its band and counts; a click, the arrow keys or the slider choose ε.</p>
</div>
)html";

std::string download(std::string_view name, std::string_view type, std::string_view bytes) {
  if (bytes.empty()) return "";
  const std::size_t dot = name.rfind('.');
  std::string format(name.substr(dot + 1));
  std::ranges::transform(format, format.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return fmt::format("<a download=\"{}\" href=\"data:{};base64,{}\">{}</a>\n", name, type,
                     formats::to_base64(bytes), format);
}

// Inside the page, which may be moved without the files beside it.
std::string downloads(std::span<const PageRun> runs, const ChartFiles& chart) {
  std::vector<record::NamedRun> named;
  for (std::size_t r = 0; r < runs.size(); ++r)
    if (!runs[r].run->curve.empty())
      named.push_back({.name = run_name(runs, r), .run = runs[r].run});
  const std::string csv = named.empty() ? "" : table::to_curves_csv(named);
  const std::string links = download("curve.svg", "image/svg+xml", chart.svg) +
                            download("curve.pdf", "application/pdf", chart.pdf) +
                            download("curve.csv", "text/csv", csv);
  if (links.empty()) return "";
  return "<p class=\"facts downloads\">This chart as a file:\n" + links + "</p>\n";
}

std::string head_section(const record::Run& run) {
  const record::Subject subject = record::subject_of(run);
  std::string html = fmt::format("<h1>{}</h1>\n", record::escape_html(record::question(run)));
  for (const std::string& sentence : record::answers(run)) html += paragraph("answer", sentence);
  return html + paragraph("facts", fmt::format("{} · ε in {}", subject.title(), subject.units));
}

std::string tables_of(const record::Run& run, const record::Subject& subject) {
  const std::vector<record::Panel> panels = record::panels_of(run);
  return band_section(panels, subject) + numbers_section(panels, subject) + distances_table(run) +
         cost_section(run, panels);
}

std::string repeat_section(const record::Subject& subject) {
  if (subject.commands.empty()) return "";
  std::vector<std::string> lines;
  for (const std::string& command : subject.commands) lines.push_back(record::escape_html(command));
  return fmt::format("<h2>Reproduce</h2>\n<pre><code>{}</code></pre>\n", fmt::join(lines, "\n"));
}

std::string diagnosis_section(const record::Run& run, bool named) {
  if (run.diagnosis.empty()) return "";
  return fmt::format("<h2>Diagnosis{}</h2>\n",
                     named ? record::escape_html(" of " + record::subject_of(run).model) : "") +
         list(run.diagnosis);
}

std::string title_of(std::span<const PageRun> runs) {
  std::vector<std::string> titles;
  for (const PageRun& page : runs) titles.push_back(record::subject_of(*page.run).title());
  return fmt::format("Robustness of {}", fmt::join(titles, " and "));
}

}  // namespace

std::string to_html(std::span<const PageRun> runs, const ChartFiles& chart,
                    const Comparison& comparison) {
  ContentPolicy policy;
  const std::string style = policy.style(std::string(embedded::page_css) + heat_levels());
  const bool several = runs.size() > 1;
  std::string body = several ? summary_section(runs) : head_section(*runs.front().run);
  body += verdicts_section(comparison);
  body += kCurve;
  body += without_script(chart.svg) + downloads(runs, chart) + "</section>\n";
  std::string diagnosis;
  for (const PageRun& page : runs) diagnosis += diagnosis_section(*page.run, several);
  body += explore_section(diagnosis);
  for (const PageRun& page : runs) {
    const record::Subject subject = record::subject_of(*page.run);
    if (several) body += fmt::format("<h2>{}</h2>\n", record::escape_html(subject.title()));
    body += tables_of(*page.run, subject) + comparison_section(*page.run, subject) +
            repeat_section(subject) + provenance_section(*page.run);
  }
  body += "</main>\n" + policy.script(embedded::chart_min_js);
  body += fmt::format("<script type=\"application/json\" id=\"data\">{}</script>\n",
                      to_script_json(page_data(runs, comparison)));
  for (const std::string_view* code : kScripts) body += policy.script(*code);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n{}"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<link rel=\"icon\" href=\"data:,\"/>\n<title>{}</title>\n{}</head>\n<body>\n<main>\n{}"
      "</body>\n</html>\n",
      policy.meta(), record::escape_html(title_of(runs)), style, body);
}

}  // namespace gibbon::reports::page
