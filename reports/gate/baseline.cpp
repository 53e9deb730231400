// SPDX-License-Identifier: MIT
#include "reports/gate/baseline.hpp"

#include <charconv>
#include <fmt/format.h>

#include "reports/formats/bits.hpp"
#include "reports/record/error.hpp"

namespace gibbon::reports::gate {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kKind = "gibbon-baseline";

std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

constexpr std::string_view kRemedy = "allowed is what 'gibbon baseline RUN' wrote; write it again";

[[noreturn]] void fail(const std::string& file, std::string_view what) {
  throw record::Error(fmt::format("{}: {}; {}", file, what, kRemedy));
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
          {"correct", point.correct()}, {"right", formats::to_bits(point.right)}};
}

Point point_from(const formats::JsonPart& part, std::size_t n, const std::string& file) {
  Point point{.attack = part.get<std::string>("attack"),
              .norm = part.get<std::string>("norm"),
              .kind = formats::row_kind(part["kind"]),
              .epsilon = part.get<double>("epsilon")};
  auto right = formats::from_bits(part.get<std::string>("right"), n);
  if (!right) fail(file, fmt::format("{} has no outcomes of {} samples", point.name(), n));
  point.right = *std::move(right);
  if (point.correct() != part.get<std::uint64_t>("correct"))
    fail(file, fmt::format("{}: outcomes and count differ", point.name()));
  return point;
}

Snapshot snapshot_from(const formats::JsonPart& part, const std::string& file) {
  Snapshot snapshot{.model = part["model"].get<std::string>("name"),
                    .model_sha256 = part["model"].get<std::string>("sha256"),
                    .conditions = part["conditions"].json(),
                    .environment = part["environment"].json()};
  const auto n = part.get<std::size_t>("n");
  // Outcomes first: they are in the file, so that n is no more than it holds.
  const formats::JsonPart points = part["points"];
  if (points.size() == 0) fail(file, "no points");
  for (std::size_t k = 0; k < points.size(); ++k)
    snapshot.points.push_back(point_from(points[k], n, file));
  snapshot.ids = from_ranges(part["conditions"].get<std::string>("sample ids"), n, file);
  snapshot.strength = reference_from(part["reference"]).strength;
  const formats::JsonPart speeds = part["speed"];
  for (std::size_t k = 0; k < speeds.size(); ++k)
    snapshot.speed.push_back({.entry = speeds[k].get<std::string>("entry"),
                              .seconds = speeds[k].get<double>("seconds"),
                              .ratio = speeds[k].get<double>("ratio")});
  return snapshot;
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
  json["checksum"] = formats::checksum(dump(json, -1));
  return dump(json, 2) + "\n";
}

Snapshot read_baseline(std::string_view text, const std::string& file) {
  Json json = formats::parse_json(text, file, kRemedy);
  if (!json.is_object() || json.value("kind", Json()) != kKind) fail(file, "not a baseline");
  const Json schema = json.value("schema", Json());
  if (schema != kBaselineSchema) {
    throw record::Refusal(
        fmt::format("{}: schema {} of baselines is not supported; this program reads schema {}; "
                    "write the baseline again with this gibbon",
                    file, dump(schema, -1), kBaselineSchema));
  }
  const Json stated = json.value("checksum", Json());
  json.erase("checksum");
  if (stated != formats::checksum(dump(json, -1)))
    fail(file, "the checksum does not match, it was edited");
  return snapshot_from(formats::JsonPart(json, file, kRemedy), file);
}

}  // namespace gibbon::reports::gate
