// SPDX-License-Identifier: MIT
#include "eval/runs/run_folder.hpp"

#include <fstream>
#include <limits>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/phase.hpp"
#include "base/sha256.hpp"
#include "eval/runs/consistency.hpp"
#include "eval/runs/gallery.hpp"
#include "eval/runs/witnesses.hpp"
#include "reports/exporter.hpp"
#include "reports/figure/figure.hpp"
#include "reports/formats/certified_json.hpp"
#include "reports/formats/json.hpp"
#include "reports/formats/npy.hpp"
#include "reports/gallery/gallery.hpp"
#include "reports/gallery/walk.hpp"
#include "reports/page/html.hpp"
#include "reports/record/error.hpp"
#include "reports/record/subject.hpp"

namespace gibbon::eval::runs {
namespace {

using reports::ExporterInfo;
using reports::ExportStage;

constexpr const char* kHalfDrawn = ".gibbon.half-drawn";
constexpr const char* kStaged = "gallery.part";

void remove_certificates(const std::filesystem::path& folder) {
  remove_file(folder / "certified.json");
  for (const ExporterInfo& exporter : reports::exporters())
    if (exporter.needs == reports::Needs::kCertificates) remove_file(folder / exporter.file);
  for (const attacks::Norm norm : attacks::kNorms)
    remove_file(witnesses_file(folder, attacks::to_string(norm)));
}

/// SHA-256 of the file as it lies there, whatever its size.
std::string digest_of(const std::filesystem::path& file) {
  return sha256_hex(read_file(file, std::numeric_limits<std::size_t>::max() / 2));
}

/// What run.json says about the data files beside it.
nlohmann::ordered_json digests(const std::filesystem::path& folder,
                               const reports::record::Run& run) {
  nlohmann::ordered_json files;
  if (!run.curve.empty()) files["samples.npy"] = digest_of(folder / "samples.npy");
  if (!run.certificates.empty()) files["certified.json"] = digest_of(folder / "certified.json");
  return files;
}

/// Runs of earlier versions do not say; certificates that have just joined are not listed yet.
void require_digests(const std::filesystem::path& folder, const reports::record::Run& run) {
  const auto files = run.provenance.find("files");
  if (files == run.provenance.end() || !files->is_object()) return;
  for (const char* name : {"samples.npy", "certified.json"}) {
    const auto stated = files->find(name);
    if (stated == files->end()) continue;
    if (!is_there(folder / name) || *stated != digest_of(folder / name)) {
      fail_input(
          "{}: differs from the file that run.json was written with (SHA-256), so they do not "
          "belong to one run, or one was edited; restore it or run the evaluation "
          "again",
          (folder / name).string());
    }
  }
}

/// Nothing is written before all of the stage is made.
void export_stage(const std::filesystem::path& folder, const reports::record::Run& run,
                  ExportStage stage) {
  std::vector<std::pair<std::string_view, std::string>> files;
  for (const ExporterInfo& exporter : reports::exporters()) {
    if (exporter.stage != stage || !exporter.applies(run)) continue;
    const Phase phase(exporter.file);
    files.emplace_back(exporter.file, exporter.render(run));
  }
  for (const auto& [name, bytes] : files) write_atomically(folder / name, bytes);
}

}  // namespace

void prepare_folder(const std::filesystem::path& folder,
                    std::initializer_list<std::string_view> results, bool force) {
  for (const std::string_view name : results) {
    if (force || !is_there(folder / name)) continue;
    fail_usage(
        "{}: the folder already contains results ({}); choose another --output, or replace them "
        "with --force",
        folder.string(), name);
  }
  require_writable_folder(folder);
}

void start_run(const std::filesystem::path& folder) {
  // Without its run.json, what an older run left here is no run any more.
  remove_file(folder / "run.json");
  // Certificates hold for the model and the samples they were made of.
  remove_certificates(folder);
}

void write_run(const std::filesystem::path& folder, reports::record::Run& run,
               const reports::record::Gallery& gallery) {
  start_run(folder);
  write_atomically(folder / "samples.npy", reports::formats::to_npy(run.samples));
  write_gallery(folder, gallery, reports::gallery::Drawn::kFirstOfEachNorm);
  draw_run(folder, run, gallery);
}

void begin_drawing(const std::filesystem::path& folder) {
  write_atomically(folder / kHalfDrawn, "`gibbon report` on this folder completes it\n");
}

bool is_half_drawn(const std::filesystem::path& folder) { return is_there(folder / kHalfDrawn); }

void write_certificates(const std::filesystem::path& folder, reports::record::Run& run) {
  // Stopped between the two files, run.json must not name the certificates of before.
  if (const auto files = run.provenance.find("files");
      files != run.provenance.end() && files->is_object() && files->erase("certified.json") > 0)
    write_atomically(folder / "run.json", reports::formats::to_run_json(run));
  write_atomically(folder / "certified.json", reports::formats::to_certified_json(run));
}

void draw_run(const std::filesystem::path& folder, reports::record::Run& run,
              const reports::record::Gallery& gallery) {
  begin_drawing(folder);
  run.provenance["files"] = digests(folder, run);
  export_stage(folder, run, ExportStage::kData);
  try {
    export_stage(folder, run, ExportStage::kPicture);
  } catch (const reports::record::Error& error) {
    // What is there shows the run as it was before.
    for (const ExporterInfo& exporter : reports::exporters())
      if (exporter.stage == ExportStage::kPicture) remove_file(folder / exporter.file);
    run.diagnosis.push_back(fmt::format("The curve was not drawn: {}", error.what()));
  }
  export_stage(folder, run, ExportStage::kText);
  write_page(folder, run, gallery);
}

void write_gallery(const std::filesystem::path& folder, const reports::record::Gallery& gallery,
                   reports::gallery::Drawn drawn) {
  if (gallery.items.empty()) return;
  const Phase phase("gallery: figures");
  make_folders(folder / "gallery");
  for (const reports::gallery::Figure& figure : reports::gallery::draw_gallery(gallery, drawn))
    write_atomically(folder / figure.file, figure.png);
  for (const reports::gallery::Walk& walk : reports::gallery::draw_walks(gallery, drawn))
    write_atomically(folder / walk.file, walk.webp);
  write_atomically(folder / "gallery.json", reports::gallery::to_manifest(gallery));
}

StagedGallery::StagedGallery(std::filesystem::path folder)
    : folder_(std::move(folder)), part_(folder_ / kStaged) {
  remove_tree(part_);  // of a run that was killed
  make_folders(part_);
}

StagedGallery::~StagedGallery() {
  std::error_code ignored;
  std::filesystem::remove_all(part_, ignored);
}

void StagedGallery::publish() {
  remove_file(folder_ / "gallery.json");
  remove_tree(folder_ / "gallery");
  move_to(part_ / "gallery", folder_ / "gallery");
  move_to(part_ / "gallery.json", folder_ / "gallery.json");
}

void discard_staged_gallery(const std::filesystem::path& folder) {
  std::error_code error;
  const std::filesystem::path part = folder / kStaged;
  if (!std::filesystem::is_directory(std::filesystem::symlink_status(part, error))) return;
  for (std::filesystem::directory_iterator it(part, error), end; !error && it != end;
       it.increment(error)) {
    const std::filesystem::path name = it->path().filename();
    const bool ours =
        name == "gallery" || name == "gallery.json" || name.native().starts_with(".gibbon-");
    if (!ours) return;
  }
  if (!error) std::filesystem::remove_all(part, error);
}

void write_page(const std::filesystem::path& folder, const reports::record::Run& run,
                const reports::record::Gallery& gallery) {
  const auto drawn = [&](const char* name) {
    return is_there(folder / name) ? read_file(folder / name) : std::string();
  };
  const Phase phase("report.html");
  const reports::page::PageRun page{.run = &run, .gallery = &gallery};
  write_atomically(folder / "report.html",
                   reports::page::to_html({&page, 1}, {drawn("curve.svg"), drawn("curve.pdf")}));
  write_atomically(folder / "run.json", reports::formats::to_run_json(run));
  remove_file(folder / kHalfDrawn);
}

reports::page::ChartFiles chart_of(std::span<const reports::page::PageRun> pages) {
  using reports::figure::FigureFile;
  std::vector<reports::record::NamedRun> runs;
  for (std::size_t r = 0; r < pages.size(); ++r)
    runs.push_back({.name = reports::page::run_name(pages, r), .run = pages[r].run});
  try {
    return {.svg = reports::figure::draw(runs, FigureFile::kSvg),
            .pdf = reports::figure::draw(runs, FigureFile::kPdf)};
  } catch (const reports::record::Error& error) {
    fmt::print(stderr, "note: the page has no chart to save: {}\n", error.what());
    return {};
  }
}

reports::record::Run read_run_folder(const std::filesystem::path& folder) {
  const std::filesystem::path json = folder / "run.json";
  if (!is_there(json)) {
    fail_input(
        "{}: no run.json, so this is not a finished run; give the --output folder of 'gibbon "
        "sweep', 'gibbon certify' or 'gibbon run'",
        folder.string());
  }
  try {
    reports::record::Run run = reports::formats::read_run(read_file(json));
    if (const auto proved = folder / "certified.json"; is_there(proved))
      run.certificates = reports::formats::read_certificates(read_file(proved));
    require_digests(folder, run);
    if (run.curve.empty()) {
      require_consistent(run);
      return run;
    }
    std::ifstream samples(folder / "samples.npy", std::ios::binary);
    if (!samples) {
      fail_input("{}: cannot be read, but run.json refers to it; run the evaluation again",
                 (folder / "samples.npy").string());
    }
    reports::formats::read_samples(samples, run);
    require_consistent(run);
    return run;
  } catch (const reports::record::Error& error) {
    fail_input("{}: {}", folder.string(), error.what());
  }
}

reports::record::Gallery read_run_gallery(const std::filesystem::path& folder,
                                          const reports::record::Run& run) {
  return read_gallery(folder, reports::record::subject_of(run).class_names);
}

}  // namespace gibbon::eval::runs
