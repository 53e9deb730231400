// SPDX-License-Identifier: MIT
#include "reports/formats/bits.hpp"

#include <array>
#include <fmt/format.h>
#include <openssl/sha.h>

#include "reports/formats/base64.hpp"

namespace gibbon::reports::formats {

std::string to_bits(std::span<const std::uint8_t> outcomes) {
  std::string bytes((outcomes.size() + 7) / 8, '\0');
  for (std::size_t k = 0; k < outcomes.size(); ++k) {
    if (outcomes[k] != 0) bytes[k / 8] = static_cast<char>(bytes[k / 8] | (1 << (k % 8)));
  }
  return to_base64(bytes);
}

std::optional<std::vector<std::uint8_t>> from_bits(std::string_view text, std::size_t count) {
  const std::optional<std::string> bytes = from_base64(text);
  if (!bytes || bytes->size() != count / 8 + (count % 8 == 0 ? 0 : 1)) return std::nullopt;
  std::vector<std::uint8_t> outcomes(count);
  for (std::size_t k = 0; k < count; ++k) {
    const unsigned eight = static_cast<unsigned char>((*bytes)[k / 8]);
    outcomes[k] = static_cast<std::uint8_t>((eight >> (k % 8)) & 1U);
  }
  if (to_bits(outcomes) != text) return std::nullopt;
  return outcomes;
}

std::string checksum(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

}  // namespace gibbon::reports::formats
