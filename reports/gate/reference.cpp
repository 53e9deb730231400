#include "reports/gate/reference.hpp"

#include <charconv>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reports/error.hpp"
#include "reports/gate/bits.hpp"

namespace gibbon::reports::gate {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw Error(fmt::format("{}: {}; the file is damaged; run the sweep again", where, what));
}

/// Numbers in one line of text: a list of them would be 64 lines of JSON.
std::vector<double> numbers_of(const std::string& text, const std::string& where) {
  std::vector<double> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    if (*at == ' ') ++at;
    double value = 0.0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc{}) fail(where, "nearest is no list of numbers");
    numbers.push_back(value);
    at = next;
  }
  return numbers;
}

Json to_json(const Strength& strength) {
  Json broken = Json::array();
  for (const auto& outcomes : strength.broken) broken.push_back(to_bits(outcomes));
  return {{"attack", strength.attack},
          {"norm", strength.norm},
          {"epsilons", strength.epsilons},
          {"broken", broken},
          {"nearest", fmt::format("{:.6g}", fmt::join(strength.nearest, " "))}};
}

Strength strength_from(const Json& json, const std::string& where) {
  Strength strength{.attack = json.at("attack").get<std::string>(),
                    .norm = json.at("norm").get<std::string>(),
                    .epsilons = json.at("epsilons").get<std::vector<double>>(),
                    .nearest = numbers_of(json.at("nearest").get<std::string>(), where)};
  for (const auto& text : json.at("broken").get<std::vector<std::string>>()) {
    auto outcomes = from_bits(text, strength.nearest.size());
    if (!outcomes) fail(where, "broken and nearest are not of the same samples");
    strength.broken.push_back(*std::move(outcomes));
  }
  if (strength.broken.size() != strength.epsilons.size())
    fail(where, "broken is not as long as epsilons");
  return strength;
}

}  // namespace

Json to_json(const Reference& reference) {
  Json strengths = Json::array();
  for (const Strength& strength : reference.strength) strengths.push_back(to_json(strength));
  return {{"gflops", reference.gflops}, {"strength", strengths}};
}

Reference reference_from(const Json& json, const std::string& where) {
  try {
    Reference reference{.gflops = json.at("gflops").get<double>(), .strength = {}};
    for (const Json& strength : json.at("strength"))
      reference.strength.push_back(strength_from(strength, where));
    return reference;
  } catch (const Json::exception& problem) {
    fail(where, problem.what());
  }
}

}  // namespace gibbon::reports::gate
