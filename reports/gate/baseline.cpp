#include "reports/gate/baseline.hpp"

#include <charconv>
#include <fmt/format.h>

#include "reports/error.hpp"
#include "reports/gate/bits.hpp"

namespace gibbon::reports::gate {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kKind = "gibbon-baseline";

std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

[[noreturn]] void fail(const std::string& file, std::string_view what) {
  throw Error(fmt::format("{}: {}; allowed is what 'gibbon baseline RUN' wrote; write it again",
                          file, what));
}

std::uint64_t number_of(std::string_view text, const std::string& file) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    fail(file, fmt::format("sample ids hold '{}'", text));
  return value;
}

std::vector<std::uint64_t> from_ranges(std::string_view text, std::size_t count,
                                       const std::string& file) {
  std::vector<std::uint64_t> ids;
  while (!text.empty()) {
    const std::string_view range = text.substr(0, text.find(','));
    text.remove_prefix(std::min(range.size() + 1, text.size()));
    const std::size_t dash = range.find('-');
    const std::uint64_t first = number_of(range.substr(0, dash), file);
    const std::uint64_t last =
        dash == std::string_view::npos ? first : number_of(range.substr(dash + 1), file);
    if (last < first || last - first >= count - ids.size())
      fail(file, fmt::format("sample ids {} are not {} samples", range, count));
    for (std::uint64_t id = first; id <= last; ++id) ids.push_back(id);
  }
  if (ids.size() != count) fail(file, fmt::format("sample ids are not {} samples", count));
  return ids;
}

Json to_json(const Point& point) {
  return {{"attack", point.attack},     {"norm", point.norm},
          {"kind", point.kind},         {"epsilon", point.epsilon},
          {"correct", point.correct()}, {"right", to_bits(point.right)}};
}

Point point_from(const Json& json, std::size_t n, const std::string& file) {
  Point point{.attack = json.at("attack").get<std::string>(),
              .norm = json.at("norm").get<std::string>(),
              .kind = json.at("kind").get<std::string>(),
              .epsilon = json.at("epsilon").get<double>()};
  auto right = from_bits(json.at("right").get<std::string>(), n);
  if (!right) fail(file, fmt::format("{} has no outcomes of {} samples", point.name(), n));
  point.right = *std::move(right);
  if (point.correct() != json.at("correct").get<std::uint64_t>())
    fail(file, fmt::format("{}: outcomes and count differ", point.name()));
  return point;
}

Snapshot snapshot_from(const Json& json, const std::string& file) {
  Snapshot snapshot{.model = json.at("model").at("name").get<std::string>(),
                    .model_sha256 = json.at("model").at("sha256").get<std::string>(),
                    .conditions = json.at("conditions"),
                    .environment = json.at("environment")};
  const auto n = json.at("n").get<std::size_t>();
  snapshot.ids = from_ranges(snapshot.conditions.at("sample ids").get<std::string>(), n, file);
  for (const Json& point : json.at("points")) snapshot.points.push_back(point_from(point, n, file));
  if (snapshot.points.empty()) fail(file, "there are no points in it");
  snapshot.strength = reference_from(json.at("reference"), file + ": reference").strength;
  for (const Json& speed : json.at("speed"))
    snapshot.speed.push_back({.entry = speed.at("entry").get<std::string>(),
                              .seconds = speed.at("seconds").get<double>(),
                              .ratio = speed.at("ratio").get<double>()});
  return snapshot;
}

Json parse(std::string_view text, const std::string& file) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& problem) {
    fail(file, fmt::format("no complete JSON, byte {} of {}", problem.byte, text.size()));
  }
}

}  // namespace

std::string to_baseline_json(const Snapshot& snapshot) {
  Json points = Json::array();
  for (const Point& point : snapshot.points) points.push_back(to_json(point));
  Json speeds = Json::array();
  for (const Speed& speed : snapshot.speed)
    speeds.push_back({{"entry", speed.entry}, {"seconds", speed.seconds}, {"ratio", speed.ratio}});
  Json json{{"schema", kBaselineSchema},
            {"kind", kKind},
            {"model", {{"name", snapshot.model}, {"sha256", snapshot.model_sha256}}},
            {"n", snapshot.ids.size()},
            {"conditions", snapshot.conditions},
            {"points", points},
            {"reference", to_json(Reference{.strength = snapshot.strength})},
            {"speed", speeds},
            {"environment", snapshot.environment}};
  json["checksum"] = checksum(dump(json, -1));
  return dump(json, 2) + "\n";
}

Snapshot read_baseline(std::string_view text, const std::string& file) {
  Json json = parse(text, file);
  if (!json.is_object() || json.value("kind", Json()) != kKind) fail(file, "it is no baseline");
  const Json schema = json.value("schema", Json());
  if (schema != kBaselineSchema) {
    throw Refusal(
        fmt::format("{}: schema {} of baselines is not supported; this program reads schema {}; "
                    "write the baseline again with this gibbon",
                    file, dump(schema, -1), kBaselineSchema));
  }
  const Json stated = json.value("checksum", Json());
  json.erase("checksum");
  if (stated != checksum(dump(json, -1))) fail(file, "the checksum does not match, it was edited");
  try {
    return snapshot_from(json, file);
  } catch (const Json::exception& problem) {
    fail(file, problem.what());
  }
}

}  // namespace gibbon::reports::gate
