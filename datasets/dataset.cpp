// SPDX-License-Identifier: MIT
#include "datasets/dataset.hpp"

#include <array>
#include <span>

#include "base/catalogue.hpp"
#include "base/environment.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/suggest.hpp"
#include "datasets/folder.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {

#define GIBBON_ENTRY(stem) const SourceInfo& stem##_info();
#include "datasets/sources/entries.inc"
#undef GIBBON_ENTRY

std::span<const SourceInfo> sources() {
  static const auto all = sorted_by(&SourceInfo::name, std::array{
#define GIBBON_ENTRY(stem) stem##_info(),
#include "datasets/sources/entries.inc"
#undef GIBBON_ENTRY
                                                       });
  return all;
}

Dataset load(const std::string& name, const Request& request) {
  std::vector<std::string> known;
  for (const SourceInfo& source : sources()) {
    if (source.name == name) return source.load(request);
    known.emplace_back(source.name);
  }
  std::error_code unreachable;
  if (fs::is_directory(name, unreachable)) return load_folder(name, request);
  if (name.find('/') != std::string::npos) {
    fail_input(
        "{}: no such folder; give a folder with class-name/*.png, or a data set known by name: {}",
        name, fmt::join(known, ", "));
  }
  fail_usage("{}; or a folder that does not exist", unknown_name("data set", name, known));
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
