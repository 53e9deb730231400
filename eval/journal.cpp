#include "eval/journal.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>
#include <type_traits>
#include <zlib.h>

#include "datasets/error.hpp"
#include "datasets/files.hpp"

// The file: a line of magic, a line of JSON (the configuration), then parts. A part is two numbers
// of 32 bits, length and CRC-32 of what follows, and a zlib stream: its length when inflated (64
// bits), then the fields one after the other as they lie in memory. Only the program that wrote it
// reads it, so no other layout has to be understood.
namespace gibbon::eval {
namespace {

constexpr std::string_view kMagic = "gibbon journal 1\n";

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
    if (size > bytes_.size() / sizeof(Type)) throw std::length_error("journal");
    values.resize(size);
    take(values.data(), size * sizeof(Type));
  }

 private:
  void take(void* to, std::size_t count) {
    if (count > bytes_.size()) throw std::length_error("journal");
    if (count > 0) std::memcpy(to, bytes_.data(), count);
    bytes_.remove_prefix(count);
  }
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

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::string deflated(const std::string& bytes) {
  const std::uint64_t size = bytes.size();
  uLongf length = compressBound(bytes.size());
  std::string out(sizeof(size) + length, '\0');
  std::memcpy(out.data(), &size, sizeof(size));
  compress2(reinterpret_cast<Bytef*>(out.data() + sizeof(size)), &length,
            reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), 1);
  out.resize(sizeof(size) + length);
  return out;
}

std::string inflated(std::string_view bytes) {
  std::uint64_t size = 0;
  if (bytes.size() < sizeof(size)) throw std::length_error("journal");
  std::memcpy(&size, bytes.data(), sizeof(size));
  bytes.remove_prefix(sizeof(size));
  std::string out(size, '\0');
  uLongf length = size;
  if (uncompress(reinterpret_cast<Bytef*>(out.data()), &length,
                 reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()) != Z_OK ||
      length != size) {
    throw std::length_error("journal");
  }
  return out;
}

/// "threads = 3, it was 2" of the first difference; empty when there is none.
std::string difference(const nlohmann::ordered_json& now, const nlohmann::ordered_json& before) {
  for (const auto& [key, value] : now.items()) {
    const auto old = before.find(key);
    if (old == before.end() || *old != value) {
      return fmt::format("{} is {}, it was {}", key, value.dump(),
                         old == before.end() ? "absent" : old->dump());
    }
  }
  return {};
}

}  // namespace

Journal::Journal(std::filesystem::path path, const nlohmann::ordered_json& configuration,
                 bool resume)
    : path_(std::move(path)) {
  const std::string head = fmt::format("{}{}\n", kMagic, configuration.dump());
  std::size_t good = 0;  // bytes of the file that hold
  if (resume && std::filesystem::exists(path_)) {
    const std::string bytes = read_file(path_);
    const std::size_t line = bytes.find('\n', kMagic.size());
    if (bytes.starts_with(kMagic) && line != std::string::npos) {
      const std::string before = bytes.substr(kMagic.size(), line - kMagic.size());
      const auto json = nlohmann::ordered_json::parse(before, nullptr, false);
      const std::string what = json.is_discarded() ? std::string("its configuration is damaged")
                                                   : difference(configuration, json);
      if (!what.empty()) {
        fail_usage(
            "{}: --resume goes on with the very same sweep only: {}; repeat the command it was "
            "started with, or start anew with --force",
            path_.string(), what);
      }
      good = line + 1;
      std::string_view rest = std::string_view(bytes).substr(good);
      while (rest.size() >= 8) {
        std::uint32_t length = 0;
        std::uint32_t sum = 0;
        std::memcpy(&length, rest.data(), sizeof(length));
        std::memcpy(&sum, rest.data() + sizeof(length), sizeof(sum));
        if (rest.size() - 8 < length || checksum(rest.substr(8, length)) != sum) break;
        JournalPart part;
        const std::string plain = inflated(rest.substr(8, length));
        Unpacker unpacker(plain);
        each_field(part, unpacker);
        const std::pair key{part.pair, part.block};
        parts_.insert_or_assign(key, std::move(part));
        rest.remove_prefix(8 + length);
        good = bytes.size() - rest.size();
      }
    }
  }
  if (good == 0) {
    file_.reset(std::fopen(path_.c_str(), "wb"));
  } else {
    std::filesystem::resize_file(path_, good);
    file_.reset(std::fopen(path_.c_str(), "ab"));
  }
  if (!file_)
    fail_input("{}: cannot be written: {}", path_.string(), std::generic_category().message(errno));
  if (good == 0) write(head);
}

const JournalPart* Journal::find(std::size_t pair, std::size_t block) const {
  const auto found =
      parts_.find({static_cast<std::uint32_t>(pair), static_cast<std::uint32_t>(block)});
  return found == parts_.end() ? nullptr : &found->second;
}

void Journal::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size() ||
      std::fflush(file_.get()) != 0) {
    fail_input(
        "{}: cannot be written: {}; what was finished before is kept, make room and go on "
        "with --resume",
        path_.string(), std::generic_category().message(errno));
  }
}

void Journal::add(const JournalPart& part) {
  Packer packer;
  each_field(part, packer);
  const std::string body = deflated(packer.bytes());
  std::string bytes;
  const auto length = static_cast<std::uint32_t>(body.size());
  const std::uint32_t sum = checksum(body);
  bytes.append(reinterpret_cast<const char*>(&length), sizeof(length));
  bytes.append(reinterpret_cast<const char*>(&sum), sizeof(sum));
  bytes += body;
  const std::lock_guard lock(mutex_);
  write(bytes);
}

void Journal::remove() {
  file_.reset();
  std::filesystem::remove(path_);
}

}  // namespace gibbon::eval
