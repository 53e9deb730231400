// SPDX-License-Identifier: MIT
#include "eval/runs/stored_run.hpp"

#include <algorithm>
#include <limits>
#include <set>

#include "base/error.hpp"
#include "eval/runs/limit_files.hpp"
#include "reports/formats/parse_json.hpp"

namespace gibbon::eval::runs {
void take(const reports::formats::JsonPart& configuration, const std::vector<Option>& options) {
  for (const Option& option : options) {
    // Earlier versions did not store all of these.
    const bool dispensable = option.effect == Effect::kNone || option.later;
    if (dispensable && !configuration.has(std::string(option.name).c_str())) {
      continue;
    }
    std::visit(
        [&]<class Value>(Value* value) {
          *value = configuration.get<Value>(std::string(option.name).c_str());
        },
        option.value);
  }
}

namespace {

/// Attack and norm of every row that has records.
std::vector<std::pair<std::string, std::string>> rows_of(const reports::record::Run& run) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const reports::record::CurvePoint& point : run.curve) {
    if (point.kind != reports::record::RowKind::kWorstCase)
      rows.emplace_back(point.attack, point.norm);
  }
  return rows;
}

std::vector<std::pair<std::string, std::string>> rows_of(const std::vector<sweep::Pair>& pairs,
                                                         std::size_t budgets) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const sweep::Pair& pair : pairs) {
    rows.insert(rows.end(), budgets,
                {pair.entry->text, std::string(attacks::to_string(pair.norm))});
  }
  return rows;
}

[[noreturn]] void fail_joining(const std::filesystem::path& folder, std::string_view what,
                               const std::string& there, const std::string& here) {
  fail_usage(
      "{}: its run has {} {}, this command {}; certificates can only be merged into a run of the "
      "same model, data, samples, adversary and norm; choose another --output",
      folder.string(), what, there, here);
}

/// The text under provenance[object][key], or "unknown".
std::string text_at(const reports::record::Run& run, const char* object, const char* key) {
  const auto about = run.provenance.find(object);
  if (about == run.provenance.end() || !about->is_object()) return "unknown";
  const auto text = about->find(key);
  return text != about->end() && text->is_string() ? text->get<std::string>() : "unknown";
}

bool is_interrupted(const reports::record::Run& run) {
  const auto stated = run.provenance.find("interrupted");
  return stated != run.provenance.end() && *stated != false;
}

std::string short_hash(const std::string& sha256) {
  return fmt::format("SHA-256 {}…", sha256.substr(0, 12));
}

/// Id and label of every sample.
using Samples = std::vector<std::pair<std::uint64_t, int>>;

Samples samples_of(const reports::record::Run& run) {
  Samples samples;
  if (run.curve.empty()) {
    for (const auto& s : run.certificates.front().samples) samples.emplace_back(s.id, s.label);
  } else {
    for (const auto& r : run.records(0)) samples.emplace_back(r.id, r.label);
  }
  return samples;
}

std::string counted(const Samples& samples) {
  return samples.empty() ? "0"
                         : fmt::format("{}, ids {} to {}", samples.size(), samples.front().first,
                                       samples.back().first);
}

std::string limits_text(const nlohmann::ordered_json& limits) {
  return limits.is_null() ? "without --mask, --epsilon-scale and --lattice"
                          : "limited to " + limits.dump();
}

}  // namespace

void require_joinable(const std::filesystem::path& folder, const reports::record::Run& run,
                      const std::string& model_sha256, const datasets::Dataset& data,
                      attacks::Norm norm, const nlohmann::ordered_json& limits) {
  if (run.curve.empty() && run.certificates.empty()) {
    fail_input("{}: its run has neither attacks nor certificates; choose another --output",
               folder.string());
  }
  if (const std::string sha256 = text_at(run, "model", "sha256"); sha256 != model_sha256)
    fail_joining(folder, "model", short_hash(sha256), short_hash(model_sha256));
  if (const std::string sha256 = text_at(run, "data", "sha256"); sha256 != data.sha256)
    fail_joining(folder, "data", short_hash(sha256), short_hash(data.sha256));
  Samples here;
  for (std::size_t n = 0; n < data.size(); ++n) here.emplace_back(data.ids[n], data.labels[n]);
  if (const Samples there = samples_of(run); there != here)
    fail_joining(folder, "samples", counted(there), counted(here));
  if (const nlohmann::ordered_json there = limits_of(run); there != limits)
    fail_joining(folder, "adversary", limits_text(there), limits_text(limits));
  if (run.curve.empty()) return;
  std::set<std::string> norms;
  for (const reports::record::CurvePoint& point : run.curve) norms.insert(point.norm);
  if (const std::string here_too(attacks::to_string(norm)); !norms.contains(here_too))
    fail_joining(folder, "norm", fmt::format("{}", fmt::join(norms, " and ")), here_too);
  if (is_interrupted(run) || run.distances.empty()) {
    fail_usage(
        "{}: its sweep is {}; certificates can only be merged into a finished sweep; sweep again, "
        "or choose another "
        "--output",
        folder.string(),
        run.distances.empty() ? "of a version that stored no distances" : "unfinished");
  }
}

std::vector<double> broken_distances(const reports::record::Run& run, attacks::Norm norm) {
  std::vector<double> nearest;
  for (std::size_t row = 0; row < run.curve.size(); ++row) {
    if (run.curve[row].norm != attacks::to_string(norm)) continue;
    const auto records = run.records(row);
    nearest.resize(std::max(nearest.size(), records.size()),
                   std::numeric_limits<double>::infinity());
    for (std::size_t n = 0; n < records.size(); ++n)
      nearest[n] = std::min(nearest[n], records[n].nearest);
  }
  return nearest;
}

StoredPlan stored_plan(const reports::record::Run& run) {
  if (run.curve.empty()) {
    fail_usage(
        "run.json: the run contains only certificates and no attack to repeat; sweep into another "
        "folder");
  }
  StoredPlan stored;
  const std::string file = "run.json";
  const reports::formats::JsonPart root(run.provenance, file,
                                        "it does not say how the run was made; sweep again");
  const reports::formats::JsonPart configuration = root["configuration"];
  take(configuration, stored.fields());
  stored.model_path = root["model"].get<std::string>("path");
  stored.model_sha256 = root["model"].get<std::string>("sha256");
  stored.data_sha256 = root["data"].get<std::string>("sha256");
  return stored;
}

sweep::SweepResult stored_result(const reports::record::Run& run, const StoredPlan& stored,
                                 const sweep::SweepPlan& plan, const datasets::Dataset& data) {
  if (data.sha256 != stored.data_sha256) {
    fail_input(
        "{} {}: the data differ from those of the run (SHA-256 {}…, expected {}…); give the folder "
        "of the original data with --data-dir, or sweep again",
        data.name, data.split, data.sha256.substr(0, 12), stored.data_sha256.substr(0, 12));
  }
  sweep::SweepResult result{.samples = run.samples,
                            .pairs = sweep::pairs_of(plan, data.class_names.size())};
  const auto rows = rows_of(run);
  result.finished = rows.empty() ? 0 : run.samples.size() / rows.size();
  bool same = rows == rows_of(result.pairs, plan.epsilons.size()) &&
              result.finished * rows.size() == run.samples.size() && result.finished <= data.size();
  for (std::size_t k = 0; same && k < run.samples.size(); ++k) {
    const std::size_t n = k % result.finished;
    same = run.samples[k].id == data.ids[n] && run.samples[k].label == data.labels[n];
  }
  if (!same) {
    fail_input(
        "run.json: its options do not make the attacks and samples of samples.npy, as in a "
        "run of stored examples (--from); allowed are runs of 'gibbon sweep' and 'gibbon "
        "run'; sweep again");
  }
  return result;
}

}  // namespace gibbon::eval::runs
