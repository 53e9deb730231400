#include <cmath>
#include <fmt/format.h>

#include "reports/certified.hpp"
#include "reports/error.hpp"

namespace gibbon::reports {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// JSON has neither infinity nor NaN: what is not known is null.
Json known(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

double value_or(const Json& json, double otherwise) {
  return json.is_null() ? otherwise : json.get<double>();
}

Json to_json(const CertifiedPoint& point) {
  return {{"epsilon", point.epsilon},
          {"n", point.n},
          {"certified", point.certified},
          {"attacked", point.attacked},
          {"undecided", point.undecided()}};
}

Json to_json(const CertifiedSample& sample) {
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

CertifiedPoint to_point(const Json& json) {
  CertifiedPoint point{.epsilon = json.at("epsilon").get<double>(),
                       .n = json.at("n").get<std::uint64_t>(),
                       .certified = json.at("certified").get<std::uint64_t>(),
                       .attacked = json.at("attacked").get<std::uint64_t>()};
  if (point.certified > point.n || point.attacked > point.n - point.certified)
    throw Error(fmt::format(
        "certified.json: {} certified and {} attacked at ε = {} are more than n = {}; the file was "
        "edited; certify again",
        point.certified, point.attacked, point.epsilon, point.n));
  return point;
}

CertifiedSample to_sample(const Json& json) {
  return {.id = json.at("id").get<std::uint64_t>(),
          .label = json.at("label").get<int>(),
          .predicted = json.at("predicted").get<int>(),
          .certified = value_or(json.at("certified"), -1.0),
          .attacked = value_or(json.at("attacked"), std::numeric_limits<double>::infinity()),
          .bound = value_or(json.at("bound"), kNan),
          .reason = json.at("reason").get<std::string>(),
          .method = json.at("method").get<std::string>(),
          .nodes = json.at("nodes").get<std::uint64_t>()};
}

template <class Entry>
std::string lines(const std::vector<Entry>& entries) {
  std::vector<std::string> texts;
  for (const Entry& entry : entries)
    texts.push_back(to_json(entry).dump(-1, ' ', false, Json::error_handler_t::replace));
  return texts.empty() ? "[]" : fmt::format("[\n      {}\n    ]", fmt::join(texts, ",\n      "));
}

std::string entry_of(const Certificates& certificates) {
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

Certificates to_certificates(const Json& json) {
  Certificates out{.provenance = json.at("provenance"),
                   .norm = json.at("norm").get<std::string>(),
                   .level = json.at("soundness").get<std::string>(),
                   .clean_correct = json.at("clean_correct").get<std::uint64_t>(),
                   .with_radius = json.at("radius").get<bool>()};
  for (const Json& point : json.at("curve")) out.curve.push_back(to_point(point));
  for (const Json& sample : json.at("samples")) out.samples.push_back(to_sample(sample));
  if (out.curve.empty())
    throw Error("certified.json: curve has no point; the file was edited; certify again");
  return out;
}

}  // namespace

std::string to_certified_json(const Run& run) {
  std::vector<std::string> entries;
  for (const Certificates& certificates : run.certificates)
    entries.push_back(entry_of(certificates));
  return fmt::format("{{\n  \"schema\": 1,\n  \"certificates\": [\n{}\n  ]\n}}\n",
                     fmt::join(entries, ",\n"));
}

std::vector<Certificates> read_certificates(std::string_view certified_json) {
  try {
    const Json root = Json::parse(certified_json);
    std::vector<Certificates> out;
    for (const Json& entry : root.at("certificates")) out.push_back(to_certificates(entry));
    return out;
  } catch (const Json::exception& problem) {
    throw Error(fmt::format(
        "certified.json: {}; the file is damaged or not from this version; certify again",
        problem.what()));
  }
}

}  // namespace gibbon::reports
