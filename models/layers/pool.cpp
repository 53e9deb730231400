// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <limits>
#include <stdexcept>
#include <utility>

#include "base/simd.hpp"
#include "models/layers/layer_of.hpp"

namespace gibbon::models {
namespace {

class MaxPool;
class AveragePool;

/// Some place of every window lies inside the image.
void require_overlap(const Window& window) {
  const std::size_t height = (window.height - 1) * window.dilation_y + 1;
  const std::size_t width = (window.width - 1) * window.dilation_x + 1;
  if (window.top >= height || window.bottom >= height || window.left >= width ||
      window.right >= width) {
    throw std::invalid_argument("its padding is as large as its window");
  }
}

/// What both pools share: the places of a window inside the image.
class PoolPlaces {
 public:
  PoolPlaces(const Window& window, const FeatureShape& input, const FeatureShape& output)
      : window_(window), input_(input), output_(output) {}

  [[nodiscard]] std::size_t places() const { return output_.height * output_.width; }
  [[nodiscard]] std::size_t channels() const { return output_.channels; }

  /// work(first feature of the pixel) for every pixel of the window at `place` inside the image.
  template <class Work>
  void walk(std::size_t place, const Work& work) const {
    const std::size_t y = place / output_.width * window_.stride_y;
    const std::size_t x = place % output_.width * window_.stride_x;
    for (std::size_t i = 0; i < window_.height; ++i) {
      const std::size_t h = y + i * window_.dilation_y;
      if (h < window_.top || h >= window_.top + input_.height) continue;
      for (std::size_t j = 0; j < window_.width; ++j) {
        const std::size_t w = x + j * window_.dilation_x;
        if (w < window_.left || w >= window_.left + input_.width) continue;
        work(((h - window_.top) * input_.width + (w - window_.left)) * input_.channels);
      }
    }
  }

  /// Places that a mean counts where padding counts, too: those inside the padded image.
  [[nodiscard]] std::size_t padded_count(std::size_t place) const {
    const auto along = [](std::size_t from, std::size_t size, std::size_t dilation,
                          std::size_t end) {
      std::size_t count = 0;
      for (std::size_t i = 0; i < size; ++i) count += from + i * dilation < end ? 1U : 0U;
      return count;
    };
    return along(place / output_.width * window_.stride_y, window_.height, window_.dilation_y,
                 input_.height + window_.top + window_.bottom) *
           along(place % output_.width * window_.stride_x, window_.width, window_.dilation_x,
                 input_.width + window_.left + window_.right);
  }

 private:
  Window window_;
  FeatureShape input_;
  FeatureShape output_;
};

/// A vector of channels, so that what a loop over the pixels of a window compares with stays in a
/// register; the channels that fill none go one by one.
template <class Float>
struct Wide {
  using Vector [[gnu::vector_size(64)]] = Float;
  static constexpr std::size_t kLanes = 64 / sizeof(Float);
};

/// A reference, since a vector that is returned depends on the instruction set.
template <class Value, class Float>
[[gnu::always_inline]] inline void load(const Float* from, Value& value) {
  std::memcpy(&value, from, sizeof value);
}

/// y = max over the pixels; a NaN stays.
template <class Value, class Float>
[[gnu::always_inline]] inline void take_largest(const Float* x, std::span<const std::size_t> pixels,
                                                Float* y) {
  Value largest = Value{} - std::numeric_limits<Float>::infinity();
  Value nan{};  // 0 as long as there is none; apart, since g++ takes two choices of one value apart
  Value at;
  for (const std::size_t pixel : pixels) {
    load(x + pixel, at);
    largest = at > largest ? at : largest;
    nan = at == at ? nan : at;
  }
  largest = nan == nan ? largest : nan;
  std::memcpy(y, &largest, sizeof largest);
}

/// Gives ∂J/∂y to the first ∂J/∂x where x is y.
template <class Value, class Float>
[[gnu::always_inline]] inline void give_to_first(const Float* x,
                                                 std::span<const std::size_t> pixels,
                                                 const Float* y, const Float* dy, Float* dx) {
  Value top;
  Value left;
  load(y, top);
  load(dy, left);
  Value at;
  Value sum;
  for (const std::size_t pixel : pixels) {
    load(x + pixel, at);
    load(dx + pixel, sum);
    const Value own = at == top ? left : Value{};
    sum += own;
    std::memcpy(dx + pixel, &sum, sizeof sum);
    left -= own;
  }
}

template <class Float>
[[gnu::always_inline]] inline void largest_of(const Float* x, std::span<const std::size_t> pixels,
                                              Float* y, std::size_t channels) {
  std::size_t c = 0;
  for (; c + Wide<Float>::kLanes <= channels; c += Wide<Float>::kLanes) {
    take_largest<typename Wide<Float>::Vector>(x + c, pixels, y + c);
  }
  for (; c < channels; ++c) take_largest<Float>(x + c, pixels, y + c);
}
GIBBON_SIMD void largest(const float* x, std::span<const std::size_t> pixels, float* y,
                         std::size_t channels) {
  largest_of(x, pixels, y, channels);
}
GIBBON_SIMD void largest(const double* x, std::span<const std::size_t> pixels, double* y,
                         std::size_t channels) {
  largest_of(x, pixels, y, channels);
}

template <class Float>
[[gnu::always_inline]] inline void give_all(const Float* x, std::span<const std::size_t> pixels,
                                            const Float* y, const Float* dy, Float* dx,
                                            std::size_t channels) {
  std::size_t c = 0;
  for (; c + Wide<Float>::kLanes <= channels; c += Wide<Float>::kLanes) {
    give_to_first<typename Wide<Float>::Vector>(x + c, pixels, y + c, dy + c, dx + c);
  }
  for (; c < channels; ++c) give_to_first<Float>(x + c, pixels, y + c, dy + c, dx + c);
}
GIBBON_SIMD void give(const float* x, std::span<const std::size_t> pixels, const float* y,
                      const float* dy, float* dx, std::size_t channels) {
  give_all(x, pixels, y, dy, dx, channels);
}
GIBBON_SIMD void give(const double* x, std::span<const std::size_t> pixels, const double* y,
                      const double* dy, double* dx, std::size_t channels) {
  give_all(x, pixels, y, dy, dx, channels);
}

template <class Float>
class MaxPoolPasses final : public OperationOf<Float> {
 public:
  using typename OperationOf<Float>::Inputs;
  using typename OperationOf<Float>::Gradients;

  MaxPoolPasses(const MaxPool& layer, std::span<const FeatureShape> inputs);

  void forward(Inputs inputs, RowsOf<Float> y, std::span<Float> /*scratch*/) const override {
    const std::size_t channels = at_.channels();
    for (std::size_t n = 0; n < y.rows; ++n) {
      const Float* x = inputs[0].row(n).data();
      for (std::size_t p = 0; p < at_.places(); ++p) {
        largest(x, pixels_of(p), y.row(n).data() + p * channels, channels);  // y = max x
      }
    }
  }

  void backward(Inputs inputs, RowsOf<const Float> y, RowsOf<const Float> dy, Gradients dinputs,
                std::span<Float> /*scratch*/) const override {
    const std::size_t channels = at_.channels();
    for (std::size_t n = 0; n < dy.rows; ++n) {
      const Float* x = inputs[0].row(n).data();
      Float* dx = dinputs[0].row(n).data();
      for (std::size_t p = 0; p < at_.places(); ++p) {
        // forward: y = max x, hence ∂J/∂x += ∂J/∂y for the first x that is y
        give(x, pixels_of(p), y.row(n).data() + p * channels, dy.row(n).data() + p * channels, dx,
             channels);
      }
    }
  }

  /// Some window has two largest numbers.
  [[nodiscard]] bool near_kink(std::span<const Float> z, double tolerance) const override {
    double largest = 0.0;
    for (const Float value : z) largest = std::max(largest, std::abs(static_cast<double>(value)));
    std::vector<Float> first;
    std::vector<Float> second;
    for (std::size_t p = 0; p < at_.places(); ++p) {
      first.assign(at_.channels(), -std::numeric_limits<Float>::infinity());
      second = first;
      at_.walk(p, [&](std::size_t pixel) {
        for (std::size_t c = 0; c < at_.channels(); ++c) {
          second[c] = std::max(second[c], std::min(first[c], z[pixel + c]));
          first[c] = std::max(first[c], z[pixel + c]);
        }
      });
      for (std::size_t c = 0; c < at_.channels(); ++c) {
        if (static_cast<double>(first[c]) - static_cast<double>(second[c]) <= tolerance * largest)
          return true;
      }
    }
    return false;
  }

 private:
  [[nodiscard]] std::span<const std::size_t> pixels_of(std::size_t place) const {
    return std::span(pixels_).subspan(begins_[place], begins_[place + 1] - begins_[place]);
  }

  PoolPlaces at_;
  std::vector<std::size_t> pixels_;  // of all windows, one after the other
  std::vector<std::size_t> begins_;  // of each place's in them, and the end
};

class MaxPool final : public LayerOf<MaxPool, MaxPoolPasses> {
 public:
  explicit MaxPool(const Window& places) : window(places) {}
  [[nodiscard]] std::string describe() const override { return "max pool " + window.text(); }
  [[nodiscard]] FileOperator to_file(std::span<const FeatureShape> /*inputs*/) const override {
    return {.name = "MaxPool", .attributes = window.attributes()};
  }
  [[nodiscard]] Blueprint blueprint() const override {
    return {.kind = "max-pool", .window = window};
  }
  [[nodiscard]] FeatureShape shape(std::span<const FeatureShape> inputs) const override {
    require_overlap(window);
    return window.places(inputs[0], inputs[0].channels);
  }

  Window window;
};

template <class Float>
MaxPoolPasses<Float>::MaxPoolPasses(const MaxPool& layer, std::span<const FeatureShape> inputs)
    : at_(layer.window, inputs[0], layer.shape(inputs)), begins_{0} {
  for (std::size_t p = 0; p < at_.places(); ++p) {
    at_.walk(p, [&](std::size_t pixel) { pixels_.push_back(pixel); });
    begins_.push_back(pixels_.size());
  }
}

template <class Float>
class AveragePoolPasses final : public OperationOf<Float> {
 public:
  using typename OperationOf<Float>::Inputs;
  using typename OperationOf<Float>::Gradients;

  AveragePoolPasses(const AveragePool& layer, std::span<const FeatureShape> inputs);

  void forward(Inputs inputs, RowsOf<Float> y, std::span<Float> /*scratch*/) const override {
    const std::size_t channels = at_.channels();
    for (std::size_t n = 0; n < y.rows; ++n) {
      const Float* x = inputs[0].row(n).data();
      for (std::size_t p = 0; p < at_.places(); ++p) {
        Float* out = y.row(n).data() + p * channels;
        std::fill_n(out, channels, Float{0});
        at_.walk(p, [&](std::size_t pixel) {
          for (std::size_t c = 0; c < channels; ++c) out[c] += x[pixel + c];
        });
        for (std::size_t c = 0; c < channels; ++c) out[c] /= count_[p];  // y = Σ x / count
      }
    }
  }

  void backward(Inputs /*inputs*/, RowsOf<const Float> /*y*/, RowsOf<const Float> dy,
                Gradients dinputs, std::span<Float> /*scratch*/) const override {
    const std::size_t channels = at_.channels();
    for (std::size_t n = 0; n < dy.rows; ++n) {
      Float* dx = dinputs[0].row(n).data();
      for (std::size_t p = 0; p < at_.places(); ++p) {
        const Float* from = dy.row(n).data() + p * channels;
        // forward: y = Σ x / count, hence ∂J/∂x += ∂J/∂y / count
        at_.walk(p, [&](std::size_t pixel) {
          for (std::size_t c = 0; c < channels; ++c) dx[pixel + c] += from[c] / count_[p];
        });
      }
    }
  }

 private:
  PoolPlaces at_;
  std::vector<Float> count_;  // of each place
};

class AveragePool final : public LayerOf<AveragePool, AveragePoolPasses> {
 public:
  AveragePool(const Window& places, bool padding_counts, bool everything)
      : window(places), count_padding(padding_counts), global(everything) {}
  [[nodiscard]] std::string describe() const override {
    return global ? "global average pool" : "average pool " + window.text();
  }
  [[nodiscard]] FileOperator to_file(std::span<const FeatureShape> /*inputs*/) const override {
    if (global) return {.name = "GlobalAveragePool"};
    FileOperator out{.name = "AveragePool", .attributes = window.attributes()};
    if (count_padding) out.attributes.emplace_back("count_include_pad", std::int64_t{1});
    return out;
  }
  [[nodiscard]] Window window_of(const FeatureShape& input) const {
    return global ? Window{.height = input.height, .width = input.width} : window;
  }
  [[nodiscard]] Blueprint blueprint() const override {
    if (global) return {.kind = "global-average-pool"};
    return {.kind = "average-pool",
            .window = window,
            .numbers = {{"count_padding", {count_padding ? 1.0 : 0.0}}}};
  }
  [[nodiscard]] FeatureShape shape(std::span<const FeatureShape> inputs) const override {
    require_overlap(window);
    return window_of(inputs[0]).places(inputs[0], inputs[0].channels);
  }

  Window window;
  bool count_padding;
  bool global;
};

template <class Float>
AveragePoolPasses<Float>::AveragePoolPasses(const AveragePool& layer,
                                            std::span<const FeatureShape> inputs)
    : at_(layer.window_of(inputs[0]), inputs[0], layer.shape(inputs)) {
  for (std::size_t p = 0; p < at_.places(); ++p) {
    std::size_t count = layer.count_padding ? at_.padded_count(p) : 0;
    if (!layer.count_padding) at_.walk(p, [&](std::size_t) { ++count; });
    count_.push_back(static_cast<Float>(count));
  }
}

}  // namespace

LayerPtr max_pool(const Window& window) { return std::make_shared<MaxPool>(window); }

LayerPtr average_pool(const Window& window, bool count_padding) {
  return std::make_shared<AveragePool>(window, count_padding, false);
}

LayerPtr global_average_pool() { return std::make_shared<AveragePool>(Window{}, false, true); }

}  // namespace gibbon::models
