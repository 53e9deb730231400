// SPDX-License-Identifier: MIT
#include <cstdlib>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/printable.hpp"
#include "eval/cli/command.hpp"
#include "eval/lab/examine.hpp"
#include "eval/runs/provenance.hpp"
#include "models/kernels/peak.hpp"
#include "models/open_target.hpp"
#include "models/reference.hpp"

namespace gibbon::eval::cli {
namespace {

void line(std::string_view name, const std::string& value) {
  fmt::print("{:<18} {}\n", name, value);
}

std::string data_state(const datasets::SourceInfo& source) {
  try {
    const datasets::Dataset set =
        datasets::load(std::string(source.name), {.split = "test", .data_dir = {}});
    return fmt::format("found, {} test samples, sha256 {}…", set.size(), set.sha256.substr(0, 12));
  } catch (const Error&) {
    if (source.fetch == nullptr) return "not found";
    return fmt::format("not found; 'gibbon data fetch {}' downloads it", source.name);
  }
}

std::string torch_state() {
  try {
    return models::reference_engine() +
           "; runs TorchScript models; 'gibbon crosscheck' compares against it";
  } catch (const Error& error) {
    return error.what();
  }
}

bool on_path(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;  // NOLINT
}

void show_machine() {
  const nlohmann::ordered_json about = runs::environment();
  for (const auto& [key, value] : about.items()) line(key, value.get_ref<const std::string&>());
  line("cores", std::to_string(runs::CommonOptions().workers()));
  line("float32 FMA peak",
       fmt::format("{:.1f} GFLOP/s per core, measured with {}",
                   models::kernels::measure_peak() / 1e9, models::kernels::peak_instructions()));
  line("LibTorch", torch_state());
  line("gnuplot",
       on_path("gnuplot") ? "found" : "missing: no curve.svg; apt-get install gnuplot-nox");
  std::vector<std::string> folders;
  for (const auto& path : datasets::search_path({})) folders.push_back(printable(path.string()));
  line("data folders", fmt::format("{}", fmt::join(folders, ", ")));
  for (const datasets::SourceInfo& source : datasets::sources()) {
    line("data " + std::string(source.name), data_state(source));
  }
}

struct State {
  std::string model;
  std::string input_shape;
  runs::InputOptions input;

  void run() const {
    if (model.empty()) return show_machine();
    const models::ModelFile file = load_model(model, input);
    const models::Target target = models::open_target(file, input_shape, std::nullopt);
    fmt::print("{}", lab::examine(shell_word(model), file, target));
  }
};

}  // namespace

void add_doctor(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app = root.command("doctor",
                            "Show what this build contains, what the machine can do, and what is "
                            "missing; or what a model "
                            "file is, and what can be done with it");
  app.option("FILE", state->model, "a model: FILE.onnx, FILE.onnx.gz or TorchScript");
  app.options(state->input.options(), "Model input");
  app.option("--input-shape", state->input_shape,
             "input of a TorchScript module: channels,rows,columns such as 1,28,28, or one number");
  app.run([state] { state->run(); });
}

}  // namespace gibbon::eval::cli
