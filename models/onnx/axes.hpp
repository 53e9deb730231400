// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <fmt/format.h>
#include <stdexcept>
#include <string>
#include <vector>

// Shapes as ONNX has them: dimensions of a row-major tensor, and what operators do to them.
namespace gibbon::models::onnx {

using Dims = std::vector<std::size_t>;

/// The most axes that a tensor may have, as in NumPy.
inline constexpr std::size_t kMostAxes = 64;

/// A shape that an operator cannot take; the reader adds file and node.
class Misfit : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class... Args>
[[noreturn]] void misfit(fmt::format_string<Args...> format, Args&&... args) {
  throw Misfit(fmt::format(format, std::forward<Args>(args)...));
}

/// Throws a Misfit where there are more than a std::size_t counts.
[[nodiscard]] std::size_t element_count(const Dims& dims);

/// "1x28x28"
[[nodiscard]] std::string to_text(const Dims& dims);

/// Axes counted from the front; negative ones count from behind. Throws a Misfit for axes that a
/// tensor of `rank` axes does not have, and for axes that come twice.
[[nodiscard]] std::vector<std::size_t> to_axes(const std::vector<std::int64_t>& given,
                                               std::size_t rank);

/// out[k] = dims[axes[k]]
[[nodiscard]] Dims permuted(const Dims& dims, const std::vector<std::size_t>& axes);

/// For every place of the transposed tensor, the place in the tensor of shape `dims`.
[[nodiscard]] std::vector<std::size_t> transposed_places(const Dims& dims,
                                                         const std::vector<std::size_t>& axes);

/// What a 0 in the target of a Reshape stands for.
enum class Zero { kKeepsTheDimension, kIsEmpty };

/// What Reshape makes of `dims`: one -1 takes what is left. Throws a Misfit where the number of
/// elements would change.
[[nodiscard]] Dims reshaped(const Dims& dims, const std::vector<std::int64_t>& target,
                            Zero zero = Zero::kKeepsTheDimension);

/// Flatten: the dimensions before `axis` become one, those from it on another.
[[nodiscard]] Dims flattened(const Dims& dims, std::int64_t axis);

/// Without the named axes, which must be of size 1; empty: without all such axes.
[[nodiscard]] Dims squeezed(const Dims& dims, const std::vector<std::int64_t>& axes);

/// With axes of size 1 at the named places of the result.
[[nodiscard]] Dims unsqueezed(const Dims& dims, const std::vector<std::int64_t>& axes);

}  // namespace gibbon::models::onnx
