// SPDX-License-Identifier: MIT
#include "reports/formats/npz.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <zip.h>

#include "base/limits.hpp"
#include "reports/record/error.hpp"

// An .npz file is a zip archive of .npy files; those are described in npy.cpp. Texts are UTF-32.
namespace gibbon::reports::formats {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::string_view kRemedy =
    "an .npz file of 'gibbon sweep --save' or numpy.savez is needed";

/// What is wrong with a type that is not read.
std::string type_mistake(std::string_view descr) {
  const std::string_view why = descr.starts_with('>') ? ", the big end first"
                               : descr.find('O') != std::string_view::npos
                                   ? ", objects of Python, which are never unpickled"
                                   : "";
  return fmt::format(
      "elements of type '{}'{} are not read; allowed are little-endian numbers and "
      "texts",
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

std::string npy_of(const NpyArray& array) {
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
    if (problem != std::errc{})
      throw record::Error(fmt::format("{}: its shape cannot be read; {}", where, kRemedy));
    shape.push_back(size);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    while (!text.empty() && (text.front() == ',' || text.front() == ' ')) text.remove_prefix(1);
  }
  return shape;
}

/// A member of the archive while it is read.
class Member {
 public:
  Member(zip_t* archive, zip_uint64_t index, std::string where)
      : where_(std::move(where)), file_(zip_fopen_index(archive, index, 0)) {
    if (!file_) fail(fmt::format("cannot be read ({})", zip_strerror(archive)));
  }
  [[noreturn]] void fail(std::string_view what) const {
    throw record::Error(fmt::format("{}: {}; {}", where_, what, kRemedy));
  }
  [[nodiscard]] const std::string& where() const { return where_; }

  /// Up to `count` bytes; fewer at the end.
  std::string take(std::size_t count) {
    std::string bytes;
    while (bytes.size() < count) {
      const std::size_t had = bytes.size();
      bytes.resize(std::min(count, std::max<std::size_t>(2 * had, kPiece)));
      const zip_int64_t got = zip_fread(file_.get(), bytes.data() + had, bytes.size() - had);
      if (got < 0) fail("the archive is damaged");
      bytes.resize(had + static_cast<std::size_t>(got));
      if (got == 0) break;
    }
    return bytes;
  }

 private:
  static constexpr std::size_t kPiece = 65536;
  struct Close {
    void operator()(zip_file_t* file) const { zip_fclose(file); }
  };
  std::string where_;
  std::unique_ptr<zip_file_t, Close> file_;
};

std::string take_header(Member& member) {
  constexpr std::size_t kLongest = 1U << 20U;  // NumPy's own end with a few hundred bytes
  const std::string start = member.take(10);
  if (!start.starts_with(kMagic)) member.fail("not a NumPy array, its first bytes differ");
  std::string length = start.size() < 10 ? std::string() : start.substr(8);
  if (start.size() == 10 && start[6] > 1) length += member.take(2);
  std::size_t size = 0;
  for (std::size_t k = length.size(); k-- > 0;)
    size = size << 8U | static_cast<unsigned char>(length[k]);
  if (size > kLongest) member.fail(fmt::format("its header promises {} bytes", size));
  std::string header = member.take(size);
  if (length.size() < 2 || header.size() < size) member.fail("cut off inside the header");
  return header;
}

/// `room`: bytes its data may take.
NpyArray read_array(Member& member, std::size_t room) {
  const std::string header = take_header(member);
  NpyArray array{.name = {},
                 .descr = std::string(between(header, "'descr'", '\'', '\'')),
                 .shape = parse_shape(between(header, "'shape'", '(', ')'), member.where()),
                 .bytes = {}};
  if (header.find("'fortran_order': False") == std::string::npos)
    member.fail("columns come first (Fortran order); save numpy.ascontiguousarray of it");
  const std::size_t element = array.element_size();
  if (element == 0 && array.descr != "<U0") member.fail(type_mistake(array.descr));
  const std::optional<std::size_t> size = bytes_of(array.shape, element, room);
  if (!size)
    throw record::Error(
        fmt::format("{}: its shape ({}) of '{}' takes more than the {} bytes that are left "
                    "for it; allow more with --file-limit",
                    member.where(), fmt::join(array.shape, ", "), array.descr, room));
  array.bytes = member.take(*size);
  // The last read sees the end, and with it the checksum of the archive.
  if (array.bytes.size() < *size || !member.take(1).empty()) {
    member.fail(fmt::format(
        "{} bytes of data where its shape ({}) of '{}' needs {}",
        array.bytes.size() < *size ? std::to_string(array.bytes.size()) : std::string("more"),
        fmt::join(array.shape, ", "), array.descr, *size));
  }
  return array;
}

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, Discard>;

struct FreeSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};

/// All bytes of a source that was written.
std::string content(zip_source_t* source) {
  zip_stat_t about;
  zip_stat_init(&about);
  if (zip_source_stat(source, &about) == 0 && zip_source_open(source) == 0) {
    std::string bytes(about.size, '\0');
    const zip_int64_t got = zip_source_read(source, bytes.data(), bytes.size());
    zip_source_close(source);
    if (got == static_cast<zip_int64_t>(bytes.size())) return bytes;
  }
  throw record::Error(fmt::format(".npz: cannot be packed: {}; save fewer samples",
                                  zip_error_strerror(zip_source_error(source))));
}

std::string reason_of(zip_error_t& error) {
  return zip_error_code_zip(&error) == ZIP_ER_EXISTS ? "two arrays in it have one name"
                                                     : zip_error_strerror(&error);
}

Archive open_archive(const std::filesystem::path& path, int flags) {
  int code = 0;
  Archive archive(zip_open(path.c_str(), flags, &code));
  if (archive) return archive;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string reason = reason_of(error);
  zip_error_fini(&error);
  throw record::Error(fmt::format("{}: {}; {}", path.string(), reason, kRemedy));
}

/// Of bytes in memory, which must outlive it.
Archive open_archive(std::string_view bytes, const std::string& name) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  Archive archive(source == nullptr
                      ? nullptr
                      : zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error));
  const std::string reason = archive ? std::string() : reason_of(error);
  if (!archive && source != nullptr) zip_source_free(source);
  zip_error_fini(&error);
  if (!archive) throw record::Error(fmt::format("{}: {}; {}", name, reason, kRemedy));
  return archive;
}

std::vector<NpyArray> read_arrays(zip_t* archive, const std::string& path) {
  std::vector<NpyArray> arrays;
  std::size_t room = file_limit;
  const zip_int64_t entries = zip_get_num_entries(archive, 0);
  for (zip_int64_t k = 0; k < entries; ++k) {
    const auto index = static_cast<zip_uint64_t>(k);
    zip_stat_t about;
    if (zip_stat_index(archive, index, 0, &about) != 0 || (about.valid & ZIP_STAT_NAME) == 0)
      continue;
    std::string name(about.name);
    if (!name.ends_with(".npy")) continue;
    name.resize(name.size() - 4);
    const std::string where = fmt::format("{}: {}", path, name);
    if ((about.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && about.encryption_method != ZIP_EM_NONE)
      throw record::Error(fmt::format("{}: it is encrypted; save it without a password", where));
    Member member(archive, index, where);
    arrays.push_back(read_array(member, room));
    arrays.back().name = name;
    room -= arrays.back().bytes.size();
  }
  return arrays;
}

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
  const bool is_number = std::string_view("fiub").find(descr[1]) != std::string_view::npos;
  return is_number && (size == 1 || size == 2 || size == 4 || size == 8) ? size : 0;
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

std::string to_npz(std::span<const NpyArray> arrays) {
  zip_error_t error;
  zip_error_init(&error);
  const auto fail = [&] {
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    throw record::Error(fmt::format(".npz: cannot be packed: {}; save fewer samples", reason));
  };
  // In memory, since libzip would leave a temporary file of its own behind when it is killed.
  const std::unique_ptr<zip_source_t, FreeSource> target(
      zip_source_buffer_create(nullptr, 0, 0, &error));
  if (!target) fail();
  zip_source_keep(target.get());  // the archive frees one of two
  Archive archive(zip_open_from_source(target.get(), ZIP_TRUNCATE, &error));
  if (!archive) {
    zip_source_free(target.get());
    fail();
  }
  const auto fail_archive = [&] {
    const std::string reason = zip_strerror(archive.get());
    throw record::Error(fmt::format(".npz: cannot be packed: {}; save fewer samples", reason));
  };
  std::vector<std::string> files;  // libzip reads them when the archive is closed
  files.reserve(arrays.size());
  for (const NpyArray& array : arrays) {
    files.push_back(npy_of(array));
    zip_source_t* source =
        zip_source_buffer(archive.get(), files.back().data(), files.back().size(), 0);
    const zip_int64_t index =
        zip_file_add(archive.get(), (array.name + ".npy").c_str(), source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
      zip_source_free(source);
      fail_archive();
    }
    zip_set_file_compression(archive.get(), static_cast<zip_uint64_t>(index), ZIP_CM_DEFLATE, 1);
    // The same arrays are the same bytes, whenever they are written.
    zip_file_set_mtime(archive.get(), static_cast<zip_uint64_t>(index), 315532800, 0);
  }
  if (zip_close(archive.get()) != 0) fail_archive();
  static_cast<void>(archive.release());  // closed
  return content(target.get());
}

NpzFile::NpzFile(const std::filesystem::path& path) : path_(path.string()) {
  arrays_ = read_arrays(open_archive(path, ZIP_RDONLY | ZIP_CHECKCONS).get(), path_);
}

NpzFile::NpzFile(std::string_view bytes, const std::string& name) : path_(name) {
  arrays_ = read_arrays(open_archive(bytes, name).get(), path_);
}

void NpzFile::require_memory(const NpyArray& array, std::size_t each) const {
  if (bytes_of(array.shape, each, file_limit)) return;
  throw record::Error(
      fmt::format("{}: {}: {} elements take more than {} bytes; allow more with --file-limit",
                  path_, array.name, array.count(), file_limit.load()));
}

bool NpzFile::has(std::string_view name) const {
  return std::ranges::count(arrays_, name, &NpyArray::name) > 0;
}

const NpyArray& NpzFile::at(std::string_view name) const {
  const auto found = std::ranges::find(arrays_, name, &NpyArray::name);
  if (found != arrays_.end()) return *found;
  std::vector<std::string_view> known;
  for (const NpyArray& array : arrays_) known.emplace_back(array.name);
  throw record::Error(
      fmt::format("{}: no array '{}'; found {}", path_, name, fmt::join(known, ", ")));
}

std::vector<double> NpzFile::numbers(std::string_view name) const {
  const NpyArray& array = at(name);
  require_memory(array, sizeof(double));
  const std::size_t size = array.element_size();
  std::vector<double> out;
  out.reserve(array.count());
  const auto take = [&]<class Value>(Value value, std::size_t k) {
    std::memcpy(&value, array.bytes.data() + k * size, sizeof(Value));
    out.push_back(static_cast<double>(value));
  };
  for (std::size_t k = 0; k < array.count(); ++k) {
    switch (array.descr[1]) {
      case 'f':
        if (size == 4) take(float{}, k);
        if (size == 8) take(double{}, k);
        break;
      case 'i':
        if (size == 1) take(std::int8_t{}, k);
        if (size == 2) take(std::int16_t{}, k);
        if (size == 4) take(std::int32_t{}, k);
        if (size == 8) take(std::int64_t{}, k);
        break;
      case 'u':
      case 'b':
        if (size == 1) take(std::uint8_t{}, k);
        if (size == 2) take(std::uint16_t{}, k);
        if (size == 4) take(std::uint32_t{}, k);
        if (size == 8) take(std::uint64_t{}, k);
        break;
      default: break;
    }
  }
  if (out.size() != array.count()) {
    throw record::Error(
        fmt::format("{}: {}: elements of type '{}' are not read; allowed are numbers", path_, name,
                    array.descr));
  }
  return out;
}

std::vector<std::string> NpzFile::texts(std::string_view name) const {
  const NpyArray& array = at(name);
  if (array.descr.size() < 3 || array.descr[1] != 'U') {
    throw record::Error(
        fmt::format("{}: {}: elements of type '{}' are not texts", path_, name, array.descr));
  }
  require_memory(array, sizeof(std::string));
  const std::size_t length = array.element_size() / 4;
  std::vector<std::string> out(array.count());
  for (std::size_t k = 0; k < out.size(); ++k) {
    for (std::size_t c = 0; c < length; ++c) {
      std::uint32_t point = 0;
      std::memcpy(&point, array.bytes.data() + 4 * (k * length + c), sizeof(point));
      if (point != 0) out[k] += utf8(point);
    }
  }
  return out;
}

}  // namespace gibbon::reports::formats
