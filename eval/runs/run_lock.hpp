// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace gibbon::eval::runs {

/// Told what a user should know and nothing depends on.
using Note = std::function<void(const std::string&)>;

/// Whoever writes into a run folder holds this: one process at a time, by flock() on the hidden
/// file .gibbon.lock, which holds the process id. The system lets go of it when the process ends,
/// however that happens; the file is removed with this object, and a killed process's file, which
/// nobody holds, does not matter. Programs that we start do not inherit it.
///
/// Throws a usage Error naming the other process. Where the file system cannot lock, `note` is
/// told so and the work goes on; a folder that is not there or cannot be written to is not locked:
/// the work will find out. With the lock, what a killed process left half made is removed.
///
/// `made` is the uppermost of the folders that were created for this run, if any: in the end those
/// of them that are empty are removed, since a run that came to nothing leaves nothing.
class RunLock {
 public:
  RunLock(const std::filesystem::path& folder, const Note& note,
          const std::filesystem::path& made = {});
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  [[nodiscard]] bool is_current() const;

  std::filesystem::path path_;
  std::filesystem::path made_;
  int descriptor_ = -1;  ///< -1: nothing is locked
};

}  // namespace gibbon::eval::runs
