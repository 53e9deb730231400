// SPDX-License-Identifier: MIT
#include "reports/gate/snapshot.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <map>

#include "reports/formats/bits.hpp"
#include "reports/record/error.hpp"
#include "reports/record/subject.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::gate {
namespace {

using Json = nlohmann::ordered_json;
using Outcomes = std::vector<std::uint8_t>;

/// The value at "/a/b"; null where there is none.
Json at(const Json& json, const char* pointer) {
  const Json::json_pointer place(pointer);
  return json.contains(place) ? json.at(place) : Json();
}

std::string text_at(const Json& json, const char* pointer) {
  const Json value = at(json, pointer);
  return value.is_string() ? value.get<std::string>() : std::string();
}

double number_at(const Json& json, const char* pointer) {
  const Json value = at(json, pointer);
  return value.is_number() ? value.get<double>() : 0.0;
}

[[noreturn]] void damaged(const std::string& what) {
  throw record::Error(fmt::format(
      "samples.npy: {}; it and run.json do not belong to one run, or are damaged; run the sweep "
      "again",
      what));
}

/// Where the own row of an attack at one budget leaves a sample standing.
Outcomes standing(std::span<const record::SampleRecord> row) {
  Outcomes right;
  std::ranges::transform(row, std::back_inserter(right), [](const record::SampleRecord& r) {
    return static_cast<std::uint8_t>(r.clean_label == r.label && r.fooled == 0 ? 1 : 0);
  });
  return right;
}

Outcomes clean_outcomes(std::span<const record::SampleRecord> row) {
  Outcomes right;
  std::ranges::transform(row, std::back_inserter(right), [](const record::SampleRecord& r) {
    return static_cast<std::uint8_t>(r.clean_label == r.label ? 1 : 0);
  });
  return right;
}

void require_same_samples(std::span<const record::SampleRecord> first,
                          std::span<const record::SampleRecord> row, const std::string& name) {
  const auto same = [](const record::SampleRecord& a, const record::SampleRecord& b) {
    return a.id == b.id && a.label == b.label;
  };
  if (!std::ranges::equal(first, row, same))
    damaged(name + " does not have the samples of the first row of the curve");
}

void require_count(const Point& point, const record::CurvePoint& stated, std::uint64_t count) {
  if (point.right.size() == stated.n && point.correct() == count) return;
  damaged(fmt::format("{} has {} of {} correct, but run.json counts {} of {}", point.name(),
                      point.correct(), point.right.size(), count, stated.n));
}

Json conditions_of(const record::Run& run, std::span<const std::uint64_t> ids) {
  std::vector<std::string> attacks;
  std::vector<std::string> norms;
  std::vector<double> epsilons;
  const auto add = [](auto& list, const auto& value) {
    if (std::ranges::find(list, value) == list.end()) list.push_back(value);
  };
  for (const record::CurvePoint& point : run.curve) {
    if (point.kind != record::RowKind::kWorstCase) add(attacks, point.attack);
    add(norms, point.norm);
    add(epsilons, point.epsilon);
  }
  std::string labels;
  for (const record::SampleRecord& r : run.records(0)) labels += fmt::format("{} ", r.label);
  const Json& about = run.provenance;
  Json conditions{{"data", printable(record::subject_of(run).data_and_split())},
                  {"data sha256", at(about, "/data/sha256")},
                  {"sample ids", to_ranges(ids)},
                  {"labels sha256", formats::checksum(labels)},
                  {"attacks", attacks},
                  {"norms", norms},
                  {"epsilons", epsilons},
                  {"seed", at(about, "/configuration/seed")},
                  {"exhaustive", at(about, "/configuration/exhaustive")},
                  {"max-queries", at(about, "/configuration/max-queries")}};
  if (about.contains("limits")) conditions["limits"] = at(about, "/limits");
  for (const record::Certificates& certificates : run.certificates) {
    Json& proved = conditions["certificates " + certificates.norm];
    proved["soundness"] = certificates.level;
    for (const record::CertifiedPoint& point : certificates.curve)
      proved["epsilons"].push_back(point.epsilon);
  }
  return conditions;
}

std::vector<Speed> speed_of(const Json& about, double gflops) {
  std::vector<Speed> speed;
  const Json cost = at(about, "/cost");
  if (!cost.is_object()) return speed;
  // A pass, forward or backward, costs about two operations per parameter.
  const double per_pass = 2.0 * number_at(about, "/model/parameters");
  for (const auto& [entry, spent] : cost.items()) {
    const double seconds = number_at(spent, "/seconds");
    const double operations =
        per_pass * (number_at(spent, "/forwards") + number_at(spent, "/backwards"));
    if (operations > 0.0)
      speed.push_back(
          {.entry = entry, .seconds = seconds, .ratio = seconds * gflops * 1e9 / operations});
  }
  return speed;
}

/// Where a sample is right is where it is certified.
std::vector<Point> certified_outcomes(const record::Certificates& certificates,
                                      std::span<const record::SampleRecord> first) {
  const bool same =
      std::ranges::equal(certificates.samples, first, [](const auto& proved, const auto& record) {
        return proved.id == record.id && proved.label == record.label;
      });
  if (!same) damaged("certified.json is of other samples");
  std::vector<Point> points;
  for (const record::CertifiedPoint& stated : certificates.curve) {
    Point point{.attack = "certified",
                .norm = certificates.norm,
                .kind = record::RowKind::kCertified,
                .epsilon = stated.epsilon};
    for (const record::CertifiedSample& sample : certificates.samples)
      point.right.push_back(sample.certified >= stated.epsilon ? 1 : 0);
    if (point.correct() != stated.certified)
      damaged(fmt::format("certified.json counts {} at ε = {}, its samples {}", stated.certified,
                          stated.epsilon, point.correct()));
    if (stated.epsilon > 0.0) points.push_back(std::move(point));
  }
  return points;
}

}  // namespace

std::uint64_t Point::correct() const {
  return static_cast<std::uint64_t>(std::ranges::count(right, std::uint8_t{1}));
}

std::string Point::name() const {
  return kind == record::RowKind::kClean ? entry()
                                         : fmt::format("{} {}", entry(), record::compact(epsilon));
}

std::string Point::entry() const {
  return kind == record::RowKind::kClean ? std::string(to_string(kind))
                                         : fmt::format("{} {}", printable(attack), norm);
}

bool Point::same_as(const Point& other) const {
  return attack == other.attack && norm == other.norm && kind == other.kind &&
         epsilon == other.epsilon;
}

std::vector<Point> outcomes_of(const record::Run& run) {
  if (run.curve.empty() && !run.certificates.empty())
    throw record::Refusal(
        "run.json: the run contains only certificates, and outcomes are those of attacks, sample "
        "by sample; sweep first, then certify into the same folder");
  const auto first = run.records(0);
  if (run.curve.empty() || first.empty()) damaged("no samples of the curve");
  std::vector<Point> points{{.kind = record::RowKind::kClean, .right = clean_outcomes(first)}};
  require_count(points.front(), run.curve.front(), run.curve.front().clean_correct);

  std::map<std::pair<std::string, double>, Outcomes> worst;  // by norm and budget
  Outcomes before;  // of the row before, where it is of the same attack and norm
  for (std::size_t k = 0; k < run.curve.size(); ++k) {
    const record::CurvePoint& stated = run.curve[k];
    Point point{.attack = stated.attack,
                .norm = stated.norm,
                .kind = stated.kind,
                .epsilon = stated.epsilon};
    Outcomes& left = worst.try_emplace({stated.norm, stated.epsilon}, stated.n, 1).first->second;
    if (stated.kind == record::RowKind::kWorstCase) {
      point.right = left;
    } else {
      const auto row = run.records(k);
      require_same_samples(first, row, point.name());
      point.right = standing(row);
      // As the curve has it: a row that would rise carries what the row before it broke.
      if (stated.carried > 0 && before.size() == point.right.size())
        std::ranges::transform(point.right, before, point.right.begin(),
                               [](std::uint8_t now, std::uint8_t then) {
                                 return static_cast<std::uint8_t>(now & then);
                               });
      before = point.right;
      if (left.size() != row.size()) damaged(point.name() + " has another number of samples");
      for (std::size_t n = 0; n < left.size(); ++n)
        if (row[n].broken != 0) left[n] = 0;
    }
    require_count(point, stated, stated.correct);
    if (point.epsilon > 0.0 || point.right != points.front().right) points.push_back(point);
  }
  for (const record::Certificates& certificates : run.certificates)
    std::ranges::move(certified_outcomes(certificates, first), std::back_inserter(points));
  return points;
}

std::string to_ranges(std::span<const std::uint64_t> ids) {
  std::string text;
  for (std::size_t first = 0; first < ids.size();) {
    std::size_t last = first;
    while (last + 1 < ids.size() && ids[last + 1] == ids[last] + 1) ++last;
    text += fmt::format("{}{}", text.empty() ? "" : ",", ids[first]);
    if (last > first) text += fmt::format("-{}", ids[last]);
    first = last + 1;
  }
  return text;
}

Snapshot snapshot_of(const record::Run& run) {
  Snapshot snapshot{.model = record::subject_of(run).model,
                    .model_sha256 = text_at(run.provenance, "/model/sha256"),
                    .points = outcomes_of(run),
                    .environment = at(run.provenance, "/environment")};
  for (const record::SampleRecord& r : run.records(0)) {
    snapshot.ids.push_back(r.id);
    snapshot.labels.push_back(r.label);
  }
  snapshot.class_names = record::subject_of(run).class_names;
  snapshot.conditions = conditions_of(run, snapshot.ids);
  if (!run.provenance.contains("reference")) return snapshot;  // older runs, stored examples
  const std::string file = "run.json";
  const formats::JsonPart root(run.provenance, file, "the file is damaged; run the sweep again");
  Reference reference = reference_from(root["reference"]);
  snapshot.strength = std::move(reference.strength);
  snapshot.speed = speed_of(run.provenance, reference.gflops);
  return snapshot;
}

}  // namespace gibbon::reports::gate
