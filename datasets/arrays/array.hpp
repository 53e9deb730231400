// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// NumPy's arrays: files .npy, and what .npz archives hold.
namespace gibbon::datasets::arrays {

/// One array, row-major and little-endian, however its file has it.
struct NpyArray {
  std::string name;
  std::string descr;  ///< NumPy's name of the element type: '<f4', '<f8', '<i8', '|u1', '<U16'
  std::vector<std::size_t> shape;
  std::string bytes;

  [[nodiscard]] std::size_t count() const;         ///< elements
  [[nodiscard]] std::size_t element_size() const;  ///< bytes of one; 0: not a type that is read
  /// 'f' float, 'i' and 'u' integer, 'b' bool, 'U' and 'S' text.
  [[nodiscard]] char kind() const { return descr.size() < 2 ? '?' : descr[1]; }
};

[[nodiscard]] NpyArray array_of(std::string name, std::vector<std::size_t> shape,
                                std::span<const float> values);
[[nodiscard]] NpyArray array_of(std::string name, std::vector<std::size_t> shape,
                                std::span<const double> values);
[[nodiscard]] NpyArray array_of(std::string name, std::vector<std::size_t> shape,
                                std::span<const std::int64_t> values);
/// A list of texts, '<U' as long as the longest.
[[nodiscard]] NpyArray array_of(std::string name, std::span<const std::string> values);

/// Bytes that are taken from the front of something.
class ByteSource {
 public:
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;
  /// Up to `count` bytes; fewer at the end.
  virtual std::string take(std::size_t count) = 0;
};

/// An array with the type of its elements not read: why, as the end of a sentence about it.
struct UnreadType {
  std::string why;
};

/// One .npy file. Numbers with the big end first and columns first are put in order. Throws an
/// input Error that begins with `where`, or an UnreadType before any data is read; memory is taken
/// for what comes out of the source, not for what it promises, and no more than `room` bytes.
[[nodiscard]] NpyArray read_npy(ByteSource& source, const std::string& where, std::size_t room);

/// The same of bytes in memory, and of any type: an Error where it is not read.
[[nodiscard]] NpyArray parse_npy(std::string_view bytes, const std::string& where);

/// As NumPy writes it to a .npy file.
[[nodiscard]] std::string to_npy(const NpyArray& array);

/// Values of a numeric array; any of f2, f4, f8, i1 … i8, u1 … u8, b1. Throws an input Error that
/// begins with `where`.
[[nodiscard]] std::vector<double> numbers(const NpyArray& array, const std::string& where);
/// The same rounded to float32.
[[nodiscard]] std::vector<float> floats(const NpyArray& array, const std::string& where);
[[nodiscard]] std::vector<std::string> texts(const NpyArray& array, const std::string& where);

}  // namespace gibbon::datasets::arrays
