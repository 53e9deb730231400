// SPDX-License-Identifier: MIT
#include "reports/page/page_data.hpp"

#include "reports/formats/base64.hpp"
#include "reports/formats/png.hpp"
#include "reports/gallery/canvas.hpp"
#include "reports/page/row_details.hpp"
#include "reports/record/error.hpp"
#include "reports/record/record_cases.hpp"

namespace gibbon::reports::page {
namespace {

nlohmann::ordered_json data_of(const record::Run& run, const record::Gallery& gallery) {
  const PageRun page{.run = &run, .gallery = &gallery};
  return page_data({&page, 1})["runs"][0];
}

/// Two budgets of one attack over four samples, and a worst case: one sample wrong when clean, one
/// fooled at both, one at the smaller alone (and so carried), one never.
record::Run small_run() {
  record::Run run;
  const auto point = [](std::string attack, record::RowKind kind, double e, std::uint64_t correct) {
    return record::CurvePoint{.attack = std::move(attack),
                              .norm = "linf",
                              .kind = kind,
                              .epsilon = e,
                              .n = 4,
                              .clean_correct = 3,
                              .correct = correct,
                              .carried = e > 0.15 ? 1U : 0U,
                              .class_n = {2, 2},
                              .class_correct = {1, correct - 1}};
  };
  run.curve = {point("a", record::RowKind::kAttack, 0.1, 1),
               point("a", record::RowKind::kAttack, 0.2, 1),
               point("worst-case", record::RowKind::kWorstCase, 0.1, 1),
               point("worst-case", record::RowKind::kWorstCase, 0.2, 1)};
  const auto record = [](std::uint32_t row, std::int16_t label, std::int16_t clean,
                         std::int16_t found, bool fooled, bool broken, float confidence,
                         double nearest) {
    return record::SampleRecord{.curve_row = row,
                                .label = label,
                                .clean_label = clean,
                                .found_label = found,
                                .fooled = fooled ? std::uint8_t{1} : std::uint8_t{0},
                                .broken = broken ? std::uint8_t{1} : std::uint8_t{0},
                                .confidence = confidence,
                                .nearest = nearest};
  };
  constexpr double kNever = std::numeric_limits<double>::infinity();
  run.samples = {
      record(0, 0, 1, 1, false, true, 0.9F, 0.0),  record(0, 0, 0, 1, true, true, 0.62F, 0.04),
      record(0, 1, 1, 0, true, true, 1.0F, 0.3),   record(0, 1, 1, 1, false, false, 0.5F, kNever),
      record(1, 0, 1, 1, false, true, 0.9F, 0.0),  record(1, 0, 0, 1, true, true, 0.7F, 0.04),
      record(1, 1, 1, 1, false, true, 0.51F, 0.3), record(1, 1, 1, 1, false, false, 0.49F, kNever)};
  run.distances = {
      {.attack = "a", .norm = "linf", .kind = record::RowKind::kAttack, .n = 4, .found = 3},
      {.attack = "worst-case", .norm = "linf", .kind = record::RowKind::kWorstCase, .n = 4}};
  return run;
}

TEST(RowDetails, SayWhoBecameWhom) {
  const std::vector<RowDetails> rows = row_details(small_run());
  const std::map<std::pair<int, int>, std::uint64_t> expected{{{0, 1}, 2}, {{1, 0}, 1}};
  ASSERT_EQ(rows.size(), 4U);
  for (const RowDetails& row : rows) {
    EXPECT_TRUE(row.known);
    EXPECT_EQ(row.became, expected) << "the carried sample is what it became at the smaller ε";
  }
  EXPECT_TRUE(rows[0].has_confidence);
  EXPECT_FALSE(rows[2].has_confidence);
}

TEST(RowDetails, BinConfidences) {
  const RowDetails row = row_details(small_run())[0];
  EXPECT_EQ(row.fooled[12], 1U);
  EXPECT_EQ(row.fooled[19], 1U) << "1.0 belongs to the last bin";
  EXPECT_EQ(row.right[10], 1U);
  EXPECT_EQ(row_details(small_run())[1].right[9], 1U);
}

TEST(RowDetails, AreUnknownWithoutRecords) {
  for (const RowDetails& row : row_details(record::cases::run())) EXPECT_FALSE(row.known);
}

TEST(DistanceHistogram, CountsEverySampleOnce) {
  const std::vector<DistanceHistogram> all = distance_histograms(small_run(), 4);
  ASSERT_EQ(all.size(), 2U);
  for (const DistanceHistogram& histogram : all) {
    EXPECT_DOUBLE_EQ(histogram.bin_width, 0.05);
    EXPECT_EQ(histogram.counts, (std::vector<std::uint64_t>{1, 0, 0, 0}));
    EXPECT_EQ(histogram.wrong_when_clean, 1U);
    EXPECT_EQ(histogram.beyond, 1U);
    EXPECT_EQ(histogram.never, 1U);
  }
}

TEST(PageData, HasWhatTheCurveHas) {
  const record::Run run = record::cases::run();
  const auto series = data_of(run, {})["series"];
  ASSERT_EQ(series.size(), 3U);
  EXPECT_EQ(series[0]["attack"], "fgsm:loss=ce,\"x\"");
  const auto& point = series[0]["points"][1];
  EXPECT_EQ(point["k"], 120);
  EXPECT_EQ(point["n"], 200);
  EXPECT_EQ(point["text"], "0.031373 = 8/255");
  EXPECT_EQ(point["low"].get<double>(), record::wilson95(120, 200).low);
  EXPECT_FALSE(point.contains("became"));
}

TEST(PageData, WalksHoldEveryFrameInOnePicture) {
  const record::Run run = record::cases::run();
  const record::Gallery gallery = record::cases::gallery();
  const auto walks = data_of(run, gallery)["walks"];
  ASSERT_EQ(walks.size(), 2U);
  EXPECT_EQ(walks[0]["id"], 42);
  ASSERT_EQ(walks[0]["frames"].size(), 2U);
  EXPECT_EQ(walks[0]["frames"][0]["e"], 0.02) << "in the order of ε";
  record::Pixels all = gallery.items[0].clean;
  all.height *= 3;
  for (int k = 0; k < 2; ++k)
    all.values.insert(all.values.end(), gallery.items[0].adversarial.values.begin(),
                      gallery.items[0].adversarial.values.end());
  EXPECT_EQ(walks[0]["sprite"], formats::to_base64(formats::to_png(all)));
}

TEST(PageData, WalksBeyondTheRoomAreCounted) {
  const record::Run run = record::cases::run();
  record::Gallery gallery;
  std::uint32_t noise = 1;
  for (std::uint64_t id = 0; id < 3; ++id) {
    record::GalleryItem& item = gallery.items.emplace_back(record::cases::item(id, 0.1));
    item.clean = {.height = 800, .width = 800, .channels = 1, .values = {}};
    for (int i = 0; i < 800 * 800; ++i)
      item.clean.values.push_back(
          static_cast<std::uint8_t>((noise = noise * 1664525U + 1013904223U) >> 24U));
    item.adversarial = item.clean;
  }
  const auto data = data_of(run, gallery);
  EXPECT_EQ(data["walks"].size() + data["left_out"].get<std::size_t>(), 3U);
  EXPECT_GT(data["left_out"], 0);
}

TEST(PageData, FramesOfAnotherSizeAreNamed) {
  const record::Run run = record::cases::run();
  record::Gallery gallery = record::cases::gallery();
  gallery.items[1].adversarial.width = 2;
  EXPECT_EQ(record::cases::message_of<record::Error>([&] { return data_of(run, gallery); }),
            "gallery: sample 42: its pictures differ in size; all of a sample must have the same; "
            "write the gallery again");
}

TEST(PageData, ScriptsCannotBeLeft) {
  const std::string text = to_script_json({{"name", "</script><!-- & ]]>"}});
  EXPECT_EQ(text.find_first_of("<>&"), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(text)["name"], "</script><!-- & ]]>");
}

}  // namespace
}  // namespace gibbon::reports::page
