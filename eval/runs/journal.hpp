// SPDX-License-Identifier: MIT
#pragma once

#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "eval/sweep/parts.hpp"

namespace gibbon::eval::runs {

using JournalParts = std::map<std::pair<std::uint32_t, std::uint32_t>, sweep::Part>;

/// What a journal holds that can be used.
struct JournalContent {
  JournalParts parts;
  std::size_t good = 0;  ///< bytes up to the end of the last part; 0: not even a whole head
  std::size_t size = 0;  ///< bytes there are
};

/// Reads the bytes of a journal, up to the first part that was cut off, does not have its checksum
/// or does not fit the plan. Throws a usage Error that names the first difference when it is of
/// another `configuration`, an input Error when its head is damaged or of another version.
[[nodiscard]] JournalContent read_journal(std::string_view bytes, const std::string& name,
                                          const nlohmann::ordered_json& configuration,
                                          const sweep::PartLayout& plan);

/// The unfinished sweep in a run folder: a file that only grows, one part after each entry of each
/// block, so that a run that was stopped, in whatever way, goes on where it was. A part that was
/// cut off or damaged is dropped with everything behind it. Thread-safe.
class Journal final : public sweep::PartStore {
 public:
  /// Starts a new journal at `path`, or, when `resume` is set and one is there, reads it first, as
  /// read_journal(). `configuration` is everything that results depend on. Throws input Errors.
  Journal(std::filesystem::path path, const nlohmann::ordered_json& configuration,
          const sweep::PartLayout& plan, bool resume);

  [[nodiscard]] const sweep::Part* find(std::size_t pair, std::size_t block) const override;
  [[nodiscard]] std::size_t restored() const { return parts_.size(); }
  /// Bytes of the file that could not be used.
  [[nodiscard]] std::size_t dropped() const { return dropped_; }

  void add(const sweep::Part& part) override;

  /// The run is finished and written.
  void remove();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void write(std::string_view bytes);

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
  std::mutex mutex_;  // guards file_
  JournalParts parts_;
  std::size_t dropped_ = 0;
};

/// A part as it stands in the file.
[[nodiscard]] std::string to_bytes(const sweep::Part& part);

/// Magic, version and configuration: what stands before the parts.
[[nodiscard]] std::string journal_head(const nlohmann::ordered_json& configuration);

}  // namespace gibbon::eval::runs
