// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/record/record.hpp"

// Accuracy under common corruptions and under rotations and translations, sample by sample. What is
// counted is counted from the samples alone.
namespace gibbon::reports::record {

/// A corruption that was asked for.
struct CorruptionName {
  std::string name;
  std::string group;
};

/// A picture turned and moved: what the judge predicts there.
struct PosedOutcome {
  bool correct = false;
  int predicted = -1;     ///< at the pose; of the clean picture where none is given
  bool has_pose = false;  ///< an attack that broke nothing has none to show
  double degrees = 0.0;   ///< counter-clockwise
  double down = 0.0;      ///< pixels
  double right = 0.0;     ///< pixels
};

struct CorruptedSample {
  std::uint64_t id = 0;
  int label = -1;
  int clean = -1;                   ///< predicted on the untouched picture
  std::vector<int> predicted;       ///< per corruption and, within it, severity
  std::vector<PosedOutcome> posed;  ///< per search
};

struct Corrupted {
  nlohmann::ordered_json provenance;
  std::string model;  ///< file and architecture, for people
  std::string data;   ///< name and split, for people
  std::vector<CorruptionName> corruptions;
  std::vector<std::uint64_t> severities;  ///< rising
  std::vector<std::string> searches;      ///< of rotation and translation: the control first
  nlohmann::ordered_json box;             ///< where these search; null: there are none
  std::uint64_t passes = 0;               ///< forward passes that they took
  std::vector<CorruptedSample> samples;
};

/// k of n.
struct Count {
  std::uint64_t k = 0;
  std::uint64_t n = 0;
  [[nodiscard]] double share() const;  ///< NaN when n is 0
};

/// Places are indices into what was asked for.
[[nodiscard]] Count clean_count(const Corrupted& all);
[[nodiscard]] Count count_at(const Corrupted& all, std::size_t corruption, std::size_t severity);
[[nodiscard]] Count posed_count(const Corrupted& all, std::size_t search);

/// Correct pictures over all corruptions: n is samples × corruptions.
[[nodiscard]] Count pooled_count(const Corrupted& all, std::size_t severity);
/// Samples that are correct under every corruption at the severity.
[[nodiscard]] Count worst_count(const Corrupted& all, std::size_t severity);
/// Samples that are correct clean and under everything that was asked for.
[[nodiscard]] Count worst_of_all(const Corrupted& all);

/// 95 % interval of a mean over pictures that share their samples: Wilson's with as many trials as
/// there are samples, rounded outwards. A share of several pictures varies no more than a single
/// one of the same mean, so it is at least that wide.
[[nodiscard]] Interval pooled95(const Count& pooled, std::uint64_t samples);

/// Errors as ImageNet-C sums them up, without its division by another network's.
struct CorruptionErrors {
  double mean = 0.0;      ///< error, mean over corruptions and severities
  double relative = 0.0;  ///< mean of that beyond the clean error
  double kept = 0.0;      ///< mean accuracy / clean accuracy; NaN when that is 0
};
[[nodiscard]] CorruptionErrors corruption_errors(const Corrupted& all);

/// corruptions.csv:
/// corruption,severity,n,correct,accuracy,wilson_low,wilson_high,relative_accuracy. "clean" has
/// severity 0, "rotation-translation:NAME" none.
[[nodiscard]] std::string to_corruptions_csv(const Corrupted& all);

/// corruption_samples.csv: id, label, and the class predicted for each.
[[nodiscard]] std::string to_corruption_samples_csv(const Corrupted& all);

/// corruptions.json: provenance and all counts.
[[nodiscard]] std::string to_corruptions_json(const Corrupted& all);

}  // namespace gibbon::reports::record
