// SPDX-License-Identifier: MIT
#include "datasets/cifar.hpp"

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/sha256.hpp"
#include "datasets/pixels.hpp"

namespace gibbon::datasets {

void parse_cifar(std::string_view bytes, std::size_t classes, const std::filesystem::path& path,
                 CifarRecords& out) {
  constexpr std::size_t kPixels = kCifarSide * kCifarSide;
  constexpr std::size_t kRecord = 1 + 3 * kPixels;
  if (bytes.empty() || bytes.size() % kRecord != 0) {
    fail_input("{}: {} bytes, which are no whole records of {} bytes; fetch it again",
               path.string(), bytes.size(), kRecord);
  }
  out.pixels.reserve(out.pixels.size() + bytes.size());
  for (std::size_t at = 0; at < bytes.size(); at += kRecord) {
    const auto label = static_cast<unsigned char>(bytes[at]);
    if (label >= classes) {
      fail_input("{}: record {} has label {}; allowed are 0 to {}", path.string(), at / kRecord,
                 label, classes - 1);
    }
    out.labels.push_back(label);
    for (std::size_t pixel = 0; pixel < kPixels; ++pixel) {
      for (std::size_t channel = 0; channel < 3; ++channel)
        out.pixels.push_back(bytes[at + 1 + channel * kPixels + pixel]);
    }
  }
}

std::vector<std::string> cifar10_names() {
  return {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
}

Dataset read_cifar10(const std::vector<std::filesystem::path>& files) {
  std::vector<std::string> classes = cifar10_names();
  CifarRecords records;
  Sha256 hash;
  for (const std::filesystem::path& path : files) {
    const std::string bytes = read_file(path);
    hash.update(bytes);
    parse_cifar(bytes, classes.size(), path, records);
  }
  const std::size_t count = records.labels.size();
  return {.images = to_unit_range(to_bytes(records.pixels), count),
          .labels = std::move(records.labels),
          .ids = positions(count),
          .shape = {.height = kCifarSide, .width = kCifarSide, .channels = 3, .image = true},
          .class_names = std::move(classes),
          .range = {},
          .sha256 = hash.hex()};
}

void unpack_cifar(const std::filesystem::path& archive) {
  run_command({"tar", "--extract", "--gzip", "--file", archive.filename().string(),
               "--strip-components=1", "--no-same-owner", "--wildcards", "*/*.bin"},
              archive.parent_path(), [] {});
}

}  // namespace gibbon::datasets
