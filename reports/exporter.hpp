// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "reports/record/record.hpp"

// The catalogue of what a run is drawn to. Each entry is a file reports/exporters/<stem>.cpp that
// defines <stem>_info().
namespace gibbon::reports {

/// In the order in which they are written.
enum class ExportStage {
  kData,     ///< for programs
  kPicture,  ///< all of them are drawn or none is; why not becomes part of the diagnosis
  kText,     ///< for readers, the diagnosis included
};

/// What a run must have for the file to be written.
enum class Needs { kNothing, kCurve, kCertificates };

struct ExporterInfo {
  std::string_view file;     ///< name in the run folder
  std::string_view summary;  ///< what it holds, as docs/formats.md says it
  ExportStage stage;
  Needs needs = Needs::kNothing;
  std::string_view version;  ///< what tells versions of the format apart; empty: nothing
  /// The bytes of the file. Throws record::Error when it cannot be made.
  std::string (*render)(const record::Run& run);

  [[nodiscard]] bool applies(const record::Run& run) const {
    return needs == Needs::kNothing ||
           !(needs == Needs::kCurve ? run.curve.empty() : run.certificates.empty());
  }
};

/// All exporters compiled in, by stage, then by name.
[[nodiscard]] std::span<const ExporterInfo> exporters();

}  // namespace gibbon::reports
