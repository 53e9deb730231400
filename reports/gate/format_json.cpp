// SPDX-License-Identifier: MIT
#include <array>

#include "reports/gate/formats.hpp"
#include "reports/gate/words.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::gate {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kCheckSchema = 2;

Json to_json(const PointResult& p) {
  return {{"point", p.name},
          {"kind", p.kind},
          {"n", p.paired.n},
          {"before", p.before},
          {"now", p.now},
          {"lost", p.paired.lost},
          {"gained", p.paired.gained},
          {"change", -p.paired.drop()},
          {"change_interval", {-p.drop.high, -p.drop.low}},
          {"p", p.p},
          {"adjusted_p", p.adjusted},
          {"verdict", to_string(p.verdict)},
          {"repeats", p.repeats.empty() ? Json() : Json(p.repeats)},
          {"lost_samples", p.lost},
          {"gained_samples", p.gained},
          {"needed_n", p.needed ? Json(*p.needed) : Json()}};
}

Json to_json(const StrengthResult& r) {
  constexpr std::array kNames{"as before", "weaker", "stronger"};
  return {{"attack", r.name},         {"n", r.n},
          {"weaker", r.weaker},       {"stronger", r.stronger},
          {"adjusted_p", r.adjusted}, {"verdict", kNames[static_cast<std::size_t>(r.verdict)]}};
}

Json to_json(const RequirementResult& r) {
  return {{"requirement", r.requirement.name()},
          {"n", r.n},
          {"correct", r.correct},
          {"wilson", {r.interval.low, r.interval.high}},
          {"met", r.met()}};
}

Json to_json(const SpeedResult& r) {
  constexpr std::array kNames{"fine", "slower", "too short"};
  return {{"entry", r.entry},
          {"slowdown", r.slowdown},
          {"verdict", kNames[static_cast<std::size_t>(r.verdict)]}};
}

Json to_json(const Finding& f) {
  constexpr std::array kNames{"failure", "warning", "note"};
  return {{"level", kNames[static_cast<std::size_t>(f.level)]},
          {"subject", f.subject},
          {"what", f.what},
          {"text", f.text},
          {"samples", f.samples}};
}

Json to_json(const Advice& advice) {
  Json steps = Json::array();
  for (const Advice::Step& step : advice.steps)
    steps.push_back({{"text", step.text}, {"command", step.command}});
  return {{"about", advice.what}, {"steps", steps}};
}

template <class Item>
Json list_of(const std::vector<Item>& items) {
  Json list = Json::array();
  for (const Item& item : items) list.push_back(to_json(item));
  return list;
}

}  // namespace

std::string to_json(const GateResult& result) {
  const Json json{{"schema", kCheckSchema},
                  {"passed", result.passed()},
                  {"verdict", result.verdict()},
                  {"summary", summary(result)},
                  {"run", result.title},
                  {"baseline", result.baseline},
                  {"margin", result.criteria.margin},
                  {"alpha", result.criteria.alpha},
                  {"what_to_do", list_of(advice(result))},
                  {"findings", list_of(result.findings)},
                  {"points", list_of(result.points)},
                  {"strength", list_of(result.strength)},
                  {"requirements", list_of(result.requirements)},
                  {"speed", list_of(result.speed)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace gibbon::reports::gate
