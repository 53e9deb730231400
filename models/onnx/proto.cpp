// SPDX-License-Identifier: MIT
#include "models/onnx/proto.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <limits>

#include "base/error.hpp"
#include "models/onnx/operators.hpp"

namespace gibbon::models::onnx {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::io::CodedInputStream;
using Wire = google::protobuf::internal::WireFormatLite;

/// Walks over the fields of a message without building it.
class Surveyor {
 public:
  explicit Surveyor(Budget& budget) : budget_(budget) {}

  /// Whether these are whole fields; takes what they will need.
  bool walk(CodedInputStream& in, const Descriptor* type, int depth) {
    while (const std::uint32_t tag = in.ReadTag()) {
      const FieldDescriptor* field =
          type == nullptr ? nullptr : type->FindFieldByNumber(Wire::GetTagFieldNumber(tag));
      if (!skip(in, tag, field, depth)) return false;
    }
    return in.ConsumedEntireMessage();
  }

 private:
  // Lists double as they grow, and everything that is allocated costs a little more.
  static constexpr std::size_t kNumber = 16;
  static constexpr std::size_t kString = 96;
  static constexpr std::size_t kMessage = 512;

  bool skip(CodedInputStream& in, std::uint32_t tag, const FieldDescriptor* field, int depth) {
    std::uint64_t number = 0;
    std::uint32_t half = 0;
    switch (Wire::GetTagWireType(tag)) {
      case Wire::WIRETYPE_VARINT: budget_.take({kNumber}); return in.ReadVarint64(&number);
      case Wire::WIRETYPE_FIXED64: budget_.take({kNumber}); return in.ReadLittleEndian64(&number);
      case Wire::WIRETYPE_FIXED32: budget_.take({kNumber}); return in.ReadLittleEndian32(&half);
      case Wire::WIRETYPE_LENGTH_DELIMITED:
        return in.ReadVarint32(&half) && enter(in, half, field, depth);
      default: return false;  // groups; the standard has none
    }
  }

  bool enter(CodedInputStream& in, std::uint32_t length, const FieldDescriptor* field, int depth) {
    constexpr int kDeepest = 100;  // protobuf's own limit
    const auto size = static_cast<int>(length);
    if (size < 0 || size > in.BytesUntilLimit()) return false;
    if (field == nullptr || field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      // Packed numbers of one byte each may become eight.
      const bool packed = field != nullptr && field->is_packable() &&
                          field->cpp_type() != FieldDescriptor::CPPTYPE_FLOAT &&
                          field->cpp_type() != FieldDescriptor::CPPTYPE_DOUBLE;
      budget_.take({length, packed ? sizeof(std::int64_t) : 1});
      budget_.take({kString});
      return in.Skip(size);
    }
    budget_.take({kMessage});
    if (depth == kDeepest) return false;
    const CodedInputStream::Limit outer = in.PushLimit(size);
    const bool whole = walk(in, field->message_type(), depth + 1);
    in.PopLimit(outer);
    return whole;
  }

  Budget& budget_;
};

bool is_whole(std::string_view bytes, Budget& budget) {
  const auto size = static_cast<int>(bytes.size());
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()), size);
  in.PushLimit(size);
  return Surveyor(budget).walk(in, ::onnx::ModelProto::descriptor(), 0);
}

}  // namespace

::onnx::ModelProto parse_proto(std::string_view bytes, const std::string& name, Budget& budget) {
  constexpr std::size_t kLargest = std::numeric_limits<int>::max();  // of protobuf's interface
  if (bytes.size() > kLargest) {
    fail_input(
        "{}: it has {} bytes; allowed are {}, the most that the format has; export a smaller "
        "model",
        name, bytes.size(), kLargest);
  }
  ::onnx::ModelProto model;
  bool parsed = false;
  try {
    parsed = is_whole(bytes, budget) &&
             model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  } catch (const Misfit& error) {
    fail_input("{}: {}", name, error.what());
  }
  if (!parsed || !model.has_graph()) {
    fail_input(
        "{}: not an ONNX model ({} bytes); allowed are .onnx files, plain or gzip'd; check the "
        "path, or train one with 'gibbon train'",
        name, bytes.size());
  }
  return model;
}

int opset_of(const ::onnx::ModelProto& model) {
  if (model.functions_size() > 0) {
    misfit("it has functions of its own; allowed are standard operators; export it without");
  }
  if (model.training_info_size() > 0) {
    misfit("it is a model in training; export it for inference");
  }
  if (model.graph().sparse_initializer_size() > 0) {
    misfit("it has sparse weights (sparse_initializer); export it with dense ones");
  }
  const ::onnx::OperatorSetIdProto* standard = nullptr;
  for (const ::onnx::OperatorSetIdProto& set : model.opset_import()) {
    if (!set.domain().empty() && set.domain() != "ai.onnx") continue;
    if (standard != nullptr) {
      misfit("it imports two versions of the standard operators, {} and {}", standard->version(),
             set.version());
    }
    standard = &set;
  }
  if (standard == nullptr) {
    misfit(
        "it imports no version of the standard operators (opset_import); what they mean depends on "
        "it; export it again");
  }
  if (standard->version() < kOldestOpset || standard->version() > kNewestOpset) {
    misfit("it imports opset {}; allowed are {} to {}; export it with opset 13, say",
           standard->version(), kOldestOpset, kNewestOpset);
  }
  return static_cast<int>(standard->version());
}

std::optional<Dims> input_dims(const ::onnx::TypeProto::Tensor& type) {
  const int element = type.elem_type();
  if (element != ::onnx::TensorProto::FLOAT && element != ::onnx::TensorProto::DOUBLE &&
      element != ::onnx::TensorProto::UINT8) {
    misfit(
        "its elements are of type {} ({}); allowed are float32 (1), double (11) and bytes (2), "
        "which stand for 255 times the data; export the model from the first operator on that "
        "takes "
        "float32, and do to the data what those before it did",
        element,
        ::onnx::TensorProto::DataType_IsValid(element)
            ? ::onnx::TensorProto::DataType_Name(
                  static_cast<::onnx::TensorProto::DataType>(element))
            : "unknown");
  }
  if (!type.has_shape()) return {};
  if (type.shape().dim_size() > static_cast<int>(kMostAxes)) {
    misfit("it has {} dimensions; allowed are {}", type.shape().dim_size(), kMostAxes);
  }
  Dims dims;
  for (const auto& dim : type.shape().dim()) {
    const bool open = !dim.has_dim_value() || dim.dim_value() == -1;  // as some exporters have it
    if (!open && dim.dim_value() <= 0) {
      misfit("it has a dimension of {}; allowed are 1 and more", dim.dim_value());
    }
    dims.push_back(open ? 0 : static_cast<std::size_t>(dim.dim_value()));
  }
  return dims;
}

bool takes_bytes(const ::onnx::ValueInfoProto& input) {
  return input.type().tensor_type().elem_type() == ::onnx::TensorProto::UINT8;
}

}  // namespace gibbon::models::onnx
