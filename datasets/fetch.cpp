// SPDX-License-Identifier: MIT
#include "datasets/fetch.hpp"

#include <array>
#include <fstream>
#include <string_view>

#include "base/environment.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/parallel.hpp"
#include "base/sha256.hpp"
#include "datasets/download.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {
namespace {

/// SHA-256 of the file as it is, compressed or not.
std::string file_sha256(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::array<char, 1U << 16U> buffer{};
  Sha256 hash;
  do {
    stream.read(buffer.data(), buffer.size());
    hash.update({buffer.data(), static_cast<std::size_t>(stream.gcount())});
  } while (stream);
  return hash.hex();
}

/// "" when the file at `path` is the published one, or what is wrong with it.
std::string mistake(const RemoteFile& file, const fs::path& path) {
  try {
    const std::string found =
        file.hash_of == HashOf::kContent ? sha256_hex(read_file(path)) : file_sha256(path);
    if (found == file.sha256) return "";
    return fmt::format("wrong content, SHA-256 {} instead of {}", found, file.sha256);
  } catch (const Error& error) {  // it does not decompress
    return error.what();
  }
}

std::vector<std::string> addresses(const RemoteFile& file) {
  std::vector<std::string> urls;
  const auto add = [&](std::string folder, const std::string& path) {
    if (!folder.ends_with('/')) folder += '/';
    urls.push_back(folder + path);
  };
  const std::string own = environment("GIBBON_MIRROR");
  if (!own.empty()) add(own, file.set + "/" + file.name);
  for (const std::string& mirror : file.mirrors) add(mirror, file.name);
  return urls;
}

/// Whether `target` now is the published file; otherwise `problem` says why not.
bool fetch_from(const std::string& url, const RemoteFile& file, const fs::path& target,
                const Progress& progress, std::string& problem) {
  const fs::path part = target.string() + ".part";
  const auto report = [&](std::uint64_t done, std::uint64_t total) {
    if (progress) progress(file.name, done, total);
  };
  std::error_code error;
  while (true) {
    const Download result = download(url, part, report);
    if (interrupted) {
      fail_input(
          "{}: interrupted; the part already downloaded is in {}; repeat the command to continue",
          url, part.string());
    }
    problem = result.problem;
    if (!problem.empty()) return false;
    problem = mistake(file, part);
    if (problem.empty()) break;
    if (!fs::remove(part, error)) {
      fail_input("{}: cannot be removed: {}", part.string(), error.message());
    }
    // The bytes from an earlier attempt may be to blame: once more, from the start.
    if (!result.resumed) return false;
  }
  fs::rename(part, target, error);
  if (error) fail_input("{}: cannot be put in place: {}", target.string(), error.message());
  return true;
}

}  // namespace

void fetch_file(const RemoteFile& file, const fs::path& folder, const Progress& progress) {
  const fs::path target = folder / file.set / file.name;
  require_writable_folder(target.parent_path());
  if (is_there(target) && mistake(file, target).empty()) {
    std::error_code gone;
    const std::uint64_t size = fs::file_size(target, gone);
    if (progress && !gone) progress(file.name, size, size);
    return;
  }
  std::string reasons;
  for (const std::string& url : addresses(file)) {
    std::string problem;
    if (fetch_from(url, file, target, progress, problem)) return;
    reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", url, problem);
  }
  fail_input(
      "{}: cannot be downloaded ({}); check the network, set $GIBBON_MIRROR to another "
      "server, or put the file there yourself",
      target.string(), reasons);
}

}  // namespace gibbon::datasets
