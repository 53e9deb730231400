// SPDX-License-Identifier: MIT
#include "reports/formats/json.hpp"

#include <sstream>

#include "base/limits.hpp"
#include "reports/formats/bits.hpp"
#include "reports/formats/npy.hpp"
#include "reports/record/error.hpp"
#include "reports/record/record_cases.hpp"

namespace gibbon::reports::formats {
namespace {

record::Run read_both(std::string_view json, std::span<const record::SampleRecord> samples) {
  record::Run run = read_run(json);
  std::istringstream npy(to_npy(samples));
  read_samples(npy, run);
  return run;
}

using Json = nlohmann::ordered_json;

std::string problem_of(const std::string& text) {
  return record::cases::message_of<record::Error>([&] { return read_run(text); });
}

TEST(RunJson, IsTheGoldenFile) {
  record::cases::expect_golden("run.json", to_run_json(record::cases::run()));
}

TEST(RunJson, RoundTripsWithNanAndSamples) {
  const record::Run run = record::cases::run();
  const std::string text = to_run_json(run);
  const record::Run read = read_both(text, run.samples);
  EXPECT_EQ(to_run_json(read), text);
  EXPECT_EQ(to_npy(read.samples), to_npy(run.samples));
  EXPECT_EQ(read.provenance, run.provenance);
  EXPECT_EQ(read.diagnosis, run.diagnosis);
  EXPECT_TRUE(std::isnan(read.curve[0].mean_wrong_confidence));
  EXPECT_EQ(read.curve[1].epsilon, 8.0 / 255.0);
  EXPECT_EQ(Json::parse(text)["curve"][0]["mean_distance"][0], nullptr);
  EXPECT_EQ(Json::parse(text).begin().key(), "schema");
}

TEST(RunJson, DistancesRoundTripAndMayBeMissing) {
  record::Run run = record::cases::run();
  run.distances = {{"fmn", "l2", record::RowKind::kAttack, 200, 120, 0.25, 0.5,
                    std::numeric_limits<double>::infinity()}};
  const std::string text = to_run_json(run);
  const record::Run read = read_both(text, run.samples);
  ASSERT_EQ(read.distances.size(), 1U);
  EXPECT_EQ(read.distances[0].median, 0.5);
  EXPECT_EQ(read.distances[0].upper_quartile, std::numeric_limits<double>::infinity());
  EXPECT_EQ(to_run_json(read), text);
  Json old = Json::parse(to_run_json(record::cases::run()));
  old.erase("distances");  // runs of before
  old.erase("checksum");
  EXPECT_TRUE(read_both(old.dump(), run.samples).distances.empty());
}

TEST(RunJson, EmptyRunRoundTrips) {
  record::Run run;
  run.provenance = {{"schema", 1}};
  EXPECT_EQ(to_run_json(run),
            "{\n  \"schema\": 1,\n  \"checksum\": "
            "\"" +
                checksum(R"({"schema":1,"curve":[],"distances":[],"diagnosis":[]})") +
                "\",\n  \"curve\": [],\n  \"distances\": [],\n  \"diagnosis\": []\n}\n");
  EXPECT_TRUE(read_run(to_run_json(run)).curve.empty());
}

TEST(RunJson, OtherSchemaIsRefused) {
  record::Run run = record::cases::run();
  run.provenance["schema"] = 2;
  EXPECT_EQ(record::cases::message_of<record::Error>([&] { return to_run_json(run); }),
            "run.json: schema 2 is not supported; this program reads schema 1; use the gibbon that "
            "wrote it");
  EXPECT_NE(problem_of("{\"schema\": \"x\"}").find("schema \"x\" is not supported"),
            std::string::npos);
  EXPECT_NE(problem_of("{}").find("run.json: schema is missing"), std::string::npos);
  EXPECT_NE(problem_of("[]").find("run.json: the file is not an object"), std::string::npos);
}

TEST(RunJson, CutAnywhereIsAnError) {
  const std::string text = to_run_json(record::cases::run());
  EXPECT_NE(problem_of("{\"schema\": 1, ").find("run.json: incomplete JSON, byte "),
            std::string::npos);
  for (std::size_t size = 0; size + 1 < text.size(); size += 7)
    EXPECT_NE(problem_of(text.substr(0, size)).find("incomplete JSON"), std::string::npos) << size;
}

TEST(RunJson, EveryMissingKeyIsNamed) {
  Json good = Json::parse(to_run_json(record::cases::run()));
  good.erase("checksum");
  for (const char* derived : {"accuracy", "accuracy_on_clean_correct", "wilson"}) {
    Json bad = good;
    bad["curve"][3].erase(derived);
    EXPECT_EQ(problem_of(bad.dump()), "") << derived;
  }
  for (const auto& [key, value] : good["curve"][3].items()) {
    if (key == "accuracy" || key == "accuracy_on_clean_correct" || key == "wilson") continue;
    Json missing = good;
    missing["curve"][3].erase(key);
    EXPECT_EQ(problem_of(missing.dump()),
              "run.json: curve[3]." + key +
                  " is missing; the file is damaged or not from this version; "
                  "run the evaluation again");
    Json wrong = good;
    wrong["curve"][3][key] = Json::object();
    EXPECT_NE(problem_of(wrong.dump()).find("run.json: curve[3]." + key + " is "),
              std::string::npos);
  }
}

TEST(RunJson, WrongEntriesAreNamed) {
  Json bad = Json::parse(to_run_json(record::cases::run()));
  bad["curve"][1]["class_n"][2] = -1;
  EXPECT_NE(problem_of(bad.dump()).find("curve[1].class_n[2] is not a whole number"),
            std::string::npos);
  bad["curve"][1]["class_n"] = {1};
  EXPECT_NE(problem_of(bad.dump()).find("curve[1].class_correct is not as long"),
            std::string::npos);
  bad["curve"][0]["correct"] = 201;
  EXPECT_NE(problem_of(bad.dump()).find("curve[0].correct is above n"), std::string::npos);
  bad["curve"] = 1;
  EXPECT_NE(problem_of(bad.dump()).find("curve is not a list"), std::string::npos);
}

TEST(RunJson, WhatIsEditedDoesNotHaveItsChecksum) {
  const Json good = Json::parse(to_run_json(record::cases::run()));
  EXPECT_EQ(problem_of(good.dump()), "") << "layout does not count";
  Json edited = good;
  edited["model"]["name"] = "another";
  EXPECT_NE(problem_of(edited.dump()).find("run.json: checksum does not match, it was edited"),
            std::string::npos);
  edited.erase("checksum");
  EXPECT_EQ(problem_of(edited.dump()), "") << "runs of before have none";
}

TEST(RunJson, DepthAndRangeAreBounded) {
  const std::string deep = std::string(20000, '[') + std::string(20000, ']');
  EXPECT_NE(problem_of("{\"schema\": 1, \"a\": " + deep + "}").find("nested more than 64 deep"),
            std::string::npos);
  EXPECT_NE(problem_of(deep).find("nested more than 64 deep"), std::string::npos);
  EXPECT_NE(problem_of("{\"schema\": 1, \"a\": 1e999}").find("a number in it is too large"),
            std::string::npos);
  Json bad = Json::parse(to_run_json(record::cases::run()));
  bad["curve"][0]["n"] = 1.5;
  EXPECT_NE(problem_of(bad.dump()).find("curve[0].n is not a whole number from 0 to"),
            std::string::npos);
}

TEST(RunJson, ContentTakesNoMoreThanItMay) {
  const std::size_t before = file_limit;
  file_limit = 10000;
  std::string many = "{\"schema\": 1, \"a\": [0";
  for (int k = 0; k < 1000; ++k) many += ",0";
  EXPECT_NE(problem_of(many + "]}").find("--file-limit"), std::string::npos) << "16 bytes each";
  file_limit = 1000;
  EXPECT_NE(problem_of(many + "]}").find("--file-limit"), std::string::npos);
  file_limit = before;
}

TEST(RunJson, SamplesOfAnotherRunAreRefused) {
  record::Run run = record::cases::run();
  const std::string text = to_run_json(run);
  run.samples[1].curve_row = 99;
  EXPECT_EQ(record::cases::message_of<record::Error>([&] { return read_both(text, run.samples); }),
            "samples.npy: curve_row = 99 after 0; rows ascend and run.json has 8; read the two "
            "files of one "
            "run");
}

}  // namespace
}  // namespace gibbon::reports::formats
