// SPDX-License-Identifier: MIT
#include "models/onnx/constant.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <limits>

#include "models/onnx/text.hpp"

namespace gibbon::models::onnx {
namespace {

/// The dimensions of a tensor, and how many elements they promise.
struct Shape {
  Dims dims;
  std::size_t count;
};

Shape shape_of(const ::onnx::TensorProto& tensor) {
  if (tensor.dims_size() > static_cast<int>(kMostAxes)) {
    misfit("it has {} dimensions; allowed are {}", tensor.dims_size(), kMostAxes);
  }
  Dims dims;
  for (const std::int64_t dim : tensor.dims()) {
    if (dim < 0) misfit("it has a dimension of {}; the file is damaged", dim);
    dims.push_back(static_cast<std::size_t>(dim));
  }
  return {dims, element_count(dims)};
}

/// Numbers of a tensor as it is stored: raw bytes, or a list of its own type.
template <class Value, class List>
std::vector<Value> stored(const ::onnx::TensorProto& tensor, const List& list,
                          std::string_view type, std::size_t wanted) {
  const std::string& raw = tensor.raw_data();
  if (raw.size() % sizeof(Value) != 0) {
    misfit("{} bytes are not a whole number of {}; the file is damaged", raw.size(), type);
  }
  if (!raw.empty() && !list.empty()) {
    misfit("its numbers are stored twice; the file is damaged");
  }
  const std::size_t count = raw.size() / sizeof(Value) + static_cast<std::size_t>(list.size());
  if (count != wanted) {
    misfit("{} values, but its shape asks for {}; the file is damaged", count, wanted);
  }
  if (raw.empty()) return {list.begin(), list.end()};
  std::vector<Value> out(count);
  std::memcpy(out.data(), raw.data(), raw.size());
  return out;
}

void require_finite(const std::vector<float>& values) {
  const auto bad = std::ranges::find_if(values, [](float value) { return !std::isfinite(value); });
  if (bad == values.end()) return;
  misfit("value {} is {}; weights must be finite; train the model again with a lower learning rate",
         bad - values.begin(), *bad);
}

/// The number that a half (IEEE 754 binary16) stands for.
float from_half(std::uint16_t bits) {
  const int exponent = (bits >> 10U) & 0x1F;
  const int fraction = bits & 0x3FF;
  const float size = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                     : exponent == 31
                         ? (fraction == 0 ? std::numeric_limits<float>::infinity()
                                          : std::numeric_limits<float>::quiet_NaN())
                         : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  return (bits & 0x8000U) != 0 ? -size : size;
}

/// A bfloat16 is the upper half of a float32.
float from_bfloat(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16U); }

Constant read_tensor(const ::onnx::TensorProto& tensor, Budget& budget) {
  if (tensor.data_location() == ::onnx::TensorProto::EXTERNAL || tensor.external_data_size() > 0) {
    misfit("its data lie in another file; export the model as one file");
  }
  if (tensor.has_segment()) misfit("it is stored in parts; export the model as one file");
  const Shape shape = shape_of(tensor);
  Constant out;
  out.dims = shape.dims;
  out.type = tensor.data_type();
  const auto read = [&]<class Value>(Value /*type*/, const auto& list, std::string_view type) {
    std::vector<Value> values = stored<Value>(tensor, list, type, shape.count);
    budget.take({values.size(), sizeof(std::int64_t)});
    return values;
  };
  switch (tensor.data_type()) {
    case ::onnx::TensorProto::FLOAT: out.values = read(0.0F, tensor.float_data(), "float32"); break;
    case ::onnx::TensorProto::DOUBLE: {
      for (const double value : read(0.0, tensor.double_data(), "double")) {
        out.values.push_back(static_cast<float>(value));
        out.rounded |= static_cast<double>(out.values.back()) != value;
      }
      break;
    }
    case ::onnx::TensorProto::FLOAT16:
      for (const std::uint16_t bits : read(std::uint16_t{0}, tensor.int32_data(), "float16"))
        out.values.push_back(from_half(bits));
      break;
    case ::onnx::TensorProto::BFLOAT16:
      for (const std::uint16_t bits : read(std::uint16_t{0}, tensor.int32_data(), "bfloat16"))
        out.values.push_back(from_bfloat(bits));
      break;
    case ::onnx::TensorProto::INT8:
      for (const std::int8_t value : read(std::int8_t{0}, tensor.int32_data(), "int8"))
        out.integers.push_back(value);
      break;
    case ::onnx::TensorProto::UINT8:
      for (const std::uint8_t value : read(std::uint8_t{0}, tensor.int32_data(), "uint8"))
        out.integers.push_back(value);
      break;
    case ::onnx::TensorProto::INT64:
      out.integers = read(std::int64_t{0}, tensor.int64_data(), "int64");
      break;
    case ::onnx::TensorProto::INT32: {
      const auto values = read(std::int32_t{0}, tensor.int32_data(), "int32");
      out.integers.assign(values.begin(), values.end());
      break;
    }
    case ::onnx::TensorProto::BOOL: {
      out.truth = true;
      const auto add = [&](auto value) { out.integers.push_back(value == 0 ? 0 : 1); };
      if (tensor.int32_data().empty()) {  // a byte each, or a number each
        std::ranges::for_each(read(std::uint8_t{0}, tensor.int32_data(), "bool"), add);
      } else {
        std::ranges::for_each(read(std::int32_t{0}, tensor.int32_data(), "bool"), add);
      }
      break;
    }
    default:
      misfit(
          "its data type is {}; allowed are float32 (1), double (11), float16 (10) and bfloat16 "
          "(16), and for shapes and quantised weights int8 (3), uint8 (2), int32 (6), int64 (7) "
          "and "
          "bool (9); export the model in float32",
          tensor.data_type());
  }
  require_finite(out.values);
  return out;
}

}  // namespace

Constant to_constant(const ::onnx::TensorProto& tensor, Budget& budget) {
  try {
    return read_tensor(tensor, budget);
  } catch (const Misfit& error) {
    throw Misfit(fmt::format("tensor '{}': {}", shown(tensor.name()), error.what()));
  }
}

Constant to_constant(const ::onnx::NodeProto& node, Budget& budget) {
  if (node.attribute_size() != 1) {
    misfit("it holds {}; allowed are value, value_float, value_floats, value_int and value_ints",
           node.attribute_size() == 0 ? "no number" : "more than one value");
  }
  const ::onnx::AttributeProto& attribute = node.attribute(0);
  if (attribute.name() == "value") return read_tensor(attribute.t(), budget);
  Constant out;
  if (attribute.name() == "value_float") {
    out.values = {attribute.f()};
  } else if (attribute.name() == "value_floats") {
    out.values = {attribute.floats().begin(), attribute.floats().end()};
    out.dims = {out.values.size()};
  } else if (attribute.name() == "value_int") {
    out.integers = {attribute.i()};
  } else {
    out.integers = {attribute.ints().begin(), attribute.ints().end()};
    out.dims = {out.integers.size()};
  }
  budget.take({out.bytes()});
  require_finite(out.values);
  return out;
}

Constant transpose(const Constant& constant, const std::vector<std::size_t>& axes) {
  Constant out = constant;
  out.dims = permuted(constant.dims, axes);
  const std::vector<std::size_t> from = transposed_places(constant.dims, axes);
  for (std::size_t k = 0; k < out.values.size(); ++k) out.values[k] = constant.values[from[k]];
  for (std::size_t k = 0; k < out.integers.size(); ++k)
    out.integers[k] = constant.integers[from[k]];
  return out;
}

Constant cast(const Constant& constant, std::int64_t type) {
  const bool to_real = type == ::onnx::TensorProto::FLOAT || type == ::onnx::TensorProto::DOUBLE;
  if (constant.integers.empty() && to_real) return constant;
  const bool to_whole = type == ::onnx::TensorProto::INT64 || type == ::onnx::TensorProto::INT32;
  if (constant.values.empty() && to_whole) {
    Constant out = constant;
    out.truth = false;
    out.type = static_cast<int>(type);
    return out;
  }
  if (!to_real || !constant.values.empty()) {
    misfit("to = {}; allowed are float32 (1) and double (11), and int64 (7) for whole numbers",
           type);
  }
  Constant out{.dims = constant.dims};
  for (const std::int64_t value : constant.integers) {
    out.values.push_back(static_cast<float>(value));
    out.rounded |= static_cast<long double>(out.values.back()) != static_cast<long double>(value);
  }
  return out;
}

}  // namespace gibbon::models::onnx
