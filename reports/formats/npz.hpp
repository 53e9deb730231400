// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gibbon::reports::formats {

/// One array of an .npz file, row-major.
struct NpyArray {
  std::string name;
  std::string descr;  ///< NumPy's name of the element type: '<f4', '<f8', '<i8', '|u1', '<U16'
  std::vector<std::size_t> shape;
  std::string bytes;

  [[nodiscard]] std::size_t count() const;         ///< elements
  [[nodiscard]] std::size_t element_size() const;  ///< bytes of one; 0: not a type that is read
};

[[nodiscard]] NpyArray array_of(std::string name, std::vector<std::size_t> shape,
                                std::span<const float> values);
[[nodiscard]] NpyArray array_of(std::string name, std::vector<std::size_t> shape,
                                std::span<const double> values);
[[nodiscard]] NpyArray array_of(std::string name, std::vector<std::size_t> shape,
                                std::span<const std::int64_t> values);
/// A list of texts, '<U' as long as the longest.
[[nodiscard]] NpyArray array_of(std::string name, std::span<const std::string> values);

/// The arrays as one compressed file that numpy.load() opens. Throws Error with the reason.
[[nodiscard]] std::string to_npz(std::span<const NpyArray> arrays);

/// An .npz file of NumPy or of ours. Throws Error naming what is wrong where; memory is taken for
/// what comes out of the archive, not for what it promises, and never more than file_limit.
class NpzFile {
 public:
  explicit NpzFile(const std::filesystem::path& path);
  /// The bytes of one; `name` is for messages.
  NpzFile(std::string_view bytes, const std::string& name);

  [[nodiscard]] bool has(std::string_view name) const;
  /// Throws Error naming the arrays there are.
  [[nodiscard]] const NpyArray& at(std::string_view name) const;
  /// Values of a numeric array; any of f4, f8, i1 … i8, u1 … u8, b1.
  [[nodiscard]] std::vector<double> numbers(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;

 private:
  void require_memory(const NpyArray& array, std::size_t each) const;

  std::string path_;
  std::vector<NpyArray> arrays_;
};

}  // namespace gibbon::reports::formats
