// SPDX-License-Identifier: MIT
#include "reports/gate/snapshot.hpp"

#include <gmock/gmock.h>

#include "reports/formats/bits.hpp"
#include "reports/gate/baseline.hpp"
#include "reports/gate/gate_cases.hpp"
#include "reports/record/error.hpp"

namespace gibbon::reports::gate {
namespace {

using record::cases::message_of;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(Bits, ComeBackAtEveryLength) {
  for (std::size_t n = 0; n < 40; ++n) {
    std::vector<std::uint8_t> outcomes;
    for (std::size_t k = 0; k < n; ++k) outcomes.push_back(k % 3 == 0 || k + 1 == n ? 1 : 0);
    EXPECT_EQ(formats::from_bits(formats::to_bits(outcomes), n), outcomes);
  }
  EXPECT_EQ(formats::to_bits(std::vector<std::uint8_t>{1, 0, 0, 0, 0, 0, 1}), "QQ==")
      << "'A' is 1000001";
  EXPECT_EQ(formats::from_bits("QQ==", 6), std::nullopt) << "a seventh outcome is set";
  EXPECT_EQ(formats::from_bits("QQ==", 9), std::nullopt);
  EXPECT_EQ(formats::from_bits("Q===", 7), std::nullopt);
  EXPECT_EQ(formats::from_bits("Q!==", 7), std::nullopt);
  EXPECT_EQ(formats::from_bits("QR==", 7), std::nullopt) << "bits behind the last byte";
}

TEST(Checksum, IsSha256) {
  EXPECT_EQ(formats::checksum("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Outcomes, AreThoseOfTheCurveWithoutWhatRepeatsTheCleanAccuracy) {
  const std::vector<Point> points = outcomes_of(cases::run_of({.n = 200}));
  std::vector<std::string> names;
  for (const Point& point : points) names.push_back(point.name());
  EXPECT_THAT(names, ElementsAre("clean", "pgd linf 0.1", "pgd linf 0.2", "noise linf 0.1",
                                 "noise linf 0.2", "worst-case linf 0.1", "worst-case linf 0.2"));
  EXPECT_EQ(points[0].correct(), 190U);
  EXPECT_EQ(points[1].correct(), 160U);
  EXPECT_EQ(points[4].correct(), 160U) << "noise at 0.2 does what PGD does at 0.1";
  EXPECT_EQ(points[6].correct(), 100U);
}

TEST(Outcomes, ThatDoNotAddUpToTheCurveAreDamage) {
  const auto problem = [](const std::function<void(record::Run&)>& damage) {
    record::Run run = cases::run_of({.n = 50});
    damage(run);
    return record::cases::message_of<record::Error>([&] { return outcomes_of(run); });
  };
  EXPECT_THAT(problem([](record::Run& r) { r.samples[70].fooled ^= 1; }),
              HasSubstr("pgd linf 0.1 has"));
  EXPECT_THAT(problem([](record::Run& r) { ++r.curve[7].correct; }),
              HasSubstr("worst-case linf 0.1"));
  EXPECT_THAT(problem([](record::Run& r) { r.samples.resize(70); }),
              HasSubstr("does not have the samples"));
  EXPECT_THAT(problem([](record::Run& r) { r.samples.clear(); }),
              HasSubstr("no samples of the curve"));
  EXPECT_THAT(problem([](record::Run& r) { r.samples[60].id = 7; }),
              HasSubstr("does not have the samples"));
  EXPECT_THAT(problem([](record::Run& r) { ++r.curve[0].clean_correct; }), HasSubstr("clean has"));
}

TEST(Ranges, KeepTheOrder) {
  EXPECT_EQ(to_ranges(std::vector<std::uint64_t>{0, 1, 2, 9, 5, 6}), "0-2,9,5-6");
  EXPECT_EQ(to_ranges({}), "");
}

TEST(Snapshot, TakesSpeedBesideTheReference) {
  record::Run run = cases::run_of({.n = 50});
  run.provenance["reference"] = to_json(Reference{.gflops = 2.0, .strength = {}});
  run.provenance["cost"] = {
      {"pgd linf", {{"forwards", 3000}, {"backwards", 1000}, {"seconds", 0.5}}}};
  const Snapshot snapshot = snapshot_of(run);
  ASSERT_EQ(snapshot.speed.size(), 1U);
  // 4,000 passes of 2,000 operations in 0.5 s are 16 MFLOP/s, the 125th part of 2 GFLOP/s.
  EXPECT_DOUBLE_EQ(snapshot.speed[0].ratio, 125.0);
}

TEST(Snapshot, ADamagedReferenceIsNamed) {
  const auto problem = [](const char* key, const nlohmann::ordered_json& value) {
    record::Run run = cases::run_of({.n = 50});
    run.provenance["reference"] = to_json(Reference{.strength = {cases::strength_of(3)}});
    run.provenance["reference"]["strength"][0][key] = value;
    return record::cases::message_of<record::Error>([&] { return snapshot_of(run); });
  };
  EXPECT_EQ(problem("attack", "pgd"), "");
  EXPECT_THAT(problem("attack", 3), HasSubstr("run.json: reference"));
  EXPECT_THAT(problem("nearest", "0.1 x"), HasSubstr("not a list of numbers"));
  EXPECT_THAT(problem("nearest", "0.1"), HasSubstr("not of the same samples"));
  EXPECT_THAT(problem("epsilons", {1, 2}), HasSubstr("not as long as epsilons"));
}

TEST(Baseline, ComesBackAsItWas) {
  cases::Toy toy{.n = 77, .model = "<script>alert(1)</script>\n\"|\\é"};
  Snapshot then = cases::snapshot(toy);
  then.ids.back() = 5000;
  then.conditions["sample ids"] = to_ranges(then.ids);
  const std::string text = to_baseline_json(then);
  const Snapshot now = read_baseline(text, "b.json");
  EXPECT_EQ(to_baseline_json(now), text);
  EXPECT_EQ(now.ids, then.ids);
  EXPECT_EQ(now.model, then.model);
  ASSERT_EQ(now.points.size(), then.points.size());
  for (std::size_t k = 0; k < now.points.size(); ++k) {
    EXPECT_TRUE(now.points[k].same_as(then.points[k]));
    EXPECT_EQ(now.points[k].right, then.points[k].right);
  }
  EXPECT_EQ(now.strength[0].broken, then.strength[0].broken);
  EXPECT_EQ(now.strength[0].nearest, then.strength[0].nearest);
  EXPECT_EQ(now.speed[0].seconds, 2.0);
}

TEST(Baseline, BadFilesAreNamedWithWhatIsWrong) {
  const std::string good = to_baseline_json(cases::snapshot({.n = 20}));
  const auto problem = [](const std::string& text) {
    return record::cases::message_of<record::Error>([&] { return read_baseline(text, "b.json"); });
  };
  EXPECT_EQ(problem(good), "");
  EXPECT_THAT(problem(good.substr(0, good.size() / 2)), HasSubstr("b.json: incomplete JSON"));
  EXPECT_THAT(problem(""), HasSubstr("incomplete JSON"));
  EXPECT_THAT(problem("[]"), HasSubstr("not a baseline"));
  EXPECT_THAT(problem("{\"schema\": 1, \"curve\": []}"), HasSubstr("not a baseline"));
  std::string edited = good;
  edited.replace(edited.find("\"correct\": 15"), 13, "\"correct\": 14");
  EXPECT_THAT(problem(edited), HasSubstr("the checksum does not match"));
  // Another schema is nobody's damage: it is refused, whatever else it holds.
  std::string newer = good;
  newer.replace(newer.find("\"schema\": 1"), 11, "\"schema\": 2");
  EXPECT_THAT(
      record::cases::message_of<record::Refusal>([&] { return read_baseline(newer, "b.json"); }),
      HasSubstr("schema 2 of baselines is not supported; this program reads schema 1"));
}

TEST(Baseline, WhatAChecksumVouchesForIsStillLookedAt) {
  const auto problem = [](const std::function<void(nlohmann::ordered_json&)>& edit) {
    auto json = nlohmann::ordered_json::parse(to_baseline_json(cases::snapshot({.n = 20})));
    json.erase("checksum");
    edit(json);
    json["checksum"] = formats::checksum(json.dump());
    return record::cases::message_of<record::Error>(
        [&] { return read_baseline(json.dump(), "b.json"); });
  };
  EXPECT_EQ(problem([](auto&) {}), "");
  EXPECT_THAT(problem([](auto& j) { j.erase("points"); }), HasSubstr("points"));
  EXPECT_THAT(problem([](auto& j) { j["points"].clear(); }), HasSubstr("no points"));
  EXPECT_THAT(problem([](auto& j) { j["n"] = 21; }), HasSubstr("sample ids are not 21 samples"));
  EXPECT_THAT(problem([](auto& j) { j["conditions"]["sample ids"] = "0-99"; }),
              HasSubstr("are not 20 samples"));
  EXPECT_THAT(problem([](auto& j) { j["conditions"]["sample ids"] = "0-x"; }),
              HasSubstr("sample ids hold 'x'"));
  EXPECT_THAT(problem([](auto& j) { j["points"][1]["right"] = "AA=="; }),
              HasSubstr("pgd linf 0.1 has no outcomes of 20 samples"));
  EXPECT_THAT(problem([](auto& j) { j["points"][1]["correct"] = 3; }),
              HasSubstr("outcomes and count differ"));
}

}  // namespace
}  // namespace gibbon::reports::gate
