// SPDX-License-Identifier: MIT
#include "reports/gallery/likeliest.hpp"

#include <fmt/format.h>

#include "reports/gallery/gallery_set.hpp"
#include "reports/record/text.hpp"
#include "reports/record/top_classes.hpp"

namespace gibbon::reports::gallery {
namespace {

constexpr std::size_t kWidest = 26;  // of a name; longer ones are cut

std::string cut(const std::string& name) {
  std::string text = printable(name);
  if (record::display_width(text) < kWidest) return text;
  while (record::display_width(text) > kWidest - 2) {
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U)
      text.pop_back();
    text.pop_back();
  }
  return text + "…";
}

struct Column {
  std::string head;
  std::span<const float> confidences;
};

std::string table(const GallerySet& set, const std::vector<Column>& columns) {
  std::string text = " ";
  for (const Column& column : columns) text += " " + record::pad_right(column.head, kWidest + 9);
  while (text.ends_with(' ')) text.pop_back();
  text += "\n";
  std::vector<std::vector<std::size_t>> tops;
  for (const Column& column : columns) tops.push_back(record::top_classes(column.confidences));
  for (std::size_t k = 0; k < tops.front().size(); ++k) {
    std::string line = " ";
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::size_t label = tops[c][k];
      const auto share = static_cast<double>(columns[c].confidences[label]);
      line += fmt::format(" {} {}", record::pad_left(record::percent(share), 8),
                          record::pad_right(cut(set.name(static_cast<int>(label))), kWidest));
    }
    while (line.ends_with(' ')) line.pop_back();
    text += line + "\n";
  }
  return text;
}

std::string of_item(const GallerySet& set, const record::GalleryItem& item) {
  const int found = item.slide ? item.slide->label : item.found_label;
  std::string text = fmt::format("{}, ε = {}{}\n", set.heading(),
                                 record::epsilon_text(item.epsilon), outcome(set, item, found));
  std::vector<Column> columns{{"clean", item.clean_confidences}};
  if (item.slide) columns.push_back({"adversarial", item.slide->confidences});
  columns.push_back({item.slide ? "adversarial as 8-bit PNG" : "adversarial", item.confidences});
  return text + table(set, columns);
}

}  // namespace

std::string likeliest_text(const record::Gallery& gallery) {
  std::string text;
  for (const GallerySet& set : sets_of(gallery))
    for (const auto& [id, items] : set.samples)
      for (const record::GalleryItem* item : items)
        if ((item == &first_fooled(items) || item == items.back()) &&
            !item->clean_confidences.empty() && !item->confidences.empty())
          text += of_item(set, *item);
  return text;
}

}  // namespace gibbon::reports::gallery
