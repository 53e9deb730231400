// SPDX-License-Identifier: MIT
#include "eval/runs/toml_depth.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/limits.hpp"

namespace gibbon::eval::runs {
namespace {

/// The length of the string at the beginning of `text`, a quote; all of it when it does not end.
std::size_t string_length(std::string_view text) {
  const char quote = text.front();
  const bool long_one = text.size() >= 3 && text[1] == quote && text[2] == quote;
  const std::size_t marks = long_one ? 3 : 1;
  for (std::size_t at = marks; at < text.size(); ++at) {
    if (text[at] == '\\' && quote == '"') {
      ++at;
    } else if (!long_one && (text[at] == quote || text[at] == '\n')) {
      return at + 1;
    } else if (long_one && text.substr(at, 3) == std::string_view(text.data(), 3)) {
      at += 3;
      while (at < text.size() && text[at] == quote) ++at;  // up to two belong to the text
      return at;
    }
  }
  return text.size();
}

}  // namespace

void require_shallow_keys(std::string_view toml, const std::string& name) {
  std::size_t dots = 0;  // since something that no key goes across
  std::size_t line = 1;
  for (std::size_t at = 0; at < toml.size();) {
    const char c = toml[at];
    std::size_t length = 1;
    if (c == '"' || c == '\'') length = string_length(toml.substr(at));
    if (c == '#') length = std::min(toml.find('\n', at), toml.size()) - at;
    if (c == '\n' || c == '=' || c == ',' || c == '{' || c == '[') dots = 0;
    if (c == '.' && ++dots >= kDeepestNesting) {
      fail_usage("{}:{}: a key has more than {} parts", name, line, kDeepestNesting);
    }
    const std::string_view passed = toml.substr(at, length);
    line += static_cast<std::size_t>(std::ranges::count(passed, '\n'));
    at += length;
  }
}

}  // namespace gibbon::eval::runs
