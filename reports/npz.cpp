#include "reports/npz.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <numeric>
#include <zip.h>

#include "reports/error.hpp"

// An .npz file is a zip archive of .npy files; those are described in npy.cpp. Texts are UTF-32.
namespace gibbon::reports {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

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

NpyArray parse_npy(const std::string& where, std::string_view bytes) {
  const auto fail = [&](std::string_view what) {
    return Error(fmt::format("{}: {}; a file that numpy.savez wrote is needed", where, what));
  };
  if (bytes.size() < 10 || bytes.substr(0, kMagic.size()) != kMagic) {
    throw fail("no NumPy array, its first bytes differ");
  }
  const auto byte = [&](std::size_t k) {
    return std::size_t{static_cast<unsigned char>(bytes[k])};
  };
  std::size_t preamble = 10;
  std::size_t length = byte(8) + 256 * byte(9);
  if (byte(6) > 1) {
    if (bytes.size() < 12) throw fail("cut off inside the header");
    preamble = 12;
    length += 65536 * byte(10) + 16777216 * byte(11);
  }
  if (bytes.size() < preamble + length) throw fail("cut off inside the header");
  const std::string_view header = bytes.substr(preamble, length);
  NpyArray array{.name = {},
                 .descr = std::string(between(header, "'descr'", '\'', '\'')),
                 .shape = {},
                 .bytes = std::string(bytes.substr(preamble + length))};
  if (header.find("'fortran_order': False") == std::string_view::npos) {
    throw fail("columns come first (Fortran order); save numpy.ascontiguousarray of it");
  }
  std::string_view shape = between(header, "'shape'", '(', ')');
  while (!shape.empty()) {
    std::size_t size = 0;
    const auto [end, problem] = std::from_chars(shape.data(), shape.data() + shape.size(), size);
    if (problem != std::errc{}) throw fail("its shape cannot be read");
    array.shape.push_back(size);
    shape.remove_prefix(static_cast<std::size_t>(end - shape.data()));
    while (!shape.empty() && (shape.front() == ',' || shape.front() == ' ')) shape.remove_prefix(1);
  }
  if (array.bytes.size() != array.count() * array.element_size()) {
    throw fail(fmt::format("{} bytes of data where {} elements of {} bytes are announced",
                           array.bytes.size(), array.count(), array.element_size()));
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
  throw Error(fmt::format(".npz: cannot be packed: {}; save fewer samples",
                          zip_error_strerror(zip_source_error(source))));
}

Archive open_archive(const std::filesystem::path& path, int flags) {
  int code = 0;
  Archive archive(zip_open(path.c_str(), flags, &code));
  if (archive) return archive;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string reason = zip_error_strerror(&error);
  zip_error_fini(&error);
  throw Error(fmt::format("{}: {}; an .npz file of 'gibbon sweep --save' or numpy.savez is needed",
                          path.string(), reason));
}

}  // namespace

std::size_t NpyArray::count() const {
  return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
}

std::size_t NpyArray::element_size() const {
  std::size_t size = 0;
  if (descr.size() >= 3) {
    std::from_chars(descr.data() + 2, descr.data() + descr.size(), size);
    if (descr[0] == '<' || descr[0] == '|') {
      if (descr[1] == 'U') return 4 * size;
      if (std::string_view("fiub").find(descr[1]) != std::string_view::npos && size > 0)
        return size;
    }
  }
  if (descr == "<U0") return 0;
  throw Error(
      fmt::format("{}: elements of type '{}' are not read; allowed are little-endian "
                  "numbers and texts",
                  name, descr));
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
    throw Error(fmt::format(".npz: cannot be packed: {}; save fewer samples", reason));
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
    throw Error(fmt::format(".npz: cannot be packed: {}; save fewer samples", reason));
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

NpzFile::NpzFile(const std::filesystem::path& path) : path_(path) {
  const Archive archive = open_archive(path, ZIP_RDONLY | ZIP_CHECKCONS);
  const zip_int64_t entries = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t k = 0; k < entries; ++k) {
    const auto index = static_cast<zip_uint64_t>(k);
    zip_stat_t about;
    if (zip_stat_index(archive.get(), index, 0, &about) != 0) continue;
    std::string name(about.name);
    if (!name.ends_with(".npy")) continue;
    name.resize(name.size() - 4);
    const std::string where = fmt::format("{}: {}", path.string(), name);
    std::string bytes(about.size, '\0');
    zip_file_t* file = zip_fopen_index(archive.get(), index, 0);
    const zip_int64_t got = file == nullptr ? -1 : zip_fread(file, bytes.data(), bytes.size());
    const int damaged = file == nullptr ? 1 : zip_fclose(file);
    if (got != static_cast<zip_int64_t>(bytes.size()) || damaged != 0) {
      throw Error(fmt::format("{}: the archive is damaged; save the examples again", where));
    }
    arrays_.push_back(parse_npy(where, bytes));
    arrays_.back().name = name;
  }
}

bool NpzFile::has(std::string_view name) const {
  return std::ranges::count(arrays_, name, &NpyArray::name) > 0;
}

const NpyArray& NpzFile::at(std::string_view name) const {
  const auto found = std::ranges::find(arrays_, name, &NpyArray::name);
  if (found != arrays_.end()) return *found;
  std::vector<std::string_view> known;
  for (const NpyArray& array : arrays_) known.emplace_back(array.name);
  throw Error(fmt::format("{}: there is no array '{}'; there are {}", path_.string(), name,
                          fmt::join(known, ", ")));
}

std::vector<double> NpzFile::numbers(std::string_view name) const {
  const NpyArray& array = at(name);
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
    throw Error(fmt::format("{}: {}: elements of type '{}' are not read; allowed are numbers",
                            path_.string(), name, array.descr));
  }
  return out;
}

std::vector<std::string> NpzFile::texts(std::string_view name) const {
  const NpyArray& array = at(name);
  if (array.descr.size() < 3 || array.descr[1] != 'U') {
    throw Error(fmt::format("{}: {}: elements of type '{}' are not texts", path_.string(), name,
                            array.descr));
  }
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

}  // namespace gibbon::reports
