// SPDX-License-Identifier: MIT
#include "reports/gallery/gallery.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "reports/gallery/gallery_set.hpp"
#include "reports/gallery/slide.hpp"
#include "reports/record/parallel.hpp"
#include "reports/record/text.hpp"
#include "reports/record/top_classes.hpp"

namespace gibbon::reports::gallery {
namespace {

using Json = nlohmann::ordered_json;

// What the picture in the middle is, in words of the reader of one figure.
constexpr const char* kDifference = "x′ − x";

std::string formula(const record::GalleryItem& item) {
  return fmt::format("{}, ε = {}", kDifference, record::epsilon_text(item.epsilon));
}

std::string note(const record::GalleryItem& item) {
  if (item.found_label == item.label) return "not fooled";
  return item.still_adversarial ? "" : "as 8-bit file outside the ball: does not count";
}

std::string sentence(const Label& label) { return label.text + " · " + label.tail; }

std::string quoted(const GallerySet& set, int label) {
  return fmt::format("“{}”", set.name(label));
}

SlidePart part(const GallerySet& set, const record::GalleryItem& item, const record::Pixels& pixels,
               std::string formula, int label, double confidence) {
  return {.pixels = &pixels,
          .formula = std::move(formula),
          .name = quoted(set, label),
          .confidence = record::percent(confidence) + " confidence",
          .colour = label == item.label ? kCorrectInk : kWrongInk};
}

// What the slide itself cannot say: of which image its numbers are, and what became of the file.
std::string small_print(const GallerySet& set, const record::GalleryItem& item) {
  const record::Slide& slide = *item.slide;
  std::string text = fmt::format("{}, ε = {}, sample {}, {}{}. ", set.heading(),
                                 record::epsilon_text(item.epsilon), item.id,
                                 set.true_class(item.label), outcome(set, item, slide.label));
  text += fmt::format("Middle: {}, channel by channel, black for −1 and white for +1",
                      !item.direction.empty()
                          ? std::string("the signs")
                          : "the change divided by " + record::compact(slide.scale));
  if (slide.clipped > 0.0) {
    text += fmt::format("; {} of the values are cut off at 0 or 1, so they changed by less",
                        record::percent(slide.clipped));
  }
  return text + fmt::format(
                    ". Confidences are those of the unrounded images, in double precision. Saved "
                    "as 8-bit PNG, where values can only change by multiples of 1/255, the right "
                    "one {}, {}{}.",
                    set.adversarial_label(item).text, record::percent(item.found_confidence),
                    item.still_adversarial ? "" : ": not adversarial");
}

SlideRow slide_row(const GallerySet& set, const record::GalleryItem& item) {
  const record::Slide& slide = *item.slide;
  const bool sign = !item.direction.empty();
  SlideRow row{
      .clean = part(set, item, item.clean, "x", item.clean_label, item.clean_confidence),
      .factor = record::compact(slide.scale),
      .noise = part(set, item, slide.noise,
                    sign                          ? "sign(∇ₓJ(θ, x, y))"
                    : bounds_each_value(set.norm) ? "(x′ − x) / ε"
                                                  : "x′ − x, enlarged",
                    slide.noise_label, slide.noise_confidence),
      .adversarial = part(set, item, item.adversarial, sign ? "x + ε · sign(∇ₓJ(θ, x, y))" : "x′",
                          slide.label, slide.confidence),
      .note = small_print(set, item)};
  row.noise.colour = kInk;  // neither right nor wrong: nobody says what it shows
  return row;
}

Figure draw_photograph(const GallerySet& set, std::uint64_t id, const Items& items) {
  std::vector<SlideRow> rows;
  std::string results;
  for (const record::GalleryItem* item : around_flip(items)) {
    rows.push_back(slide_row(set, *item));
    if (rows.size() > 1) rows.back().clean = {};  // shown once
    results += fmt::format("{} at ε = {} {}, {}", results.empty() ? "" : ";",
                           record::epsilon_text(item->epsilon), quoted(set, item->slide->label),
                           record::percent(item->slide->confidence));
  }
  const record::GalleryItem& first = *items.front();
  return finish(draw_slide(rows), fmt::format("gallery/sample_{:05}{}.png", id, set.suffix),
                fmt::format("{}, sample {}: x is {}, {}; with the perturbation in the middle it is"
                            "{}.{}",
                            set.heading(), id, quoted(set, first.clean_label),
                            record::percent(first.clean_confidence), results,
                            limited(rows.size(), items.size(), "budgets")));
}

Figure draw_sample(const GallerySet& set, std::uint64_t id, const Items& items) {
  if (std::all_of(items.begin(), items.end(),
                  [](const record::GalleryItem* item) { return item->slide.has_value(); }))
    return draw_photograph(set, id, items);
  const record::GalleryItem& any = *items.front();
  SampleFigure sample{.clean = &any.clean,
                      .clean_label = set.clean_label(any),
                      .direction = any.direction,
                      .steps = {}};
  std::string results;
  for (const record::GalleryItem* item : around_flip(items)) {
    const Label adversarial = set.adversarial_label(*item);
    results += fmt::format("{} at ε = {} it {}", results.empty() ? "" : ";",
                           record::epsilon_text(item->epsilon), sentence(adversarial));
    sample.steps.push_back({.perturbation = item->perturbation,
                            .end = colour_end(*item),
                            .formula = formula(*item),
                            .adversarial = &item->adversarial,
                            .adversarial_label = adversarial,
                            .note = note(*item)});
  }
  return finish(
      draw_sample(fmt::format("{} · sample {} · {}", set.heading(), id, set.truth(any.label)),
                  sample),
      fmt::format("gallery/sample_{:05}{}.png", id, set.suffix),
      fmt::format("{}, sample {}, {}: clean image plus the difference of the 8-bit images "
                  "gives the adversarial image, at the ε before and at which the answer changes. "
                  "Without attack the model {};{}.{}",
                  set.heading(), id, set.true_class(any.label), sentence(sample.clean_label),
                  results, limited(sample.steps.size(), items.size(), "budgets")));
}

Json top(const record::Gallery& gallery, std::span<const float> confidences) {
  Json list = Json::array();
  for (const std::size_t c : record::top_classes(confidences))
    list.push_back({{"label", c},
                    {"name", record::class_name(gallery.class_names, static_cast<int>(c))},
                    {"confidence", double{confidences[c]}}});
  return list;
}

// Six decimals: more would be noise in a file that people read.
Json shares(std::span<const float> confidences) {
  Json list = Json::array();
  for (const float share : confidences) list.push_back(std::round(1e6 * double{share}) / 1e6);
  return list;
}

Json distances_json(const PerNorm& distances) {
  Json json = Json::object();
  for (const Norm norm : kStoredNorms) {
    if (!std::isnan(distances[norm])) json[std::string(to_string(norm))] = distances[norm];
  }
  return json;
}

Json to_json(const record::Gallery& gallery, const record::GalleryItem& item) {
  Json json{{"id", item.id},
            {"attack", item.attack},
            {"norm", item.norm},
            {"epsilon", item.epsilon},
            {"label", item.label},
            {"label_name", record::class_name(gallery.class_names, item.label)},
            {"label_is_answer", gallery.labels_are_answers},
            {"clean_label", item.clean_label},
            {"clean_confidence", item.clean_confidence},
            {"found_label", item.found_label},
            {"found_name", record::class_name(gallery.class_names, item.found_label)},
            {"found_confidence", item.found_confidence},
            {"clean_confidences", shares(item.clean_confidences)},
            {"confidences", shares(item.confidences)},
            {"still_adversarial", item.still_adversarial},
            {"distances", distances_json(item.distances)},
            {"forwards", item.forwards},
            {"backwards", item.backwards},
            {"file", item.file},
            {"sha256", item.sha256},
            {"clean_file", item.clean_file},
            {"clean_sha256", item.clean_sha256}};
  if (item.target >= 0) {
    json["target"] = item.target;
    json["target_name"] = record::class_name(gallery.class_names, item.target);
    json["target_reached"] = item.still_adversarial && item.found_label == item.target;
  }
  if (item.slide) {
    const record::Slide& slide = *item.slide;
    json["unrounded"] = {{"label", slide.label},
                         {"name", record::class_name(gallery.class_names, slide.label)},
                         {"confidence", slide.confidence}};
    if (item.target >= 0) json["unrounded"]["target_reached"] = slide.label == item.target;
    json["noise"] = {{"label", slide.noise_label},
                     {"name", record::class_name(gallery.class_names, slide.noise_label)},
                     {"confidence", slide.noise_confidence},
                     {"scale", slide.scale},
                     {"clipped", slide.clipped}};
    json["top5"] = {{"clean", top(gallery, item.clean_confidences)},
                    {"unrounded", top(gallery, slide.confidences)},
                    {"file", top(gallery, item.confidences)}};
  }
  if (std::isinf(item.nearest)) json["nearest"] = nullptr;
  if (std::isfinite(item.nearest)) json["nearest"] = item.nearest;
  return json;
}

}  // namespace

std::vector<Figure> draw_gallery(const record::Gallery& gallery, Drawn drawn) {
  const std::vector<GallerySet> sets = sets_of(gallery);
  std::vector<Figure> figures = draw_by_attack(sets);
  for (const GallerySet* each : drawn_of(sets, drawn)) {
    const GallerySet& set = *each;
    for (Figure& figure : draw_grids(set)) figures.push_back(std::move(figure));
    const std::vector<std::pair<std::uint64_t, Items>> samples(set.samples.begin(),
                                                               set.samples.end());
    for (Figure& figure : record::made_in_parallel(samples.size(), [&](std::size_t k) {
           return draw_sample(set, samples[k].first, samples[k].second);
         }))
      figures.push_back(std::move(figure));
  }
  return figures;
}

std::string to_manifest(const record::Gallery& gallery) {
  Json list = Json::array();
  for (const record::GalleryItem& item : gallery.items) list.push_back(to_json(gallery, item));
  return list.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace gibbon::reports::gallery
