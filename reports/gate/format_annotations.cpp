// SPDX-License-Identifier: MIT
#include <fmt/format.h>

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

}  // namespace

std::string to_annotations(const GateResult& result) {
  std::string text;
  for (const Finding& f : result.findings) {
    if (f.level == Finding::Level::kNote) continue;
    text += fmt::format("::{} title={}::{}\n",
                        f.level == Finding::Level::kFailure ? "error" : "warning",
                        property(fmt::format("gibbon: {} {}", f.subject, f.what)), message(f.text));
  }
  return text;
}

}  // namespace gibbon::reports::gate
