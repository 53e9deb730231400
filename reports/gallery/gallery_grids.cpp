// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <set>

#include "reports/gallery/gallery_set.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::gallery {
namespace {

// What one picture can show and a reader still take in; captions say when something was left out.
constexpr std::size_t kMostRows = 12;
constexpr std::size_t kMostColumns = 8;
constexpr std::size_t kMostClasses = 10;  // as columns
constexpr std::size_t kMostCells = 40;    // of a list that is only ordered

Label truth(const GallerySet& set, const record::GalleryItem& item) {
  return {.text = set.truth(item.label)};
}

Label faint(std::string text) { return {.text = std::move(text), .colour = kFaint}; }

std::string budget(const record::GalleryItem& item) {
  return "ε = " + record::epsilon_text(item.epsilon);
}

Figure draw_by_class(const GallerySet& set) {
  std::map<int, std::vector<Cell>> classes;
  std::size_t shown = 0;
  for (const auto& [id, items] : set.samples) {
    const record::GalleryItem& item = first_fooled(items);
    std::vector<Cell>& row = classes[item.label];
    if (row.size() == kMostColumns) continue;
    row.push_back({.pixels = &item.adversarial,
                   .labels = {set.adversarial_label(item), faint(budget(item))}});
    ++shown;
  }
  Grid grid{.title = set.heading() + " · by true class",
            .subtitle =
                "each image at the smallest ε that fools the model (red), or at the largest "
                "tried (green: not fooled)"};
  std::size_t longest = 0;
  for (const auto& [label, cells] : classes) longest = std::max(longest, cells.size());
  // A class is a column where that makes the figure wider than high.
  if (longest <= classes.size() && classes.size() <= kMostClasses) {
    grid.rows.assign(longest, std::vector<Cell>(classes.size()));
    std::size_t column = 0;
    for (const auto& [label, cells] : classes) {
      grid.column_heads.push_back(set.truth(label));
      for (std::size_t r = 0; r < cells.size(); ++r) grid.rows[r][column] = cells[r];
      ++column;
    }
  } else {
    for (auto& [label, cells] : classes) {
      grid.row_heads.push_back({{.text = set.truth(label)}});
      grid.rows.push_back(std::move(cells));
    }
  }
  return finish(draw_grid(grid), fmt::format("gallery/by_class{}.png", set.suffix),
                fmt::format("{}: adversarial images by true class, each at the smallest ε that "
                            "fools the model, or at the largest tried.{}",
                            set.heading(), limited(shown, set.samples.size(), "samples")));
}

const record::GalleryItem* at_epsilon(const Items& items, double epsilon) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const record::GalleryItem* item) {
    return item->epsilon == epsilon;
  });
  return found == items.end() ? nullptr : *found;
}

Cell cell_of(const GallerySet& set, const record::GalleryItem* item) {
  if (item == nullptr) return {};
  return {.pixels = &item->adversarial, .labels = {set.adversarial_label(*item)}};
}

std::vector<Label> row_head(const GallerySet& set, const record::GalleryItem& item) {
  return {truth(set, item), faint(fmt::format("sample {}", item.id))};
}

std::vector<double> epsilons_of(const GallerySet& set) {
  std::set<double> epsilons;
  for (const auto& [id, items] : set.samples)
    for (const record::GalleryItem* item : items) epsilons.insert(item->epsilon);
  return {epsilons.begin(), epsilons.end()};
}

Figure draw_by_epsilon(const GallerySet& set) {
  const std::vector<double> all = epsilons_of(set);
  const std::vector<double> epsilons = spread(all, kMostColumns - 1);
  Grid grid{.title = set.heading() + " · by size of the perturbation",
            .subtitle = "the prediction is under each image: green if correct, red if wrong",
            .column_heads = {"clean"}};
  for (const double epsilon : epsilons)
    grid.column_heads.push_back("ε = " + record::epsilon_text(epsilon));
  for (const Items* items : representatives(set, kMostRows)) {
    const record::GalleryItem& any = *items->front();
    grid.row_heads.push_back(row_head(set, any));
    std::vector<Cell>& row = grid.rows.emplace_back();
    row.push_back({.pixels = &any.clean, .labels = {set.clean_label(any)}});
    for (const double epsilon : epsilons) row.push_back(cell_of(set, at_epsilon(*items, epsilon)));
  }
  return finish(draw_grid(grid), fmt::format("gallery/by_epsilon{}.png", set.suffix),
                fmt::format("{}: a row per sample, from the clean image to the largest ε, with the "
                            "prediction of the model.{}{}",
                            set.heading(), limited(grid.rows.size(), set.samples.size(), "samples"),
                            limited(epsilons.size(), all.size(), "budgets")));
}

// Cells in reading order.
std::vector<std::vector<Cell>> in_rows(std::vector<Cell> cells) {
  std::vector<std::vector<Cell>> rows;
  for (Cell& cell : cells) {
    if (rows.empty() || rows.back().size() == kMostColumns) rows.emplace_back();
    rows.back().push_back(std::move(cell));
  }
  return rows;
}

// Of each sample what fooled the model most surely; null: nothing did.
const record::GalleryItem* most_confident(const Items& items) {
  const record::GalleryItem* best = nullptr;
  for (const record::GalleryItem* item : items)
    if (item->still_adversarial &&
        (best == nullptr || item->found_confidence > best->found_confidence))
      best = item;
  return best;
}

Figure draw_by_confidence(const GallerySet& set) {
  Items ordered;
  for (const auto& [id, items] : set.samples)
    if (const record::GalleryItem* item = most_confident(items); item != nullptr)
      ordered.push_back(item);
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto* a, const auto* b) {
    return a->found_confidence > b->found_confidence;
  });
  std::vector<Cell> cells;
  for (const record::GalleryItem* item : ordered) {
    if (cells.size() == kMostCells) break;
    cells.push_back(
        {.pixels = &item->adversarial,
         .labels = {set.adversarial_label(*item), truth(set, *item), faint(budget(*item))}});
  }
  const std::size_t shown = cells.size();
  return finish(
      draw_grid({.title = set.heading() + " · by confidence in the wrong class",
                 .subtitle = fmt::format(
                     "most confident first, each sample at the ε of the highest confidence; {} of "
                     "the {} samples shown fool it",
                     ordered.size(), set.samples.size()),
                 .rows = in_rows(std::move(cells))}),
      fmt::format("gallery/by_confidence{}.png", set.suffix),
      fmt::format(
          "{}: adversarial images by confidence in the wrong class, most confident first.{}",
          set.heading(), limited(shown, set.samples.size(), "samples")));
}

// The run's own smallest distance where it is stored, else the budget that the gallery shows.
double fragility(const record::GalleryItem& item) {
  return std::isnan(item.nearest) ? item.epsilon : item.nearest;
}

Figure draw_fragile(const GallerySet& set) {
  Items ordered;
  for (const auto& [id, items] : set.samples)
    if (const record::GalleryItem& item = first_fooled(items); item.still_adversarial)
      ordered.push_back(&item);
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto* a, const auto* b) { return fragility(*a) < fragility(*b); });
  std::vector<Cell> cells;
  for (const record::GalleryItem* item : ordered) {
    if (cells.size() == kMostCells) break;
    cells.push_back({.pixels = &item->adversarial,
                     .labels = {{.text = fmt::format("{} {:.3g}", record::norm_symbol(set.norm),
                                                     fragility(*item))},
                                truth(set, *item),
                                set.adversarial_label(*item)}});
  }
  const std::size_t shown = cells.size();
  return finish(
      draw_grid({.title = set.heading() + " · most fragile first",
                 .subtitle =
                     fmt::format("smallest {} distance at which the attack breaks the "
                                 "sample; the image is that of the next ε; {} of the {} "
                                 "samples shown break",
                                 record::norm_symbol(set.norm), ordered.size(), set.samples.size()),
                 .rows = in_rows(std::move(cells))}),
      fmt::format("gallery/fragile{}.png", set.suffix),
      fmt::format("{}: samples by the smallest distance that breaks them, the most fragile "
                  "first.{}",
                  set.heading(), limited(shown, set.samples.size(), "samples")));
}

bool breaks_any(const GallerySet& set) {
  return std::any_of(set.samples.begin(), set.samples.end(), [](const auto& sample) {
    return first_fooled(sample.second).still_adversarial;
  });
}

using Sets = std::vector<const GallerySet*>;

// Where attacks differ most: the ε at which the share of images that fool is nearest to half.
double telling_epsilon(const Sets& sets) {
  double best = 0.0;
  double smallest = 2.0;
  for (const double epsilon : epsilons_of(*sets.front())) {
    double fooled = 0;
    double all = 0;
    for (const GallerySet* set : sets)
      for (const auto& [id, items] : set->samples)
        if (const record::GalleryItem* item = at_epsilon(items, epsilon); item != nullptr) {
          fooled += item->still_adversarial ? 1.0 : 0.0;
          all += 1.0;
        }
    const double off = std::abs(fooled / all - 0.5);
    if (off >= smallest) continue;
    smallest = off;
    best = epsilon;
  }
  return best;
}

Figure draw_attacks(const Sets& all) {
  const Sets sets(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(
                                                 std::min(all.size(), kMostColumns - 1)));
  const double epsilon = telling_epsilon(sets);
  const GallerySet& first = *sets.front();
  const std::string symbol = record::norm_symbol(first.norm);
  Grid grid{
      .title = fmt::format("{}, ε = {} · by attack", symbol, record::epsilon_text(epsilon)),
      .subtitle =
          "8-bit files at the ε that fools about half of them; green: not fooled, red: fooled",
      .column_heads = {"clean"}};
  for (const GallerySet* set : sets) grid.column_heads.push_back(printable(set->title));
  for (const Items* items : representatives(first, kMostRows)) {
    const record::GalleryItem& any = *items->front();
    grid.row_heads.push_back(row_head(first, any));
    std::vector<Cell>& row = grid.rows.emplace_back();
    row.push_back({.pixels = &any.clean, .labels = {first.clean_label(any)}});
    for (const GallerySet* set : sets) {
      const auto found = set->samples.find(any.id);
      row.push_back(
          found == set->samples.end() ? Cell{} : cell_of(*set, at_epsilon(found->second, epsilon)));
    }
  }
  return finish(draw_grid(grid), fmt::format("gallery/by_attack_{}.png", file_safe(first.norm)),
                fmt::format("{}: the same samples under every attack at ε = {}, with the "
                            "prediction of the model.{}{}",
                            symbol, record::epsilon_text(epsilon),
                            limited(grid.rows.size(), first.samples.size(), "samples"),
                            limited(sets.size(), all.size(), "attacks")));
}

}  // namespace

std::vector<Figure> draw_grids(const GallerySet& set) {
  if (set.samples.size() == 1) return {draw_by_epsilon(set)};
  std::vector<Figure> figures{draw_by_class(set), draw_by_epsilon(set)};
  if (!breaks_any(set)) return figures;
  figures.push_back(draw_by_confidence(set));
  figures.push_back(draw_fragile(set));
  return figures;
}

std::vector<Figure> draw_by_attack(std::span<const GallerySet> sets) {
  std::map<std::string, Sets> norms;
  for (const GallerySet& set : sets) norms[set.norm].push_back(&set);
  std::vector<Figure> figures;
  for (const auto& [norm, members] : norms)
    if (members.size() > 1) figures.push_back(draw_attacks(members));
  return figures;
}

}  // namespace gibbon::reports::gallery
