// SPDX-License-Identifier: MIT
#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/rng.hpp"
#include "datasets/dataset.hpp"
#include "datasets/pixels.hpp"

namespace gibbon::datasets {
namespace {

struct Pair {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "12:34" with the separator ':' is {12, 34}.
std::optional<Pair> parse_pair(std::string_view text, char separator) {
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const auto first = parse_number(text.substr(0, at));
  const auto second = parse_number(text.substr(at + 1));
  if (!first || !second) return std::nullopt;
  return Pair{*first, *second};
}

}  // namespace

Dataset take_rows(Dataset whole, std::span<const std::size_t> chosen) {
  Tensor images(chosen.size(), whole.images.cols());
  std::vector<int> labels;
  std::vector<std::uint64_t> ids;
  for (std::size_t n = 0; n < chosen.size(); ++n) {
    const Row row = std::as_const(whole.images).row(chosen[n]);
    std::copy(row.begin(), row.end(), images.row(n).begin());
    labels.push_back(whole.labels[chosen[n]]);
    ids.push_back(whole.ids[chosen[n]]);
  }
  whole.images = std::move(images);
  whole.labels = std::move(labels);
  whole.ids = std::move(ids);
  return whole;
}

Dataset select(Dataset whole, std::string_view samples) {
  const std::size_t size = whole.size();
  const auto fail = [&](std::string_view why) {
    fail_usage(
        "samples '{}' of {}/{}: {}; allowed are 'all', FROM:TO as 0:{} and COUNT@SEED as "
        "{}@7",
        samples, whole.name, whole.split, why, size, std::min<std::size_t>(size, 500));
  };
  if (samples == "all") {
    if (size == 0) fail("there are no samples");
    return whole;
  }
  if (const auto range = parse_pair(samples, ':')) {
    const auto [from, to] = *range;
    if (from >= to) fail("empty range: the end must be greater than the start");
    if (to > size) fail(fmt::format("ends beyond the last of {} samples", size));
    std::vector<std::uint64_t> chosen = positions(to);
    chosen.erase(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(from));
    return take_rows(std::move(whole), chosen);
  }
  const auto draw = parse_pair(samples, '@');
  if (!draw) fail("not understood");
  const auto [count, seed] = *draw;
  if (count == 0) fail("no samples");
  if (count > size) fail(fmt::format("more than the {} samples available", size));
  std::vector<std::uint64_t> chosen = positions(size);
  Rng rng(seed, 0, "select");
  shuffle(chosen, rng);
  chosen.resize(count);
  std::sort(chosen.begin(), chosen.end());
  return take_rows(std::move(whole), chosen);
}

}  // namespace gibbon::datasets
