// SPDX-License-Identifier: MIT
#include "reports/page/html_tables.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>

#include "reports/formats/queries.hpp"
#include "reports/page/html_parts.hpp"
#include "reports/record/text.hpp"
#include "reports/table/html_table.hpp"
#include "reports/table/render.hpp"
#include "reports/table/run_tables.hpp"

namespace gibbon::reports::page {
namespace {

using Json = nlohmann::ordered_json;

std::string panel_heading(const record::Panel& panel, const record::Subject& subject) {
  return fmt::format("<h3>{}</h3>\n", record::escape_html(table::panel_title(panel, subject)));
}

// "wrong" counts what is not correct, clean errors included, before and after rounding to 8 bits.
std::string rounded_text(const record::CurvePoint& point) {
  if (!point.has_rounded) return "–";
  return fmt::format("{} of {}",
                     record::grouped(point.n - std::min(point.n, point.correct_rounded)),
                     record::grouped(point.n - point.correct));
}

std::string target_text(const record::CurvePoint& point) {
  return point.targeted_n == 0 ? "–" : table::count_of(point.target_reached, point.targeted_n);
}

std::vector<std::string> detail_heads() {
  std::vector<std::string> heads{"ε",
                                 "attack",
                                 "correct of those correct without attack",
                                 "count",
                                 "confidence in the wrong class, mean",
                                 "median"};
  for (const Norm norm : kStoredNorms) {
    heads.push_back(fmt::format("mean {}{}", info_of(norm).symbol,
                                norm == kStoredNorms.front() ? " of successful attacks" : ""));
  }
  heads.insert(heads.end(),
               {"adversarial as 8-bit PNG", "target reached", "broken by a smaller ε only"});
  return heads;
}

std::string detail_row(const record::Series& series, const record::CurvePoint& point, bool first) {
  std::vector<std::string> cells{
      record::percent(point.accuracy_on_clean_correct()),
      table::count_of(point.correct, point.clean_correct),
      record::percent(point.mean_wrong_confidence),
      record::percent(point.median_wrong_confidence),
  };
  for (const double mean : point.mean_distance.values) cells.push_back(record::compact(mean));
  cells.insert(cells.end(),
               {rounded_text(point), target_text(point), record::grouped(point.carried)});
  std::string row = fmt::format(R"(<tr class="{}{}">{}<td class="left">{}</td>)",
                                table::css_of(table::role_of(series)), first ? " group" : "",
                                table::row_head(first ? record::epsilon_text(point.epsilon) : ""),
                                table::breakable(series.name));
  for (const std::string& cell : cells)
    row += fmt::format("<td>{}</td>", record::escape_html(cell));
  return row + "</tr>\n";
}

std::string detail_table(const record::Panel& panel) {
  std::string head;
  for (const std::string& text : detail_heads()) head += table::head_cell(text);
  std::string body;
  for (const double epsilon : panel.epsilons) {
    bool first = true;
    for (const record::Series& series : panel.series)
      if (const record::CurvePoint* point = series.at(epsilon); point != nullptr) {
        body += detail_row(series, *point, first);
        first = false;
      }
  }
  return table::html_table(
      "Details by perturbation size and attack, " + record::norm_symbol(panel.norm), "details",
      head, body);
}

std::string class_cell(std::uint64_t correct, std::uint64_t n) {
  if (n == 0) return "<td>–</td>";
  const double share = static_cast<double>(correct) / static_cast<double>(n);
  return fmt::format(R"(<td class="heat v{:.0f}" title="{}">{}</td>)", 100.0 * share,
                     table::count_of(correct, n), record::percent_number(share));
}

/// All classes, but of networks with a great many only those that the samples have.
std::vector<std::size_t> shown_classes(const std::vector<std::uint64_t>& class_n) {
  constexpr std::size_t kMany = 50;
  std::vector<std::size_t> shown;
  for (std::size_t c = 0; c < class_n.size(); ++c)
    if (class_n.size() <= kMany || class_n[c] > 0) shown.push_back(c);
  return shown;
}

std::string class_table(const record::Panel& panel, const record::Series& series,
                        const record::Subject& subject) {
  const record::CurvePoint& first = *series.points.front();
  if (first.class_n.empty()) return "";
  std::string head = table::head_cell("ε");
  const std::vector<std::size_t> classes = shown_classes(first.class_n);
  for (const std::size_t c : classes)
    head += fmt::format(
        "<th scope=\"col\">{}<small>n = {}</small></th>",
        record::escape_html(record::class_name(subject.class_names, static_cast<int>(c))),
        record::grouped(first.class_n[c]));
  std::string body;
  for (const record::CurvePoint* point : series.points) {
    body += "<tr>" + table::row_head(record::epsilon_text(point->epsilon));
    for (const std::size_t c : classes)
      body += class_cell(point->class_correct.at(c), point->class_n.at(c));
    body += "</tr>\n";
  }
  const std::string label = fmt::format("{}, {}: accuracy in % per true class", series.name,
                                        record::norm_symbol(panel.norm));
  return fmt::format("<h3>{}</h3>\n", record::escape_html(label)) +
         table::html_table(label, "classes", head, body);
}

std::string classes_tables(std::span<const record::Panel> panels, const record::Subject& subject) {
  std::string html;
  for (const record::Panel& panel : panels)
    if (const record::Series* series = panel.strongest(); series != nullptr)
      html += class_table(panel, *series, subject);
  return html;
}

std::string scalar_text(const Json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_plain_list(const Json& value) {
  return value.is_array() && std::none_of(value.begin(), value.end(),
                                          [](const Json& item) { return item.is_structured(); });
}

// One row per leaf, its path as in "model.layers[0].units"; a list of plain values is one row.
void add_provenance(const Json& value, const std::string& path, table::Table& rows) {
  if (value.is_object()) {
    for (const auto& [key, child] : value.items())
      add_provenance(child, path.empty() ? key : fmt::format("{}.{}", path, key), rows);
  } else if (value.is_array() && !is_plain_list(value)) {
    for (std::size_t i = 0; i < value.size(); ++i)
      add_provenance(value[i], fmt::format("{}[{}]", path, i), rows);
  } else {
    std::vector<std::string> texts;
    if (value.is_array())
      std::transform(value.begin(), value.end(), std::back_inserter(texts), scalar_text);
    else
      texts.push_back(scalar_text(value));
    rows.rows.push_back({path, fmt::format("{}", fmt::join(texts, ", "))});
  }
}

// The budget at which a norm's strongest series stands nearest to one half: there is most to see.
double telling_epsilon(const record::Panel& panel) {
  const record::Series* series = panel.strongest();
  if (series == nullptr) series = &panel.series.front();
  const auto nearest = std::min_element(
      series->points.begin(), series->points.end(), [](const auto* a, const auto* b) {
        return std::abs(a->accuracy() - 0.5) < std::abs(b->accuracy() - 0.5);
      });
  return (*nearest)->epsilon;
}

// Accuracy after 1, 10, 100, … passes, at the ε of each norm where there is most to see.
std::string passes_tables(const record::Run& run, std::span<const record::Panel> panels) {
  std::string html;
  for (const record::Panel& panel : panels) {
    if (panel.series.empty()) continue;
    const double epsilon = telling_epsilon(panel);
    std::vector<std::pair<const record::CurvePoint*, std::vector<formats::QueryPoint>>> curves;
    std::uint64_t most = 0;
    for (std::size_t row = 0; row < run.curve.size(); ++row) {
      const record::CurvePoint& point = run.curve[row];
      if (point.norm != panel.norm || point.epsilon != epsilon) continue;
      auto curve = formats::query_curve(run, row);
      if (curve.empty()) continue;
      most = std::max(most, curve.back().queries);
      curves.emplace_back(&point, std::move(curve));
    }
    if (curves.empty()) continue;
    std::string head = table::head_cell("attack");
    std::vector<std::uint64_t> columns;
    for (std::uint64_t queries = 1; queries < 10 * most; queries *= 10) columns.push_back(queries);
    for (const std::uint64_t queries : columns) head += table::head_cell(record::grouped(queries));
    std::string rows;
    for (const auto& [point, curve] : curves) {
      rows += fmt::format("<tr><th scope=\"row\">{}</th>",
                          table::breakable(record::display_name(run, point->attack, point->kind)));
      for (const std::uint64_t queries : columns) {
        std::uint64_t correct = curve.back().correct;
        for (const formats::QueryPoint& at : curve)
          if (at.queries <= queries) correct = at.correct;
        rows += fmt::format("<td>{}</td>", record::percent(static_cast<double>(correct) /
                                                           static_cast<double>(point->n)));
      }
      rows += "</tr>\n";
    }
    html += fmt::format("<h3>{}, ε = {}</h3>\n", record::norm_symbol(panel.norm),
                        record::epsilon_text(epsilon)) +
            table::html_table("Accuracy by passes", "numbers", head, rows);
  }
  if (html.empty()) return {};
  return paragraph("facts",
                   "Robust accuracy after this many passes (forward or backward) per image. All "
                   "budgets: queries.csv.") +
         html;
}

// A number of the provenance, which older or other programs may have left out.
double number_at(const Json& entry, const char* key) {
  const auto found = entry.find(key);
  return found != entry.end() && found->is_number() ? found->get<double>() : std::nan("");
}

std::vector<table::Cell> cost_row(const std::string& name, const Json& cost, double n) {
  const double passes = number_at(cost, "forwards") + number_at(cost, "backwards");
  const double seconds = number_at(cost, "seconds");
  const auto cell = [](double value, int decimals) {
    return std::isfinite(value) ? table::Cell(fmt::format("{:.{}f}", value, decimals))
                                : table::Cell(table::Missing{});
  };
  constexpr double kMicro = 1e6;
  return {table::Name{name},
          cell(number_at(cost, "forwards"), 0),
          cell(number_at(cost, "backwards"), 0),
          cell(passes / n, 1),
          cell(seconds, 2),
          cell(kMicro * seconds / passes, 2)};
}

std::string cost_table(const record::Run& run) {
  const auto cost = run.provenance.find("cost");
  if (cost == run.provenance.end() || !cost->is_object() || cost->empty()) return {};
  table::Table costs{.title = "Cost per attack",
                     .columns = {{.head = "attack and norm", .align = table::Align::kLeft},
                                 {.head = "forward passes"},
                                 {.head = "backward passes"},
                                 {.head = "passes per image"},
                                 {.head = "seconds"},
                                 {.head = "µs per pass"}}};
  const auto n = static_cast<double>(record::subject_of(run).n);
  for (const auto& [name, entry] : cost->items()) costs.rows.push_back(cost_row(name, entry, n));
  return paragraph("facts",
                   "Passes are those of one image through the model; seconds are summed over all "
                   "threads, judging included.") +
         render_html(costs, "numbers");
}

}  // namespace

std::string numbers_section(std::span<const record::Panel> all, const record::Subject& subject) {
  std::vector<record::Panel> panels;
  std::ranges::copy_if(all, std::back_inserter(panels),
                       [](const record::Panel& panel) { return !panel.series.empty(); });
  if (panels.empty()) return {};
  std::string html =
      "<h2>Numbers</h2>\n" + paragraph("facts",
                                       "Each cell: accuracy, correct of n, 95 % Wilson interval. "
                                       "Images misclassified without attack count as not correct.");
  for (const record::Panel& panel : panels)
    html += panel_heading(panel, subject) + render_html(table::accuracy_table(panel), "accuracy");
  std::string details =
      paragraph("facts",
                "Confidences and distances are means over the adversarial images. "
                "Adversarial as 8-bit PNG: misclassified after rounding / misclassified "
                "before; both include images that are misclassified without attack.");
  for (const record::Panel& panel : panels)
    details += panel_heading(panel, subject) + detail_table(panel);
  html += folded("Details: confidences, distances, 8-bit rounding", details);
  const std::string classes = classes_tables(panels, subject);
  if (!classes.empty()) html += folded("Per class, strongest attack of each norm", classes);
  return html;
}

std::string cost_section(const record::Run& run, std::span<const record::Panel> panels) {
  const std::string html = cost_table(run) + passes_tables(run, panels);
  return html.empty() ? html : "<h2>Cost</h2>\n" + html;
}

std::string distances_table(const record::Run& run) {
  table::Table distances = table::distance_table(run);
  if (distances.rows.empty()) return {};
  distances.columns[0].head = "attack";
  distances.columns[2].head = "broken";
  return paragraph("facts",
                   "Smallest perturbation that changes the prediction, over all images; 0 if "
                   "misclassified without attack. A quarter of the images break within the lower "
                   "quartile, half within the median.") +
         render_html(distances, "numbers");
}

std::string comparison_section(const record::Run& run, const record::Subject& subject) {
  std::vector<std::string> entries = subject.not_comparable;
  entries.insert(
      entries.end(),
      {fmt::format(
           "numbers from other images than these {} of {}, or from inputs in other units than {}",
           record::grouped(subject.n), subject.data_and_split(), subject.units),
       "the same ε in another norm: the sets of allowed images differ"});
  if (!run.curve.empty())
    entries.emplace_back(
        "runs with other attacks or other attack options: each number here is an upper bound of "
        "robust accuracy, and a stronger attack can only lower it");
  entries.emplace_back(run.certificates.empty() ? "certified accuracy, which is a lower bound"
                                                : "certificates of another level of soundness");
  return "<h2>Not comparable with</h2>\n" + list(entries);
}

std::string provenance_section(const record::Run& run) {
  Json provenance = run.provenance;
  for (const record::Certificates& certificates : run.certificates)
    provenance["certificates"][certificates.norm] = certificates.provenance;
  table::Table rows{.title = "Provenance",
                    .columns = {{.head = "key", .align = table::Align::kLeft},
                                {.head = "value", .align = table::Align::kLeft}}};
  add_provenance(provenance, "", rows);
  return folded("Provenance", render_html(rows, "provenance"));
}

}  // namespace gibbon::reports::page
