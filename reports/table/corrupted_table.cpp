// SPDX-License-Identifier: MIT
#include "reports/table/corrupted_table.hpp"

#include <fmt/format.h>

#include "reports/record/text.hpp"
#include "reports/table/value.hpp"

namespace gibbon::reports::table {
namespace {

Share share_of(const record::Count& count) { return {.k = count.k, .n = count.n}; }

std::string with_interval(const record::Count& count, const record::Interval& interval) {
  return fmt::format("{} ({} of {}; 95 % interval {}-{} %)", record::percent(count.share()),
                     count.k, count.n, record::low_end(interval.low),
                     record::high_end(interval.high));
}

std::string with_interval(const record::Count& count) {
  return with_interval(count, record::wilson95(count.k, count.n));
}

Table corruption_table(const record::Corrupted& all) {
  Table table{.title = "Accuracy per corruption and severity",
              .columns = {{.head = "severity", .align = Align::kLeft}}};
  for (const std::uint64_t severity : all.severities) {
    table.columns.push_back({.head = fmt::format("{}", severity)});
  }
  table.columns.push_back({.head = "mean"});
  for (std::size_t k = 0; k < all.corruptions.size(); ++k) {
    std::vector<Cell> row{all.corruptions[k].name};
    record::Count pooled;
    for (std::size_t s = 0; s < all.severities.size(); ++s) {
      const record::Count count = record::count_at(all, k, s);
      row.emplace_back(record::percent_number(count.share()));
      pooled.k += count.k;
      pooled.n += count.n;
    }
    row.emplace_back(record::percent_number(pooled.share()));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table severity_table(const record::Corrupted& all) {
  Table table{.title = "Accuracy per severity",
              .columns = {{.head = "severity", .align = Align::kLeft},
                          {.head = "mean"},
                          {.head = "worst case", .role = Role::kWorstCase}}};
  for (std::size_t s = 0; s < all.severities.size(); ++s) {
    const record::Count pooled = record::pooled_count(all, s);
    const record::Interval interval = record::pooled95(pooled, all.samples.size());
    table.rows.push_back(
        {fmt::format("{}", all.severities[s]),
         fmt::format("{}  {}  [{:>5}, {:>5}]", record::pad_left(record::percent(pooled.share()), 7),
                     record::pad_left(fmt::format("{}/{}", pooled.k, pooled.n),
                                      fmt::formatted_size("{0}/{0}", pooled.n)),
                     record::low_end(interval.low), record::high_end(interval.high)),
         share_of(record::worst_count(all, s))});
  }
  return table;
}

Table search_table(const record::Corrupted& all) {
  Table table{.title = "Accuracy under rotations and translations",
              .columns = {{.head = "poses", .align = Align::kLeft}, {.head = "accuracy"}}};
  for (std::size_t k = 0; k < all.searches.size(); ++k) {
    table.rows.push_back({all.searches[k], share_of(record::posed_count(all, k))});
  }
  return table;
}

}  // namespace

std::string to_corrupted_table(const record::Corrupted& all, const Screen& screen) {
  const record::Count clean = record::clean_count(all);
  std::string text =
      fmt::format("{} on {}, n = {}\nclean accuracy {}\n", printable(all.model),
                  printable(all.data), record::grouped(clean.n), with_interval(clean));
  if (!all.corruptions.empty()) {
    text += fmt::format(
        "\nCommon corruptions: accuracy in % of n = {} (95 % Wilson intervals: "
        "corruptions.csv)\n{}",
        record::grouped(clean.n), render_text_blocks(corruption_table(all), screen));
    text += fmt::format(
        "\nOver {} corruption{}: mean over their pictures, and samples correct under every one\n{}",
        all.corruptions.size(), all.corruptions.size() == 1 ? "" : "s",
        render_text_blocks(severity_table(all), screen));
    const record::CorruptionErrors errors = record::corruption_errors(all);
    text += fmt::format(
        "\nmean corruption error {} of {} pictures; {} points more than clean; {} of the clean "
        "accuracy is kept\n",
        record::percent(errors.mean),
        record::grouped(clean.n * all.corruptions.size() * all.severities.size()),
        fmt::format("{:.1f}", 100.0 * errors.relative), record::percent(errors.kept));
  }
  if (!all.searches.empty()) {
    text += fmt::format(
        "\nRotations up to ±{:g}°, shifts up to ±{:g} pixels down and ±{:g} right\n{}",
        all.box.at("max_rotation").get<double>(), all.box.at("max_down").get<double>(),
        all.box.at("max_right").get<double>(), render_text_blocks(search_table(all), screen));
  }
  return text + fmt::format("\ncorrect clean and under everything above: {}\n",
                            with_interval(record::worst_of_all(all)));
}

}  // namespace gibbon::reports::table
