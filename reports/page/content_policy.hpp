// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gibbon::reports::page {

/// The elements of a page that may act, and the Content-Security-Policy that allows those alone, by
/// their SHA-256 (W3C CSP level 3): what gets into the page by any other way, out of names or out
/// of files of a stranger's run folder, is text and never runs.
class ContentPolicy {
 public:
  /// A <script> element with this code, which is allowed from now on.
  [[nodiscard]] std::string script(std::string_view code);

  /// A <style> element, likewise.
  [[nodiscard]] std::string style(std::string_view css);

  /// The <meta> element for the head of a page with all these elements. It also allows pictures in
  /// data URIs, and no request to anywhere.
  [[nodiscard]] std::string meta() const;

 private:
  std::vector<std::string> scripts_;
  std::vector<std::string> styles_;
};

}  // namespace gibbon::reports::page
