// SPDX-License-Identifier: MIT
#include "eval/runs/run_folder.hpp"

#include <set>

#include "base/temporary_folder.hpp"
#include "reports/exporter.hpp"
#include "reports/record/record_cases.hpp"

namespace gibbon::eval::runs {
namespace {

std::set<std::string> names_in(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.insert(entry.path().filename());
  return names;
}

std::set<std::string> expected(const reports::record::Run& run, std::set<std::string> others) {
  for (const reports::ExporterInfo& exporter : reports::exporters())
    if (exporter.applies(run)) others.emplace(exporter.file);
  return others;
}

TEST(RunFolder, HoldsWhatTheExportersSayAndNothingElse) {
  const TemporaryFolder folder;
  reports::record::Run run = reports::record::cases::run();
  write_run(folder.path(), run, {});
  EXPECT_EQ(names_in(folder.path()), expected(run, {"samples.npy", "report.html", "run.json"}));

  run.certificates = {{.norm = "linf",
                       .clean_correct = 180,
                       .curve = {{.epsilon = 0.1, .n = 200, .certified = 20, .attacked = 40}}}};
  write_certificates(folder.path(), run);
  draw_run(folder.path(), run, {});
  const std::set<std::string> whole =
      expected(run, {"samples.npy", "report.html", "run.json", "certified.json"});
  EXPECT_EQ(names_in(folder.path()), whole);
  EXPECT_EQ(whole.size(), reports::exporters().size() + 4);

  start_run(folder.path());
  run.certificates.clear();
  EXPECT_EQ(names_in(folder.path()), expected(run, {"samples.npy", "report.html"}));
}

}  // namespace
}  // namespace gibbon::eval::runs
