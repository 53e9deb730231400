// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/limits.hpp"

namespace gibbon {

/// Writes `bytes` to a temporary file beside `path`, flushes it to disk and renames it over `path`:
/// readers see the old file or the new one, never half of it. Throws an input/output Error naming
/// the path and the system's reason (no space left, no permission, …), leaving no temporary behind.
/// The first write into a folder removes the temporaries that killed processes left there: files
/// named .gibbon-PID-NUMBER.tmp that nobody holds a lock on and whose PID is no running process. So
/// one whose writer sees other process ids (another container, another host) stays as long as it
/// is being written; on a file system without flock() nothing is removed.
void write_atomically(const std::filesystem::path& path, std::string_view bytes);

/// The whole file. When its name ends in ".gz", or it starts with gzip's magic bytes, it is
/// decompressed; a stream that ends early or is corrupt is an Error, as is a result over `limit`
/// bytes.
[[nodiscard]] std::string read_file(const std::filesystem::path& path,
                                    std::size_t limit = file_limit);

/// Creates `folder` (parents included) and proves that it can be written to by creating and
/// removing a file in it; throws an input/output Error otherwise. Called before long work starts.
void require_writable_folder(const std::filesystem::path& folder);

/// What std::filesystem does, with an input/output Error that names the path, the system's reason
/// and what to do. Something that is not there is no error of is_there() and of those that remove.
[[nodiscard]] bool is_there(const std::filesystem::path& path);
void make_folders(const std::filesystem::path& folder);
void remove_file(const std::filesystem::path& path);
void remove_tree(const std::filesystem::path& path);
void move_to(const std::filesystem::path& from, const std::filesystem::path& to);

/// $XDG_CACHE_HOME/gibbon, or ~/.cache/gibbon.
[[nodiscard]] std::filesystem::path cache_folder();

}  // namespace gibbon
