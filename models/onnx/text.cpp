// SPDX-License-Identifier: MIT
#include "models/onnx/text.hpp"

#include "base/printable.hpp"

namespace gibbon::models::onnx {

std::string shown(std::string_view text) {
  constexpr std::size_t kMost = 80;
  constexpr std::size_t kLongestCharacter = 4;
  std::string out = printable(text.substr(0, (kMost + 1) * kLongestCharacter));
  std::size_t characters = 0;
  for (std::size_t k = 0; k < out.size(); ++k) {
    const bool continues = (static_cast<unsigned char>(out[k]) & 0xC0U) == 0x80U;
    if (continues || ++characters <= kMost) continue;
    out.replace(k, std::string::npos, "…");
    break;
  }
  return out;
}

}  // namespace gibbon::models::onnx
