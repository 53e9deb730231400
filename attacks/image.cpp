// SPDX-License-Identifier: MIT
#include "attacks/image.hpp"

#include <cmath>
#include <numbers>

namespace gibbon::attacks {
namespace {

std::size_t clamped(std::ptrdiff_t place, std::size_t size) {
  return static_cast<std::size_t>(
      std::clamp(place, std::ptrdiff_t{0}, static_cast<std::ptrdiff_t>(size) - 1));
}

/// One direction of a separable blur; `step` is the distance of neighbours in `values`.
void blur_line(const std::vector<double>& weights, const double* from, double* to,
               std::size_t count, std::size_t step) {
  const auto reach = static_cast<std::ptrdiff_t>(weights.size() / 2);
  for (std::size_t i = 0; i < count; ++i) {
    double sum = 0.0;
    for (std::ptrdiff_t t = -reach; t <= reach; ++t) {
      sum += weights[static_cast<std::size_t>(t + reach)] *
             from[clamped(static_cast<std::ptrdiff_t>(i) + t, count) * step];
    }
    to[i * step] = sum;
  }
}

std::vector<double> gaussian_weights(double sigma) {
  const auto reach = static_cast<std::size_t>(std::ceil(4.0 * sigma));
  std::vector<double> weights(2 * reach + 1);
  double total = 0.0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double t = (static_cast<double>(i) - static_cast<double>(reach)) / sigma;
    total += weights[i] = std::exp(-0.5 * t * t);
  }
  for (double& weight : weights) weight /= total;
  return weights;
}

}  // namespace

double sample(const Image& image, double r, double c, std::size_t k) {
  r = std::clamp(r, 0.0, static_cast<double>(image.height - 1));
  c = std::clamp(c, 0.0, static_cast<double>(image.width - 1));
  const auto top = static_cast<std::size_t>(r);
  const auto left = static_cast<std::size_t>(c);
  const std::size_t bottom = std::min(top + 1, image.height - 1);
  const std::size_t right = std::min(left + 1, image.width - 1);
  const double down = r - static_cast<double>(top);
  const double across = c - static_cast<double>(left);
  const double upper = (1.0 - across) * image.at(top, left, k) + across * image.at(top, right, k);
  const double lower =
      (1.0 - across) * image.at(bottom, left, k) + across * image.at(bottom, right, k);
  return (1.0 - down) * upper + down * lower;
}

Image gaussian_blur(const Image& image, double sigma) {
  const std::vector<double> weights = gaussian_weights(sigma);
  const std::size_t pitch = image.width * image.channels;
  Image across = image;
  for (std::size_t r = 0; r < image.height; ++r) {
    for (std::size_t k = 0; k < image.channels; ++k) {
      blur_line(weights, &image.values[r * pitch + k], &across.values[r * pitch + k], image.width,
                image.channels);
    }
  }
  Image out = across;
  for (std::size_t i = 0; i < pitch; ++i) {
    blur_line(weights, &across.values[i], &out.values[i], image.height, pitch);
  }
  return out;
}

Image to_grey(const Image& image) {
  if (image.channels == 1) return image;
  Image grey(image.height, image.width, 1);
  for (std::size_t i = 0; i < grey.values.size(); ++i) {
    const double* rgb = &image.values[i * image.channels];
    grey.values[i] = 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2];
  }
  return grey;
}

Image motion_blur(const Image& image, double length, double sigma, double degrees) {
  const double angle = degrees * std::numbers::pi / 180.0;
  // Half a pixel apart: bilinear interpolation has nothing finer.
  const auto taps = static_cast<std::size_t>(std::ceil(2.0 * length)) + 1;
  const double step = length / static_cast<double>(taps - 1);
  std::vector<double> weights(taps);
  double total = 0.0;
  for (std::size_t i = 0; i < taps; ++i) {
    const double t = step * static_cast<double>(i) / sigma;
    total += weights[i] = std::exp(-0.5 * t * t);
  }
  Image out(image.height, image.width, image.channels);
  for (std::size_t r = 0; r < image.height; ++r) {
    for (std::size_t c = 0; c < image.width; ++c) {
      for (std::size_t i = 0; i < taps; ++i) {
        const double t = step * static_cast<double>(i);
        const double row = static_cast<double>(r) - t * std::sin(angle);
        const double column = static_cast<double>(c) + t * std::cos(angle);
        for (std::size_t k = 0; k < image.channels; ++k) {
          out.at(r, c, k) += weights[i] / total * sample(image, row, column, k);
        }
      }
    }
  }
  return out;
}

}  // namespace gibbon::attacks
