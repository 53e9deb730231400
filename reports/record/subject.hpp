// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reports/record/record.hpp"

namespace gibbon::reports::record {

/// What a run is about: the few keys of its provenance that titles and sentences are made of. All
/// are optional; where one is missing the text says "unnamed model", "unnamed data" or leaves the
/// part out.
///
///   "model": "name" or {"name": …}
///   "data":  "name" or {"name": …, "split": …, "units": …, "classes": [names]}
///   "labels":  {attack: name}  names of attacks in tables and figures
///   "limits": {…}              the adversary is limited beside ball and range
///   "command": text            the command that repeats the run
///   "not_comparable_with": text or [texts]
struct Subject {
  std::string model;
  std::string data;
  std::string split;
  std::string units;                  ///< of the inputs and of ε
  std::vector<std::string> commands;  ///< that of the run, those of its certificates
  std::vector<std::string> class_names;
  std::vector<std::string> not_comparable;
  std::uint64_t n = 0;      ///< samples behind each point (the largest, should they differ)
  std::size_t classes = 0;  ///< 0: not known
  bool limited = false;     ///< rates hold against a limited adversary alone

  /// "784-32-10 on mnist test, n = 10,000".
  [[nodiscard]] std::string title() const;
  /// "mnist test".
  [[nodiscard]] std::string data_and_split() const;
};
[[nodiscard]] Subject subject_of(const Run& run);

/// The question the run answers, one sentence.
[[nodiscard]] std::string question(const Run& run);

/// One sentence per norm: what the strongest attack leaves at the smallest ε that halves the clean
/// accuracy, or at the largest ε when none does. One more where there are certificates.
[[nodiscard]] std::vector<std::string> answers(const Run& run);

}  // namespace gibbon::reports::record
