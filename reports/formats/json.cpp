// SPDX-License-Identifier: MIT
#include "reports/formats/json.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

#include "reports/formats/bits.hpp"
#include "reports/formats/npy.hpp"
#include "reports/formats/parse_json.hpp"
#include "reports/record/error.hpp"

namespace gibbon::reports::formats {
namespace {

using Json = nlohmann::ordered_json;

// The one list of stored fields, for writing and for reading.
template <class Point, class Visitor>
void each_field(Point& point, Visitor visit) {
  visit("attack", point.attack);
  visit("norm", point.norm);
  visit("kind", point.kind);
  visit("epsilon", point.epsilon);
  visit("n", point.n);
  visit("clean_correct", point.clean_correct);
  visit("correct", point.correct);
  visit("correct_rounded", point.correct_rounded);
  visit("has_rounded", point.has_rounded);
  visit("target_reached", point.target_reached);
  visit("targeted_n", point.targeted_n);
  visit("carried", point.carried);
  visit("mean_wrong_confidence", point.mean_wrong_confidence);
  visit("median_wrong_confidence", point.median_wrong_confidence);
  visit("mean_distance", point.mean_distance);
  visit("class_n", point.class_n);
  visit("class_correct", point.class_correct);
}

template <class Summary, class Visitor>
void each_distance_field(Summary& summary, Visitor visit) {
  visit("attack", summary.attack);
  visit("norm", summary.norm);
  visit("kind", summary.kind);
  visit("n", summary.n);
  visit("found", summary.found);
  visit("lower_quartile", summary.lower_quartile);
  visit("median", summary.median);
  visit("upper_quartile", summary.upper_quartile);
}

/// As JSON has it.
template <class T>
const T& stored(const T& value) {
  return value;
}
const auto& stored(const PerNorm& numbers) { return numbers.values; }

std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string point_line(const record::CurvePoint& point) {
  const record::Interval interval = record::wilson95(point.correct, point.n);
  Json line;
  each_field(point, [&](const char* name, const auto& value) { line[name] = stored(value); });
  line["accuracy"] = point.accuracy();
  line["accuracy_on_clean_correct"] = point.accuracy_on_clean_correct();
  line["wilson"] = {interval.low, interval.high};
  return dump(line, -1);
}

std::string distance_line(const record::DistanceSummary& summary) {
  Json line;
  each_distance_field(summary, [&](const char* name, const auto& value) { line[name] = value; });
  return dump(line, -1);
}

// A list with one entry per line, at the second level of the file.
std::string lines(const std::vector<std::string>& entries) {
  if (entries.empty()) return "[]";
  return fmt::format("[\n    {}\n  ]", fmt::join(entries, ",\n    "));
}

constexpr std::string_view kRemedy =
    "the file is damaged or not from this version; run the evaluation again";
const std::string kFile = "run.json";

template <class T>
void read(const JsonPart& part, T& value) {
  value = part.as<T>();
}

void read(const JsonPart& part, double& value) {
  value = part.number_or(std::numeric_limits<double>::quiet_NaN());
}

void read(const JsonPart& part, record::RowKind& kind) { kind = row_kind(part); }

void read(const JsonPart& part, PerNorm& numbers) {
  if (part.size() < kFirstStored || part.size() > numbers.values.size()) {
    part.fail(fmt::format("is not a list of {}", numbers.values.size()));
  }
  numbers.values.fill(std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < part.size(); ++i) read(part[i], numbers.values[i]);
}

void read(const JsonPart& part, record::CurvePoint& point) {
  each_field(point, [&](const char* name, auto& value) { read(part[name], value); });
  for (const auto& [name, count] : {std::pair{"correct", point.correct},
                                    {"clean_correct", point.clean_correct},
                                    {"correct_rounded", point.correct_rounded},
                                    {"targeted_n", point.targeted_n}})
    if (count > point.n) part[name].fail("is above n");
  if (point.target_reached > point.targeted_n) part["target_reached"].fail("is above targeted_n");
  if (!(point.epsilon >= 0.0)) part["epsilon"].fail("is not a number from 0 up");
  if (point.class_correct.size() != point.class_n.size())
    part["class_correct"].fail("is not as long as class_n");
}

void read(const JsonPart& part, record::DistanceSummary& summary) {
  each_distance_field(summary, [&](const char* name, auto& value) { read(part[name], value); });
  if (summary.found > summary.n) part["found"].fail("is above n");
  // JSON has no infinity: a quartile of samples that were never broken is null.
  for (double* value : {&summary.lower_quartile, &summary.median, &summary.upper_quartile})
    if (std::isnan(*value)) *value = std::numeric_limits<double>::infinity();
}

template <class T>
void read_all(const JsonPart& part, std::vector<T>& values) {
  values.resize(part.size());
  for (std::size_t i = 0; i < values.size(); ++i) read(part[i], values[i]);
}

void check_schema(const Json& root) {
  const Json schema = JsonPart(root, kFile, kRemedy)["schema"].json();
  if (schema == kSchema) return;
  throw record::Error(
      fmt::format("run.json: schema {} is not supported; this program reads schema {}; use the "
                  "gibbon that wrote it",
                  dump(schema, -1), kSchema));
}

std::string checksum_of(const Json& root) {
  Json content = root;
  content.erase("checksum");
  return checksum(dump(content, -1));
}

void check_rows(const record::Run& run) {
  std::uint32_t last = 0;
  for (const record::SampleRecord& sample : run.samples) {
    if (sample.curve_row >= run.curve.size() || sample.curve_row < last)
      throw record::Error(
          fmt::format("samples.npy: curve_row = {} after {}; rows ascend and run.json has {}; "
                      "read the two files of one run",
                      sample.curve_row, last, run.curve.size()));
    last = sample.curve_row;
  }
}

}  // namespace

std::string to_run_json(const record::Run& run) {
  check_schema(run.provenance);
  Json head = run.provenance;
  head.erase("checksum");
  head.erase("curve");
  head.erase("distances");
  head.erase("diagnosis");
  std::string text = dump(head, 2);
  text.resize(text.size() - 2);  // "\n}"

  std::vector<std::string> points(run.curve.size());
  std::vector<std::string> distances(run.distances.size());
  std::vector<std::string> sentences(run.diagnosis.size());
  std::transform(run.curve.begin(), run.curve.end(), points.begin(), point_line);
  std::transform(run.distances.begin(), run.distances.end(), distances.begin(), distance_line);
  std::transform(run.diagnosis.begin(), run.diagnosis.end(), sentences.begin(),
                 [](const std::string& sentence) { return dump(sentence, -1); });
  text = fmt::format("{},\n  \"curve\": {},\n  \"distances\": {},\n  \"diagnosis\": {}\n}}\n", text,
                     lines(points), lines(distances), lines(sentences));
  // A line of its own, so that a hand that edits on purpose can take it out.
  const std::string schema = fmt::format("\n  \"schema\": {},\n", kSchema);
  return text.insert(text.find(schema) + schema.size(),
                     fmt::format("  \"checksum\": \"{}\",\n", checksum_of(Json::parse(text))));
}

record::Run read_run(std::string_view run_json) {
  record::Run run{.provenance = parse_json(run_json, kFile, kRemedy)};
  check_schema(run.provenance);
  const JsonPart root(run.provenance, kFile, kRemedy);
  read_all(root["curve"], run.curve);
  if (root.has("distances")) read_all(root["distances"], run.distances);  // older runs have none
  read_all(root["diagnosis"], run.diagnosis);
  // Older runs have none.
  if (root.has("checksum") && root["checksum"].json() != checksum_of(run.provenance))
    root["checksum"].fail("does not match, it was edited or damaged");
  for (const char* key : {"checksum", "curve", "distances", "diagnosis"}) run.provenance.erase(key);
  return run;
}

void read_samples(std::istream& samples_npy, record::Run& run) {
  run.samples = from_npy(samples_npy);
  check_rows(run);
}

}  // namespace gibbon::reports::formats
