// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "datasets/dataset.hpp"

namespace gibbon::datasets {

/// What a published SHA-256 was computed from.
enum class HashOf {
  kContent,  ///< the uncompressed content: mirrors may compress differently
  kFile,     ///< the file as it is served
};

/// A file that one or more servers offer.
struct RemoteFile {
  std::string set;                   ///< name of the data set: its folder, here and on a mirror
  std::string name;                  ///< name of the file
  std::vector<std::string> mirrors;  ///< http or https addresses of the folder with the file
  std::string sha256;                ///< 64 lower-case hexadecimal digits
  HashOf hash_of = HashOf::kContent;
};

/// Brings the file to folder/set/name, unless it is there with the right hash already.
///
/// $GIBBON_MIRROR, the address of a folder laid out like a data folder (mirror/set/name), is asked
/// first, then the mirrors in order. What arrives is kept in name.part, which a later call or the
/// next mirror continues; only a complete file with the right hash gets its name. Throws an input
/// Error that gives the reason for each mirror when all fail, and when `interrupted` was set.
void fetch_file(const RemoteFile& file, const std::filesystem::path& folder,
                const Progress& progress);

}  // namespace gibbon::datasets
