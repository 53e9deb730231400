// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gibbon::eval::verify {

/// One line of a benchmark list.
struct Instance {
  std::string network;   ///< as the list names it
  std::string property;  ///< likewise
  double timeout = 0.0;  ///< seconds
  std::filesystem::path network_path;
  std::filesystem::path property_path;
};

/// Reads instances.csv as the verification competitions have it: network, property, seconds,
/// without a heading, paths relative to the list; a file that is there only with .gz behind its
/// name is taken. With `timeout` the third column is not read and may be left out. Throws an input
/// Error "file:line: …" for other columns and for seconds that are no number above 0.
[[nodiscard]] std::vector<Instance> read_instances(const std::filesystem::path& list,
                                                   std::optional<double> timeout);

/// What came of one.
struct InstanceResult {
  Instance instance;
  std::string verdict;  ///< unsat, sat, timeout, unknown or error
  double seconds = 0.0;
  std::uint64_t nodes = 0;
  std::string reason;
};

/// network,property,timeout,verdict,seconds,nodes,reason
[[nodiscard]] std::string to_csv(const std::vector<InstanceResult>& results);

/// "30 instances: 19 unsat, 11 sat, 0 timeout, 0 unknown, 0 error; 2.1 s"
[[nodiscard]] std::string to_summary(const std::vector<InstanceResult>& results);

}  // namespace gibbon::eval::verify
