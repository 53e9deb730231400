// SPDX-License-Identifier: MIT
#include "reports/page/html.hpp"

#include <array>
#include <fmt/format.h>

#include "generated/embedded.hpp"
#include "reports/formats/base64.hpp"
#include "reports/page/content_policy.hpp"
#include "reports/page/html_parts.hpp"
#include "reports/page/html_tables.hpp"
#include "reports/record/series.hpp"
#include "reports/record/subject.hpp"
#include "reports/record/text.hpp"

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

constexpr std::string_view kCurve = R"html(<h2>Accuracy over perturbation size</h2>
<div data-needs-script="" hidden="hidden">
<div class="row" id="curve-controls"></div>
<div class="chart"><canvas id="curve" role="img" tabindex="0"></canvas>
<div class="tip" id="curve-tip" hidden="hidden"></div></div>
<div class="row legend" id="curve-legend" role="group" aria-label="Curves shown"></div>
<p class="facts">Bands are 95 % Wilson intervals; images misclassified without
attack count as not correct. Point at a curve for its counts; a click, the arrow keys or the slider choose ε.</p>
</div>
)html";

constexpr std::string_view kExplore = R"html(<div data-needs-script="" hidden="hidden">
<div id="controls" role="group" aria-label="Attack and perturbation size">
<label>attack <select id="attack"></select></label>
<label>ε <input type="range" id="epsilon" min="0" max="0" step="1"/></label>
<output id="epsilon-text" for="epsilon"></output>
<button type="button" id="play">▶ play</button>
<span id="verdict" role="status"></span>
</div>
<section id="walk" hidden="hidden">
<h2>Adversarial examples</h2>
<p class="facts"><span id="walk-attack"></span> Each image was rounded to 8 bits, saved, read back and
judged again. Move ε to see it change.</p>
<div class="row"><label>class <select id="walk-class"></select></label>
<label>order <select id="walk-order"></select></label></div>
<div id="walk-samples" role="group" aria-label="Samples"></div>
<p id="walk-empty" hidden="hidden">No sample of this class in the gallery.</p>
<div id="walk-stage">
<h3 id="walk-title"></h3>
<div class="triptych">
<span>x</span><span></span><span id="walk-formula"></span><span></span><span>x′</span>
<canvas id="walk-clean" role="img" aria-label="clean image"></canvas><span class="operator">+</span>
<canvas id="walk-delta" role="img" aria-label="perturbation, blue negative, red positive"></canvas>
<span class="operator">=</span>
<canvas id="walk-adversarial" role="img" aria-label="adversarial image"></canvas>
<span class="under" id="walk-clean-says"></span><span></span>
<span class="under"><i class="scale"></i><span id="walk-scale"></span></span><span></span>
<span class="under"><span id="walk-says" role="status"></span><br/><small id="walk-note"></small></span>
</div>
<div id="walk-bars" role="list" aria-label="Confidence in each class"></div>
</div>
</section>
<section id="changes" hidden="hidden">
<h2>Samples that changed</h2>
<p class="facts"><span class="where"></span>. Where the run folders hold pictures of a sample, they are
shown: as it is, and under attack at this ε, with what the models say to it.</p>
<p id="changes-lost-count"></p>
<ul class="columns" id="changes-lost"></ul>
<p id="changes-gained-count"></p>
<ul class="columns" id="changes-gained"></ul>
</section>
<section id="classes" hidden="hidden">
<h2>Accuracy per class</h2>
<p class="facts"><span class="where"></span>. Thin lines are 95 % Wilson intervals; classes have few
images, so read small differences as chance.</p>
<div class="chart low"><canvas id="classes-chart" role="img"></canvas></div>
</section>
<section id="became" hidden="hidden">
<h2>Confusion matrix</h2>
<p class="facts"><span class="where"></span>. Images by true class (row) and predicted class (column)
at this ε; the diagonal is classified correctly.</p>
<div class="scroll" role="region" tabindex="0" aria-label="Confusion matrix" id="became-table"></div>
</section>
<section id="confidence" hidden="hidden">
<h2>Confidence</h2>
<p class="facts"><span class="where"></span>. Confidence of the model in its prediction, for images
classified correctly and misclassified at this ε.</p>
<div class="chart low"><canvas id="confidence-chart" role="img"></canvas></div>
</section>
<section id="radii" hidden="hidden">
<h2>Certified radius</h2>
<p class="facts" id="radii-text"></p>
<div class="chart low"><canvas id="radii-chart" role="img"></canvas></div>
</section>
<section id="distances" hidden="hidden">
<h2>Smallest distances</h2>
<p class="facts" id="distances-text"></p>
<div class="chart low"><canvas id="distances-chart" role="img"></canvas></div>
</section>
</div>
)html";

std::string head_section(const record::Run& run, const record::Subject& subject) {
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

std::string to_html(std::span<const PageRun> runs, std::string_view curve_svg,
                    const Comparison& comparison) {
  ContentPolicy policy;
  const std::string style = policy.style(std::string(embedded::page_css) + heat_levels());
  std::string body;
  for (const PageRun& page : runs) body += head_section(*page.run, record::subject_of(*page.run));
  body += verdicts_section(comparison);
  body += kCurve;
  body += without_script(curve_svg);
  for (const PageRun& page : runs) body += diagnosis_section(*page.run, runs.size() > 1);
  body += kExplore;
  for (const PageRun& page : runs) {
    const record::Subject subject = record::subject_of(*page.run);
    if (runs.size() > 1) body += fmt::format("<h2>{}</h2>\n", record::escape_html(subject.title()));
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
