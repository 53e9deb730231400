// SPDX-License-Identifier: MIT
#include "reports/formats/parse_json.hpp"

#include <cmath>
#include <fmt/format.h>

#include "base/limits.hpp"
#include "base/printable.hpp"
#include "reports/record/error.hpp"

namespace gibbon::reports::formats {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

Json parse_json(std::string_view text, const std::string& name, std::string_view remedy) {
  const auto refuse = [&](const std::string& what) {
    throw record::Error(fmt::format("{}: {}; {}", name, what, remedy));
  };
  // Two bytes of text, "0,", are a value of 16: what is read counts, not what it is read from.
  const std::size_t limit = file_limit;
  std::size_t taken = text.size();
  const auto look = [&](int depth, Json::parse_event_t event, const Json& /*parsed*/) {
    const bool opens =
        event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    if (opens && static_cast<std::size_t>(depth) >= kDeepestNesting)
      refuse(fmt::format("lists and objects are nested more than {} deep", kDeepestNesting));
    // A key stands beside its value in the object's list.
    taken += event == Json::parse_event_t::key ? sizeof(Json::object_t::value_type) : sizeof(Json);
    if (taken > limit)
      refuse(
          fmt::format("its content takes more than {} bytes; allow more with --file-limit", limit));
    return true;
  };
  if (taken > limit)
    refuse(fmt::format("it has {} bytes, the limit is {}; allow more with --file-limit", taken,
                       limit));
  try {
    return Json::parse(text.begin(), text.end(), look);
  } catch (const Json::parse_error& problem) {
    refuse(fmt::format("incomplete JSON, byte {} of {}", problem.byte, text.size()));
  } catch (const Json::exception&) {
    refuse("a number in it is too large");
  }
  return {};
}

void JsonPart::fail(std::string_view what) const {
  throw record::Error(
      fmt::format("{}: {} {}; {}", *file_, path_.empty() ? "the file" : path_, what, remedy_));
}

bool JsonPart::has(const char* key) const {
  if (!json_->is_object()) fail("is not an object");
  return json_->contains(key);
}

JsonPart JsonPart::operator[](const char* key) const {
  std::string path = path_.empty() ? key : fmt::format("{}.{}", path_, key);
  if (!json_->is_object()) fail("is not an object");
  const auto found = json_->find(key);
  if (found == json_->end()) JsonPart(*this, *json_, std::move(path)).fail("is missing");
  return {*this, *found, std::move(path)};
}

std::size_t JsonPart::size() const {
  if (!json_->is_array()) fail("is not a list");
  return json_->size();
}

JsonPart JsonPart::operator[](std::size_t place) const {
  if (place >= size()) fail(fmt::format("has no entry {}", place));
  return {*this, (*json_)[place], fmt::format("{}[{}]", path_, place)};
}

std::uint64_t JsonPart::whole(std::uint64_t most) const {
  const std::uint64_t value =
      json_->is_number_unsigned() ? json_->get<std::uint64_t>() : std::uint64_t{0};
  if (!json_->is_number_unsigned() || value > most)
    fail(fmt::format("is not a whole number from 0 to {}", most));
  return value;
}

std::int64_t JsonPart::integer(std::int64_t least, std::int64_t most) const {
  const bool negative = json_->is_number_integer() && !json_->is_number_unsigned();
  if (negative) {
    if (const auto value = json_->get<std::int64_t>(); value >= least) return value;
  } else if (json_->is_number_unsigned()) {
    if (const auto value = json_->get<std::uint64_t>(); value <= static_cast<std::uint64_t>(most))
      return static_cast<std::int64_t>(value);
  }
  fail(fmt::format("is not a whole number from {} to {}", least, most));
}

double JsonPart::number(double most) const {
  if (!json_->is_number()) fail("is not a number");
  const auto value = json_->get<double>();
  if (!(std::abs(value) <= most)) fail(fmt::format("is beyond {:.3g}", most));
  return value;
}

record::RowKind row_kind(const JsonPart& part) {
  const auto name = part.as<std::string>();
  const auto kind = record::row_kind_named(name);
  if (!kind) part.fail(fmt::format("is '{}', not a kind of row", printable(name)));
  return *kind;
}

}  // namespace gibbon::reports::formats
