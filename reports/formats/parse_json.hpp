// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include "reports/record/row_kind.hpp"

// How all JSON comes in: nothing in a file, whatever it holds, is more than an Error.
namespace gibbon::reports::formats {

/// The JSON of a text. Throws Error naming `name`, with `remedy` at its end, when it is not
/// complete JSON, is nested deeper than kDeepestNesting, or would take more memory than file_limit.
[[nodiscard]] nlohmann::ordered_json parse_json(std::string_view text, const std::string& name,
                                                std::string_view remedy);

/// A part of a file: what is read from it has to be there, of its type and in the range of the type
/// it is read into. Throws Error "FILE: curve[3].n is …; REMEDY".
class JsonPart {
 public:
  /// The whole file. All three must outlive the parts.
  JsonPart(const nlohmann::ordered_json& json, const std::string& file, std::string_view remedy)
      : json_(&json), file_(&file), remedy_(remedy) {}

  [[nodiscard]] const nlohmann::ordered_json& json() const { return *json_; }
  [[nodiscard]] bool has(const char* key) const;
  /// Throws when it is not there.
  [[nodiscard]] JsonPart operator[](const char* key) const;
  [[nodiscard]] std::size_t size() const;  ///< of a list
  [[nodiscard]] JsonPart operator[](std::size_t place) const;
  [[noreturn]] void fail(std::string_view what) const;

  /// bool, std::string, any integer or floating-point type, or a vector of them.
  template <class T>
  [[nodiscard]] T as() const {
    if constexpr (std::is_same_v<T, bool>) {
      if (!json_->is_boolean()) fail("is neither true nor false");
      return json_->get<bool>();
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (!json_->is_string()) fail("is not a text");
      return json_->get<std::string>();
    } else if constexpr (std::integral<T>) {
      if constexpr (std::is_unsigned_v<T>) {
        return static_cast<T>(whole(std::numeric_limits<T>::max()));
      } else {
        return static_cast<T>(
            integer(std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
      }
    } else if constexpr (std::floating_point<T>) {
      return static_cast<T>(number(static_cast<double>(std::numeric_limits<T>::max())));
    } else {
      T values;
      values.reserve(size());
      for (std::size_t k = 0; k < json_->size(); ++k)
        values.push_back((*this)[k].as<typename T::value_type>());
      return values;
    }
  }
  /// Of a number; `otherwise` for null.
  [[nodiscard]] double number_or(double otherwise) const {
    return json_->is_null() ? otherwise : as<double>();
  }
  template <class T>
  [[nodiscard]] T get(const char* key) const {
    return (*this)[key].as<T>();
  }
  template <class T>
  [[nodiscard]] T get(const char* key, T otherwise) const {
    return has(key) ? (*this)[key].as<T>() : otherwise;
  }

 private:
  JsonPart(const JsonPart& whole, const nlohmann::ordered_json& json, std::string path)
      : json_(&json), file_(whole.file_), remedy_(whole.remedy_), path_(std::move(path)) {}
  [[nodiscard]] std::uint64_t whole(std::uint64_t most) const;
  [[nodiscard]] std::int64_t integer(std::int64_t least, std::int64_t most) const;
  [[nodiscard]] double number(double most) const;

  const nlohmann::ordered_json* json_;
  const std::string* file_;
  std::string_view remedy_;
  std::string path_;  // "curve[3].n"
};

/// Of its name.
[[nodiscard]] record::RowKind row_kind(const JsonPart& part);

}  // namespace gibbon::reports::formats
