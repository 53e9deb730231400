// SPDX-License-Identifier: MIT
#include "eval/shift/contact_sheet.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <memory>

#include "reports/gallery/picture.hpp"
#include "reports/record/text.hpp"

namespace gibbon::eval::shift {
namespace {

using reports::gallery::Cell;
using reports::gallery::Label;
using reports::record::CorruptedSample;
using reports::record::Pixels;

Pixels pixels_of(const datasets::Shape& shape, Box range, Row x) {
  Pixels pixels{.height = static_cast<std::uint32_t>(shape.height),
                .width = static_cast<std::uint32_t>(shape.width),
                .channels = static_cast<std::uint32_t>(shape.channels),
                .values = {}};
  for (const float value : x) {
    const float share = (value - range.lower) / (range.upper - range.lower);
    pixels.values.push_back(static_cast<std::uint8_t>(std::lround(255.0F * share)));
  }
  return pixels;
}

/// With a minus sign, behind which no line is broken.
std::string signed_text(double value) {
  return fmt::format("{}{:.3g}", value < 0.0 ? "−" : "", std::abs(value));
}

/// Keeps the pictures that the cells of a grid point at.
class Sheet {
 public:
  Sheet(const datasets::Dataset& data, const CorruptedSample& sample)
      : data_(data), sample_(sample) {}

  Cell cell(Row x, int predicted, const std::string& note = "") {
    pictures_.push_back(std::make_unique<Pixels>(pixels_of(data_.shape, data_.range, x)));
    Cell cell{.pixels = pictures_.back().get(),
              .labels = {{.text = reports::record::class_name(data_.class_names, predicted),
                          .colour = predicted == sample_.label ? reports::gallery::kCorrectInk
                                                               : reports::gallery::kWrongInk}}};
    if (!note.empty()) cell.labels.push_back({.text = note, .colour = reports::gallery::kFaint});
    return cell;
  }

 private:
  const datasets::Dataset& data_;
  const CorruptedSample& sample_;
  std::vector<std::unique_ptr<Pixels>> pictures_;
};

}  // namespace

std::string draw_contact_sheet(const datasets::Dataset& data, const ShiftPlan& plan,
                               const reports::record::Corrupted& all) {
  const auto first = std::ranges::find_if(
      all.samples, [](const CorruptedSample& s) { return s.clean == s.label; });
  const std::size_t n =
      first == all.samples.end() ? 0 : static_cast<std::size_t>(first - all.samples.begin());
  const CorruptedSample& sample = all.samples[n];
  const Row x = data.images.row(n);
  Sheet sheet(data, sample);
  std::vector<float> point(x.size());
  reports::gallery::Grid grid{
      .title = all.model + " on " + all.data,
      .subtitle =
          fmt::format("sample {}, true class {}; below each picture what is predicted", sample.id,
                      reports::record::class_name(data.class_names, sample.label))};
  grid.column_heads.emplace_back("clean");
  for (const std::size_t severity : plan.severities) {
    grid.column_heads.push_back(fmt::format("severity {}", severity));
  }
  std::size_t place = 0;
  for (const attacks::CorruptionInfo* corruption : plan.corruptions) {
    std::vector<Cell> row{sheet.cell(x, sample.clean)};
    for (const std::size_t severity : plan.severities) {
      attacks::corrupt(*corruption, severity, {plan.seed, sample.id}, data.shape, data.range, x,
                       point);
      row.push_back(sheet.cell(point, sample.predicted[place++]));
    }
    grid.row_heads.push_back({{.text = std::string(corruption->name)}});
    grid.rows.push_back(std::move(row));
  }
  for (std::size_t k = 0; k < sample.posed.size(); ++k) {
    const auto& posed = sample.posed[k];
    grid.row_heads.push_back({{.text = "rotation-translation:"}, {.text = all.searches[k]}});
    std::vector<Cell> row{sheet.cell(x, sample.clean)};
    if (posed.has_pose) {
      attacks::put(data.shape, data.range, x, {posed.degrees, posed.down, posed.right}, point);
      row.push_back(sheet.cell(point, posed.predicted,
                               fmt::format("{}°, {} down, {} right", signed_text(posed.degrees),
                                           signed_text(posed.down), signed_text(posed.right))));
    }
    grid.rows.push_back(std::move(row));
  }
  return reports::gallery::draw_grid(grid).png();
}

}  // namespace gibbon::eval::shift
