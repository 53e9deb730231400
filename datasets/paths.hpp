// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

// Names of files, as formats tell them apart.
namespace gibbon::datasets {

[[nodiscard]] inline std::string in_lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// ".png" of "x.PNG".
[[nodiscard]] inline std::string lower_extension(const std::filesystem::path& path) {
  return in_lower_case(path.extension().string());
}

/// What the name of a file is without ".gz", in lower case.
[[nodiscard]] inline std::string plain_name(const std::filesystem::path& path) {
  std::string name = in_lower_case(path.filename().string());
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  return name;
}

[[nodiscard]] inline bool is_folder(const std::filesystem::path& path) {
  std::error_code unreachable;
  return std::filesystem::is_directory(path, unreachable);
}

/// What is in a folder, hidden entries left out, by name. Throws an input Error.
[[nodiscard]] inline std::vector<std::filesystem::path> entries(
    const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    if (!it->path().filename().string().starts_with('.')) paths.push_back(it->path());
  }
  if (error) {
    fail_input("{}: cannot be listed: {}; check the path and its permissions", folder.string(),
               error.message());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace gibbon::datasets
