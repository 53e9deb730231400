#include "reports/page/html_tables.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>

#include "reports/formats/queries.hpp"
#include "reports/page/html_parts.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::page {
namespace {

using Json = nlohmann::ordered_json;

std::string interval_text(const record::CurvePoint& point) {
  const record::Interval interval = record::wilson95(point.correct, point.n);
  return fmt::format("{}–{}", record::low_end(interval.low), record::high_end(interval.high));
}

std::string series_name(const record::Series& series) {
  return series.kind == "control" ? series.attack + " (noise)" : series.attack;
}

std::string_view css_of(const record::Series& series) {
  if (series.kind == "worst-case") return "worst";
  return series.kind == "control" ? "control" : "attack";
}

std::string panel_heading(const record::Panel& panel, const record::Subject& subject) {
  return fmt::format("<h3>{}, ε in {}</h3>\n", record::escape_html(record::norm_symbol(panel.norm)),
                     record::escape_html(record::norm_unit(panel.norm, subject.units)));
}

std::string accuracy_cell(const record::CurvePoint* point, std::string_view css) {
  if (point == nullptr) return "<td>–</td>";
  return fmt::format("<td class=\"{}\">{}<small>{}</small><small>{} %</small></td>", css,
                     record::escape_html(record::percent(point->accuracy())),
                     count_of(point->correct, point->n), interval_text(*point));
}

std::string accuracy_table(const record::Panel& panel) {
  std::string head = head_cell("ε");
  std::string body;
  for (const record::Series& series : panel.series)
    head += fmt::format(R"(<th scope="col" class="{}">{}</th>)", css_of(series),
                        breakable(series_name(series)));
  for (const double epsilon : panel.epsilons) {
    body += "<tr>" + row_head(record::epsilon_text(epsilon));
    for (const record::Series& series : panel.series)
      body += accuracy_cell(series.at(epsilon), css_of(series));
    body += "</tr>\n";
  }
  return table("Accuracy by perturbation size and attack, " + record::norm_symbol(panel.norm),
               "accuracy", head, body);
}

// "wrong" counts what is not correct, clean errors included, before and after rounding to 8 bits.
std::string rounded_text(const record::CurvePoint& point) {
  if (!point.has_rounded) return "–";
  return fmt::format("{} of {}",
                     record::grouped(point.n - std::min(point.n, point.correct_rounded)),
                     record::grouped(point.n - point.correct));
}

std::string target_text(const record::CurvePoint& point) {
  return point.targeted_n == 0 ? "–" : count_of(point.target_reached, point.targeted_n);
}

constexpr std::array kDetailHeads{"ε",
                                  "attack",
                                  "correct of those right without attack",
                                  "count",
                                  "confidence in the wrong class, mean",
                                  "median",
                                  "mean l₀ of what fooled",
                                  "mean l₁",
                                  "mean l₂",
                                  "mean l∞",
                                  "stay adversarial as 8-bit PNG",
                                  "target reached",
                                  "broken by a smaller ε only"};

std::string detail_row(const record::Series& series, const record::CurvePoint& point, bool first) {
  const std::array<std::string, 11> cells{record::percent(point.accuracy_on_clean_correct()),
                                          count_of(point.correct, point.clean_correct),
                                          record::percent(point.mean_wrong_confidence),
                                          record::percent(point.median_wrong_confidence),
                                          record::compact(point.mean_distance[0]),
                                          record::compact(point.mean_distance[1]),
                                          record::compact(point.mean_distance[2]),
                                          record::compact(point.mean_distance[3]),
                                          rounded_text(point),
                                          target_text(point),
                                          record::grouped(point.carried)};
  std::string row = fmt::format(
      R"(<tr class="{}{}">{}<td class="left">{}</td>)", css_of(series), first ? " group" : "",
      row_head(first ? record::epsilon_text(point.epsilon) : ""), breakable(series_name(series)));
  for (const std::string& cell : cells)
    row += fmt::format("<td>{}</td>", record::escape_html(cell));
  return row + "</tr>\n";
}

std::string detail_table(const record::Panel& panel) {
  std::string head;
  for (const char* text : kDetailHeads) head += head_cell(text);
  std::string body;
  for (const double epsilon : panel.epsilons) {
    bool first = true;
    for (const record::Series& series : panel.series)
      if (const record::CurvePoint* point = series.at(epsilon); point != nullptr) {
        body += detail_row(series, *point, first);
        first = false;
      }
  }
  return table("Details by perturbation size and attack, " + record::norm_symbol(panel.norm),
               "details", head, body);
}

std::string class_cell(std::uint64_t correct, std::uint64_t n) {
  if (n == 0) return "<td>–</td>";
  const double share = static_cast<double>(correct) / static_cast<double>(n);
  return fmt::format(R"(<td class="heat v{:.0f}" title="{}">{}</td>)", 100.0 * share,
                     count_of(correct, n), record::percent_number(share));
}

std::string class_table(const record::Panel& panel, const record::Series& series,
                        const record::Subject& subject) {
  const record::CurvePoint& first = *series.points.front();
  if (first.class_n.empty()) return "";
  std::string head = head_cell("ε");
  for (std::size_t c = 0; c < first.class_n.size(); ++c)
    head += fmt::format(
        "<th scope=\"col\">{}<small>n = {}</small></th>",
        record::escape_html(record::class_name(subject.class_names, static_cast<int>(c))),
        record::grouped(first.class_n[c]));
  std::string body;
  for (const record::CurvePoint* point : series.points) {
    body += "<tr>" + row_head(record::epsilon_text(point->epsilon));
    for (std::size_t c = 0; c < point->class_n.size(); ++c)
      body += class_cell(point->class_correct.at(c), point->class_n[c]);
    body += "</tr>\n";
  }
  const std::string label = fmt::format("{}, {}: accuracy in % per true class", series.attack,
                                        record::norm_symbol(panel.norm));
  return fmt::format("<h3>{}</h3>\n", record::escape_html(label)) +
         table(label, "classes", head, body);
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
std::string provenance_rows(const Json& value, const std::string& path) {
  std::string rows;
  if (value.is_object()) {
    for (const auto& [key, child] : value.items())
      rows += provenance_rows(child, path.empty() ? key : fmt::format("{}.{}", path, key));
    return rows;
  }
  if (value.is_array() && !is_plain_list(value)) {
    for (std::size_t i = 0; i < value.size(); ++i)
      rows += provenance_rows(value[i], fmt::format("{}[{}]", path, i));
    return rows;
  }
  std::vector<std::string> texts;
  if (value.is_array())
    std::transform(value.begin(), value.end(), std::back_inserter(texts), scalar_text);
  else
    texts.push_back(scalar_text(value));
  return fmt::format("<tr>{}<td>{}</td></tr>\n", row_head(path),
                     record::escape_html(fmt::format("{}", fmt::join(texts, ", "))));
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
    std::string head = head_cell("attack");
    std::vector<std::uint64_t> columns;
    for (std::uint64_t queries = 1; queries < 10 * most; queries *= 10) columns.push_back(queries);
    for (const std::uint64_t queries : columns) head += head_cell(record::grouped(queries));
    std::string rows;
    for (const auto& [point, curve] : curves) {
      rows += fmt::format("<tr><th scope=\"row\">{}</th>", breakable(point->attack));
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
            table("Accuracy by passes", "numbers", head, rows);
  }
  if (html.empty()) return {};
  return paragraph("facts",
                   "Accuracy that was left when an attack had spent so many passes through the "
                   "model (forward or backward) on each image. All budgets: queries.csv.") +
         html;
}

// A number of the provenance, which older or other programs may have left out.
double number_at(const Json& entry, const char* key) {
  const auto found = entry.find(key);
  return found != entry.end() && found->is_number() ? found->get<double>() : std::nan("");
}

std::string cost_row(std::string_view name, const Json& cost, double n) {
  const double passes = number_at(cost, "forwards") + number_at(cost, "backwards");
  const double seconds = number_at(cost, "seconds");
  const auto cell = [](double value, std::string_view digits) {
    return std::isfinite(value)
               ? fmt::format("<td>{}</td>", fmt::format(fmt::runtime(digits), value))
               : std::string("<td>–</td>");
  };
  return fmt::format(
      "<tr>{}{}{}{}{}{}</tr>\n", fmt::format("<th scope=\"row\">{}</th>", breakable(name)),
      cell(number_at(cost, "forwards"), "{:.0f}"), cell(number_at(cost, "backwards"), "{:.0f}"),
      cell(passes / n, "{:.1f}"), cell(seconds, "{:.2f}"), cell(1e6 * seconds / passes, "{:.2f}"));
}

std::string cost_table(const record::Run& run) {
  const auto cost = run.provenance.find("cost");
  if (cost == run.provenance.end() || !cost->is_object() || cost->empty()) return {};
  std::string rows;
  const auto n = static_cast<double>(record::subject_of(run).n);
  for (const auto& [name, entry] : cost->items()) rows += cost_row(name, entry, n);
  return paragraph("facts",
                   "Passes are those of one image through the model; seconds are summed over all "
                   "threads, judging included.") +
         table("Cost per attack", "numbers",
               head_cell("attack and norm") + head_cell("forward passes") +
                   head_cell("backward passes") + head_cell("passes per image") +
                   head_cell("seconds") + head_cell("µs per pass"),
               rows);
}

}  // namespace

std::string numbers_section(std::span<const record::Panel> all, const record::Subject& subject) {
  std::vector<record::Panel> panels;
  std::ranges::copy_if(all, std::back_inserter(panels),
                       [](const record::Panel& panel) { return !panel.series.empty(); });
  if (panels.empty()) return {};
  std::string html =
      "<h2>Numbers</h2>\n" +
      paragraph(
          "facts",
          "Each cell: accuracy, correct of n, 95 % Wilson interval. An image that is wrong without "
          "attack counts as not correct.");
  for (const record::Panel& panel : panels)
    html += panel_heading(panel, subject) + accuracy_table(panel);
  std::string details = paragraph(
      "facts",
      "Confidences and distances are means over the images that fooled the model. Stay "
      "adversarial as 8-bit PNG: wrong answers after rounding, of the wrong answers before; "
      "both include images that are wrong without attack.");
  for (const record::Panel& panel : panels)
    details += panel_heading(panel, subject) + detail_table(panel);
  html += folded("Details: confidences, distances, 8-bit rounding", details);
  const std::string classes = classes_tables(panels, subject);
  if (!classes.empty()) html += folded("Per class, strongest attack of each norm", classes);
  return html;
}

std::string cost_section(const record::Run& run, std::span<const record::Panel> panels) {
  const std::string html = cost_table(run) + passes_tables(run, panels);
  return html.empty() ? html : "<h2>What it cost</h2>\n" + html;
}

std::string distances_table(const record::Run& run) {
  if (run.distances.empty()) return {};
  std::string rows;
  for (const record::DistanceSummary& d : run.distances) {
    const auto cell = [](double value) {
      return fmt::format("<td>{}</td>", std::isinf(value) ? "not found" : record::compact(value));
    };
    rows += fmt::format("<tr>{}<td>{}</td><td>{}</td>{}{}{}</tr>\n",
                        fmt::format("<th scope=\"row\">{}</th>", breakable(d.attack)),
                        record::escape_html(record::norm_symbol(d.norm)), count_of(d.found, d.n),
                        cell(d.lower_quartile), cell(d.median), cell(d.upper_quartile));
  }
  return paragraph("facts",
                   "How far an image has to be moved before the model is wrong, over all images: "
                   "wrong without attack counts as 0. A quarter of the images is broken within the "
                   "lower quartile, half within the median.") +
         table("Smallest distances", "numbers",
               head_cell("attack") + head_cell("norm") + head_cell("broken") +
                   head_cell("lower quartile") + head_cell("median") + head_cell("upper quartile"),
               rows);
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
        "runs with other attacks or other settings of them: each number here is what these attacks "
        "left "
        "over, an upper limit of the robustness, and a stronger attack can only lower it");
  entries.emplace_back(run.certificates.empty() ? "certified robustness, which is a lower limit"
                                                : "certificates of another level of soundness");
  return "<h2>Not comparable with</h2>\n" + list(entries);
}

std::string provenance_section(const record::Run& run) {
  Json provenance = run.provenance;
  for (const record::Certificates& certificates : run.certificates)
    provenance["certificates"][certificates.norm] = certificates.provenance;
  return "<h2>Provenance</h2>\n" + table("Provenance", "provenance",
                                         head_cell("key") + head_cell("value"),
                                         provenance_rows(provenance, ""));
}

}  // namespace gibbon::reports::page
