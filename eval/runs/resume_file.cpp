// SPDX-License-Identifier: MIT
#include "eval/runs/resume_file.hpp"

#include "base/error.hpp"
#include "base/files.hpp"
#include "eval/runs/provenance.hpp"
#include "eval/runs/stored_run.hpp"
#include "reports/formats/parse_json.hpp"

namespace gibbon::eval::runs {
namespace {

constexpr const char* kName = "resume.json";

}  // namespace

void write_resume(const std::filesystem::path& folder, ResumeFile sweep) {
  const nlohmann::ordered_json json{{"model", sweep.model},
                                    {"from", sweep.from},
                                    {"configuration", configuration_of(sweep.fields.fields())}};
  write_atomically(folder / kName, json.dump(2) + "\n");
}

void remove_resume(const std::filesystem::path& folder) { remove_file(folder / kName); }

ResumeFile read_resume(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / kName;
  if (!is_there(path)) {
    fail_usage(
        "{}: no unfinished sweep that says what it was of; repeat its whole command with --resume",
        folder.string());
  }
  const std::string file = path.string();
  constexpr std::string_view kRemedy = "repeat the whole command with --resume";
  const nlohmann::ordered_json json = reports::formats::parse_json(read_file(path), file, kRemedy);
  const reports::formats::JsonPart root(json, file, kRemedy);
  ResumeFile sweep{.model = root.get<std::string>("model"), .from = root.get<std::string>("from")};
  take(root["configuration"], sweep.fields.fields());
  return sweep;
}

}  // namespace gibbon::eval::runs
