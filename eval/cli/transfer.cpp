// SPDX-License-Identifier: MIT
#include <array>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/printable.hpp"
#include "eval/cli/command.hpp"
#include "eval/runs/stored_examples.hpp"
#include "eval/sweep/clean_doubts.hpp"
#include "models/open_target.hpp"
#include "reports/record/record.hpp"

namespace gibbon::eval::cli {
namespace {

/// One model under one set of examples.
struct Cell {
  std::uint64_t n = 0;
  std::uint64_t clean_correct = 0;
  std::uint64_t correct = 0;
};

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

struct State {
  std::vector<std::string> models;
  std::vector<std::string> sets;
  runs::InputOptions input;
  runs::CommonOptions common;
  std::string output;
  std::string input_shape;

  void open(std::span<const gibbon::models::ModelFile> files, const datasets::Shape& shape,
            std::vector<gibbon::models::Target>& targets) const {
    for (const gibbon::models::ModelFile& file : files) {
      targets.push_back(
          gibbon::models::open_target(file, file.script ? input_shape : std::string(), shape));
      say_notes(common, targets.back().notes);
    }
  }

  [[nodiscard]] Cell judge(const gibbon::models::Target& target, const runs::StoredExamples& stored,
                           const std::string& name, const std::string& model) const {
    datasets::Dataset data = stored.data;
    data.notes.clear();  // said once for all models
    data = runs::fit_data(std::move(data), target);
    say_notes(common, data.notes);
    for (const std::string& doubt : sweep::doubt_clean_accuracy(*target.fast, data)) {
      say(common, fmt::format("note: {} on {}: {}", model, name, doubt));
    }
    sweep::SweepPlan plan{.norms = {stored.norm},
                          .epsilons = {stored.epsilon},
                          .seed = common.seed,
                          .threads = common.workers()};
    plan.attacks.push_back(runs::stored_entry(stored, name));
    const sweep::SweepResult result =
        sweep::sweep(target, data, plan, [](const sweep::SweepStatus&) {});
    if (result.curve.empty()) fail_usage("{}: contains no samples", name);
    const reports::record::CurvePoint& point = result.curve.front();
    return {point.n, point.clean_correct, point.correct};
  }

  void run() const {
    if (models.empty()) fail_usage("--model is required; give one or more ONNX files");
    if (sets.empty()) {
      fail_usage("--from is required; give one or more files of 'gibbon sweep --save'");
    }
    std::vector<gibbon::models::ModelFile> files;
    for (const std::string& path : models) files.push_back(load_model(path, input));
    std::vector<gibbon::models::Target> targets;  // opened for the shape of the first set
    std::string csv =
        "examples,norm,epsilon,model,n,clean_correct,correct,accuracy,wilson_low,wilson_high\n";
    std::size_t width = 8;
    for (const std::string& set : sets) width = std::max(width, set.size());
    fmt::print(
        "accuracy in % under stored examples (correct of n; 95 % Wilson interval); samples "
        "misclassified without attack count as not correct\n\n");
    for (const std::string& set : sets) {
      runs::StoredExamples stored = runs::load_examples(set);
      runs::settle_examples(stored, std::array{stored.epsilon});
      say_notes(common, stored.data.notes);
      if (targets.empty()) open(files, stored.data.shape, targets);
      fmt::print("{} ({}, ε = {:g}, n = {})\n", printable(set), attacks::to_string(stored.norm),
                 stored.epsilon, stored.data.size());
      for (std::size_t m = 0; m < models.size(); ++m) {
        const Cell cell = judge(targets[m], stored, set, models[m]);
        const auto interval = reports::record::wilson95(cell.correct, cell.n);
        fmt::print("  {:<40} {:6.2f}  ({} of {}; {:.2f}-{:.2f})  clean {:.2f}\n",
                   printable(models[m]), percent(cell.correct, cell.n), cell.correct, cell.n,
                   100.0 * interval.low, 100.0 * interval.high,
                   percent(cell.clean_correct, cell.n));
        csv += fmt::format("{},{},{},{},{},{},{},{},{},{}\n", set, attacks::to_string(stored.norm),
                           stored.epsilon, models[m], cell.n, cell.clean_correct, cell.correct,
                           percent(cell.correct, cell.n) / 100.0, interval.low, interval.high);
      }
    }
    if (output.empty()) return;
    write_atomically(output, csv);
    fmt::print("table {}\n", output);
  }
};

}  // namespace

void add_transfer(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app = root.command(
      "transfer", "Judge stored adversarial examples against models: a matrix of files × models");
  app.option("-m,--model", state->models, "FILE.onnx … or FILE.pt …; one or more");
  app.options(state->input.options(), "Model input");
  app.option("--from", state->sets,
             "FILE.npz … written by 'gibbon sweep --save', or with the arrays described in "
             "docs/formats.md; one or more");
  app.option("--input-shape", state->input_shape,
             "input of TorchScript modules: channels,rows,columns such as 1,28,28, or one number; "
             "empty: as the data");
  app.option("--threads", state->common.threads, "worker threads; 0: all cores").shows_default();
  app.option("-o,--output", state->output, "also write the matrix as CSV");
  app.run([state] { return state->run(); });
}

}  // namespace gibbon::eval::cli
