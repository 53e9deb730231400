// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

namespace gibbon {

/// A new empty folder below the system's temporary one, removed with its content at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();  ///< throws an input Error when there is no room for it
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace gibbon
