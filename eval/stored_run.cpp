#include "eval/stored_run.hpp"

#include <nlohmann/json.hpp>

#include "datasets/error.hpp"

namespace gibbon::eval {
namespace {

using Json = nlohmann::ordered_json;

void take(const Json& configuration, const std::vector<Option>& options) {
  for (const Option& option : options) {
    std::visit(
        [&]<class Value>(Value* value) {
          *value = configuration.at(std::string(option.name)).get<Value>();
        },
        option.value);
  }
}

/// Attack and norm of every row that has records.
std::vector<std::pair<std::string, std::string>> rows_of(const reports::Run& run) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const reports::CurvePoint& point : run.curve) {
    if (point.kind != "worst-case") rows.emplace_back(point.attack, point.norm);
  }
  return rows;
}

std::vector<std::pair<std::string, std::string>> rows_of(const std::vector<Pair>& pairs,
                                                         std::size_t budgets) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Pair& pair : pairs) {
    rows.insert(rows.end(), budgets,
                {pair.entry->text, std::string(attacks::to_string(pair.norm))});
  }
  return rows;
}

}  // namespace

StoredPlan stored_plan(const reports::Run& run) {
  StoredPlan stored;
  try {
    const Json& configuration = run.provenance.at("configuration");
    take(configuration, stored.data.options());
    take(configuration, stored.sweep.options());
    stored.common.seed = configuration.at("seed");
    stored.model_path = run.provenance.at("model").at("path");
    stored.model_sha256 = run.provenance.at("model").at("sha256");
    stored.data_sha256 = run.provenance.at("data").at("sha256");
  } catch (const nlohmann::json::exception& error) {
    fail_input("run.json: it does not say how the run was made ({}); sweep again", error.what());
  }
  return stored;
}

SweepResult stored_result(const reports::Run& run, const StoredPlan& stored, const SweepPlan& plan,
                          const datasets::Dataset& data) {
  if (data.sha256 != stored.data_sha256) {
    fail_input(
        "{} {}: the data are others than in the run, SHA-256 {}…; allowed is {}…; name the "
        "folder of the old ones with --data-dir, or sweep again",
        data.name, data.split, data.sha256.substr(0, 12), stored.data_sha256.substr(0, 12));
  }
  SweepResult result{.samples = run.samples, .pairs = pairs_of(plan, data.class_names.size())};
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

}  // namespace gibbon::eval
