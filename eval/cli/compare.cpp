#include <filesystem>
#include <fmt/format.h>

#include "datasets/files.hpp"
#include "eval/cli/command.hpp"
#include "eval/run_folder.hpp"
#include "reports/gate/baseline.hpp"
#include "reports/gate/formats.hpp"

namespace gibbon::eval::cli {
namespace {

/// A run folder, or a file of 'gibbon baseline'.
reports::gate::Snapshot load_snapshot(const std::string& path) {
  if (std::filesystem::is_regular_file(path))
    return reports::gate::read_baseline(read_file(path), path);
  return reports::gate::snapshot_of(read_run_folder(path));
}

struct State {
  std::string first;
  std::string second;
  std::string markdown;

  void run() const {
    const reports::gate::Snapshot a = load_snapshot(first);
    const reports::gate::Snapshot b = load_snapshot(second);
    reports::gate::require_same_samples(a, b);
    const reports::gate::Criteria usual;
    if (!markdown.empty()) write_atomically(markdown, reports::gate::compare_markdown(a, b, usual));
    fmt::print("{}", reports::gate::compare_text(a, b, usual));
  }
};

}  // namespace

void add_compare(CLI::App& root) {
  const auto state = std::make_shared<State>();
  CLI::App* app =
      root.add_subcommand("compare", "Two runs on the same samples side by side, point by point");
  app->add_option("A", state->first, "folder of a run, or a baseline")->required();
  app->add_option("B", state->second, "likewise")->required();
  app->add_option("--markdown", state->markdown, "Markdown to write");
  app->callback([state] { state->run(); });
}

}  // namespace gibbon::eval::cli
