#include "reports/json.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

#include "reports/error.hpp"
#include "reports/npy.hpp"

namespace gibbon::reports {
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

std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string point_line(const CurvePoint& point) {
  const Interval interval = wilson95(point.correct, point.n);
  Json line;
  each_field(point, [&](const char* name, const auto& value) { line[name] = value; });
  line["accuracy"] = point.accuracy();
  line["accuracy_on_clean_correct"] = point.accuracy_on_clean_correct();
  line["wilson"] = {interval.low, interval.high};
  return dump(line, -1);
}

std::string distance_line(const DistanceSummary& summary) {
  Json line;
  each_distance_field(summary, [&](const char* name, const auto& value) { line[name] = value; });
  return dump(line, -1);
}

// A list with one entry per line, at the second level of the file.
std::string lines(const std::vector<std::string>& entries) {
  if (entries.empty()) return "[]";
  return fmt::format("[\n    {}\n  ]", fmt::join(entries, ",\n    "));
}

[[noreturn]] void fail(const std::string& path, std::string_view what) {
  throw Error(fmt::format(
      "run.json: {} {}; the file is damaged or not from this version; run the evaluation again",
      path, what));
}

const Json& required(const Json& object, const char* key, const std::string& path) {
  if (!object.is_object()) fail(path.empty() ? "the file" : path, "is not an object");
  const auto found = object.find(key);
  if (found == object.end()) fail(path.empty() ? key : path + "." + key, "is missing");
  return *found;
}

void read(const Json& json, const std::string& path, std::string& value) {
  if (!json.is_string()) fail(path, "is not a text");
  value = json.get<std::string>();
}

void read(const Json& json, const std::string& path, bool& value) {
  if (!json.is_boolean()) fail(path, "is neither true nor false");
  value = json.get<bool>();
}

void read(const Json& json, const std::string& path, std::uint64_t& value) {
  if (!json.is_number_unsigned()) fail(path, "is not a whole number from 0 up");
  value = json.get<std::uint64_t>();
}

void read(const Json& json, const std::string& path, double& value) {
  if (!json.is_number() && !json.is_null()) fail(path, "is neither a number nor null");
  value = json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

void read(const Json& json, const std::string& path, std::array<double, 4>& values) {
  if (!json.is_array() || json.size() != values.size()) fail(path, "is not a list of 4");
  for (std::size_t i = 0; i < values.size(); ++i)
    read(json[i], fmt::format("{}[{}]", path, i), values[i]);
}

void read(const Json& json, const std::string& path, CurvePoint& point);
void read(const Json& json, const std::string& path, DistanceSummary& summary);

template <class T>
void read(const Json& json, const std::string& path, std::vector<T>& values) {
  if (!json.is_array()) fail(path, "is not a list");
  values.resize(json.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    read(json[i], fmt::format("{}[{}]", path, i), values[i]);
}

void read(const Json& json, const std::string& path, CurvePoint& point) {
  each_field(point, [&](const char* name, auto& value) {
    read(required(json, name, path), fmt::format("{}.{}", path, name), value);
  });
  if (point.correct > point.n) fail(path + ".correct", "is above n");
  if (point.class_correct.size() != point.class_n.size())
    fail(path + ".class_correct", "is not as long as class_n");
}

void read(const Json& json, const std::string& path, DistanceSummary& summary) {
  each_distance_field(summary, [&](const char* name, auto& value) {
    read(required(json, name, path), fmt::format("{}.{}", path, name), value);
  });
  // JSON has no infinity: a quartile of samples that were never broken is null.
  for (double* value : {&summary.lower_quartile, &summary.median, &summary.upper_quartile})
    if (std::isnan(*value)) *value = std::numeric_limits<double>::infinity();
}

Json parse(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& problem) {
    throw Error(fmt::format(
        "run.json: no complete JSON, byte {} of {}; the file was cut off or edited; run the "
        "evaluation again",
        problem.byte, text.size()));
  }
}

void check_schema(const Json& root) {
  const Json& schema = required(root, "schema", "");
  if (schema == kSchema) return;
  throw Error(
      fmt::format("run.json: schema {} is not supported; this program reads schema {}; use the "
                  "gibbon that wrote it",
                  dump(schema, -1), kSchema));
}

void check_rows(const Run& run) {
  std::uint32_t last = 0;
  for (const SampleRecord& sample : run.samples) {
    if (sample.curve_row >= run.curve.size() || sample.curve_row < last)
      throw Error(
          fmt::format("samples.npy: curve_row = {} after {}; rows ascend and run.json has {}; "
                      "read the two files of one run",
                      sample.curve_row, last, run.curve.size()));
    last = sample.curve_row;
  }
}

}  // namespace

std::string to_run_json(const Run& run) {
  check_schema(run.provenance);
  Json head = run.provenance;
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
  return fmt::format("{},\n  \"curve\": {},\n  \"distances\": {},\n  \"diagnosis\": {}\n}}\n", text,
                     lines(points), lines(distances), lines(sentences));
}

Run read_run(std::string_view run_json) {
  Run run{
      .provenance = parse(run_json), .curve = {}, .samples = {}, .distances = {}, .diagnosis = {}};
  check_schema(run.provenance);
  read(required(run.provenance, "curve", ""), "curve", run.curve);
  if (run.provenance.contains("distances"))  // older runs have none
    read(run.provenance["distances"], "distances", run.distances);
  read(required(run.provenance, "diagnosis", ""), "diagnosis", run.diagnosis);
  run.provenance.erase("curve");
  run.provenance.erase("distances");
  run.provenance.erase("diagnosis");
  return run;
}

void read_samples(std::istream& samples_npy, Run& run) {
  run.samples = from_npy(samples_npy);
  check_rows(run);
}

}  // namespace gibbon::reports
