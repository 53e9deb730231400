// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>

#include "eval/runs/options.hpp"

namespace gibbon::eval::runs {

/// resume.json beside the journal of an unfinished sweep: what the sweep is, so that --resume needs
/// nothing but the folder.
struct ResumeFile {
  std::string model;  ///< path, as it was given
  std::string from;   ///< stored examples; empty: none
  SweepFields fields;
};

void write_resume(const std::filesystem::path& folder, ResumeFile sweep);
void remove_resume(const std::filesystem::path& folder);

/// Throws a usage Error where the folder has none, and an input Error for a damaged one.
[[nodiscard]] ResumeFile read_resume(const std::filesystem::path& folder);

}  // namespace gibbon::eval::runs
