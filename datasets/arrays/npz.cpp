// SPDX-License-Identifier: MIT
#include "datasets/arrays/npz.hpp"

#include <algorithm>
#include <fmt/ranges.h>
#include <memory>
#include <zip.h>

#include "base/error.hpp"
#include "base/limits.hpp"

// An .npz file is a zip archive of .npy files.
namespace gibbon::datasets::arrays {
namespace {

constexpr std::string_view kRemedy =
    "an .npz file of 'gibbon sweep --save' or numpy.savez is needed";

/// A member of the archive while it is read.
class Packed final : public ByteSource {
 public:
  Packed(zip_t* archive, zip_uint64_t index, std::string where)
      : where_(std::move(where)), file_(zip_fopen_index(archive, index, 0)) {
    if (!file_) fail_input("{}: cannot be read ({}); {}", where_, zip_strerror(archive), kRemedy);
  }

  std::string take(std::size_t count) override {
    std::string bytes;
    while (bytes.size() < count) {
      const std::size_t had = bytes.size();
      bytes.resize(std::min(count, std::max<std::size_t>(2 * had, kPiece)));
      const zip_int64_t got = zip_fread(file_.get(), bytes.data() + had, bytes.size() - had);
      if (got < 0) fail_input("{}: the archive is damaged; {}", where_, kRemedy);
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
  fail_input(".npz: cannot be packed: {}; save fewer samples",
             zip_error_strerror(zip_source_error(source)));
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
  fail_input("{}: {}; {}", path.string(), reason, kRemedy);
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
  if (!archive) fail_input("{}: {}; {}", name, reason, kRemedy);
  return archive;
}

}  // namespace

std::string to_npz(std::span<const NpyArray> arrays) {
  zip_error_t error;
  zip_error_init(&error);
  const auto fail = [&] {
    const std::string reason = zip_error_strerror(&error);
    zip_error_fini(&error);
    fail_input(".npz: cannot be packed: {}; save fewer samples", reason);
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
    fail_input(".npz: cannot be packed: {}; save fewer samples", reason);
  };
  std::vector<std::string> files;  // libzip reads them when the archive is closed
  files.reserve(arrays.size());
  for (const NpyArray& array : arrays) {
    files.push_back(to_npy(array));
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
  read(open_archive(path, ZIP_RDONLY | ZIP_CHECKCONS).get());
}

NpzFile::NpzFile(std::string_view bytes, const std::string& name) : path_(name) {
  read(open_archive(bytes, name).get());
}

void NpzFile::read(void* opened) {
  auto* const archive = static_cast<zip_t*>(opened);
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
    if ((about.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && about.encryption_method != ZIP_EM_NONE)
      fail_input("{}: it is encrypted; save it without a password", where(name));
    Packed packed(archive, index, where(name));
    Member member;
    try {
      member.array = read_npy(packed, where(name), room);
    } catch (const UnreadType& type) {
      member.unread = type.why;
    }
    member.array.name = name;
    room -= member.array.bytes.size();
    members_.push_back(std::move(member));
  }
}

std::string NpzFile::where(std::string_view name) const {
  return fmt::format("{}: {}", path_, name);
}

bool NpzFile::has(std::string_view name) const {
  return std::ranges::any_of(members_, [&](const Member& m) { return m.array.name == name; });
}

std::vector<std::string> NpzFile::names() const {
  std::vector<std::string> known;
  for (const Member& member : members_) known.push_back(member.array.name);
  return known;
}

const NpyArray& NpzFile::at(std::string_view name) const {
  for (const Member& member : members_) {
    if (member.array.name != name) continue;
    if (!member.unread.empty()) fail_input("{}: {}", where(name), member.unread);
    return member.array;
  }
  fail_input("{}: no array '{}'; found {}", path_, name, fmt::join(names(), ", "));
}

std::vector<double> NpzFile::numbers(std::string_view name) const {
  return arrays::numbers(at(name), where(name));
}

std::vector<float> NpzFile::floats(std::string_view name) const {
  return arrays::floats(at(name), where(name));
}

std::vector<std::string> NpzFile::texts(std::string_view name) const {
  return arrays::texts(at(name), where(name));
}

}  // namespace gibbon::datasets::arrays
