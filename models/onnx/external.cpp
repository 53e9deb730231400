// SPDX-License-Identifier: MIT
#include "models/onnx/external.hpp"

#include <charconv>
#include <fstream>
#include <map>

#include "base/deadline.hpp"
#include "base/sha256.hpp"
#include "models/onnx/text.hpp"

namespace gibbon::models::onnx {
namespace {

namespace fs = std::filesystem;

std::size_t number(const std::string& text, std::string_view name) {
  std::size_t out = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (failure != std::errc() || end != text.data() + text.size()) {
    misfit("its {} '{}' is not a whole number", name, shown(text));
  }
  return out;
}

/// Where the entries of a tensor point to.
struct Place {
  std::string location;
  std::size_t offset = 0;
  std::size_t length = 0;
  bool to_the_end = true;  // no length
};

Place place_of(const ::onnx::TensorProto& tensor) {
  std::map<std::string, std::string> entries;
  for (const auto& entry : tensor.external_data()) {
    if (!entries.emplace(entry.key(), entry.value()).second) {
      misfit("its {} occurs twice", shown(entry.key()));
    }
  }
  Place out;
  for (const auto& [key, value] : entries) {
    if (key == "location") {
      out.location = value;
    } else if (key == "offset") {
      out.offset = number(value, key);
    } else if (key == "length") {
      out.length = number(value, key);
      out.to_the_end = false;
    } else if (key != "checksum") {  // of a file, which is told apart by its content anyway
      misfit("'{}' of its data is not supported; known are location, offset, length and checksum",
             shown(key));
    }
  }
  return out;
}

/// The file itself, without links. The folder is the border, and links are followed before it is
/// looked at.
fs::path inside(const fs::path& folder, const std::string& location) {
  const fs::path relative(location);
  const bool climbs =
      std::ranges::any_of(relative, [](const fs::path& part) { return part == ".."; });
  const auto refuse = [&] {
    misfit(
        "its data lie in '{}', outside the folder of the model; allowed are files in that folder; "
        "move it there, or export the model as one file",
        shown(location));
  };
  if (location.empty()) misfit("its data lie in a file without a name");
  if (location.find('\0') != std::string::npos || relative.is_absolute() || climbs) refuse();
  std::error_code failure;
  const fs::path border = fs::canonical(folder.empty() ? fs::path(".") : folder, failure);
  if (failure) misfit("the folder of the model cannot be read: {}", failure.message());
  const fs::path file = fs::canonical(border / relative, failure);
  if (failure) {
    misfit("its data lie in '{}', which cannot be read: {}; put it beside the model",
           shown(location), failure.message());
  }
  const auto [end, in_file] = std::mismatch(border.begin(), border.end(), file.begin(), file.end());
  if (end != border.end()) refuse();
  if (!fs::is_regular_file(file, failure))
    misfit("its data lie in '{}', which is no file", shown(location));
  return file;
}

std::string read_part(const fs::path& file, const Place& place, Budget& budget) {
  std::error_code failure;
  const std::uintmax_t size = fs::file_size(file, failure);
  const std::size_t rest = failure || size < place.offset ? 0 : size - place.offset;
  const std::size_t length = place.to_the_end ? rest : place.length;
  if (failure || place.offset > size || length > rest) {
    misfit("its data are {} bytes from {} on of '{}', which has {}; the file is damaged", length,
           place.offset, shown(place.location), size);
  }
  budget.take({length, 2});
  std::string out(length, '\0');
  std::ifstream in(file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(place.offset));
  if (!in.read(out.data(), static_cast<std::streamsize>(length))) {
    misfit("its data in '{}' cannot be read", shown(place.location));
  }
  return out;
}

/// Reads one tensor; its hash, or nothing where its data are in the model.
std::string load(::onnx::TensorProto& tensor, const fs::path& folder, Budget& budget) {
  const bool outside = tensor.data_location() == ::onnx::TensorProto::EXTERNAL;
  if (!outside && tensor.external_data_size() == 0) return {};
  reading_deadline.check_time();
  try {
    if (!outside || tensor.has_raw_data())
      misfit("its numbers are stored twice; the file is damaged");
    const Place place = place_of(tensor);
    tensor.set_raw_data(read_part(inside(folder, place.location), place, budget));
  } catch (const Misfit& error) {
    throw Misfit(fmt::format("tensor '{}': {}", shown(tensor.name()), error.what()));
  }
  tensor.clear_external_data();
  tensor.clear_data_location();
  return sha256_hex(tensor.raw_data());
}

}  // namespace

std::string load_external(::onnx::ModelProto& model, const fs::path& folder, Budget& budget) {
  std::string out;
  for (::onnx::TensorProto& tensor : *model.mutable_graph()->mutable_initializer()) {
    out += load(tensor, folder, budget);
  }
  for (::onnx::NodeProto& node : *model.mutable_graph()->mutable_node()) {
    for (::onnx::AttributeProto& attribute : *node.mutable_attribute()) {
      if (attribute.has_t()) out += load(*attribute.mutable_t(), folder, budget);
    }
  }
  return out;
}

}  // namespace gibbon::models::onnx
