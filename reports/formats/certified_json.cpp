// SPDX-License-Identifier: MIT
#include "reports/formats/certified_json.hpp"

#include <cmath>
#include <fmt/format.h>

#include "reports/formats/parse_json.hpp"

namespace gibbon::reports::formats {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// JSON has neither infinity nor NaN: what is not known is null.
Json known(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json to_json(const record::CertifiedPoint& point) {
  return {{"epsilon", point.epsilon},
          {"n", point.n},
          {"certified", point.certified},
          {"attacked", point.attacked},
          {"undecided", point.undecided()}};
}

Json to_json(const record::CertifiedSample& sample) {
  return {{"id", sample.id},
          {"label", sample.label},
          {"predicted", sample.predicted},
          {"certified", sample.certified < 0.0 ? Json(nullptr) : Json(sample.certified)},
          {"attacked", known(sample.attacked)},
          {"bound", known(sample.bound)},
          {"reason", sample.reason},
          {"method", sample.method},
          {"nodes", sample.nodes}};
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::string_view kRemedy = "the file is damaged or not from this version; certify again";

record::CertifiedPoint to_point(const JsonPart& part) {
  record::CertifiedPoint point{.epsilon = part.get<double>("epsilon"),
                               .n = part.get<std::uint64_t>("n"),
                               .certified = part.get<std::uint64_t>("certified"),
                               .attacked = part.get<std::uint64_t>("attacked")};
  if (point.certified > point.n || point.attacked > point.n - point.certified)
    part.fail(fmt::format("has {} certified and {} attacked of n = {}", point.certified,
                          point.attacked, point.n));
  if (!(point.epsilon >= 0.0)) part["epsilon"].fail("is below 0");
  return point;
}

record::CertifiedSample to_sample(const JsonPart& part) {
  record::CertifiedSample sample{.id = part.get<std::uint64_t>("id"),
                                 .label = part.get<int>("label"),
                                 .predicted = part.get<int>("predicted"),
                                 .certified = part["certified"].number_or(-1.0),
                                 .attacked = part["attacked"].number_or(kInfinity),
                                 .bound = part["bound"].number_or(kNan),
                                 .reason = part.get<std::string>("reason"),
                                 .method = part.get<std::string>("method"),
                                 .nodes = part.get<std::uint64_t>("nodes")};
  if (sample.certified < 0.0 && sample.certified != -1.0) part["certified"].fail("is below 0");
  if (sample.attacked < 0.0) part["attacked"].fail("is below 0");
  return sample;
}

template <class Entry>
std::string lines(const std::vector<Entry>& entries) {
  std::vector<std::string> texts;
  for (const Entry& entry : entries)
    texts.push_back(to_json(entry).dump(-1, ' ', false, Json::error_handler_t::replace));
  return texts.empty() ? "[]" : fmt::format("[\n      {}\n    ]", fmt::join(texts, ",\n      "));
}

std::string entry_of(const record::Certificates& certificates) {
  const Json head{{"norm", certificates.norm},
                  {"soundness", certificates.level},
                  {"clean_correct", certificates.clean_correct},
                  {"radius", certificates.with_radius},
                  {"provenance", certificates.provenance}};
  std::string text = head.dump(-1, ' ', false, Json::error_handler_t::replace);
  text.pop_back();  // "}"
  return fmt::format("    {},\n    \"curve\": {},\n    \"samples\": {}}}", text,
                     lines(certificates.curve), lines(certificates.samples));
}

record::Certificates to_certificates(const JsonPart& part) {
  record::Certificates out{.provenance = part["provenance"].json(),
                           .norm = part.get<std::string>("norm"),
                           .level = part.get<std::string>("soundness"),
                           .clean_correct = part.get<std::uint64_t>("clean_correct"),
                           .with_radius = part.get<bool>("radius")};
  const JsonPart curve = part["curve"];
  for (std::size_t k = 0; k < curve.size(); ++k) out.curve.push_back(to_point(curve[k]));
  const JsonPart samples = part["samples"];
  for (std::size_t k = 0; k < samples.size(); ++k) out.samples.push_back(to_sample(samples[k]));
  if (out.curve.empty()) curve.fail("has no point");
  return out;
}

}  // namespace

std::string to_certified_json(const record::Run& run) {
  std::vector<std::string> entries;
  for (const record::Certificates& certificates : run.certificates)
    entries.push_back(entry_of(certificates));
  return fmt::format("{{\n  \"schema\": 1,\n  \"certificates\": [\n{}\n  ]\n}}\n",
                     fmt::join(entries, ",\n"));
}

std::vector<record::Certificates> read_certificates(std::string_view certified_json) {
  const std::string file = "certified.json";
  const Json json = parse_json(certified_json, file, kRemedy);
  const JsonPart entries = JsonPart(json, file, kRemedy)["certificates"];
  std::vector<record::Certificates> out;
  for (std::size_t k = 0; k < entries.size(); ++k) out.push_back(to_certificates(entries[k]));
  return out;
}

}  // namespace gibbon::reports::formats
