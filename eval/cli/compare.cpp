// SPDX-License-Identifier: MIT
#include <array>
#include <filesystem>
#include <fmt/format.h>
#include <optional>

#include "base/error.hpp"
#include "base/files.hpp"
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
  [[nodiscard]] reports::page::PageRun page() const { return {.run = &*run, .gallery = &gallery}; }

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
    if (!one.run || !other.run) {
      fail_usage(
          "--output {}: a page takes two folders of runs; {} is a baseline, which has no records "
          "to draw; give the folder of its run",
          output, one.run ? second : first);
    }
    const std::array pages{one.page(), other.page()};
    write_atomically(output,
                     reports::page::to_html(pages, runs::chart_of(pages),
                                            reports::page::changes_between(*one.run, *other.run)));
  }

  void run() const {
    const Side one(first);
    const Side other(second);
    const reports::gate::Snapshot& a = one.snapshot;
    const reports::gate::Snapshot& b = other.snapshot;
    reports::gate::require_same_samples(a, b);
    const reports::gate::Criteria usual;
    if (!markdown.empty()) write_atomically(markdown, reports::gate::compare_markdown(a, b, usual));
    if (!output.empty()) write_page(one, other);
    fmt::print("{}", reports::gate::compare_text(a, b, usual));
    if (!output.empty()) fmt::print("page {}\n", output);
  }
};

}  // namespace

void add_compare(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app = root.command("compare", "Compare two runs on the same samples, point by point");
  app.option("A", state->first, "folder of a run, or a baseline").required();
  app.option("B", state->second, "folder of a run, or a baseline").required();
  app.option("-o,--output", state->output,
             "write FILE.html with both curves and the samples that changed");
  app.option("--markdown", state->markdown, "write Markdown to this file");
  app.run([state] { return state->run(); });
}

}  // namespace gibbon::eval::cli
