// SPDX-License-Identifier: MIT
#include <filesystem>
#include <fmt/format.h>
#include <optional>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/printable.hpp"
#include "eval/cli/command.hpp"
#include "eval/runs/run_folder.hpp"
#include "reports/gate/baseline.hpp"
#include "reports/gate/formats.hpp"
#include "reports/page/html.hpp"

namespace gibbon::eval::cli {
namespace {

/// A run folder, or a file of 'gibbon baseline'.
struct Side {
  explicit Side(const std::string& path) {
    std::error_code unreachable;
    if (std::filesystem::is_regular_file(path, unreachable)) {
      snapshot = reports::gate::read_baseline(read_file(path), path);
      return;
    }
    run = runs::read_run_folder(path);
    snapshot = reports::gate::snapshot_of(*run);
    gallery = runs::read_run_gallery(path, *run);
  }
  [[nodiscard]] reports::page::Side named(const std::string& name) const {
    return {.name = run ? name : "baseline", .snapshot = &snapshot, .run = run ? &*run : nullptr};
  }

  std::optional<reports::record::Run> run;  ///< none of a baseline
  reports::gate::Snapshot snapshot;
  reports::record::Gallery gallery;
};

struct State {
  std::string first;
  std::string second;
  std::string markdown;
  std::string output;

  void write_page(const Side& one, const Side& other) const {
    std::vector<reports::page::PageRun> pages;
    for (const Side* side : {&one, &other})
      if (side->run) pages.push_back({.run = &*side->run, .gallery = &side->gallery});
    if (pages.empty()) {
      fail_usage(
          "--output {}: {} and {} are baselines, which have no records to draw; give the folder of "
          "one of the runs",
          output, first, second);
    }
    const auto comparison = reports::page::compare(
        one.named("A"), other.named(one.run ? "B" : "this run"), reports::gate::Criteria());
    write_atomically(output, reports::page::to_html(pages, runs::chart_of(pages), comparison));
  }

  void run() const {
    if (!output.empty() && std::filesystem::path(output).extension() != ".html")
      fail_usage("--output {}: the page is HTML; give FILE.html", output);
    const Side given(first);
    const Side next(second);
    // A baseline is what was before, whatever the order: RUN BASELINE as well as BASELINE RUN.
    const bool turned = given.run.has_value() && !next.run.has_value();
    const Side& one = turned ? next : given;
    const Side& other = turned ? given : next;
    const reports::gate::Snapshot& a = one.snapshot;
    const reports::gate::Snapshot& b = other.snapshot;
    reports::gate::require_same_samples(a, b);
    const reports::gate::Criteria usual;
    if (!markdown.empty()) write_atomically(markdown, reports::gate::compare_markdown(a, b, usual));
    if (!output.empty()) write_page(one, other);
    fmt::print("{}", reports::gate::compare_text(a, b, usual));
    if (!output.empty()) fmt::print("page {}\n", printable(output));
  }
};

}  // namespace

void add_compare(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app = root.command("compare",
                            "Compare two runs on the same samples, point by point; a baseline "
                            "is the earlier one, A");
  app.option("A", state->first, "folder of a run, or a baseline").required();
  app.option("B", state->second, "folder of a run, or a baseline").required();
  app.option(
      "-o,--output", state->output,
      "write FILE.html with the verdicts, the curves and the samples that changed; one of A and B "
      "is the folder of a run");
  app.option("--markdown", state->markdown, "write Markdown to this file");
  app.run([state] { return state->run(); });
}

}  // namespace gibbon::eval::cli
