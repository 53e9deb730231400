// SPDX-License-Identifier: MIT
#include "reports/page/page_data.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <tuple>

#include "base/norm.hpp"
#include "reports/formats/base64.hpp"
#include "reports/formats/png.hpp"
#include "reports/gallery/canvas.hpp"
#include "reports/page/page_band.hpp"
#include "reports/page/row_details.hpp"
#include "reports/record/error.hpp"
#include "reports/record/series.hpp"
#include "reports/record/subject.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::page {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kBins = 40;    // of the distances
constexpr std::size_t kPairs = 200;  // (true, says) pairs of one row, the most frequent

Json became_json(const RowDetails& details) {
  std::vector<std::array<std::uint64_t, 3>> pairs;
  for (const auto& [pair, count] : details.became)
    pairs.push_back({static_cast<std::uint64_t>(pair.first),
                     static_cast<std::uint64_t>(std::max(0, pair.second)), count});
  std::ranges::stable_sort(pairs, [](const auto& a, const auto& b) { return a[2] > b[2]; });
  pairs.resize(std::min(pairs.size(), kPairs));
  return pairs;
}

Json point_json(const record::Run& run, std::size_t row, const RowDetails& details) {
  const record::CurvePoint& point = run.curve[row];
  const record::Interval interval = record::wilson95(point.correct, point.n);
  Json json{{"e", point.epsilon},
            {"text", record::epsilon_text(point.epsilon)},
            {"n", point.n},
            {"k", point.correct},
            {"low", interval.low},
            {"high", interval.high},
            {"clean", point.clean_correct},
            {"classes", point.class_correct},
            {"class_n", point.class_n}};
  if (details.known) json["became"] = became_json(details);
  if (details.has_confidence) {
    json["right"] = details.right;
    json["fooled"] = details.fooled;
  }
  return json;
}

Json series_json(const record::Run& run, record::Repeats repeats) {
  const std::vector<RowDetails> details = row_details(run);
  const std::vector<DistanceHistogram> histograms = distance_histograms(run, kBins);
  Json list = Json::array();
  for (const record::Panel& panel : record::panels_of(run, repeats)) {
    for (const record::Series& series : panel.series) {
      Json json{{"attack", printable(series.attack)},
                {"name", series.name},
                {"norm", panel.norm},
                {"symbol", record::norm_symbol(panel.norm)},
                {"kind", series.kind},
                {"points", Json::array()}};
      for (const record::CurvePoint* point : series.points) {
        const auto row = static_cast<std::size_t>(point - run.curve.data());
        json["points"].push_back(point_json(run, row, details[row]));
      }
      for (std::size_t d = 0; d < run.distances.size(); ++d) {
        const record::DistanceSummary& summary = run.distances[d];
        if (summary.attack != series.attack || summary.norm != panel.norm || !histograms[d].known)
          continue;
        json["distances"] = {
            {"width", histograms[d].bin_width},
            {"counts", histograms[d].counts},
            {"clean", histograms[d].wrong_when_clean},
            {"beyond", histograms[d].beyond},
            {"never", histograms[d].never},
            {"median", std::isfinite(summary.median) ? Json(summary.median) : Json(nullptr)}};
      }
      list.push_back(std::move(json));
    }
    if (panel.band != nullptr) list.push_back(band_json(*panel.band));
  }
  return list;
}

using Items = std::vector<const record::GalleryItem*>;

/// The pictured samples, each with its frames in the order of ε.
std::vector<Items> walks_of(const record::Gallery& gallery) {
  std::map<std::tuple<std::string, std::string, std::uint64_t>, std::size_t> places;
  std::vector<Items> walks;
  for (const record::GalleryItem& item : gallery.items) {
    const auto [at, added] = places.try_emplace({item.attack, item.norm, item.id}, walks.size());
    if (added) walks.emplace_back();
    walks[at->second].push_back(&item);
  }
  for (Items& walk : walks)
    std::ranges::stable_sort(walk, {},
                             [](const record::GalleryItem* item) { return item->epsilon; });
  return walks;
}

/// The clean image and below it the adversarial ones, as one PNG.
std::string sprite(const Items& walk) {
  record::Pixels all = walk.front()->clean;
  for (const record::GalleryItem* item : walk) {
    const record::Pixels& next = item->adversarial;
    if (next.width != all.width || next.channels != all.channels ||
        next.height != walk.front()->clean.height)
      throw record::Error(
          fmt::format("gallery: sample {}: its pictures differ in size; all of a sample must have "
                      "the same; write the gallery again",
                      item->id));
    all.values.insert(all.values.end(), next.values.begin(), next.values.end());
    all.height += next.height;
  }
  return formats::to_base64(formats::to_png(all));
}

Json shares_json(const std::vector<float>& shares, int label, double confidence) {
  // What older versions stored has one class only.
  if (shares.empty()) return Json::array({{label, confidence}});
  Json list = Json::array();
  for (std::size_t k = 0; k < shares.size(); ++k)
    list.push_back({k, std::round(1e6 * double{shares[k]}) / 1e6});
  return list;
}

bool bounds_each_value(const std::string& name) {
  const NormInfo* norm = known_norm(name);
  return norm != nullptr && norm->each_value;
}

Json walk_json(const Items& walk) {
  const record::GalleryItem& first = *walk.front();
  Json frames = Json::array();
  for (const record::GalleryItem* item : walk)
    frames.push_back({{"e", item->epsilon},
                      {"text", record::epsilon_text(item->epsilon)},
                      {"says", item->found_label},
                      {"adversarial", item->still_adversarial},
                      {"confidences",
                       shares_json(item->confidences, item->found_label, item->found_confidence)}});
  return {{"attack", printable(first.attack)},
          {"norm", first.norm},
          {"each_value", bounds_each_value(first.norm)},
          {"id", first.id},
          {"label", first.label},
          {"says", first.clean_label},
          {"confidences",
           shares_json(first.clean_confidences, first.clean_label, first.clean_confidence)},
          {"height", first.clean.height},
          {"width", first.clean.width},
          {"channels", first.clean.channels},
          {"frames", frames},
          {"sprite", sprite(walk)}};
}

Json answer_json(const Answer& answer) {
  if (answer.label < 0) return nullptr;
  const double confidence = std::round(1e6 * answer.confidence) / 1e6;
  return {answer.label, confidence > 0.0 ? Json(confidence) : Json()};
}

Json changed_json(std::span<const ChangedSample> samples) {
  Json list = Json::array();
  for (const ChangedSample& sample : samples)
    list.push_back({sample.id, sample.label, answer_json(sample.before), answer_json(sample.now)});
  return list;
}

Json changes_json(std::span<const Changes> changes) {
  Json list = Json::array();
  for (const Changes& at : changes)
    list.push_back({{"attack", printable(at.attack)},
                    {"norm", at.norm},
                    {"e", at.epsilon},
                    {"lost", changed_json(at.lost)},
                    {"gained", changed_json(at.gained)}});
  return list;
}

}  // namespace

std::string run_name(std::span<const PageRun> runs, std::size_t index) {
  std::string model = record::subject_of(*runs[index].run).model;
  if (runs.size() == 1) return model;
  return fmt::format("{:c}: {}", static_cast<char>('A' + index % 26), model);
}

Json page_data(std::span<const PageRun> runs, const Comparison& comparison) {
  // Side by side, all attacks together are compared with all attacks together.
  const record::Repeats repeats =
      runs.size() > 1 ? record::Repeats::kKept : record::Repeats::kDropped;
  Json list = Json::array();
  std::size_t room = kMostWalkBytes;
  for (const PageRun& page : runs) {
    const record::Subject subject = record::subject_of(*page.run);
    Json classes = Json::array();
    for (std::size_t c = 0; c < subject.classes; ++c)
      classes.push_back(printable(record::class_name(subject.class_names, static_cast<int>(c))));
    Json json{{"name", run_name(runs, list.size())},
              {"data", subject.data_and_split()},
              {"n", subject.n},
              {"units", subject.units},
              {"classes", classes},
              {"series", series_json(*page.run, repeats)},
              {"walks", Json::array()}};
    std::size_t left_out = 0;
    if (page.gallery != nullptr) {
      for (const Items& walk : walks_of(*page.gallery)) {
        Json one = walk_json(walk);
        const std::size_t bytes = one["sprite"].get_ref<const std::string&>().size();
        if (bytes > room) {
          ++left_out;
          continue;
        }
        room -= bytes;
        json["walks"].push_back(std::move(one));
      }
    }
    json["left_out"] = left_out;
    list.push_back(std::move(json));
  }
  Json data{{"runs", list}};
  if (!comparison.changes.empty()) {
    data["sides"] = comparison.names;
    data["changes"] = changes_json(comparison.changes);
  }
  return data;
}

std::string to_script_json(const Json& data) {
  std::string text;
  for (const char c : data.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    switch (c) {
      case '<': text += "\\u003c"; break;
      case '>': text += "\\u003e"; break;
      case '&': text += "\\u0026"; break;
      default: text += c;
    }
  }
  return text;
}

}  // namespace gibbon::reports::page
