// SPDX-License-Identifier: MIT
#include "reports/formats/npy.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <tuple>
#include <type_traits>

#include "base/limits.hpp"
#include "reports/record/error.hpp"

// The format: numpy.lib.format, version 1.0. Six bytes of magic, two of version, two of header
// length, the header (a Python literal padded with blanks to a multiple of 64 bytes, "\n" at its
// end), the data.
namespace gibbon::reports::formats {
namespace {

static_assert(std::endian::native == std::endian::little,
              "records are written as they lie in memory");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::string_view kVersion("\x01\x00", 2);
constexpr std::size_t kPreamble = 10;

template <class T>
struct Field {
  std::string_view name;
  T record::SampleRecord::*member;

  [[nodiscard]] std::string_view title() const { return name; }
  template <class Sample>
  [[nodiscard]] auto& of(Sample& sample) const {
    return sample.*member;
  }
};
template <class T>
Field(const char*, T record::SampleRecord::*) -> Field<T>;

/// A distance of the sample, by its place in kStoredNorms.
struct Distance {
  std::size_t place;

  [[nodiscard]] std::string_view title() const { return to_string(kStoredNorms[place]); }
  template <class Sample>
  [[nodiscard]] auto& of(Sample& sample) const {
    return sample.distances.values[place];
  }
};

template <std::size_t First, std::size_t... Place>
constexpr auto distances(std::index_sequence<Place...> /*places*/) {
  return std::tuple{Distance{First + Place}...};
}

constexpr std::tuple kFirstFields{
    Field{"curve_row", &record::SampleRecord::curve_row},
    Field{"id", &record::SampleRecord::id},
    Field{"label", &record::SampleRecord::label},
    Field{"target", &record::SampleRecord::target},
    Field{"clean_label", &record::SampleRecord::clean_label},
    Field{"found_label", &record::SampleRecord::found_label},
    Field{"rounded_label", &record::SampleRecord::rounded_label},
    Field{"inside_ball", &record::SampleRecord::inside_ball},
    Field{"inside_box", &record::SampleRecord::inside_box},
    Field{"fooled", &record::SampleRecord::fooled},
    Field{"broken", &record::SampleRecord::broken},
    Field{"confidence", &record::SampleRecord::confidence},
};
constexpr std::tuple kLaterFields{Field{"member", &record::SampleRecord::member},
                                  Field{"forwards", &record::SampleRecord::forwards},
                                  Field{"backwards", &record::SampleRecord::backwards},
                                  Field{"nearest", &record::SampleRecord::nearest}};
/// Distances in norms that came later lie at the end, so that files without them are read, too.
constexpr auto kFields = std::tuple_cat(
    kFirstFields, distances<0>(std::make_index_sequence<kFirstStored>()), kLaterFields,
    distances<kFirstStored>(std::make_index_sequence<kStoredNorms.size() - kFirstStored>()));

template <class Visitor>
constexpr void each_field(Visitor visit) {
  std::apply([&](const auto&... field) { (visit(field), ...); }, kFields);
}

template <class AnyField>
using ValueOf = std::remove_cvref_t<decltype(std::declval<AnyField>().of(
    std::declval<record::SampleRecord&>()))>;

template <class AnyField>
constexpr char kind_of(const AnyField& /*field*/) {
  if (std::is_floating_point_v<ValueOf<AnyField>>) return 'f';
  return std::is_signed_v<ValueOf<AnyField>> ? 'i' : 'u';
}

template <class AnyField>
constexpr std::size_t size_of(const AnyField& /*field*/) {
  return sizeof(ValueOf<AnyField>);
}

constexpr std::size_t kAllFields = std::tuple_size_v<decltype(kFields)>;
// What versions wrote: the first one, the next one, this one.
constexpr std::array kVersions{16UL, 20UL, kAllFields};
constexpr std::size_t kPiece = 4096;  // records read at a time

constexpr std::size_t record_bytes(std::size_t fields) {
  std::size_t bytes = 0;
  std::size_t k = 0;
  each_field([&](const auto& field) { bytes += k++ < fields ? size_of(field) : 0; });
  return bytes;
}

std::string header_start(std::size_t fields) {
  std::string descr;
  std::size_t k = 0;
  each_field([&](const auto& field) {
    if (k++ >= fields) return;
    descr += fmt::format("{}('{}', '{}{}{}')", descr.empty() ? "" : ", ", field.title(),
                         size_of(field) == 1 ? '|' : '<', kind_of(field), size_of(field));
  });
  return fmt::format("{{'descr': [{}], 'fortran_order': False, 'shape': (", descr);
}

[[noreturn]] void fail(const std::string& what) {
  throw record::Error(fmt::format(
      "samples.npy: {}; only what gibbon wrote is read; run the evaluation again", what));
}

/// How many of the fields the file has.
std::size_t fields_of(std::string_view header) {
  for (const std::size_t fields : kVersions) {
    if (header.starts_with(header_start(fields))) return fields;
  }
  fail("other fields than those of a sample record");
}

// The number between "'shape': (" and ",), }"; the blanks after it are padding.
std::size_t rows_of(std::string_view header, std::size_t fields) {
  const std::string start = header_start(fields);
  header.remove_prefix(start.size());
  std::size_t rows = 0;
  const auto [end, problem] = std::from_chars(header.data(), header.data() + header.size(), rows);
  header.remove_prefix(static_cast<std::size_t>(end - header.data()));
  if (problem != std::errc{} || header.substr(0, 5) != ",), }" ||
      header.find_first_not_of(" \n", 5) != std::string_view::npos)
    fail("the shape is not that of a list");
  return rows;
}

/// The next `count` bytes, or the fewer there are.
std::string take(std::istream& file, std::size_t count) {
  std::string bytes(count, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(count));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

}  // namespace

std::string to_npy(std::span<const record::SampleRecord> samples) {
  std::string header = fmt::format("{}{},), }}", header_start(kAllFields), samples.size());
  header.append(63 - (kPreamble + header.size()) % 64, ' ').append("\n");
  std::string bytes(kMagic);
  bytes += kVersion;
  bytes += static_cast<char>(header.size() % 256);
  bytes += static_cast<char>(header.size() / 256);
  bytes += header;
  bytes.reserve(bytes.size() + samples.size() * record_bytes(kAllFields));
  for (const record::SampleRecord& sample : samples)
    each_field([&](const auto& field) {
      const auto value = field.of(sample);
      const auto raw = std::bit_cast<std::array<char, sizeof(value)>>(value);
      bytes.append(raw.data(), raw.size());
    });
  return bytes;
}

std::vector<record::SampleRecord> from_npy(std::istream& file) {
  const std::string preamble = take(file, kPreamble);
  if (preamble.size() < kPreamble || !preamble.starts_with(kMagic))
    fail("not a NumPy file, its first bytes differ");
  if (preamble.substr(kMagic.size(), kVersion.size()) != kVersion)
    fail(fmt::format("NumPy format {}.{}, not 1.0", static_cast<unsigned char>(preamble[6]),
                     static_cast<unsigned char>(preamble[7])));
  const std::size_t length = static_cast<unsigned char>(preamble[8]) +
                             std::size_t{256} * static_cast<unsigned char>(preamble[9]);
  const std::string header = take(file, length);
  if (header.size() < length) fail("cut off inside the header");
  const std::size_t fields = fields_of(header);
  const std::size_t rows = rows_of(header, fields);
  const std::size_t size = record_bytes(fields);
  const auto start = file.tellg();
  const auto bytes = static_cast<std::size_t>(file.seekg(0, std::ios::end).tellg() - start);
  if (bytes % size != 0 || bytes / size != rows)
    fail(fmt::format("{} bytes of data where {} records of {} bytes are announced", bytes, rows,
                     size));
  file.seekg(start);
  if (rows > file_limit / sizeof(record::SampleRecord))
    fail(fmt::format("{} records take more than {} bytes; allow more with --file-limit", rows,
                     file_limit.load()));

  std::vector<record::SampleRecord> samples(rows);
  for (std::size_t first = 0; first < rows; first += kPiece) {
    const std::span piece = std::span(samples).subspan(first, std::min(kPiece, rows - first));
    const std::string data = take(file, piece.size() * size);
    if (data.size() < piece.size() * size) fail("cannot be read to its end");
    const char* next = data.data();
    for (record::SampleRecord& sample : piece) {
      std::size_t k = 0;
      each_field([&](const auto& field) {
        if (k++ >= fields) return;
        std::memcpy(&field.of(sample), next, size_of(field));
        next += size_of(field);
      });
      // Summaries sort distances, and index by members.
      if (!(sample.nearest >= 0.0) || sample.member < -1 || sample.fooled > 1 || sample.broken > 1)
        fail(fmt::format("the record of sample {} is damaged", sample.id));
    }
  }
  return samples;
}

}  // namespace gibbon::reports::formats
