// SPDX-License-Identifier: MIT
#include "eval/verify/instances.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.hpp"
#include "base/files.hpp"
#include "reports/formats/csv.hpp"

namespace fs = std::filesystem;

namespace gibbon::eval::verify {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

/// Up to the next `separator`, which is taken off, too.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view out = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return out;
}

/// The file itself, or the one with .gz behind its name where only that exists.
fs::path found(const fs::path& path) {
  std::error_code ignored;
  const fs::path packed = path.string() + ".gz";
  return !fs::exists(path, ignored) && fs::exists(packed, ignored) ? packed : path;
}

}  // namespace

std::vector<Instance> read_instances(const fs::path& list, std::optional<double> timeout) {
  const std::string bytes = read_file(list);
  std::vector<Instance> out;
  std::string_view rest = bytes;
  for (std::size_t line = 1; !rest.empty(); ++line) {
    std::string_view row = trimmed(take_until(rest, '\n'));
    if (row.empty()) continue;
    const std::string_view whole = row;
    Instance instance;
    instance.network = trimmed(take_until(row, ','));
    instance.property = trimmed(take_until(row, ','));
    const std::string_view seconds = trimmed(take_until(row, ','));
    const auto refuse = [&](std::string_view why) {
      fail_input("{}:{}: {}: '{}'; allowed is network.onnx,property.vnnlib,seconds", list.string(),
                 line, why, whole);
    };
    if (instance.network.empty() || instance.property.empty() || !row.empty()) {
      refuse("not three columns");
    }
    if (timeout) {
      instance.timeout = *timeout;
    } else {
      const auto [end, error] =
          std::from_chars(seconds.data(), seconds.data() + seconds.size(), instance.timeout);
      const bool whole_text = end == seconds.data() + seconds.size();
      if (error != std::errc{} || !whole_text || !std::isfinite(instance.timeout) ||
          instance.timeout <= 0.0) {
        refuse("the third column is not a positive number of seconds");
      }
    }
    instance.network_path = found(list.parent_path() / instance.network);
    instance.property_path = found(list.parent_path() / instance.property);
    out.push_back(std::move(instance));
  }
  if (out.empty()) {
    fail_input(
        "{}: no instances; expected lines network.onnx,property.vnnlib,"
        "seconds",
        list.string());
  }
  return out;
}

std::string to_csv(const std::vector<InstanceResult>& results) {
  std::string out = "network,property,timeout,verdict,seconds,nodes,reason\n";
  for (const InstanceResult& r : results) {
    out +=
        fmt::format("{},{},{},{},{:.3f},{},{}\n", reports::formats::csv_field(r.instance.network),
                    reports::formats::csv_field(r.instance.property), r.instance.timeout, r.verdict,
                    r.seconds, r.nodes, reports::formats::csv_field(r.reason));
  }
  return out;
}

std::string to_summary(const std::vector<InstanceResult>& results) {
  std::string out = fmt::format("{} instances:", results.size());
  for (const std::string_view verdict : {"unsat", "sat", "timeout", "unknown", "error"}) {
    out += fmt::format(" {} {},", std::ranges::count(results, verdict, &InstanceResult::verdict),
                       verdict);
  }
  double seconds = 0.0;
  for (const InstanceResult& r : results) seconds += r.seconds;
  out.back() = ';';
  return out + fmt::format(" {:.1f} s", seconds);
}

}  // namespace gibbon::eval::verify
