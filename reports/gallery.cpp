#include "reports/gallery.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <set>
#include <span>

#include "reports/error.hpp"
#include "reports/picture.hpp"
#include "reports/text.hpp"

namespace gibbon::reports {
namespace {

// What one picture can show and a reader still take in; captions say when something was left out.
constexpr std::size_t kMostRows = 24;
constexpr std::size_t kMostColumns = 14;
constexpr std::size_t kTriptychs = 4;  // budgets of one sample's figure

using Items = std::vector<const GalleryItem*>;

struct Set {
  std::string attack;
  std::string norm;
  std::string suffix;                      // of file names; empty when there is one set only
  std::map<std::uint64_t, Items> samples;  // ascending ε each
};

struct Painter {
  std::span<const std::string> class_names;
  const Set& set;

  [[nodiscard]] std::string name(int label) const { return class_name(class_names, label); }
  [[nodiscard]] std::string heading() const {
    return fmt::format("{}, {}", printable(set.attack), norm_symbol(set.norm));
  }
};

void check_shape(const GalleryItem& item, const char* what, std::size_t size) {
  const Pixels& shape = item.clean;
  const std::size_t expected = std::size_t{shape.height} * shape.width * shape.channels;
  if (size == expected && size > 0 && (shape.channels == 1 || shape.channels == 3)) return;
  throw Error(
      fmt::format("gallery: sample {}: {} has {} values for {} × {} pixels of {} channels; 1 or 3 "
                  "channels and all "
                  "their values are needed; write the gallery again",
                  item.id, what, size, shape.height, shape.width, shape.channels));
}

void check(const GalleryItem& item) {
  check_shape(item, "the clean image", item.clean.values.size());
  check_shape(item, "the perturbation", item.perturbation.size());
  check_shape(item, "the adversarial image", item.adversarial.values.size());
  if (item.adversarial.height != item.clean.height || item.adversarial.width != item.clean.width ||
      item.adversarial.channels != item.clean.channels)
    throw Error(
        fmt::format("gallery: sample {}: the adversarial image has another shape than the clean "
                    "one; the same is needed; write the gallery again",
                    item.id));
}

std::string file_safe(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '.' || c == '_';
    safe += plain ? c : '-';
  }
  return safe;
}

// Sets in order of first appearance, each with a file name suffix of its own.
std::vector<Set> sets_of(const Gallery& gallery) {
  std::vector<Set> sets;
  for (const GalleryItem& item : gallery.items) {
    check(item);
    auto found = std::find_if(sets.begin(), sets.end(), [&](const Set& set) {
      return set.attack == item.attack && set.norm == item.norm;
    });
    if (found == sets.end())
      found = sets.insert(sets.end(), Set{.attack = item.attack, .norm = item.norm});
    found->samples[item.id].push_back(&item);
  }
  std::set<std::string> taken;
  for (Set& set : sets) {
    for (auto& [id, items] : set.samples)
      std::stable_sort(items.begin(), items.end(),
                       [](const auto* a, const auto* b) { return a->epsilon < b->epsilon; });
    if (sets.size() == 1) break;
    set.suffix = fmt::format("_{}_{}", file_safe(set.norm), file_safe(set.attack));
    while (!taken.insert(set.suffix).second) set.suffix += "-2";
  }
  return sets;
}

std::string says(const Painter& painter, int label, double confidence) {
  return fmt::format("says {} · {}", painter.name(label), percent(confidence));
}

Label adversarial_label(const Painter& painter, const GalleryItem& item) {
  return {.text = says(painter, item.found_label, item.found_confidence),
          .colour = item.found_label == item.label ? kCorrectInk : kWrongInk};
}

Label clean_label(const Painter& painter, const GalleryItem& item) {
  return {.text = says(painter, item.clean_label, item.clean_confidence),
          .colour = item.clean_label == item.label ? kCorrectInk : kWrongInk};
}

// FGSM under l∞ is the one attack whose whole perturbation is this formula; elsewhere it is what it
// is.
std::string formula(const Set& set, const GalleryItem& item) {
  const bool is_sign =
      set.norm == "linf" && (set.attack == "fgsm" || set.attack.starts_with("fgsm:"));
  return fmt::format("{}, ε = {}", is_sign ? "ε · sign(∇ₓJ)" : "δ = x′ − x",
                     epsilon_text(item.epsilon));
}

std::string note(const GalleryItem& item) {
  if (item.found_label == item.label) return "not fooled";
  return item.still_adversarial ? "" : "as 8-bit file outside the ball: does not count";
}

Figure finish(const Canvas& canvas, std::string file, std::string caption) {
  return {.file = std::move(file),
          .caption = std::move(caption),
          .png = canvas.png(),
          .width = canvas.width(),
          .height = canvas.height()};
}

std::string limited(std::size_t shown, std::size_t all, std::string_view what) {
  return shown == all ? "" : fmt::format(" {} of {} {}.", shown, all, what);
}

// At most `count` of a list, evenly spread, the last among them.
template <class T>
std::vector<T> spread(const std::vector<T>& all, std::size_t count) {
  const std::size_t picked = std::min(count, all.size());
  std::vector<T> some;
  for (std::size_t k = 1; k <= picked; ++k) some.push_back(all[k * all.size() / picked - 1]);
  return some;
}

Figure draw_sample(const Painter& painter, std::uint64_t id, const Items& items) {
  const std::string truth = painter.name(items.front()->label);
  std::vector<Triptych> rows;
  std::string results;
  for (const GalleryItem* item : spread(items, kTriptychs)) {
    Label clean = clean_label(painter, *item);
    clean.text = fmt::format("true {} · {}", truth, clean.text);
    const Label adversarial = adversarial_label(painter, *item);
    results += fmt::format("{} at ε = {} it {}", results.empty() ? "" : ";",
                           epsilon_text(item->epsilon), adversarial.text);
    rows.push_back({.clean = &item->clean,
                    .clean_label = std::move(clean),
                    .perturbation = item->perturbation,
                    .formula = formula(painter.set, *item),
                    .adversarial = &item->adversarial,
                    .adversarial_label = adversarial,
                    .note = note(*item)});
  }
  const Canvas canvas = draw_triptychs(fmt::format("{} · sample {}", painter.heading(), id), rows);
  return finish(canvas, fmt::format("gallery/sample_{:05}{}.png", id, painter.set.suffix),
                fmt::format("{}, sample {}, true class {}: clean image plus perturbation gives the "
                            "adversarial image. Without attack the model {};{}.{}",
                            painter.heading(), id, truth, clean_label(painter, *items.front()).text,
                            results, limited(rows.size(), items.size(), "budgets")));
}

// The smallest budget that fooled the model, or the largest tried.
const GalleryItem& first_fooled(const Items& items) {
  const auto found = std::find_if(items.begin(), items.end(),
                                  [](const GalleryItem* item) { return item->still_adversarial; });
  return found == items.end() ? *items.back() : **found;
}

Figure draw_by_class(const Painter& painter) {
  std::map<int, std::vector<Cell>> classes;
  std::size_t left_out = 0;
  for (const auto& [id, items] : painter.set.samples) {
    const GalleryItem& item = first_fooled(items);
    std::vector<Cell>& row = classes[item.label];
    if (row.size() == kMostColumns) {
      ++left_out;
      continue;
    }
    row.push_back({.pixels = &item.adversarial,
                   .lines = {adversarial_label(painter, item),
                             {.text = "ε = " + epsilon_text(item.epsilon), .colour = kFaint}}});
  }
  Grid grid{.title = painter.heading() + " · by true class",
            .subtitle =
                "each image at the smallest ε that fools the model (red), or at the largest "
                "tried (green: not fooled)"};
  for (auto& [label, row] : classes) {
    grid.row_heads.push_back({{.text = "true " + painter.name(label), .colour = kInk}});
    grid.rows.push_back(std::move(row));
  }
  const std::size_t all = painter.set.samples.size();
  return finish(
      draw_grid(grid), fmt::format("gallery/by_class{}.png", painter.set.suffix),
      fmt::format("{}: adversarial images, a row per true class, each at the smallest ε that "
                  "fools the model, or at the largest tried.{}",
                  painter.heading(), limited(all - left_out, all, "samples")));
}

std::vector<double> epsilons_of(const Set& set) {
  std::set<double> epsilons;
  for (const auto& [id, items] : set.samples)
    for (const GalleryItem* item : items) epsilons.insert(item->epsilon);
  return {epsilons.begin(), epsilons.end()};
}

std::vector<Cell> epsilon_row(const Painter& painter, const Items& items,
                              std::span<const double> epsilons) {
  std::vector<Cell> row{
      {.pixels = &items.front()->clean, .lines = {clean_label(painter, *items.front())}}};
  for (const double epsilon : epsilons) {
    const auto found = std::find_if(items.begin(), items.end(), [&](const GalleryItem* item) {
      return item->epsilon == epsilon;
    });
    if (found == items.end())
      row.emplace_back();
    else
      row.push_back(
          {.pixels = &(*found)->adversarial, .lines = {adversarial_label(painter, **found)}});
  }
  return row;
}

Figure draw_by_epsilon(const Painter& painter) {
  std::vector<double> epsilons = epsilons_of(painter.set);
  const std::size_t all_epsilons = epsilons.size();
  epsilons = spread(epsilons, kMostColumns);
  Grid grid{.title = painter.heading() + " · by size of the perturbation",
            .subtitle = "what the model says under each image: green when right, red when wrong",
            .column_heads = {"clean"}};
  for (const double epsilon : epsilons) grid.column_heads.push_back("ε = " + epsilon_text(epsilon));
  for (const auto& [id, items] : painter.set.samples) {
    if (grid.rows.size() == kMostRows) break;
    grid.row_heads.push_back(
        {{.text = "true " + painter.name(items.front()->label), .colour = kInk},
         {.text = fmt::format("sample {}", id), .colour = kFaint}});
    grid.rows.push_back(epsilon_row(painter, items, epsilons));
  }
  return finish(
      draw_grid(grid), fmt::format("gallery/by_epsilon{}.png", painter.set.suffix),
      fmt::format("{}: a row per sample, from the clean image to the largest ε, with what the "
                  "model says.{}{}",
                  painter.heading(),
                  limited(grid.rows.size(), painter.set.samples.size(), "samples"),
                  limited(epsilons.size(), all_epsilons, "budgets")));
}

// Six decimals: more would be noise in a file that people read.
nlohmann::ordered_json shares(std::span<const float> confidences) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const float share : confidences) list.push_back(std::round(1e6 * double{share}) / 1e6);
  return list;
}

}  // namespace

std::vector<Figure> draw_gallery(const Gallery& gallery) {
  std::vector<Figure> figures;
  for (const Set& set : sets_of(gallery)) {
    const Painter painter{.class_names = gallery.class_names, .set = set};
    figures.push_back(draw_by_class(painter));
    figures.push_back(draw_by_epsilon(painter));
    for (const auto& [id, items] : set.samples) figures.push_back(draw_sample(painter, id, items));
  }
  return figures;
}

std::string to_manifest(const Gallery& gallery) {
  using Json = nlohmann::ordered_json;
  Json list = Json::array();
  for (const GalleryItem& item : gallery.items)
    list.push_back({{"id", item.id},
                    {"attack", item.attack},
                    {"norm", item.norm},
                    {"epsilon", item.epsilon},
                    {"label", item.label},
                    {"label_name", class_name(gallery.class_names, item.label)},
                    {"clean_label", item.clean_label},
                    {"clean_confidence", item.clean_confidence},
                    {"found_label", item.found_label},
                    {"found_name", class_name(gallery.class_names, item.found_label)},
                    {"found_confidence", item.found_confidence},
                    {"clean_confidences", shares(item.clean_confidences)},
                    {"confidences", shares(item.confidences)},
                    {"still_adversarial", item.still_adversarial},
                    {"file", item.file}});
  return list.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace gibbon::reports
