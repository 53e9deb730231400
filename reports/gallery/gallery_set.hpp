// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "reports/gallery/gallery.hpp"
#include "reports/gallery/picture.hpp"
#include "reports/record/record.hpp"

// A gallery as its figures are drawn from: one set per attack and norm, and how its parts are
// named.
namespace gibbon::reports::gallery {

using Items = std::vector<const record::GalleryItem*>;

/// One attack in one norm. Belongs to the Gallery it was made from, which must live longer.
struct GallerySet {
  std::string attack;
  std::string title;  ///< its label, or its name
  std::string norm;
  std::string suffix;  ///< of file names; empty when there is one set only
  std::span<const std::string> class_names;
  bool labels_are_answers = false;
  std::map<std::uint64_t, Items> samples;  ///< ascending ε each

  [[nodiscard]] std::string heading() const;  ///< "pgd, l∞"
  [[nodiscard]] std::string name(int label) const;
  [[nodiscard]] std::string truth(int label) const;  ///< "true 7"; "answer 7" where nobody knows
  [[nodiscard]] std::string true_class(int label) const;  ///< likewise "true class 7"
  [[nodiscard]] Label clean_label(const record::GalleryItem& item) const;
  [[nodiscard]] Label adversarial_label(const record::GalleryItem& item) const;
};

/// Sets in order of first appearance. Throws Error when images and perturbation of an item do not
/// have the same shape.
[[nodiscard]] std::vector<GallerySet> sets_of(const record::Gallery& gallery);

/// Those whose pictures are drawn.
[[nodiscard]] std::vector<const GallerySet*> drawn_of(std::span<const GallerySet> sets,
                                                      Drawn drawn);

/// Text as part of a file name, at most 80 characters.
[[nodiscard]] std::string file_safe(std::string_view text);

/// What became of the attack when the model says `found`: "; label changed" or "; label not
/// changed", and of targeted ones the target and whether it is reached.
[[nodiscard]] std::string outcome(const GallerySet& set, const record::GalleryItem& item,
                                  int found);

/// The smallest budget that fooled the model, or the largest tried.
[[nodiscard]] const record::GalleryItem& first_fooled(const Items& items);

/// The budget just below the smallest that fooled the model, if one was tried, and that one; the
/// largest tried where none did.
[[nodiscard]] Items around_flip(const Items& items);

/// Whether a larger budget leaves the model right again where a smaller one fooled it.
[[nodiscard]] bool wanders(const Items& items);

/// Whether a budget of the norm is one of every input value.
[[nodiscard]] bool bounds_each_value(const std::string& norm);

/// What the colours of an item's perturbation end at: ε where it bounds each value, else the
/// largest change.
[[nodiscard]] double colour_end(const record::GalleryItem& item);

/// At most `most` samples for a figure: the first of each class, then the second of each and so on;
/// by class and id.
[[nodiscard]] std::vector<const Items*> representatives(const GallerySet& set, std::size_t most);

/// At most `count` of a list, evenly spread, the last among them.
template <class T>
std::vector<T> spread(const std::vector<T>& all, std::size_t count) {
  const std::size_t picked = std::min(count, all.size());
  std::vector<T> some;
  for (std::size_t k = 1; k <= picked; ++k) some.push_back(all[k * all.size() / picked - 1]);
  return some;
}

/// " 4 of 20 samples.", or nothing when all are shown.
[[nodiscard]] std::string limited(std::size_t shown, std::size_t all, std::string_view what);

/// The figure that a canvas holds.
[[nodiscard]] Figure finish(const Canvas& canvas, std::string file, std::string caption);

/// The grids of one set: samples by class, by ε, by confidence in the wrong class and by the
/// distance that breaks them. None for a single sample but that by ε.
[[nodiscard]] std::vector<Figure> draw_grids(const GallerySet& set);

/// Per norm in which there are several attacks: samples × attacks at the ε at which the attacks
/// differ most.
[[nodiscard]] std::vector<Figure> draw_by_attack(std::span<const GallerySet> sets);

}  // namespace gibbon::reports::gallery
