// SPDX-License-Identifier: MIT
#include "eval/cli/training_summary.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/printable.hpp"

namespace gibbon::eval::cli {
namespace {

constexpr std::size_t kMostClasses = 20;
constexpr std::size_t kMistakes = 10;

struct Confusion {
  std::size_t classes = 0;
  std::vector<std::uint64_t> counts;  ///< [true · classes + predicted]

  [[nodiscard]] std::uint64_t at(std::size_t label, std::size_t answer) const {
    return counts[label * classes + answer];
  }
  [[nodiscard]] std::uint64_t of(std::size_t label) const {
    std::uint64_t sum = 0;
    for (std::size_t c = 0; c < classes; ++c) sum += at(label, c);
    return sum;
  }
};

std::string matrix(const Confusion& confusion, std::span<const std::string> names,
                   const reports::table::Screen& screen) {
  reports::table::Table table{.title = "Confusion matrix",
                              .columns = {{.head = "true", .align = reports::table::Align::kLeft}}};
  for (std::size_t c = 0; c < confusion.classes; ++c)
    table.columns.push_back({.head = printable(names[c])});
  for (std::size_t label = 0; label < confusion.classes; ++label) {
    std::vector<reports::table::Cell> row{printable(names[label])};
    for (std::size_t c = 0; c < confusion.classes; ++c) {
      const std::uint64_t count = confusion.at(label, c);
      row.emplace_back(count == 0 ? "." : fmt::format("{}", count));
    }
    table.rows.push_back(std::move(row));
  }
  return "confusion matrix, predicted class in columns:\n" +
         reports::table::render_text_blocks(table, screen);
}

std::string mistakes(const Confusion& confusion, std::span<const std::string> names) {
  struct Mistake {
    std::size_t label;
    std::size_t answer;
    std::uint64_t count;
  };
  std::vector<Mistake> all;
  for (std::size_t label = 0; label < confusion.classes; ++label)
    for (std::size_t c = 0; c < confusion.classes; ++c)
      if (c != label && confusion.at(label, c) > 0)
        all.push_back({label, c, confusion.at(label, c)});
  std::ranges::stable_sort(all, std::greater<>(), &Mistake::count);
  std::string text = all.empty() ? "no mistakes\n" : "most frequent mistakes:\n";
  for (const auto& [label, answer, count] : std::span(all).first(std::min(kMistakes, all.size()))) {
    text += fmt::format("  {} taken for {}: {} of {}\n", printable(names[label]),
                        printable(names[answer]), count, confusion.of(label));
  }
  return text;
}

}  // namespace

std::string confusion_text(Labels labels, std::span<const std::uint32_t> predicted,
                           std::span<const std::string> class_names,
                           const reports::table::Screen& screen) {
  // A model may have classes that the data do not show.
  std::size_t classes = class_names.size();
  for (const std::uint32_t answer : predicted)
    classes = std::max<std::size_t>(classes, answer + 1U);
  std::vector<std::string> names(class_names.begin(), class_names.end());
  for (std::size_t c = names.size(); c < classes; ++c) names.push_back(std::to_string(c));
  Confusion confusion{.classes = classes, .counts = std::vector<std::uint64_t>(classes * classes)};
  for (std::size_t n = 0; n < predicted.size(); ++n)
    ++confusion.counts[static_cast<std::size_t>(labels[n]) * classes + predicted[n]];
  return classes <= kMostClasses ? matrix(confusion, names, screen) : mistakes(confusion, names);
}

std::vector<reports::figure::HistoryPoint> history_points(
    std::span<const models::train::EpochRecord> history) {
  std::vector<reports::figure::HistoryPoint> out;
  for (const models::train::EpochRecord& r : history) {
    out.push_back({.epoch = r.epoch, .loss = r.loss, .accuracy = r.accuracy});
    if (!r.validation) continue;
    out.back().validation_loss = r.validation->loss;
    out.back().validation_accuracy = r.validation->accuracy;
  }
  return out;
}

}  // namespace gibbon::eval::cli
