// SPDX-License-Identifier: MIT
#include "eval/runs/journal.hpp"

#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <optional>
#include <system_error>
#include <type_traits>
#include <zlib.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "reports/formats/parse_json.hpp"
#include "reports/record/error.hpp"

// The file: a line of magic with the version, a line of the configuration (CRC-32 in hexadecimal, a
// blank, JSON), then parts. A part is a Header and a zlib stream: the part's fields one after the
// other as they lie in memory. Only the program that wrote it reads it, so no other layout has to
// be understood, but whatever comes has to be refused.
namespace gibbon::eval::runs {
namespace {

constexpr std::string_view kName = "gibbon journal ";
constexpr std::string_view kMagic = "gibbon journal 2\n";
constexpr const char* kAnew = "start anew with --force instead of --resume";

struct Header {
  std::uint32_t pair = 0;
  std::uint32_t block = 0;
  std::uint64_t length = 0;    // of the stream
  std::uint64_t inflated = 0;  // bytes that come out of it
  std::uint64_t sum = 0;       // CRC-32 of the four numbers above and the stream
};
static_assert(std::has_unique_object_representations_v<Header>);

class Packer {
 public:
  template <class Type>
  void number(const Type& value) {
    static_assert(std::is_trivially_copyable_v<Type>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(Type));
  }
  template <class Type>
  void list(const std::vector<Type>& values) {
    static_assert(std::is_trivially_copyable_v<Type>);
    number(values.size());
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Type));
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}
  template <class Type>
  void number(Type& value) {
    take(&value, sizeof(Type));
  }
  template <class Type>
  void list(std::vector<Type>& values) {
    std::size_t size = 0;
    number(size);
    if (size > bytes_.size() / sizeof(Type)) {
      whole_ = false;
      return;
    }
    values.resize(size);
    take(values.data(), size * sizeof(Type));
  }
  /// Everything was there, and nothing else.
  [[nodiscard]] bool ends_well() const { return whole_ && bytes_.empty(); }

 private:
  void take(void* to, std::size_t count) {
    if (count > bytes_.size()) {
      whole_ = false;
      bytes_ = {};
      return;
    }
    if (count > 0) std::memcpy(to, bytes_.data(), count);
    bytes_.remove_prefix(count);
  }
  bool whole_ = true;
  std::string_view bytes_;
};

/// The one list of a part's fields, for writing and for reading.
template <class Part, class Visitor>
void each_field(Part& part, Visitor& visit) {
  visit.number(part.pair);
  visit.number(part.block);
  visit.number(part.zero_gradients);
  visit.list(part.records);
  visit.list(part.tallies);
  visit.list(part.points);
}

std::uint32_t checksum(std::string_view bytes, uLong before = 0) {
  return static_cast<std::uint32_t>(
      crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::uint32_t checksum(const Header& header, std::string_view stream) {
  const std::string_view numbers(reinterpret_cast<const char*>(&header), offsetof(Header, sum));
  return checksum(stream, checksum(numbers));
}

std::string deflated(const std::string& bytes) {
  uLongf length = compressBound(bytes.size());
  std::string out(length, '\0');
  compress2(reinterpret_cast<Bytef*>(out.data()), &length,
            reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), 1);
  out.resize(length);
  return out;
}

/// None when it is no stream of exactly `size` bytes.
std::optional<std::string> inflated(std::string_view bytes, std::size_t size) {
  std::string out(size, '\0');
  uLongf length = size;
  uLong used = bytes.size();
  const int code = uncompress2(reinterpret_cast<Bytef*>(out.data()), &length,
                               reinterpret_cast<const Bytef*>(bytes.data()), &used);
  if (code != Z_OK || length != size || used != bytes.size()) return std::nullopt;
  return out;
}

/// Bytes of a part's fields.
std::size_t packed_size(const sweep::PartLayout& plan, std::size_t pair, std::size_t block) {
  const std::size_t count = plan.count(block);
  return 2 * sizeof(std::uint32_t) + 4 * sizeof(std::uint64_t) +
         plan.budgets * count * sizeof(reports::record::SampleRecord) +
         plan.members[pair] * sizeof(sweep::Tally) + count * plan.dim * sizeof(float);
}

/// The part at the beginning of `bytes`, which it is taken off; none when it cannot be used.
std::optional<sweep::Part> take_part(std::string_view& bytes, const sweep::PartLayout& plan) {
  Header header;
  if (bytes.size() < sizeof(header)) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof(header));
  const std::string_view rest = bytes.substr(sizeof(header));
  if (header.length > rest.size()) return std::nullopt;
  const std::string_view stream = rest.substr(0, header.length);
  // Memory is taken for what the plan says, not the file.
  if (checksum(header, stream) != header.sum || header.pair >= plan.members.size() ||
      header.block >= plan.blocks() ||
      header.inflated != packed_size(plan, header.pair, header.block)) {
    return std::nullopt;
  }
  const std::optional<std::string> plain = inflated(stream, header.inflated);
  if (!plain) return std::nullopt;
  sweep::Part part;
  Unpacker unpacker(*plain);
  each_field(part, unpacker);
  if (!unpacker.ends_well() || part.pair != header.pair || part.block != header.block ||
      !plan.fits(part)) {
    return std::nullopt;
  }
  bytes = rest.substr(header.length);
  return part;
}

/// "threads = 3, it was 2" of the first difference; empty when there is none.
std::string difference(const nlohmann::ordered_json& now, const nlohmann::ordered_json& before) {
  for (const auto& [key, value] : now.items()) {
    const auto old = before.find(key);
    if (old == before.end() || *old != value) {
      const auto text = [](const auto& json) {
        return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
      };
      return fmt::format("{} is {}, it was {}", key, text(value),
                         old == before.end() ? "absent" : text(*old));
    }
  }
  return "it has unknown settings";
}

/// Bytes of the head; 0: it was cut off while it was written, so that nothing stands behind it.
std::size_t check_head(std::string_view bytes, const std::string& name,
                       const nlohmann::ordered_json& configuration) {
  const std::string head = journal_head(configuration);
  if (bytes.starts_with(head)) return head.size();
  if (head.starts_with(bytes)) return 0;
  if (bytes.starts_with(kName) && !bytes.starts_with(kMagic))
    fail_input("{}: the journal of an unfinished sweep is of another version of gibbon; {}", name,
               kAnew);
  const auto damaged = [&] {
    fail_input("{}: the beginning of the journal is damaged, so nothing in it can be trusted; {}",
               name, kAnew);
  };
  if (!bytes.starts_with(kMagic)) damaged();
  bytes.remove_prefix(kMagic.size());
  constexpr std::size_t kSum = 9;  // eight digits and a blank
  const std::size_t end = bytes.find('\n');
  if (end == std::string_view::npos || end < kSum) damaged();
  const std::string_view before = bytes.substr(kSum, end - kSum);
  if (bytes.substr(0, kSum) != fmt::format("{:08x} ", checksum(before))) damaged();
  nlohmann::ordered_json old;
  try {
    old = reports::formats::parse_json(before, name, kAnew);
  } catch (const reports::record::Error&) {
    damaged();
  }
  fail_usage(
      "{}: --resume continues only the same sweep: {}; repeat the original command, or start anew "
      "with --force",
      name, difference(configuration, old));
}

}  // namespace

std::string journal_head(const nlohmann::ordered_json& configuration) {
  const std::string text = configuration.dump();
  return fmt::format("{}{:08x} {}\n", kMagic, checksum(text), text);
}

std::string to_bytes(const sweep::Part& part) {
  Packer packer;
  each_field(part, packer);
  const std::string stream = deflated(packer.bytes());
  Header header{.pair = part.pair,
                .block = part.block,
                .length = stream.size(),
                .inflated = packer.bytes().size()};
  header.sum = checksum(header, stream);
  return std::string(reinterpret_cast<const char*>(&header), sizeof(header)) + stream;
}

JournalContent read_journal(std::string_view bytes, const std::string& name,
                            const nlohmann::ordered_json& configuration,
                            const sweep::PartLayout& plan) {
  JournalContent content{.good = check_head(bytes, name, configuration), .size = bytes.size()};
  if (content.good == 0) return content;
  std::string_view rest = bytes.substr(content.good);
  while (std::optional<sweep::Part> part = take_part(rest, plan)) {
    const std::pair key{part->pair, part->block};
    content.parts.insert_or_assign(key, *std::move(part));
    content.good = bytes.size() - rest.size();
  }
  return content;
}

Journal::Journal(std::filesystem::path path, const nlohmann::ordered_json& configuration,
                 const sweep::PartLayout& plan, bool resume)
    : path_(std::move(path)) {
  std::size_t good = 0;
  if (resume && std::filesystem::exists(path_)) {
    JournalContent content = read_journal(read_file(path_), path_.string(), configuration, plan);
    parts_ = std::move(content.parts);
    good = content.good;
    dropped_ = content.size - good;
  }
  if (good == 0) {
    file_.reset(std::fopen(path_.c_str(), "wb"));
  } else {
    std::filesystem::resize_file(path_, good);
    file_.reset(std::fopen(path_.c_str(), "ab"));
  }
  if (!file_)
    fail_input("{}: cannot be written: {}", path_.string(), std::generic_category().message(errno));
  if (good == 0) write(journal_head(configuration));
}

const sweep::Part* Journal::find(std::size_t pair, std::size_t block) const {
  const auto found =
      parts_.find({static_cast<std::uint32_t>(pair), static_cast<std::uint32_t>(block)});
  return found == parts_.end() ? nullptr : &found->second;
}

void Journal::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size() ||
      std::fflush(file_.get()) != 0) {
    fail_input(
        "{}: cannot be written: {}; finished parts are kept; free space and continue with --resume",
        path_.string(), std::generic_category().message(errno));
  }
}

void Journal::add(const sweep::Part& part) {
  const std::string bytes = to_bytes(part);
  const std::lock_guard lock(mutex_);
  write(bytes);
}

void Journal::remove() {
  file_.reset();
  std::filesystem::remove(path_);
}

}  // namespace gibbon::eval::runs
