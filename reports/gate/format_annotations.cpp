#include <fmt/format.h>

#include "reports/gate/formats.hpp"
#include "reports/text.hpp"

namespace gibbon::reports::gate {
namespace {

/// What GitHub's runner takes off again; ":" and "," would end a property. printable() has made
/// line ends blanks before.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '%': out += "%25"; break;
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
                        escaped(fmt::format("gibbon: {} {}", f.subject, f.what)), escaped(f.text));
  }
  return text;
}

}  // namespace gibbon::reports::gate
