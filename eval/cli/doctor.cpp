// SPDX-License-Identifier: MIT
#include <cstdlib>

#include "base/error.hpp"
#include "base/files.hpp"
#include "eval/cli/command.hpp"
#include "eval/runs/provenance.hpp"
#include "models/kernels/peak.hpp"
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

}  // namespace

void add_doctor(Parser root) {
  Parser app = root.command(
      "doctor", "Show what this build contains, what the machine can do, and what is missing");
  app.run([] {
    const nlohmann::ordered_json about = runs::environment();
    for (const auto& [key, value] : about.items()) line(key, value.get_ref<const std::string&>());
    line("cores", std::to_string(runs::CommonOptions().workers()));
    line("float32 FMA peak",
         fmt::format("{:.1f} GFLOP/s per core, measured with {}",
                     models::kernels::measure_peak() / 1e9, models::kernels::peak_instructions()));
    line("LibTorch", torch_state());
    line("gnuplot",
         on_path("gnuplot") ? "found" : "missing: no curve.svg; apt-get install gnuplot-nox");
    line("data folders", fmt::format("{}", fmt::join(
                                               [] {
                                                 std::vector<std::string> out;
                                                 for (const auto& p : datasets::search_path({}))
                                                   out.push_back(p.string());
                                                 return out;
                                               }(),
                                               ", ")));
    for (const datasets::SourceInfo& source : datasets::sources()) {
      line("data " + std::string(source.name), data_state(source));
    }
  });
}

}  // namespace gibbon::eval::cli
