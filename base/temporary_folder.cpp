// SPDX-License-Identifier: MIT
#include "base/temporary_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

#include "base/error.hpp"

namespace gibbon {

TemporaryFolder::TemporaryFolder() {
  std::error_code missing;
  const std::filesystem::path parent = std::filesystem::temp_directory_path(missing);
  if (missing) fail_input("$TMPDIR: {}; set it to a folder that exists", missing.message());
  std::string name = (parent / "gibbon-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    fail_input("{}: cannot create a temporary folder: {}; set $TMPDIR to a folder with room",
               parent.string(), std::generic_category().message(errno));
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace gibbon
