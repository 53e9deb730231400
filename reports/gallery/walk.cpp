// SPDX-License-Identifier: MIT
#include "reports/gallery/walk.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "reports/formats/webp.hpp"
#include "reports/gallery/colour_map.hpp"
#include "reports/gallery/gallery_set.hpp"
#include "reports/record/parallel.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::gallery {
namespace {

constexpr std::size_t kMostWalks = 10;  // of a set
constexpr std::size_t kMostSteps = 16;
constexpr std::size_t kMostBars = 10;

constexpr double kMargin = 20;
constexpr double kGap = 28;
constexpr double kImageSide = 224;
constexpr double kTop = 116;  // of the images
constexpr double kFoot = 62;  // below them
constexpr double kWidestName = 220;
constexpr double kNameGap = 8;
constexpr double kBarWidth = 150;
constexpr double kShareWidth = 58;
constexpr double kBarPitch = 22;

constexpr Font kTitleFont{16, Weight::kBold};
constexpr Font kEpsilonFont{20, Weight::kBold};
constexpr Font kFont{13, Weight::kNormal};

constexpr Rgb kBarColour{160, 160, 160};
constexpr Rgb kTrack{215, 215, 215};

constexpr int kWalkTime = 5000;  // milliseconds between the ends
constexpr int kEndTime = 1500;   // of the first and the last frame, and of the flip

// What stays the same in all frames of a walk.
struct Stage {
  const GallerySet& set;
  const Items& items;
  Size image;
  Size perturbation;
  double largest = 0;  // of all perturbations
  std::vector<std::size_t> classes;
  double names = 0;  // width
  double width = 0;
  double height = 0;
};

// One frame: the clean picture, or that of a budget.
struct Step {
  double epsilon = 0;
  const record::Pixels& pixels;
  std::span<const float> perturbation;
  std::span<const float> confidences;
  Label label;
};

// The classes that the model holds for likely somewhere on the walk, in their own order.
std::vector<std::size_t> likely_classes(const Items& items) {
  std::vector<float> most = items.front()->clean_confidences;
  for (const record::GalleryItem* item : items)
    for (std::size_t c = 0; c < std::min(most.size(), item->confidences.size()); ++c)
      most[c] = std::max(most[c], item->confidences[c]);
  std::vector<std::size_t> classes(most.size());
  for (std::size_t c = 0; c < classes.size(); ++c) classes[c] = c;
  std::stable_sort(classes.begin(), classes.end(),
                   [&](std::size_t a, std::size_t b) { return most[a] > most[b]; });
  classes.resize(std::min(kMostBars, classes.size()));
  std::sort(classes.begin(), classes.end());
  return classes;
}

Stage stage_of(const GallerySet& set, const Items& items) {
  Stage stage{.set = set,
              .items = items,
              .image = shown_size(items.front()->clean, kImageSide),
              .classes = likely_classes(items)};
  stage.perturbation = perturbation_size(items.front()->clean, stage.image);
  for (const record::GalleryItem* item : items)
    stage.largest = std::max(stage.largest, colour_end(*item));
  for (const std::size_t c : stage.classes)
    stage.names = std::max(stage.names, text_width(set.name(static_cast<int>(c)), kFont) + 1);
  stage.names = std::min(stage.names, kWidestName);
  const double bars =
      stage.classes.empty() ? 0.0 : kGap + stage.names + kNameGap + kBarWidth + kShareWidth;
  stage.width = 2 * kMargin + stage.image.width + kGap + stage.perturbation.width + bars;
  stage.height =
      kTop + kFoot +
      std::max(stage.image.height, kBarPitch * static_cast<double>(stage.classes.size()) - kFoot);
  return stage;
}

// Where on the walk this is.
void draw_track(Canvas& canvas, const Stage& stage, double epsilon) {
  const double width = stage.width - 2 * kMargin;
  const double last = stage.items.back()->epsilon;
  canvas.box(kMargin, 78, width, 3, kTrack);
  if (last > 0) canvas.box(kMargin, 78, width * epsilon / last, 3, kInk);
  const record::GalleryItem& flip = first_fooled(stage.items);
  if (!flip.still_adversarial || last <= 0) return;
  const double at = kMargin + width * flip.epsilon / last;
  canvas.box(at - 1.5, 72, 3, 15, kWrongInk);
  const std::string text = "flips at ε = " + record::epsilon_text(flip.epsilon);
  const double half = text_width(text, kFont) / 2;
  canvas.text(std::clamp(at, kMargin + half, kMargin + width - half), 100, width, text, kFont,
              kWrongInk, Align::kCentre);
}

void draw_bars(Canvas& canvas, const Stage& stage, const Step& step) {
  const double left = stage.width - kMargin - kShareWidth - kBarWidth;
  const int truth = stage.items.front()->label;
  const auto top = std::max_element(step.confidences.begin(), step.confidences.end());
  double y = kTop;
  for (const std::size_t c : stage.classes) {
    const double share = c < step.confidences.size() ? double{step.confidences[c]} : 0.0;
    const bool is_truth = static_cast<int>(c) == truth;
    const bool is_answer = top != step.confidences.end() &&
                           top - step.confidences.begin() == static_cast<std::ptrdiff_t>(c);
    const Rgb ink = is_truth ? kCorrectInk : is_answer ? kWrongInk : kFaint;
    canvas.text(left - kNameGap, y + 14, stage.names, stage.set.name(static_cast<int>(c)), kFont,
                ink, Align::kRight);
    canvas.box(left, y + 2, kBarWidth * share, kBarPitch - 6,
               is_truth || is_answer ? ink : kBarColour);
    canvas.text(stage.width - kMargin, y + 14, kShareWidth - 4, record::percent(share), kFont, ink,
                Align::kRight);
    y += kBarPitch;
  }
}

record::Pixels draw_step(const Stage& stage, const Step& step) {
  Canvas canvas(stage.width, stage.height);
  const record::GalleryItem& any = *stage.items.front();
  const double room = stage.width - 2 * kMargin;
  canvas.text(
      kMargin, 28, room,
      fmt::format("{} · sample {} · {}", stage.set.heading(), any.id, stage.set.truth(any.label)),
      kTitleFont, kInk, Align::kLeft);
  canvas.text(kMargin, 62, room / 2, fmt::format("ε = {}", record::epsilon_text(step.epsilon)),
              kEpsilonFont, kInk, Align::kLeft);
  canvas.text(stage.width - kMargin, 62, room / 2, step.label.text + " · " + step.label.tail,
              kEpsilonFont, step.label.colour, Align::kRight);
  draw_track(canvas, stage, step.epsilon);
  canvas.image(kMargin, kTop, stage.image.width, stage.image.height, step.pixels);
  const double middle = kMargin + stage.image.width + kGap + stage.perturbation.width / 2;
  draw_perturbation(canvas, middle, kTop, stage.image, any.clean, step.perturbation,
                    {.end = stage.largest});
  draw_bars(canvas, stage, step);
  return canvas.pixels();
}

// Evenly spread, but with the first that fools the model in the place of its neighbour.
Items steps_of(const Items& all) {
  Items some = spread(all, kMostSteps);
  const record::GalleryItem& flip = first_fooled(all);
  if (!flip.still_adversarial || std::ranges::count(some, &flip) > 0) return some;
  *std::ranges::find_if(some, [&](const auto* item) { return item->epsilon > flip.epsilon; }) =
      &flip;
  return some;
}

Walk draw_walk(const GallerySet& set, const Items& all) {
  const Items items = steps_of(all);
  const Stage stage = stage_of(set, items);
  const record::GalleryItem& any = *items.front();
  const std::vector<float> nothing(any.perturbation.size(), 0.0F);
  std::vector<formats::Frame> frames;
  frames.push_back({.pixels = draw_step(stage, {.pixels = any.clean,
                                                .perturbation = nothing,
                                                .confidences = any.clean_confidences,
                                                .label = set.clean_label(any)}),
                    .milliseconds = kEndTime});
  const int pause = std::clamp(kWalkTime / static_cast<int>(items.size()), 100, 1000);
  const record::GalleryItem& flip = first_fooled(items);
  for (const record::GalleryItem* item : items)
    frames.push_back({.pixels = draw_step(stage, {.epsilon = item->epsilon,
                                                  .pixels = item->adversarial,
                                                  .perturbation = item->perturbation,
                                                  .confidences = item->confidences,
                                                  .label = set.adversarial_label(*item)}),
                      .milliseconds = item == &flip ? kEndTime : pause});
  frames.back().milliseconds = kEndTime;
  return {.file = fmt::format("gallery/walk_{:05}{}.webp", any.id, set.suffix),
          .webp = formats::to_webp(frames)};
}

// The first sample of every class whose answer changes once, or else the first that stands.
std::vector<const Items*> pick(const GallerySet& set) {
  std::map<int, const Items*> classes;
  for (const auto& [id, items] : set.samples) {
    if (wanders(items)) continue;
    const Items*& shown = classes[items.front()->label];
    const bool flips = first_fooled(items).still_adversarial;
    if (shown == nullptr || (flips && !first_fooled(*shown).still_adversarial)) shown = &items;
  }
  std::vector<const Items*> picked;
  for (const auto& [label, items] : classes)
    if (picked.size() < kMostWalks) picked.push_back(items);
  return picked;
}

}  // namespace

std::vector<Walk> draw_walks(const record::Gallery& gallery, Drawn drawn) {
  const std::vector<GallerySet> sets = sets_of(gallery);
  std::vector<std::pair<const GallerySet*, const Items*>> picked;
  for (const GallerySet* set : drawn_of(sets, drawn))
    for (const Items* items : pick(*set)) picked.emplace_back(set, items);
  return record::made_in_parallel(
      picked.size(), [&](std::size_t k) { return draw_walk(*picked[k].first, *picked[k].second); });
}

}  // namespace gibbon::reports::gallery
