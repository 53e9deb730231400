// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.hpp"

namespace gibbon::eval::cli {

/// A scratch folder in which process tests run commands; `gibbon` is the program under test.
class Shell {
 public:
  Shell()
      : folder_(std::filesystem::temp_directory_path() /
                ("gibbon_shell_" + std::to_string(getpid()) + "_" + std::to_string(count()++))) {
    std::filesystem::create_directories(folder_);
  }
  Shell(const Shell&) = delete;
  Shell& operator=(const Shell&) = delete;
  ~Shell() { std::filesystem::remove_all(folder_); }

  struct Result {
    int status = -1;
    std::string out;
    std::string err;
  };

  /// Runs a bash line; stdout and stderr are kept apart.
  [[nodiscard]] Result run(const std::string& line) const {
    const std::filesystem::path script = folder_ / ".script";
    write_atomically(script, "export PATH=" GIBBON_BINARY_DIR ":$PATH\ncd '" + folder_.string() +
                                 "'\n" + line + "\n");
    const int status =
        std::system(("bash '" + script.string() + "' >'" + (folder_ / ".out").string() + "' 2>'" +
                     (folder_ / ".err").string() + "' </dev/null")
                        .c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128, read_file(folder_ / ".out"),
            read_file(folder_ / ".err")};
  }

  [[nodiscard]] std::filesystem::path path(const std::string& name) const { return folder_ / name; }
  [[nodiscard]] bool has(const std::string& name) const {
    return std::filesystem::exists(folder_ / name);
  }
  [[nodiscard]] std::string text(const std::string& name) const {
    return read_file(folder_ / name);
  }

 private:
  static int& count() {
    static int shells = 0;
    return shells;
  }
  std::filesystem::path folder_;
};

/// A piece of bash that goes on once `condition` holds, or process $p has ended.
inline std::string until(const std::string& condition) {
  return "until { " + condition + "; } || ! kill -0 $p 2>/dev/null; do :; done; ";
}

/// Whether process $p has worked for so many hundredths of a second, as the kernel counts them, on
/// however busy a machine. `ticks` is an expression of bash.
inline std::string has_worked(const std::string& ticks) {
  return "test $(cut -d' ' -f14 /proc/$p/stat 2>/dev/null || echo 999999) -ge $((" + ticks + "))";
}

}  // namespace gibbon::eval::cli
