// SPDX-License-Identifier: MIT
#include "datasets/pixels.hpp"

#include <numeric>

#include "base/sha256.hpp"

namespace gibbon::datasets {

Bytes to_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view to_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Tensor to_unit_range(Bytes pixels, std::size_t rows) {
  Tensor samples(rows, rows == 0 ? 0 : pixels.size() / rows);
  expect_size("number of pixels", pixels.size(), samples.flat().size());
  float* out = samples.flat().data();
  for (std::size_t i = 0; i < pixels.size(); ++i) out[i] = static_cast<float>(pixels[i]) / 255.0F;
  return samples;
}

std::vector<std::uint64_t> positions(std::size_t count) {
  std::vector<std::uint64_t> ids(count);
  std::iota(ids.begin(), ids.end(), 0U);
  return ids;
}

std::string content_sha256(std::string_view samples, Labels labels) {
  std::string bytes;
  bytes.reserve(4 * labels.size());
  for (const int label : labels) {
    for (unsigned shift = 0; shift < 32; shift += 8) {
      bytes += static_cast<char>(static_cast<unsigned>(label) >> shift & 0xFFU);
    }
  }
  return Sha256().update(samples).update(bytes).hex();
}

}  // namespace gibbon::datasets
