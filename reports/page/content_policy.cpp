// SPDX-License-Identifier: MIT
#include "reports/page/content_policy.hpp"

#include <array>
#include <fmt/format.h>
#include <openssl/sha.h>

#include "reports/formats/base64.hpp"

namespace gibbon::reports::page {
namespace {

std::string source_of(std::string_view content) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest.data());
  return fmt::format(
      "'sha256-{}'",
      formats::to_base64({reinterpret_cast<const char*>(digest.data()), digest.size()}));
}

}  // namespace

// The comments keep HTML from seeing the CDATA marks that XML needs.
std::string ContentPolicy::script(std::string_view code) {
  const std::string content = fmt::format("//<![CDATA[\n{}\n//]]>", code);
  scripts_.push_back(source_of(content));
  return fmt::format("<script>{}</script>\n", content);
}

std::string ContentPolicy::style(std::string_view css) {
  styles_.push_back(source_of(css));
  return fmt::format("<style>{}</style>\n", css);
}

std::string ContentPolicy::meta() const {
  return fmt::format(
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src {}; "
      "style-src {}; img-src data:; base-uri 'none'; form-action 'none'\"/>\n",
      fmt::join(scripts_, " "), fmt::join(styles_, " "));
}

}  // namespace gibbon::reports::page
