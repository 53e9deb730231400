#pragma once

#include <filesystem>
#include <initializer_list>
#include <string_view>

#include "reports/record.hpp"

namespace gibbon::eval {

/// Makes sure that results can be written to `folder`, before any work: it can be created and
/// written to, and holds none of the files `results` yet unless `force`. Throws Error
/// (input/output, or usage for results that are there).
void prepare_folder(const std::filesystem::path& folder,
                    std::initializer_list<std::string_view> results, bool force);

/// Writes samples.npy, the gallery and what draw_run() writes: a folder with a run.json holds a
/// whole run.
void write_run(const std::filesystem::path& folder, reports::Run& run,
               const reports::Gallery& gallery);

/// Writes curve.csv, report.md, curve.svg, curve.png, report.html and, last, run.json,
/// each atomically. Without gnuplot the curves are left out and run.diagnosis says so.
void draw_run(const std::filesystem::path& folder, reports::Run& run,
              const reports::Gallery& gallery);

/// The gallery's figures and gallery.json below `folder`.
void write_gallery(const std::filesystem::path& folder, const reports::Gallery& gallery);

/// Reads run.json and samples.npy of a folder. Throws Error naming the file.
[[nodiscard]] reports::Run read_run_folder(const std::filesystem::path& folder);

/// The pictures of a run that was read from `folder`.
[[nodiscard]] reports::Gallery read_run_gallery(const std::filesystem::path& folder,
                                                const reports::Run& run);

}  // namespace gibbon::eval
