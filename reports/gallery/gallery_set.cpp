// SPDX-License-Identifier: MIT
#include "reports/gallery/gallery_set.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "base/norm.hpp"
#include "reports/gallery/colour_map.hpp"
#include "reports/record/error.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::gallery {
namespace {

constexpr std::size_t kLongestPart = 80;  // of a file name, which may have 255

void check_shape(const record::GalleryItem& item, const char* what, std::size_t size) {
  const record::Pixels& shape = item.clean;
  const std::size_t expected = std::size_t{shape.height} * shape.width * shape.channels;
  if (size == expected && size > 0 && (shape.channels == 1 || shape.channels == 3)) return;
  throw record::Error(
      fmt::format("gallery: sample {}: {} has {} values for {} × {} pixels of {} channels; 1 or 3 "
                  "channels and all "
                  "their values are needed; write the gallery again",
                  item.id, what, size, shape.height, shape.width, shape.channels));
}

void check(const record::GalleryItem& item) {
  check_shape(item, "the clean image", item.clean.values.size());
  check_shape(item, "the perturbation", item.perturbation.size());
  check_shape(item, "the adversarial image", item.adversarial.values.size());
  if (item.adversarial.height != item.clean.height || item.adversarial.width != item.clean.width ||
      item.adversarial.channels != item.clean.channels)
    throw record::Error(
        fmt::format("gallery: sample {}: the adversarial image has another shape than the clean "
                    "one; the same is needed; write the gallery again",
                    item.id));
}

Label says(const GallerySet& set, int label, double confidence, bool right) {
  return {.text = "says " + set.name(label),
          .colour = right ? kCorrectInk : kWrongInk,
          .tail = record::percent(confidence)};
}

}  // namespace

std::string GallerySet::heading() const {
  return fmt::format("{}, {}", printable(title), record::norm_symbol(norm));
}

std::string GallerySet::name(int label) const { return record::class_name(class_names, label); }

std::string GallerySet::truth(int label) const {
  return (labels_are_answers ? "answer " : "true ") + name(label);
}

std::string GallerySet::true_class(int label) const {
  return (labels_are_answers ? "without attack the model says " : "true class ") + name(label);
}

Label GallerySet::clean_label(const record::GalleryItem& item) const {
  return says(*this, item.clean_label, item.clean_confidence, item.clean_label == item.label);
}

Label GallerySet::adversarial_label(const record::GalleryItem& item) const {
  return says(*this, item.found_label, item.found_confidence, item.found_label == item.label);
}

std::vector<GallerySet> sets_of(const record::Gallery& gallery) {
  std::vector<GallerySet> sets;
  for (const record::GalleryItem& item : gallery.items) {
    check(item);
    const auto label = gallery.labels.find(item.attack);
    auto found = std::find_if(sets.begin(), sets.end(), [&](const GallerySet& set) {
      return set.attack == item.attack && set.norm == item.norm;
    });
    if (found == sets.end())
      found = sets.insert(sets.end(),
                          {.attack = item.attack,
                           .title = label == gallery.labels.end() ? item.attack : label->second,
                           .norm = item.norm,
                           .class_names = gallery.class_names,
                           .labels_are_answers = gallery.labels_are_answers});
    found->samples[item.id].push_back(&item);
  }
  std::set<std::string> taken;
  for (GallerySet& set : sets) {
    for (auto& [id, items] : set.samples)
      std::stable_sort(items.begin(), items.end(),
                       [](const auto* a, const auto* b) { return a->epsilon < b->epsilon; });
    if (sets.size() == 1) break;
    set.suffix = fmt::format("_{}_{}", file_safe(set.norm), file_safe(set.attack));
    while (!taken.insert(set.suffix).second) set.suffix += "-2";
  }
  return sets;
}

std::vector<const GallerySet*> drawn_of(std::span<const GallerySet> sets, Drawn drawn) {
  std::set<std::string> norms;
  std::vector<const GallerySet*> picked;
  for (const GallerySet& set : sets)
    if (norms.insert(set.norm).second || drawn == Drawn::kEveryAttack) picked.push_back(&set);
  return picked;
}

std::string file_safe(std::string_view text) {
  std::string safe;
  for (const char c : text.substr(0, kLongestPart)) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '.' || c == '_';
    safe += plain ? c : '-';
  }
  return safe;
}

std::string outcome(const GallerySet& set, const record::GalleryItem& item, int found) {
  std::string text = found == item.label ? "; label not changed" : "; label changed";
  if (item.target < 0) return text;
  return text + fmt::format(", target {} {}", set.name(item.target),
                            found == item.target ? "reached" : "not reached");
}

const record::GalleryItem& first_fooled(const Items& items) {
  const auto found = std::find_if(items.begin(), items.end(), [](const record::GalleryItem* item) {
    return item->still_adversarial;
  });
  return found == items.end() ? *items.back() : **found;
}

Items around_flip(const Items& items) {
  const auto flip = std::ranges::find(items, &first_fooled(items));
  if (!(*flip)->still_adversarial || flip == items.begin()) return {*flip};
  return {*(flip - 1), *flip};
}

bool wanders(const Items& items) {
  const auto flip = std::ranges::find(items, &first_fooled(items));
  return (*flip)->still_adversarial &&
         !std::all_of(flip, items.end(), [](const auto* item) { return item->still_adversarial; });
}

bool bounds_each_value(const std::string& norm) {
  const NormInfo* known = known_norm(norm);
  return known != nullptr && known->each_value;
}

double colour_end(const record::GalleryItem& item) {
  return bounds_each_value(item.norm) ? item.epsilon : largest_magnitude(item.perturbation);
}

std::vector<const Items*> representatives(const GallerySet& set, std::size_t most) {
  std::map<int, std::size_t> seen;
  struct Place {
    std::size_t rank;
    int label;
    const Items* items;
  };
  std::vector<Place> places;
  for (const auto& [id, items] : set.samples) {
    const int label = items.front()->label;
    places.push_back({seen[label]++, label, &items});
  }
  std::stable_sort(places.begin(), places.end(),
                   [](const Place& a, const Place& b) { return a.rank < b.rank; });
  places.resize(std::min(most, places.size()));
  std::stable_sort(places.begin(), places.end(),
                   [](const Place& a, const Place& b) { return a.label < b.label; });
  std::vector<const Items*> picked;
  picked.reserve(places.size());
  for (const Place& place : places) picked.push_back(place.items);
  return picked;
}

std::string limited(std::size_t shown, std::size_t all, std::string_view what) {
  return shown == all ? "" : fmt::format(" {} of {} {}.", shown, all, what);
}

Figure finish(const Canvas& canvas, std::string file, std::string caption) {
  return {.file = std::move(file),
          .caption = std::move(caption),
          .png = canvas.png(),
          .width = canvas.width(),
          .height = canvas.height()};
}

}  // namespace gibbon::reports::gallery
