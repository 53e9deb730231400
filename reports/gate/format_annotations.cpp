// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <span>

#include "reports/gate/formats.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::gate {
namespace {

/// What GitHub's runner takes off again: "%" everywhere, and in a property ":" and ",", which would
/// end it; in a message those would be shown as they are written. printable() has made line ends
/// blanks before.
std::string message(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) c == '%' ? out += "%25" : out += c;
  return out;
}

std::string property(std::string_view text) {
  std::string out;
  for (const char c : message(text)) {
    switch (c) {
      case ':': out += "%3A"; break;
      case ',': out += "%2C"; break;
      default: out += c;
    }
  }
  return out;
}

const char* kind_of(const Finding& f) {
  return f.level == Finding::Level::kFailure ? "error" : "warning";
}

}  // namespace

std::string to_annotations(const GateResult& result) {
  std::vector<Finding> all = headlines(result);
  std::erase_if(all, [](const Finding& f) { return f.level == Finding::Level::kNote; });
  constexpr std::size_t kMost = 10;
  const std::size_t shown = all.size() > kMost ? kMost - 1 : all.size();
  std::string text;
  for (const Finding& f : std::span(all).first(shown)) {
    text += fmt::format("::{} title={}::{}\n", kind_of(f),
                        property(fmt::format("gibbon: {} {}", f.subject, f.what)),
                        message(f.samples.empty() ? f.text : f.text + "; " + f.samples));
  }
  if (shown < all.size()) {
    text += fmt::format("::{} title=gibbon%3A {} more::the log and the job summary have all {}\n",
                        kind_of(all[shown]), all.size() - shown, all.size());
  }
  return text;
}

}  // namespace gibbon::reports::gate
