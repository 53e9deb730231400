// SPDX-License-Identifier: MIT
#include "datasets/dataset.hpp"

#include <array>
#include <span>

#include "base/catalogue.hpp"
#include "base/environment.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/phase.hpp"
#include "base/printable.hpp"
#include "base/suggest.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {

#define GIBBON_ENTRY(stem) const SourceInfo& stem##_info();
#include "datasets/sources/entries.inc"
#undef GIBBON_ENTRY
#define GIBBON_ENTRY(stem) const FormatInfo& stem##_info();
#include "datasets/formats/entries.inc"
#undef GIBBON_ENTRY

namespace {

/// The format of a file or folder that is there.
const FormatInfo& format_of(const fs::path& path) {
  using Fit = FormatInfo::Fit;
  const FormatInfo* best = nullptr;
  Fit most = Fit::kNo;
  std::vector<std::string> known;
  for (const FormatInfo& format : formats()) {
    known.emplace_back(format.name);
    const Fit fit = format.recognises(path);
    if (fit <= most) continue;
    most = fit;
    best = &format;
  }
  if (best != nullptr) return *best;
  fail_input("{}: is not a format of data that is read; allowed are {}; save the samples as .npz",
             path.string(), fmt::join(known, ", "));
}

}  // namespace

std::span<const SourceInfo> sources() {
  static const auto all = sorted_by(&SourceInfo::name, std::array{
#define GIBBON_ENTRY(stem) stem##_info(),
#include "datasets/sources/entries.inc"
#undef GIBBON_ENTRY
                                                       });
  return all;
}

std::span<const FormatInfo> formats() {
  static const auto all = sorted_by(&FormatInfo::name, std::array{
#define GIBBON_ENTRY(stem) stem##_info(),
#include "datasets/formats/entries.inc"
#undef GIBBON_ENTRY
                                                       });
  return all;
}

Dataset load(const std::string& name, const Request& request) {
  const Phase phase("data " + name);
  std::vector<std::string> known;
  for (const SourceInfo& source : sources()) {
    if (source.name == name) return source.load(request);
    known.emplace_back(source.name);
  }
  std::error_code unreachable;
  if (fs::exists(name, unreachable)) return format_of(name).load(name, request);
  if (name.find('/') != std::string::npos || fs::path(name).has_extension()) {
    fail_input(
        "{}: no such file or folder; give data in a format that 'gibbon list formats' shows, or a "
        "data set known by name: {}",
        printable(name), fmt::join(known, ", "));
  }
  fail_usage("{}; or a file or folder that does not exist", unknown_name("data set", name, known));
}

Background parse_background(std::string_view text) {
  if (text == "black") return Background::kBlack;
  if (text == "white") return Background::kWhite;
  fail_usage("--background {}: unknown; allowed are black and white", printable(text));
}

std::vector<fs::path> search_path(const Request& request) {
  if (!request.data_dir.empty()) return {request.data_dir};
  std::vector<fs::path> folders;
  const std::string data = environment("GIBBON_DATA");
  if (!data.empty()) folders.emplace_back(data);
  folders.push_back(cache_folder());
  return folders;
}

}  // namespace gibbon::datasets
