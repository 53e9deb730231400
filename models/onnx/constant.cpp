#include "models/onnx/constant.hpp"

#include <cmath>
#include <cstring>
#include <numeric>

#include "datasets/error.hpp"
#include "models/onnx/axes.hpp"

namespace gibbon::models {
namespace {

/// Numbers of a tensor as it is stored: raw bytes, or a list of its own type.
template <class Value, class List>
std::vector<Value> stored(const onnx::TensorProto& tensor, const List& list, std::string_view type,
                          const std::string& name, const std::string& file) {
  if (!tensor.has_raw_data()) return {list.begin(), list.end()};
  const std::string& raw = tensor.raw_data();
  if (raw.size() % sizeof(Value) != 0) {
    fail_input("{}: tensor '{}': {} bytes are no whole number of {}; the file is damaged", file,
               name, raw.size(), type);
  }
  std::vector<Value> out(raw.size() / sizeof(Value));
  if (!raw.empty()) std::memcpy(out.data(), raw.data(), raw.size());
  return out;
}

void require_finite(const std::vector<float>& values, const std::string& name,
                    const std::string& file) {
  const auto bad = std::ranges::find_if(values, [](float value) { return !std::isfinite(value); });
  if (bad == values.end()) return;
  fail_input(
      "{}: tensor '{}': value {} is {}; weights must be finite; train the model again with a "
      "lower learning rate",
      file, name, bad - values.begin(), *bad);
}

}  // namespace

Constant to_constant(const onnx::TensorProto& tensor, const std::string& name,
                     const std::string& file) {
  if (tensor.data_location() == onnx::TensorProto::EXTERNAL) {
    fail_input("{}: tensor '{}': its data lie in another file; export the model as one file", file,
               name);
  }
  Constant out;
  double wanted = 1.0;
  for (const std::int64_t dim : tensor.dims()) {
    if (dim < 0) {
      fail_input("{}: tensor '{}': it has a dimension of {}; the file is damaged", file, name, dim);
    }
    out.dims.push_back(static_cast<std::size_t>(dim));
    wanted *= static_cast<double>(dim);
  }
  const auto read = [&]<class Value>(Value /*type*/, const auto& list, std::string_view type) {
    return stored<Value>(tensor, list, type, name, file);
  };
  switch (tensor.data_type()) {
    case onnx::TensorProto::FLOAT: out.values = read(0.0F, tensor.float_data(), "float32"); break;
    case onnx::TensorProto::DOUBLE: {
      for (const double value : read(0.0, tensor.double_data(), "double")) {
        out.values.push_back(static_cast<float>(value));
        out.rounded |= static_cast<double>(out.values.back()) != value;
      }
      break;
    }
    case onnx::TensorProto::INT64:
      out.integers = read(std::int64_t{0}, tensor.int64_data(), "int64");
      break;
    case onnx::TensorProto::INT32: {
      const auto values = read(std::int32_t{0}, tensor.int32_data(), "int32");
      out.integers.assign(values.begin(), values.end());
      break;
    }
    case onnx::TensorProto::BOOL: {
      const auto values = read(std::uint8_t{0}, tensor.int32_data(), "bool");
      out.integers.assign(values.begin(), values.end());
      break;
    }
    default:
      fail_input(
          "{}: tensor '{}': its data type is {}; allowed are float32 (1) and double (11), and for "
          "shapes int32 (6), int64 (7) and bool (9); export the model in float32",
          file, name, tensor.data_type());
  }
  const std::size_t count = out.values.size() + out.integers.size();
  if (static_cast<double>(count) != wanted) {
    fail_input("{}: tensor '{}': {} values, but its shape asks for {}; the file is damaged", file,
               name, count, wanted);
  }
  require_finite(out.values, name, file);
  return out;
}

Constant to_constant(const onnx::NodeProto& node, const std::string& file) {
  const std::string& name = node.output(0);
  Constant out;
  for (const onnx::AttributeProto& attribute : node.attribute()) {
    if (attribute.name() == "value") return to_constant(attribute.t(), name, file);
    if (attribute.name() == "value_float") {
      out.values = {attribute.f()};
    } else if (attribute.name() == "value_floats") {
      out.values = {attribute.floats().begin(), attribute.floats().end()};
      out.dims = {out.values.size()};
    } else if (attribute.name() == "value_int") {
      out.integers = {attribute.i()};
    } else if (attribute.name() == "value_ints") {
      out.integers = {attribute.ints().begin(), attribute.ints().end()};
      out.dims = {out.integers.size()};
    } else {
      continue;
    }
    require_finite(out.values, name, file);
    return out;
  }
  fail_input(
      "{}: node '{}' (Constant): it holds no number; allowed are value, value_float, value_floats, "
      "value_int and value_ints",
      file, name);
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

}  // namespace gibbon::models
