// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

// Libraries that drag in hundreds of others are opened when they are needed, so that no other
// command pays for loading them.
namespace gibbon {

/// A shared object of ours that exports one table of functions. The table begins with an int: the
/// version of its layout.
struct Plugin {
  std::string_view engine;    ///< "OpenCV", for messages
  const char* file;           ///< "gibbon_opencv.so"
  const char* symbol;         ///< the table that it exports
  const char* environment;    ///< variable that names another file
  std::string_view to_build;  ///< what a build without it lacks, for messages
  std::string_view to_load;   ///< package that it needs to be loaded
  int version;                ///< a table of another version is laid out differently
};

/// The table of a plugin: the file that its variable names, or else the file beside the program, in
/// the folder above (benchmarks), in the installed lib/gibbon/ or where the dynamic linker looks.
/// Throws a usage Error that lists these places when there is none, an input Error when it cannot
/// be loaded. It is never closed.
[[nodiscard]] const void* open_plugin(const Plugin& plugin);

}  // namespace gibbon
