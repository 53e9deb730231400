// SPDX-License-Identifier: MIT
#include "reports/gate/trend.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <set>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/printable.hpp"
#include "eval/cli/command.hpp"
#include "eval/runs/run_folder.hpp"
#include "eval/sweep/epsilons.hpp"
#include "reports/gate/baseline.hpp"

namespace gibbon::eval::cli {
namespace {

namespace fs = std::filesystem;
using reports::gate::Dated;

struct Source {
  std::string path;
  fs::file_time_type written;
};

/// A run folder is as old as its run.json; what cannot be reached is told when it is read.
Source source_of(const std::string& path) {
  std::error_code unreachable;
  const bool folder = fs::is_directory(path, unreachable);
  return {.path = path,
          .written = fs::last_write_time(folder ? fs::path(path) / "run.json" : fs::path(path),
                                         unreachable)};
}

reports::gate::Snapshot read(const std::string& path) {
  std::error_code unreachable;
  return fs::is_regular_file(path, unreachable)
             ? reports::gate::read_baseline(read_file(path), path)
             : reports::gate::snapshot_of(runs::read_run_folder(path));
}

/// The last part of each path, as long as that tells them apart.
std::vector<std::string> short_names(const std::vector<Source>& sources) {
  std::vector<std::string> names;
  for (const Source& source : sources) {
    const fs::path path = fs::path(source.path).lexically_normal();
    const fs::path file = path.has_filename() ? path : path.parent_path();
    names.push_back(file.extension() == ".json" ? file.stem().string() : file.filename().string());
  }
  if (std::set(names.begin(), names.end()).size() == names.size()) return names;
  std::ranges::transform(sources, names.begin(), &Source::path);
  return names;
}

struct State {
  std::vector<std::string> paths;
  std::string order = "time";
  std::string output;
  std::string epsilons;

  [[nodiscard]] std::vector<Dated> in_order() const {
    std::vector<Source> sources;
    std::ranges::transform(paths, std::back_inserter(sources), source_of);
    if (order == "time") std::ranges::stable_sort(sources, {}, &Source::written);
    const std::vector<std::string> names = short_names(sources);
    std::vector<Dated> all;
    for (std::size_t k = 0; k < sources.size(); ++k)
      all.push_back({.name = names[k], .snapshot = read(sources[k].path)});
    return all;
  }

  void run() const {
    if (order != "time" && order != "given")
      fail_usage("--order {}: unknown; known are time, given", order);
    if (!output.empty() && fs::path(output).extension() != ".svg")
      fail_usage("--output {}: the chart is SVG; give FILE.svg", output);
    std::vector<double> at;
    if (!epsilons.empty()) at = sweep::parse_epsilons(epsilons);
    const std::vector<Dated> all = in_order();
    const reports::figure::Trend trend = reports::gate::trend_of(all, at);
    fmt::print("{}", render_text_blocks(reports::gate::trend_table(trend), screen()));
    for (const std::string& note : reports::gate::trend_notes(all)) fmt::print("note: {}\n", note);
    if (output.empty()) return;
    write_atomically(output, reports::figure::to_trend_svg(trend));
    fmt::print("chart {}\n", printable(output));
  }
};

}  // namespace

void add_trend(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app = root.command("trend", "Show accuracy over several runs, one after the other");
  app.option("RUN", state->paths, "folders of runs, or baselines").required();
  app.option("-o,--output", state->output, "write the chart to this FILE.svg");
  app.option(
      "--epsilons", state->epsilons,
      "show attacks at these ε; by default, the smallest at which less than half of the last "
      "run's clean accuracy is left");
  app.option("--order", state->order,
             "time: by when they were written; given: as on the command line")
      .shows_default();
  app.run([state] { return state->run(); });
}

}  // namespace gibbon::eval::cli
