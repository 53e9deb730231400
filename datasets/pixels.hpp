// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/tensor.hpp"

// What all sources of pictures share.
namespace gibbon::datasets {

using Bytes = std::span<const std::uint8_t>;

[[nodiscard]] Bytes to_bytes(std::string_view text);
[[nodiscard]] std::string_view to_text(Bytes bytes);

/// k / 255 rounded to float32 for every byte: N × D out of N · D bytes.
[[nodiscard]] Tensor to_unit_range(Bytes pixels, std::size_t rows);

/// 0 … count - 1.
[[nodiscard]] std::vector<std::uint64_t> positions(std::size_t count);

/// SHA-256 of the samples' bytes followed by the labels as 32-bit little-endian integers: for
/// data sets that do not come as files of samples and labels.
[[nodiscard]] std::string content_sha256(std::string_view samples, Labels labels);

}  // namespace gibbon::datasets
