// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/arrays/array.hpp"

namespace gibbon::datasets::arrays {

/// The arrays as one compressed file that numpy.load() opens. Throws an input Error with the
/// reason.
[[nodiscard]] std::string to_npz(std::span<const NpyArray> arrays);

/// An .npz file of NumPy or of ours. Throws input Errors naming file, array and what is wrong;
/// memory is taken for what comes out of the archive, not for what it promises, and never more than
/// file_limit. An array whose type is not read (objects of Python, complex numbers) is an Error
/// when it is asked for.
class NpzFile {
 public:
  explicit NpzFile(const std::filesystem::path& path);
  /// The bytes of one; `name` is for messages.
  NpzFile(std::string_view bytes, const std::string& name);

  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> names() const;
  /// Throws an Error naming the arrays there are.
  [[nodiscard]] const NpyArray& at(std::string_view name) const;
  /// "file.npz: x", which begins every message about it.
  [[nodiscard]] std::string where(std::string_view name) const;
  /// numbers(), floats() and texts() of array.hpp.
  [[nodiscard]] std::vector<double> numbers(std::string_view name) const;
  [[nodiscard]] std::vector<float> floats(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;

 private:
  struct Member {
    NpyArray array;
    std::string unread;  ///< why its type is not read; empty: it is
  };
  void read(void* archive);

  std::string path_;
  std::vector<Member> members_;
};

}  // namespace gibbon::datasets::arrays
