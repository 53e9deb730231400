// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <string>

#include "base/files.hpp"
#include "base/temporary_folder.hpp"

// For tests: files of NumPy's own.
namespace gibbon::datasets::arrays {

/// A folder that lasts as long as the program.
inline const TemporaryFolder& scratch() {
  static const TemporaryFolder folder;
  return folder;
}

inline std::string scratch_file(const std::string& name, const std::string& bytes) {
  const auto path = scratch().path() / name;
  write_atomically(path, bytes);
  return path.string();
}

/// Runs a line of Python with the given file as argument; what it printed.
inline std::string python(const std::string& code, const std::string& path) {
  const std::string output = (scratch().path() / "python.txt").string();
  const std::string command =
      "/usr/bin/python3 -c '" + code + "' '" + path + "' > '" + output + "' 2>&1";
  const int status = std::system(command.c_str());
  return (status == 0 ? "" : "failed: ") + read_file(output);
}

}  // namespace gibbon::datasets::arrays
