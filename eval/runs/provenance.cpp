// SPDX-License-Identifier: MIT
#include "eval/runs/provenance.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>

#include "base/sha256.hpp"
#include "datasets/classes.hpp"
#include "eval/runs/limit_files.hpp"
#include "generated/revision.hpp"
#include "models/kernels/gemm.hpp"

namespace gibbon::eval::runs {
namespace {

using Json = nlohmann::ordered_json;

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

std::string instruction_set() {
  if (__builtin_cpu_supports("avx512f") != 0) return "avx512f";
  if (__builtin_cpu_supports("avx2") != 0) return "avx2";
  return "baseline";
}

/// The options whose effect is one of the `wanted`.
template <class Wanted>
void add(Json& json, const std::vector<Option>& options, Wanted wanted) {
  for (const Option& option : options) {
    if (!wanted(option.effect)) continue;
    std::visit([&](const auto* value) { json[std::string(option.name)] = *value; }, option.value);
  }
}

Json about_model(const SweepProvenance& about, const models::Target& target) {
  Json metadata = Json::object();
  for (const auto& [key, value] : target.metadata) metadata[key] = value;
  Json about_it{
      {"name", fmt::format("{} ({})", std::filesystem::path(about.model_path).filename().string(),
                           target.architecture)},
      {"path", about.model_path},
      {"sha256", about.model_sha256},
      {"architecture", target.architecture},
      {"parameters", target.parameters},
      {"metadata", metadata}};
  if (!target.engine.empty()) about_it["engine"] = target.engine;
  return about_it;
}

Json about_data(const datasets::Dataset& data, const std::string& samples, std::size_t n) {
  Json about{{"name", data.name},
             {"split", data.split},
             {"sha256", data.sha256},
             {"samples", samples},
             {"n", n},
             {"shape", {data.shape.height, data.shape.width, data.shape.channels}},
             {"range", {data.range.lower, data.range.upper}},
             {"units", data.shape.image ? "pixel values in [0, 1]" : "input units"},
             {"classes", data.class_names}};
  if (!data.notes.empty()) about["notes"] = data.notes;
  return about;
}

}  // namespace

Json environment() {
  return {{"gibbon", kVersion},
          {"revision", kRevision},
          {"compiler", "g++ " __VERSION__},
          {"cpu", cpu_model()},
          {"instruction_set", instruction_set()},
          {"kernels", models::kernels::reference_kernels() ? "reference" : "onednn"}};
}

SweepFields settled(SweepFields fields, const sweep::SweepPlan& plan) {
  fields.sweep.attack.clear();
  for (const sweep::Entry& entry : plan.attacks) fields.sweep.attack.push_back(entry.text);
  fields.sweep.norm.clear();
  for (const attacks::Norm norm : plan.norms) {
    fields.sweep.norm.emplace_back(attacks::to_string(norm));
  }
  fields.sweep.epsilons = fmt::format("{}", fmt::join(plan.epsilons, ","));
  return fields;
}

std::string model_identity(const std::string& sha256, const models::Target& target) {
  std::string identity = sha256;
  for (const auto& [key, value] : target.engine) identity += fmt::format(", {} {}", key, value);
  return identity;
}

Json sweep_identity(const std::string& model, const datasets::Dataset& data,
                    const sweep::SweepPlan& plan, const std::vector<Option>& settled) {
  std::string ids;
  for (const std::uint64_t id : data.ids) ids += fmt::format("{} ", id);
  Json identity{{"model", model},
                {"data", data.name + " " + data.split},
                {"data sha256", data.sha256},
                {"samples", data.size()},
                {"sample ids sha256", sha256_hex(ids)},
                {"training sha256", plan.training ? plan.training->sha256 : ""},
                {"examples kept", plan.keep_examples},
                {"revision", kRevision},
                {"instruction set", instruction_set()},
                {"kernels", models::kernels::reference_kernels() ? "reference" : "onednn"}};
  Json aims = Json::array();  // a name means another class where classes have other names
  for (const sweep::Entry& entry : plan.attacks)
    for (const auto& members : entry.members)
      for (const sweep::AttackSpec& spec : members)
        if (!spec.target.name.empty() && !datasets::number_in(spec.target.name))
          aims.push_back(spec.target.label);
  if (!aims.empty()) identity["targets"] = aims;
  if (plan.limits.any()) {  // what the files hold, not what they are called
    const Json limits = limits_record(plan.limits);
    identity["limits sha256"] = limits["sha256"];
    identity["lattice"] = limits["lattice"];
  }
  add(identity, settled, [](Effect effect) { return effect == Effect::kResults; });
  return identity;
}

Json provenance_of(const SweepProvenance& about, const models::Target& target,
                   const datasets::Dataset& data, const DataOptions& data_options) {
  return {{"schema", 1},
          {"command", about.command},
          {"model", about_model(about, target)},
          {"data", about_data(data, data_options.samples, data.size())},
          {"environment", environment()}};
}

Json certify_provenance(const SweepProvenance& about, const models::Target& target,
                        const datasets::Dataset& data, const DataOptions& data_options) {
  Json provenance = provenance_of(about, target, data, data_options);
  provenance["not_comparable_with"] = {
      "figures over clean-correct samples only (other denominator)",
      "figures with ε in 0–255 units or after normalisation"};
  return provenance;
}

Json configuration_of(const std::vector<Option>& fields) {
  Json configuration;
  add(configuration, fields, [](Effect) { return true; });
  return configuration;
}

Json sweep_provenance(const SweepProvenance& about, const models::Target& target,
                      const datasets::Dataset& data, SweepFields fields,
                      const sweep::SweepResult& result) {
  Json configuration = configuration_of(fields.fields());
  configuration["threads"] = fields.common.workers();

  Json cost = Json::object();
  for (std::size_t p = 0; p < result.pairs.size(); ++p) {
    const sweep::Pair& pair = result.pairs[p];
    sweep::Tally sum;
    Json members = Json::array();
    for (std::size_t m = 0; m < pair.members.size(); ++m) {
      const sweep::Tally& tally = result.tallies[p][m];
      sum += tally;
      members.push_back({{"attack", pair.members[m]->text},
                         {"attacked", tally.attacked},
                         {"broken", tally.broken},
                         {"forwards", tally.forwards},
                         {"backwards", tally.backwards},
                         {"seconds", tally.seconds}});
    }
    Json& entry = cost[fmt::format("{} {}", pair.entry->text, attacks::to_string(pair.norm))];
    entry = {{"forwards", sum.forwards}, {"backwards", sum.backwards}, {"seconds", sum.seconds}};
    if (pair.entry->ensemble) entry["members"] = members;
  }
  Json labels = Json::object();
  for (const sweep::Pair& pair : result.pairs)
    if (!pair.entry->label.empty()) labels[pair.entry->text] = pair.entry->label;
  Json provenance{
      {"schema", 1},
      {"command", about.command},
      {"model", about_model(about, target)},
      {"data", about_data(data, fields.data.samples, result.finished)},
      {"configuration", configuration},
      {"interrupted", result.finished < data.size()},
      {"cost", cost},
      {"seconds", {{"sweep", about.seconds_sweep}}},
      {"environment", environment()},
      {"not_comparable_with",
       {"figures over clean-correct samples only (other denominator)",
        "figures with ε in 0–255 units or after normalisation",
        "FGSM from a plain float32 cross-entropy gradient, which cancels for confident samples"}}};
  if (!labels.empty()) provenance["labels"] = labels;
  return provenance;
}

}  // namespace gibbon::eval::runs
