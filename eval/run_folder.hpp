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

/// Writes curve.csv, samples.npy, report.md, report.tex, the curve as SVG, PNG and PDF, gallery/,
/// report.html and, last, run.json, each atomically: a folder with a run.json holds a whole run.
/// Without gnuplot the curves are left out with a warning in run.diagnosis.
void write_run(const std::filesystem::path& folder, reports::Run run,
               const reports::Gallery& gallery);

/// The gallery's figures and gallery.json below `folder`.
void write_gallery(const std::filesystem::path& folder, const reports::Gallery& gallery);

/// Reads run.json and samples.npy of a folder. Throws Error naming the file.
[[nodiscard]] reports::Run read_run_folder(const std::filesystem::path& folder);

}  // namespace gibbon::eval
