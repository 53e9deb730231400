// SPDX-License-Identifier: MIT
#include "reports/gate/baseline.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "eval/cli/command.hpp"
#include "eval/runs/run_folder.hpp"

namespace gibbon::eval::cli {
namespace {

struct State {
  std::string folder;
  std::string output = "baseline.json";
  bool force = false;

  void run() const {
    const reports::gate::Snapshot snapshot =
        reports::gate::snapshot_of(runs::read_run_folder(folder));
    if (!force && is_there(output)) {
      fail_usage("{}: the file already exists; choose another --output, or replace it with --force",
                 output);
    }
    write_atomically(output, reports::gate::to_baseline_json(snapshot));
    fmt::print("baseline {} ({} points, {} samples)\n", output, snapshot.points.size(),
               snapshot.ids.size());
  }
};

}  // namespace

void add_baseline(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app =
      root.command("baseline", "Store every outcome of a run in one file, for 'gibbon check'");
  app.option("RUN", state->folder, "folder of a run").required();
  app.option("-o,--output", state->output, "file to write").shows_default();
  app.flag("--force", state->force, "replace an existing baseline");
  app.run([state] { return state->run(); });
}

}  // namespace gibbon::eval::cli
