#include "datasets/folder.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <map>
#include <set>
#include <utility>

#include "datasets/error.hpp"
#include "datasets/image_io.hpp"
#include "datasets/pixels.hpp"
#include "datasets/rng.hpp"
#include "datasets/split.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {
namespace {

bool is_picture(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

bool is_folder(const fs::path& path) {
  std::error_code unreachable;
  return fs::is_directory(path, unreachable);
}

/// What is in the folder, hidden entries left out, by name.
std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (!it->path().filename().string().starts_with('.')) paths.push_back(it->path());
  }
  if (error) {
    fail_input("{}: cannot be listed: {}; check the path and its permissions", folder.string(),
               error.message());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

using Classes = std::map<std::string, std::vector<fs::path>>;  // pictures by name of the class

/// Every subfolder that holds pictures.
Classes find_classes(const fs::path& folder) {
  Classes classes;
  for (const fs::path& path : entries(folder)) {
    if (!is_folder(path)) continue;
    std::vector<fs::path> pictures = entries(path);
    std::erase_if(pictures, [](const fs::path& p) { return !is_picture(p); });
    if (!pictures.empty()) classes.emplace(path.filename().string(), std::move(pictures));
  }
  return classes;
}

struct Sample {
  fs::path path;
  int label = 0;
};

struct Listing {
  std::vector<std::string> class_names;
  std::vector<Sample> samples;
};

/// One fifth of the pictures, whatever else is in the folder.
bool is_test(const fs::path& picture, const fs::path& folder) {
  const std::string key = picture.lexically_relative(folder).generic_string();
  return Rng(0, 0, "folder-split/" + key).below(5) == 0;
}

Listing list_split(const fs::path& folder, const std::string& split) {
  const bool divided = is_folder(folder / "train") || is_folder(folder / "test");
  if (divided && !is_folder(folder / split)) {
    fail_input("{}: has no subfolder {}/ for that split; add it, or take the other split",
               folder.string(), split);
  }
  std::set<std::string> names;  // of both splits, so that labels mean the same in both
  Classes classes;
  for (const char* part : {"train", "test"}) {
    if (divided && !is_folder(folder / part)) continue;
    Classes found = find_classes(divided ? folder / part : folder);
    for (const auto& entry : found) names.insert(entry.first);
    if (!divided || split == part) classes = std::move(found);
  }
  if (names.size() < 2) {
    fail_input(
        "{}: {} subfolders with pictures; at least 2 classes are needed, as "
        "{}/class-name/*.png, *.jpg or *.jpeg; move the pictures there",
        folder.string(), names.size(), divided ? split : "folder");
  }
  Listing listing{.class_names = {names.begin(), names.end()}};
  for (const auto& [name, pictures] : classes) {
    const auto label = std::distance(names.begin(), names.find(name));
    for (const fs::path& picture : pictures) {
      if (!divided && is_test(picture, folder) != (split == "test")) continue;
      listing.samples.push_back({.path = picture, .label = static_cast<int>(label)});
    }
  }
  if (listing.samples.empty()) {
    fail_input("{}: the split '{}' is empty: no pictures; add some, or take the other split",
               folder.string(), split);
  }
  return listing;
}

/// Grey pixels three times over.
void add_colour(Picture& picture) {
  if (picture.channels == 3) return;
  std::vector<std::uint8_t> pixels;
  pixels.reserve(3 * picture.pixels.size());
  for (const std::uint8_t grey : picture.pixels) pixels.insert(pixels.end(), 3, grey);
  picture.pixels = std::move(pixels);
  picture.channels = 3;
}

std::vector<Picture> read_all(const std::vector<Sample>& samples) {
  std::vector<Picture> pictures;
  for (const Sample& sample : samples) {
    pictures.push_back(read_picture(sample.path, 0));
    const Picture& first = pictures.front();
    const Picture& last = pictures.back();
    if (last.height != first.height || last.width != first.width) {
      fail_input(
          "{}: {} x {} pixels, but {} has {} x {}; all pictures must have one size; scale "
          "or remove it",
          sample.path.string(), last.height, last.width, samples.front().path.string(),
          first.height, first.width);
    }
  }
  const bool colour = std::any_of(pictures.begin(), pictures.end(),
                                  [](const Picture& picture) { return picture.channels == 3; });
  if (colour) std::for_each(pictures.begin(), pictures.end(), add_colour);
  return pictures;
}

}  // namespace

Dataset load_folder(const fs::path& folder, const Request& request) {
  require_split(folder.string(), request.split);
  if (!is_folder(folder)) {
    fail_input("{}: is not a folder that exists; name one that holds class-name/*.png",
               folder.string());
  }
  Listing listing = list_split(folder, request.split);
  const std::vector<Picture> pictures = read_all(listing.samples);
  std::vector<std::uint8_t> pixels;
  std::vector<int> labels;
  for (std::size_t n = 0; n < pictures.size(); ++n) {
    pixels.insert(pixels.end(), pictures[n].pixels.begin(), pictures[n].pixels.end());
    labels.push_back(listing.samples[n].label);
  }
  const Picture& first = pictures.front();
  std::string sha256 = content_sha256(to_text(pixels), labels);
  return {.name = folder.string(),
          .split = request.split,
          .images = to_unit_range(pixels, pictures.size()),
          .labels = std::move(labels),
          .ids = positions(pictures.size()),
          .shape = {.height = first.height,
                    .width = first.width,
                    .channels = first.channels,
                    .image = true},
          .class_names = std::move(listing.class_names),
          .range = {},
          .sha256 = std::move(sha256)};
}

}  // namespace gibbon::datasets
