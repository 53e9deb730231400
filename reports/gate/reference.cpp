// SPDX-License-Identifier: MIT
#include "reports/gate/reference.hpp"

#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "reports/formats/bits.hpp"

namespace gibbon::reports::gate {
namespace {

using Json = nlohmann::ordered_json;

/// Numbers in one line of text: a list of them would be 64 lines of JSON.
std::vector<double> numbers_of(const formats::JsonPart& part) {
  const auto text = part.as<std::string>();
  std::vector<double> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    if (*at == ' ') ++at;
    double value = 0.0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error != std::errc{} || std::isnan(value)) part.fail("is not a list of numbers");
    numbers.push_back(value);
    at = next;
  }
  return numbers;
}

Json to_json(const Strength& strength) {
  Json broken = Json::array();
  for (const auto& outcomes : strength.broken) broken.push_back(formats::to_bits(outcomes));
  return {{"attack", strength.attack},
          {"norm", strength.norm},
          {"epsilons", strength.epsilons},
          {"broken", broken},
          {"nearest", fmt::format("{:.6g}", fmt::join(strength.nearest, " "))}};
}

Strength strength_from(const formats::JsonPart& part) {
  Strength strength{.attack = part.get<std::string>("attack"),
                    .norm = part.get<std::string>("norm"),
                    .epsilons = part.get<std::vector<double>>("epsilons"),
                    .nearest = numbers_of(part["nearest"])};
  for (const auto& text : part.get<std::vector<std::string>>("broken")) {
    auto outcomes = formats::from_bits(text, strength.nearest.size());
    if (!outcomes) part.fail("broken and nearest are not of the same samples");
    strength.broken.push_back(*std::move(outcomes));
  }
  if (strength.broken.size() != strength.epsilons.size())
    part["broken"].fail("is not as long as epsilons");
  return strength;
}

}  // namespace

Json to_json(const Reference& reference) {
  Json strengths = Json::array();
  for (const Strength& strength : reference.strength) strengths.push_back(to_json(strength));
  return {{"gflops", reference.gflops}, {"strength", strengths}};
}

Reference reference_from(const formats::JsonPart& part) {
  Reference reference{.gflops = part.get<double>("gflops"), .strength = {}};
  const formats::JsonPart strengths = part["strength"];
  for (std::size_t k = 0; k < strengths.size(); ++k)
    reference.strength.push_back(strength_from(strengths[k]));
  return reference;
}

}  // namespace gibbon::reports::gate
