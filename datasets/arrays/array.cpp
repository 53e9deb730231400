// SPDX-License-Identifier: MIT
#include "datasets/arrays/array.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fmt/ranges.h>
#include <functional>
#include <numeric>
#include <optional>
#include <type_traits>

#include "base/error.hpp"
#include "base/limits.hpp"

// A .npy file is a magic number, a version, the length of a header, the header as a dictionary of
// Python, and the elements. Texts are UTF-32, or bytes.
namespace gibbon::datasets::arrays {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::string_view kRemedy = "save it again with numpy.save or numpy.savez";

/// What is wrong with a type that is not read.
std::string type_mistake(std::string_view descr) {
  const std::string_view why = descr.find('O') != std::string_view::npos
                                   ? " (objects of Python, which are never unpickled)"
                               : descr.starts_with('[') ? " (records of several fields)"
                               : descr.find('c') != std::string_view::npos ? " (complex numbers)"
                                                                           : "";
  return fmt::format(
      "elements of type '{}'{} are not read; allowed are numbers of up to 64 bits and texts; save "
      "it as float32 or int64",
      descr, why);
}

template <class Value>
std::string raw(std::span<const Value> values) {
  std::string bytes(values.size_bytes(), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

/// Code points of UTF-8; a byte that is none stands for itself.
std::u32string code_points(std::string_view text) {
  std::u32string out;
  for (std::size_t k = 0; k < text.size();) {
    const auto byte = static_cast<unsigned char>(text[k]);
    const std::size_t length = byte < 0x80 ? 1 : byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    char32_t point = length == 1 ? byte : byte & (0x7FU >> length);
    for (std::size_t i = 1; i < length && k + i < text.size(); ++i) {
      point = (point << 6U) | (static_cast<unsigned char>(text[k + i]) & 0x3FU);
    }
    out += point;
    k += length;
  }
  return out;
}

std::string utf8(char32_t point) {
  std::string out;
  if (point < 0x80) return {static_cast<char>(point)};
  const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  const char32_t lead = more == 1 ? 0xC0 : more == 2 ? 0xE0 : 0xF0;
  out += static_cast<char>(lead | (point >> static_cast<unsigned>(6 * more)));
  for (int k = more - 1; k >= 0; --k) {
    out += static_cast<char>(0x80U | ((point >> static_cast<unsigned>(6 * k)) & 0x3FU));
  }
  return out;
}

/// The text between `open` and the next `close` behind `key`; empty when it is not there.
std::string_view between(std::string_view header, std::string_view key, char open, char close) {
  const std::size_t at = header.find(key);
  if (at == std::string_view::npos) return {};
  const std::size_t from = header.find(open, at + key.size());
  if (from == std::string_view::npos) return {};
  const std::size_t to = header.find(close, from + 1);
  if (to == std::string_view::npos) return {};
  return header.substr(from + 1, to - from - 1);
}

/// The product of a shape and the element size; none when it is over `limit`. A 0 hides no other
/// size: readers multiply some of them only.
std::optional<std::size_t> bytes_of(std::span<const std::size_t> shape, std::size_t element,
                                    std::size_t limit) {
  std::size_t product = std::max<std::size_t>(element, 1);
  bool none = element == 0;
  for (const std::size_t size : shape) {
    none = none || size == 0;
    if (size > 1 && product > limit / size) return std::nullopt;
    product *= std::max<std::size_t>(size, 1);
  }
  if (product > limit) return std::nullopt;
  return none ? 0 : product;
}

std::vector<std::size_t> parse_shape(std::string_view text, const std::string& where) {
  std::vector<std::size_t> shape;
  while (!text.empty()) {
    std::size_t size = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (problem != std::errc{}) fail_input("{}: its shape cannot be read; {}", where, kRemedy);
    shape.push_back(size);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    while (!text.empty() && (text.front() == ',' || text.front() == ' ')) text.remove_prefix(1);
  }
  return shape;
}

/// A file while it is read.
class Reader {
 public:
  Reader(ByteSource& source, const std::string& where) : source_(source), where_(where) {}
  template <class... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    fail_input("{}: {}; {}", where_, fmt::format(format, std::forward<Args>(args)...), kRemedy);
  }
  [[nodiscard]] std::string take(std::size_t count) { return source_.take(count); }
  [[nodiscard]] const std::string& where() const { return where_; }

 private:
  ByteSource& source_;
  const std::string& where_;
};

std::string take_header(Reader& reader) {
  constexpr std::size_t kLongest = 1U << 20U;  // NumPy's own end with a few hundred bytes
  const std::string start = reader.take(10);
  if (!start.starts_with(kMagic)) reader.fail("not a NumPy array, its first bytes differ");
  std::string length = start.size() < 10 ? std::string() : start.substr(8);
  if (start.size() == 10 && start[6] > 1) length += reader.take(2);
  std::size_t size = 0;
  for (std::size_t k = length.size(); k-- > 0;)
    size = size << 8U | static_cast<unsigned char>(length[k]);
  if (size > kLongest) reader.fail("its header promises {} bytes", size);
  std::string header = reader.take(size);
  if (length.size() < 2 || header.size() < size) reader.fail("cut off inside the header");
  return header;
}

std::string descr_in(std::string_view header) {
  constexpr std::string_view kKey = "'descr':";
  const std::size_t at = header.find(kKey);
  const std::size_t value =
      at == std::string_view::npos ? at : header.find_first_not_of(' ', at + kKey.size());
  if (value != std::string_view::npos && header[value] == '[')
    return "[" + std::string(between(header, kKey, '[', ']')) + "]";
  return std::string(between(header, "'descr'", '\'', '\''));
}

/// Bytes that one number, or one character, takes: what is turned round where the big end is first.
std::size_t unit_of(const NpyArray& array) {
  return array.kind() == 'U' ? 4 : array.kind() == 'S' ? 1 : array.element_size();
}

/// The big end first becomes the little end first.
void turn_bytes(NpyArray& array) {
  const std::size_t unit = unit_of(array);
  for (std::size_t at = 0; at + unit <= array.bytes.size(); at += unit) {
    std::reverse(array.bytes.begin() + static_cast<std::ptrdiff_t>(at),
                 array.bytes.begin() + static_cast<std::ptrdiff_t>(at + unit));
  }
}

/// The first index fastest (Fortran order) becomes the last index fastest.
void turn_axes(NpyArray& array) {
  const std::size_t axes = array.shape.size();
  const std::size_t element = array.element_size();
  if (axes < 2 || array.bytes.empty()) return;
  std::vector<std::size_t> stride(axes, element);
  for (std::size_t d = 1; d < axes; ++d) stride[d] = stride[d - 1] * array.shape[d - 1];
  std::string out;
  out.reserve(array.bytes.size());
  std::vector<std::size_t> index(axes, 0);
  std::size_t from = 0;
  while (out.size() < array.bytes.size()) {
    out.append(array.bytes, from, element);
    for (std::size_t d = axes; d-- > 0;) {
      from += stride[d];
      if (++index[d] < array.shape[d]) break;
      from -= stride[d] * array.shape[d];
      index[d] = 0;
    }
  }
  array.bytes = std::move(out);
}

/// IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of mantissa.
double half(std::uint16_t bits) {
  const unsigned exponent = bits >> 10U & 0x1FU;
  const double mantissa = bits & 0x3FFU;
  double value = 0.0;
  if (exponent == 0x1F) {
    value = mantissa == 0.0 ? HUGE_VAL : std::nan("");
  } else if (exponent == 0) {
    value = std::ldexp(mantissa, -24);
  } else {
    value = std::ldexp(1024.0 + mantissa, static_cast<int>(exponent) - 25);
  }
  return (bits & 0x8000U) != 0 ? -value : value;
}

void require_memory(const NpyArray& array, std::size_t each, const std::string& where) {
  if (bytes_of(array.shape, each, file_limit)) return;
  fail_input("{}: {} elements take more than {} bytes; allow more with --file-limit", where,
             array.count(), file_limit.load());
}

/// All elements, which are of type Value in the file.
template <class Value, class Out>
void take_all(const NpyArray& array, std::vector<Out>& out) {
  for (std::size_t k = 0; k < out.size(); ++k) {
    Value value{};
    std::memcpy(&value, array.bytes.data() + k * sizeof(Value), sizeof(Value));
    out[k] = static_cast<Out>(value);
  }
}

template <class Out>
void take_halves(const NpyArray& array, std::vector<Out>& out) {
  std::vector<std::uint16_t> bits(out.size());
  take_all<std::uint16_t>(array, bits);
  std::ranges::transform(bits, out.begin(), [](auto b) { return static_cast<Out>(half(b)); });
}

template <class Out>
std::vector<Out> values(const NpyArray& array, const std::string& where) {
  require_memory(array, sizeof(Out), where);
  std::vector<Out> out(array.count());
  const char kind = array.kind();
  const std::size_t size = array.element_size();
  if (kind == 'f') {
    if (size == 2) return take_halves(array, out), out;
    if (size == 4) return take_all<float>(array, out), out;
    if (size == 8) return take_all<double>(array, out), out;
  } else if (kind == 'i') {
    if (size == 1) return take_all<std::int8_t>(array, out), out;
    if (size == 2) return take_all<std::int16_t>(array, out), out;
    if (size == 4) return take_all<std::int32_t>(array, out), out;
    if (size == 8) return take_all<std::int64_t>(array, out), out;
  } else if (kind == 'u' || kind == 'b') {
    if (size == 1) return take_all<std::uint8_t>(array, out), out;
    if (size == 2) return take_all<std::uint16_t>(array, out), out;
    if (size == 4) return take_all<std::uint32_t>(array, out), out;
    if (size == 8) return take_all<std::uint64_t>(array, out), out;
  }
  fail_input("{}: elements of type '{}' are not read here; allowed are numbers", where,
             array.descr);
}

class Memory final : public ByteSource {
 public:
  explicit Memory(std::string_view bytes) : rest_(bytes) {}
  std::string take(std::size_t count) override {
    const std::string out(rest_.substr(0, count));
    rest_.remove_prefix(out.size());
    return out;
  }

 private:
  std::string_view rest_;
};

}  // namespace

std::size_t NpyArray::count() const {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
}

std::size_t NpyArray::element_size() const {
  if (descr.size() < 3 || (descr[0] != '<' && descr[0] != '|')) return 0;
  std::uint32_t size = 0;
  const char* const end = descr.data() + descr.size();
  if (const auto [last, problem] = std::from_chars(descr.data() + 2, end, size);
      problem != std::errc{} || last != end)
    return 0;
  if (descr[1] == 'U') return std::size_t{4} * size;
  if (descr[1] == 'S') return size;
  const bool is_number = std::string_view("fiub").find(descr[1]) != std::string_view::npos;
  const bool is_size = size == 2 || size == 4 || size == 8 || (size == 1 && descr[1] != 'f');
  return is_number && is_size ? size : 0;
}

NpyArray array_of(std::string name, std::vector<std::size_t> shape, std::span<const float> values) {
  return {std::move(name), "<f4", std::move(shape), raw(values)};
}

NpyArray array_of(std::string name, std::vector<std::size_t> shape,
                  std::span<const double> values) {
  return {std::move(name), "<f8", std::move(shape), raw(values)};
}

NpyArray array_of(std::string name, std::vector<std::size_t> shape,
                  std::span<const std::int64_t> values) {
  return {std::move(name), "<i8", std::move(shape), raw(values)};
}

NpyArray array_of(std::string name, std::span<const std::string> values) {
  std::vector<std::u32string> texts;
  std::size_t longest = 1;
  for (const std::string& value : values) {
    texts.push_back(code_points(value));
    longest = std::max(longest, texts.back().size());
  }
  NpyArray array{std::move(name), fmt::format("<U{}", longest), {values.size()}, {}};
  for (std::u32string& text : texts) {
    text.resize(longest, U'\0');
    array.bytes += raw(std::span<const char32_t>(text));
  }
  return array;
}

std::string to_npy(const NpyArray& array) {
  std::string shape;
  for (const std::size_t size : array.shape) shape += fmt::format("{}, ", size);
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", array.descr, shape);
  constexpr std::size_t kPreamble = 10;
  header.append(63 - (kPreamble + header.size()) % 64, ' ').append("\n");
  std::string out(kMagic);
  out += std::string_view("\x01\x00", 2);
  out += static_cast<char>(header.size() % 256);
  out += static_cast<char>(header.size() / 256);
  return out + header + array.bytes;
}

NpyArray read_npy(ByteSource& source, const std::string& where, std::size_t room) {
  Reader reader(source, where);
  const std::string header = take_header(reader);
  NpyArray array{.name = {},
                 .descr = descr_in(header),
                 .shape = parse_shape(between(header, "'shape'", '(', ')'), where),
                 .bytes = {}};
  const bool columns = header.find("'fortran_order': True") != std::string::npos;
  if (!columns && header.find("'fortran_order': False") == std::string::npos)
    reader.fail("its header does not say in which order the elements are");
  const bool big = array.descr.starts_with('>');
  const std::string stored = array.descr;
  if (big) array.descr.front() = '<';
  const std::size_t element = array.element_size();
  if (element == 0 && array.descr != "<U0") throw UnreadType{type_mistake(stored)};
  const std::optional<std::size_t> size = bytes_of(array.shape, element, room);
  if (!size) {
    fail_input(
        "{}: its shape ({}) of '{}' takes more than the {} bytes that are left for it; allow more "
        "with --file-limit",
        where, fmt::join(array.shape, ", "), stored, room);
  }
  array.bytes = reader.take(*size);
  // The last read sees the end, and in an archive with it the checksum.
  if (array.bytes.size() < *size || !reader.take(1).empty()) {
    reader.fail(
        "{} bytes of data where its shape ({}) of '{}' needs {}",
        array.bytes.size() < *size ? std::to_string(array.bytes.size()) : std::string("more"),
        fmt::join(array.shape, ", "), stored, *size);
  }
  if (big) turn_bytes(array);
  if (columns) turn_axes(array);
  return array;
}

NpyArray parse_npy(std::string_view bytes, const std::string& where) {
  try {
    Memory source(bytes);
    return read_npy(source, where, file_limit);
  } catch (const UnreadType& type) {
    fail_input("{}: {}", where, type.why);
  }
}

std::vector<double> numbers(const NpyArray& array, const std::string& where) {
  return values<double>(array, where);
}

std::vector<float> floats(const NpyArray& array, const std::string& where) {
  return values<float>(array, where);
}

std::vector<std::string> texts(const NpyArray& array, const std::string& where) {
  const bool wide = array.kind() == 'U';
  if (!wide && array.kind() != 'S') {
    fail_input("{}: elements of type '{}' are not texts", where, array.descr);
  }
  require_memory(array, sizeof(std::string), where);
  const std::size_t unit = wide ? 4 : 1;
  const std::size_t length = array.element_size() / unit;
  std::vector<std::string> out(array.count());
  for (std::size_t k = 0; k < out.size(); ++k) {
    for (std::size_t c = 0; c < length; ++c) {
      const char* const at = array.bytes.data() + unit * (k * length + c);
      std::uint32_t point = 0;
      std::memcpy(&point, at, unit);
      if (point == 0) continue;
      if (wide) {
        out[k] += utf8(point);
      } else {
        out[k] += *at;
      }
    }
  }
  return out;
}

}  // namespace gibbon::datasets::arrays
