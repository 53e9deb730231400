// SPDX-License-Identifier: MIT
// Digits: the sheet of 5,000 handwritten digits that comes with OpenCV's examples: a small set with
// the format of MNIST that every Debian mirror holds.
//
// Source    opencv/samples/data/digits.png, Debian package opencv-doc; Apache 2.0
// Sheet     2000 x 1000 grey pixels, white on black: 50 rows of 100 cells of 20 x 20; digit c fills
//           the rows 5c to 5c + 4
// Image     the cell in a black field of 28 x 28, its centre of mass as near to pixel (14, 14),
//           where MNIST has it, as whole pixels and the border allow
// Split     of each digit 400 cells are train and 100 test, drawn by a keyed shuffle; sample n is
//           of digit n mod 10, so that every prefix holds all digits
#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/ranges.h>
#include <numeric>
#include <unistd.h>
#include <utility>

#include "base/command.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/rng.hpp"
#include "base/sha256.hpp"
#include "base/temporary_folder.hpp"
#include "datasets/dataset.hpp"
#include "datasets/idx_source.hpp"
#include "datasets/image_io.hpp"
#include "datasets/pixels.hpp"
#include "datasets/split.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {
namespace {

constexpr std::string_view kName = "digits";
constexpr const char* kFile = "digits.png";
constexpr const char* kInstalled = "/usr/share/doc/opencv-doc/examples/data/digits.png";
constexpr std::string_view kSha256 =
    "60c917758ef97cc090f35cd8e293e4de691ef942847da0ff80dedab33d57c662";
constexpr std::size_t kCell = 20;   // pixels
constexpr std::size_t kField = 28;  // pixels
constexpr std::size_t kCellsPerRow = 100;
constexpr std::size_t kCellsPerClass = 500;
constexpr std::size_t kTestPerClass = 100;
constexpr std::size_t kClasses = 10;
constexpr std::size_t kHeight = kCell * kClasses * kCellsPerClass / kCellsPerRow;
constexpr std::size_t kWidth = kCell * kCellsPerRow;

fs::path find_sheet(const Request& request) {
  std::vector<std::string> tried;
  for (const fs::path& folder : search_path(request)) {
    tried.push_back((folder / kName / kFile).string());
  }
  if (request.data_dir.empty()) tried.emplace_back(kInstalled);
  for (const std::string& path : tried) {
    std::error_code unreachable;
    if (fs::exists(path, unreachable)) return path;
  }
  fail_input(
      "{}: the sheet of digits was not found:\n  {}\nrun `gibbon data fetch {}`, install the "
      "package opencv-doc, or set --data-dir or $GIBBON_DATA to the folder that contains {}/",
      kName, fmt::join(tried, "\n  "), kName, kName);
}

Picture read_sheet(const fs::path& path) {
  Picture sheet = read_picture(path, 1);
  if (sheet.height != kHeight || sheet.width != kWidth) {
    fail_input(
        "{}: {} x {} pixels (height x width); the sheet of digits has {} x {}; run `gibbon "
        "data fetch {}`",
        path.string(), sheet.height, sheet.width, kHeight, kWidth, kName);
  }
  return sheet;
}

/// Where the cell begins in the field, along one axis: `mass[i]` is the sum of line i.
std::size_t offset(const std::array<std::uint64_t, kCell>& mass) {
  constexpr double kCentre = kField / 2.0;
  double total = 0.0;
  double moment = 0.0;
  for (std::size_t i = 0; i < kCell; ++i) {
    total += static_cast<double>(mass.at(i));
    moment += static_cast<double>(i * mass.at(i));
  }
  const double centre = total > 0.0 ? moment / total : kCell / 2.0;
  return static_cast<std::size_t>(
      std::clamp(std::round(kCentre - centre), 0.0, double{kField - kCell}));
}

/// Copies one cell into its black field of kField × kField pixels.
void place(const Picture& sheet, std::size_t cell, std::span<std::uint8_t> field) {
  const std::uint8_t* corner =
      sheet.pixels.data() + cell / kCellsPerRow * kCell * sheet.width + cell % kCellsPerRow * kCell;
  std::array<std::uint64_t, kCell> rows{};
  std::array<std::uint64_t, kCell> columns{};
  for (std::size_t y = 0; y < kCell; ++y) {
    for (std::size_t x = 0; x < kCell; ++x) {
      rows.at(y) += corner[y * sheet.width + x];
      columns.at(x) += corner[y * sheet.width + x];
    }
  }
  const std::size_t top = offset(rows);
  const std::size_t left = offset(columns);
  for (std::size_t y = 0; y < kCell; ++y) {
    std::copy_n(corner + y * sheet.width, kCell,
                field.begin() + static_cast<std::ptrdiff_t>((top + y) * kField + left));
  }
}

/// The cells of one digit that belong to the split, in its order.
std::vector<std::size_t> cells_of(std::size_t digit, const std::string& split) {
  std::vector<std::size_t> cells(kCellsPerClass);
  std::iota(cells.begin(), cells.end(), digit * kCellsPerClass);
  Rng rng(0, digit, "digits-split");
  shuffle(cells, rng);
  const auto border = cells.begin() + kTestPerClass;
  return split == "test" ? std::vector(cells.begin(), border) : std::vector(border, cells.end());
}

Dataset load_digits(const Request& request) {
  require_split(kName, request.split);
  const Picture sheet = read_sheet(find_sheet(request));
  std::vector<std::vector<std::size_t>> cells;
  for (std::size_t digit = 0; digit < kClasses; ++digit) {
    cells.push_back(cells_of(digit, request.split));
  }
  const std::size_t count = kClasses * cells.front().size();
  std::vector<std::uint8_t> pixels(count * kField * kField);
  std::vector<int> labels;
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t digit = n % kClasses;
    place(sheet, cells[digit][n / kClasses],
          std::span(pixels).subspan(n * kField * kField, kField * kField));
    labels.push_back(static_cast<int>(digit));
  }
  std::string sha256 = content_sha256(to_text(pixels), labels);
  return {.name = std::string(kName),
          .split = request.split,
          .images = to_unit_range(pixels, count),
          .labels = std::move(labels),
          .ids = positions(count),
          .shape = {.height = kField, .width = kField, .channels = 1, .image = true},
          .class_names = digit_names(),
          .range = {},
          .sha256 = std::move(sha256)};
}

/// Downloads the Debian package into `folder` and returns its path.
fs::path download_package(const fs::path& folder, const Progress& progress) {
  const auto package = [&]() -> fs::path {
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      if (it->path().filename().string().starts_with("opencv-doc")) return it->path();
    }
    return {};
  };
  const auto report = [&] {
    std::error_code not_yet;
    const std::uintmax_t size = fs::file_size(package(), not_yet);
    if (progress && !not_yet) progress("package opencv-doc", size, 0);
  };
  std::vector<std::string> words{"apt-get", "--quiet", "download", "opencv-doc"};
  // apt would drop its privileges to a user who may not write into this folder.
  if (::geteuid() == 0) words.insert(words.begin() + 1, {"-o", "APT::Sandbox::User=root"});
  run_command(words, folder, report);
  return package();
}

void fetch_digits(const fs::path& folder, const Progress& progress) {
  const fs::path target = folder / kName / kFile;
  require_writable_folder(target.parent_path());
  const TemporaryFolder work;
  try {
    const fs::path package = download_package(work.path(), progress);
    run_command({"sh", "-c",
                 "dpkg-deb --fsys-tarfile \"$1\" | tar -xO --wildcards '*/digits.png' >digits.png",
                 "sh", package.string()},
                work.path(), [] {});
  } catch (const Error& error) {
    fail_input("{}\nrun `apt-get update` first, or put OpenCV's samples/data/digits.png at {}",
               error.what(), target.string());
  }
  const std::string sheet = read_file(work.path() / kFile);
  const std::string found = sha256_hex(sheet);
  if (found != kSha256) {
    fail_input(
        "digits.png of package opencv-doc: SHA-256 {} instead of {}: another version of the "
        "sheet; put OpenCV 4.6's samples/data/digits.png at {}",
        found, kSha256, target.string());
  }
  write_atomically(target, sheet);
  if (progress) progress(kFile, sheet.size(), sheet.size());
}

}  // namespace

const SourceInfo& digits_info() {
  static constexpr SourceInfo kInfo{
      .name = kName,
      .summary = "handwritten digits, 4000 train and 1000 test, 28 x 28 grey, 10 classes",
      .source = "OpenCV's samples/data/digits.png, Debian package opencv-doc, Apache 2.0",
      .load = &load_digits,
      .fetch = &fetch_digits};
  return kInfo;
}

}  // namespace gibbon::datasets
