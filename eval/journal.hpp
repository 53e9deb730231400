#pragma once

#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <nlohmann/json.hpp>

#include "eval/block_runner.hpp"

namespace gibbon::eval {

/// What one entry did to one block of samples: enough not to do it again.
struct JournalPart {
  std::uint32_t pair = 0;
  std::uint32_t block = 0;
  std::uint64_t zero_gradients = 0;            ///< of the block, with its first pair
  std::vector<reports::SampleRecord> records;  ///< K × count
  std::vector<Tally> tallies;                  ///< per member
  std::vector<float> points;                   ///< count × D at the largest budget, or empty
};

/// The unfinished sweep in a run folder: a file that only grows, one part after each entry of each
/// block, so that a run that was stopped, in whatever way, goes on where it was. A part that was
/// cut off or damaged is dropped with everything behind it. Thread-safe.
class Journal {
 public:
  /// Starts a new journal at `path`, or, when `resume` is set and one is there, reads it first.
  /// `configuration` is everything that results depend on: a journal of another one is refused with
  /// a usage Error that names the first difference. Throws input Errors.
  Journal(std::filesystem::path path, const nlohmann::ordered_json& configuration, bool resume);

  /// The part an earlier run wrote; null when there is none.
  [[nodiscard]] const JournalPart* find(std::size_t pair, std::size_t block) const;
  [[nodiscard]] std::size_t restored() const { return parts_.size(); }

  void add(const JournalPart& part);

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
  std::map<std::pair<std::uint32_t, std::uint32_t>, JournalPart> parts_;
};

}  // namespace gibbon::eval
