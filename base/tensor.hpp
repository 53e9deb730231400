// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

// The words of the whole project: they live in namespace gibbon itself.
namespace gibbon {

using Row = std::span<const float>;  ///< one sample, or its gradient
using MutableRow = std::span<float>;
using Labels = std::span<const int>;

/// Row-major view of rows × cols numbers without gaps; row n is one sample. Never owns.
template <class Float>
struct RowsOf {
  Float* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;

  [[nodiscard]] std::span<Float> flat() const { return {data, rows * cols}; }
  [[nodiscard]] std::span<Float> row(std::size_t n) const { return {data + n * cols, cols}; }
  [[nodiscard]] RowsOf slice(std::size_t first, std::size_t count) const {
    if (first + count > rows) throw std::out_of_range("slice ends behind the last row");
    return {data + first * cols, count, cols};
  }

  /// A mutable view is usable wherever a read-only one is wanted, as with std::span.
  operator RowsOf<const Float>() const  // NOLINT(google-explicit-constructor)
      requires(!std::is_const_v<Float>) {
    return {data, rows, cols};
  }
};
using Rows = RowsOf<const float>;
using MutableRows = RowsOf<float>;

/// Owning N × D matrix: N samples of D features each, zero at first.
template <class Float>
class TensorOf {
 public:
  TensorOf() = default;
  TensorOf(std::size_t rows, std::size_t cols) { reshape(rows, cols); }

  /// Contents are unspecified afterwards. Allocates only to become larger than ever before.
  void reshape(std::size_t rows, std::size_t cols) {
    values_.resize(rows * cols);
    rows_ = rows;
    cols_ = cols;
  }

  [[nodiscard]] RowsOf<const Float> view() const { return {values_.data(), rows_, cols_}; }
  [[nodiscard]] RowsOf<Float> view() { return {values_.data(), rows_, cols_}; }
  [[nodiscard]] std::span<const Float> row(std::size_t n) const { return view().row(n); }
  [[nodiscard]] std::span<Float> row(std::size_t n) { return view().row(n); }
  [[nodiscard]] std::span<const Float> flat() const { return values_; }
  [[nodiscard]] std::span<Float> flat() { return values_; }
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t cols() const { return cols_; }

 private:
  std::vector<Float> values_;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
};
using Tensor = TensorOf<float>;

/// The closed interval every input feature must lie in, e.g. [0, 1] for pixels.
struct Box {
  float lower = 0.0F;
  float upper = 1.0F;
  [[nodiscard]] bool contains(float value) const { return lower <= value && value <= upper; }
  bool operator==(const Box&) const = default;
};

/// For sizes that our own code should have matched: a mismatch is a bug, never bad user input.
inline void expect_size(const char* what, std::size_t got, std::size_t wanted) {
  if (got == wanted) return;
  throw std::logic_error(std::string(what) + " is " + std::to_string(got) + ", expected " +
                         std::to_string(wanted));
}

}  // namespace gibbon
