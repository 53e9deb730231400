// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <fstream>
#include <optional>

#include "base/environment.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/printable.hpp"
#include "eval/cli/command.hpp"
#include "eval/runs/run_folder.hpp"
#include "reports/gate/baseline.hpp"
#include "reports/gate/formats.hpp"

namespace gibbon::eval::cli {
namespace {

/// GitHub's runner gives steps a file of their own to append to.
void append_summary(const std::string& markdown) {
  const std::string path = environment("GITHUB_STEP_SUMMARY");
  if (path.empty()) return;
  std::ofstream file(path, std::ios::app | std::ios::binary);
  if (!(file << markdown).flush()) {
    fail_input("{}: cannot be written; $GITHUB_STEP_SUMMARY names it", path);
  }
}

struct State {
  std::string folder;
  std::string baseline;
  double margin = 0.3;  // percentage points
  double alpha = 0.05;
  bool strict = false;
  std::vector<std::string> require;
  double max_slowdown = 0.0;
  std::string junit;
  std::string markdown;
  std::string json;
  bool annotations = false;
  bool every_point = false;

  [[nodiscard]] reports::gate::Demands demands() const {
    if (baseline.empty() && require.empty())
      fail_usage("check: nothing to check against; give --baseline, --require or both");
    if (max_slowdown != 0.0 && !(max_slowdown >= 1.0)) {
      fail_usage("--max-slowdown {}: below 1; 1.5 lets an entry take half as long again",
                 max_slowdown);
    }
    if (max_slowdown != 0.0 && baseline.empty())
      fail_usage("--max-slowdown {}: requires --baseline", max_slowdown);
    reports::gate::Demands all{.criteria = {.margin = margin / 100.0, .alpha = alpha},
                               .strict = strict,
                               .requirements = {},
                               .max_slowdown = max_slowdown,
                               .places = {.run = printable(shell_word(folder)),
                                          .baseline = printable(shell_word(baseline))}};
    require_sensible(all.criteria);
    for (const std::string& text : require)
      all.requirements.push_back(reports::gate::parse_requirement(text));
    return all;
  }

  void print(const reports::gate::GateResult& result) const {
    const bool github = environment("GITHUB_ACTIONS") == "true";
    fmt::print("{}", reports::gate::to_text(result, screen().colour));
    const std::string details = reports::gate::details_text(
        result, every_point || github ? reports::gate::Rows::kAll : reports::gate::Rows::kChanged);
    // GitHub's log folds a group.
    fmt::print("{}{}{}", github ? "::group::Details\n" : "\n", details,
               github ? "::endgroup::\n" : "");
    if (annotations || github) fmt::print("{}", reports::gate::to_annotations(result));
  }

  [[nodiscard]] int run() const {
    const reports::gate::Demands all = demands();
    std::optional<reports::gate::Snapshot> before;
    if (!baseline.empty()) before = reports::gate::read_baseline(read_file(baseline), baseline);
    const reports::gate::Snapshot now = reports::gate::snapshot_of(runs::read_run_folder(folder));
    const reports::gate::GateResult result =
        reports::gate::judge(before ? &*before : nullptr, now, all);
    if (!junit.empty()) write_atomically(junit, reports::gate::to_junit(result));
    if (!markdown.empty()) write_atomically(markdown, reports::gate::to_markdown(result));
    if (!json.empty()) write_atomically(json, reports::gate::to_json(result));
    append_summary(reports::gate::to_markdown(result));
    print(result);
    return result.passed() ? 0 : static_cast<int>(ErrorKind::kCheckFailed);
  }
};

}  // namespace

void add_check(Parser root) {
  const auto state = std::make_shared<State>();
  Parser app = root.command(
      "check", "Compare a run with a baseline, sample by sample; exit code 1 if it got worse");
  app.option("RUN", state->folder, "folder of a run").required();
  app.option("--baseline", state->baseline, "file written by 'gibbon baseline'");
  app.option("--margin", state->margin,
             "largest acceptable change, in percentage points of all samples")
      .shows_default();
  app.option("--alpha", state->alpha, "probability of any false alarm, over all points together")
      .shows_default();
  app.flag("--strict", state->strict, "fail on 'cannot tell' as well");
  app.option("--require", state->require,
             "minimum rate at a point: 'clean >= 94%', 'pgd linf 0.1 > 0.2', 'class 3: fgsm 0.1 >= "
             "0.4'; repeatable")
      .one_each();
  app.option("--max-slowdown", state->max_slowdown,
             "largest allowed growth of an attack's time, relative to the reference workload; 0: "
             "unlimited")
      .shows_default();
  app.option("--junit", state->junit, "write JUnit XML to this file");
  app.option("--markdown", state->markdown,
             "write Markdown to this file; also appended to $GITHUB_STEP_SUMMARY");
  app.option("--json", state->json, "write JSON to this file");
  app.flag("--all", state->every_point,
           "list the points that are unchanged or repeat another, too");
  app.flag("--annotations", state->annotations,
           "print GitHub annotations; on when $GITHUB_ACTIONS is true");
  app.run([state] { return state->run(); });
}

}  // namespace gibbon::eval::cli
