// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/printable.hpp"
#include "eval/cli/command.hpp"
#include "eval/runs/run_folder.hpp"
#include "reports/page/html.hpp"
#include "reports/table/table.hpp"

namespace gibbon::eval::cli {
namespace {

struct State {
  std::vector<std::string> folders;
  std::string output;

  void run() const {
    if (folders.size() == 1 && output.empty()) return redraw();
    if (output.empty()) {
      fail_usage(
          "report: a page of {} runs needs --output, for example "
          "--output together.html",
          folders.size());
    }
    side_by_side();
  }

  void redraw() const {
    const std::filesystem::path folder = folders.front();
    const runs::RunLock lock = lock_folder(folder, {});
    reports::record::Run run = runs::read_run_folder(folder);
    runs::prepare_folder(folder, {}, true);
    runs::draw_run(folder, run, runs::read_run_gallery(folder, run));
    print_table(run);
    fmt::print("report {}\n", printable((folder / "report.html").string()));
  }

  void side_by_side() const {
    const std::filesystem::path page = output;
    require_writable_folder(page.has_parent_path() ? page.parent_path() : ".");
    std::vector<reports::record::Run> runs;
    std::vector<reports::record::Gallery> galleries;
    for (const std::string& folder : folders) {
      runs.push_back(runs::read_run_folder(folder));
      galleries.push_back(runs::read_run_gallery(folder, runs.back()));
    }
    std::vector<reports::page::PageRun> pages;
    for (std::size_t r = 0; r < runs.size(); ++r) {
      pages.push_back({.run = &runs[r], .gallery = &galleries[r]});
      print_table(runs[r]);
    }
    write_atomically(page, reports::page::to_html(pages, ""));
    fmt::print("report {}\n", printable(page.string()));
  }

  static void print_table(const reports::record::Run& run) {
    fmt::print("{}", reports::table::to_table(run, screen()));
  }
};

}  // namespace

void add_report(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app = root.command("report",
                            "Redraw the report of a finished run, without model or data, and print "
                            "its table. Several runs are compared on one page");
  app.option("RUN", state->folders, "folders of runs").required();
  app.option("-o,--output", state->output,
             "FILE.html; required for several runs. By default, the folder of the run is redrawn");
  app.run([state] { return state->run(); });
}

}  // namespace gibbon::eval::cli
