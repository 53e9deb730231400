// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "reports/gallery/gallery.hpp"
#include "reports/page/html.hpp"
#include "reports/record/record.hpp"

namespace gibbon::eval::runs {

/// Makes sure that results can be written to `folder`, before any work: it can be created and
/// written to, and holds none of the files `results` yet unless `force`. Throws Error
/// (input/output, or usage for results that are there).
void prepare_folder(const std::filesystem::path& folder,
                    std::initializer_list<std::string_view> results, bool force);

/// Removes what would be taken for part of the run that is to be written: an older one's run.json
/// and certificates.
void start_run(const std::filesystem::path& folder);

/// Writes samples.npy, the gallery (figures of the first attack of each norm, which would take
/// longer than the sweep) and what draw_run() writes: a folder with a run.json holds a whole run.
void write_run(const std::filesystem::path& folder, reports::record::Run& run,
               const reports::record::Gallery& gallery);

/// Notes in the folder, until draw_run() or write_page() is through, that its page and pictures may
/// be older than its records: whoever is stopped in between leaves the note.
void begin_drawing(const std::filesystem::path& folder);

/// Whether somebody began to draw the run in the folder and was stopped.
[[nodiscard]] bool is_half_drawn(const std::filesystem::path& folder);

/// Writes certified.json of a run that has certificates: what a run read from the folder has.
void write_certificates(const std::filesystem::path& folder, reports::record::Run& run);

/// Writes what reports::exporters() makes of the run, report.html and, last, run.json, each
/// atomically. Without gnuplot the pictures are left out and run.diagnosis says so; older ones stay
/// until new ones are there.
void draw_run(const std::filesystem::path& folder, reports::record::Run& run,
              const reports::record::Gallery& gallery);

/// The gallery's figures, animations and gallery.json below `folder`.
void write_gallery(const std::filesystem::path& folder, const reports::record::Gallery& gallery,
                   reports::gallery::Drawn drawn);

/// A gallery in the making, in folder/gallery.part: the one in the folder stays until publish(),
/// and stays for good when there is none.
class StagedGallery {
 public:
  explicit StagedGallery(std::filesystem::path folder);
  ~StagedGallery();
  StagedGallery(const StagedGallery&) = delete;
  StagedGallery& operator=(const StagedGallery&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return part_; }

  /// Puts gallery/ and gallery.json in the place of the old ones. The manifest goes first and comes
  /// last: without one, pictures are no gallery.
  void publish();

 private:
  std::filesystem::path folder_;
  std::filesystem::path part_;
};

/// Removes folder/gallery.part, when it is what a killed StagedGallery left. Nobody else may be
/// writing to the folder.
void discard_staged_gallery(const std::filesystem::path& folder);

/// report.html and run.json of a run whose gallery is another one now.
void write_page(const std::filesystem::path& folder, const reports::record::Run& run,
                const reports::record::Gallery& gallery);

/// The curves of several runs as files to save from their page; without gnuplot none, and a note
/// says so.
[[nodiscard]] reports::page::ChartFiles chart_of(std::span<const reports::page::PageRun> pages);

/// Reads run.json, samples.npy and, where it is there, certified.json of a folder. Throws Error
/// naming the file that cannot be read, is not the one run.json was written with, or contradicts
/// another (require_consistent()).
[[nodiscard]] reports::record::Run read_run_folder(const std::filesystem::path& folder);

/// The pictures of a run that was read from `folder`.
[[nodiscard]] reports::record::Gallery read_run_gallery(const std::filesystem::path& folder,
                                                        const reports::record::Run& run);

}  // namespace gibbon::eval::runs
