// SPDX-License-Identifier: MIT
#include "models/network.hpp"

#include <charconv>

#include "base/error.hpp"

namespace gibbon::models {

std::size_t Network::parameter_count() const {
  std::size_t count = 0;
  for (const Dense& layer : layers) count += layer.weight.flat().size() + layer.bias.size();
  return count;
}

std::string Network::architecture() const {
  std::string text = std::to_string(input_dim());
  for (const Dense& layer : layers) text += "-" + std::to_string(layer.weight.rows());
  return text;
}

void Network::check() const {
  if (layers.empty()) throw std::logic_error("Network: no layers");
  std::size_t width = input_dim();
  for (const Dense& layer : layers) {
    expect_size("Network: columns of a weight", layer.weight.cols(), width);
    expect_size("Network: length of a bias", layer.bias.size(), layer.weight.rows());
    width = layer.weight.rows();
  }
  if (num_classes() > kMaxClasses) throw std::logic_error("Network: too many classes");
  if (normalisation.shift.empty() && normalisation.scale.empty()) return;
  expect_size("Network: length of the shift", normalisation.shift.size(), input_dim());
  expect_size("Network: length of the scale", normalisation.scale.size(), input_dim());
}

std::vector<std::size_t> parse_architecture(std::string_view text) {
  constexpr std::size_t kWidest = 1U << 20U;
  const auto refuse = [&](std::string_view why) {
    fail_usage(
        "--arch {}: {}; allowed are at least two layer widths of 1 to {} joined by '-', "
        "input first; write for example --arch 784-16-16-10",
        text, why, kWidest);
  };
  std::vector<std::size_t> widths;
  for (const char* at = text.data(); at <= text.data() + text.size();) {
    std::size_t width = 0;
    const auto [end, error] = std::from_chars(at, text.data() + text.size(), width);
    if (error != std::errc{} || width == 0 || width > kWidest) refuse("not a list of layer widths");
    widths.push_back(width);
    if (end == text.data() + text.size()) break;
    if (*end != '-') refuse("not a list of layer widths");
    at = end + 1;
  }
  if (widths.size() < 2) refuse("too few layers");
  return widths;
}

}  // namespace gibbon::models
