// SPDX-License-Identifier: MIT
#include "datasets/folder.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/rng.hpp"
#include "datasets/classes.hpp"
#include "datasets/image_io.hpp"
#include "datasets/pixels.hpp"
#include "datasets/split.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {
namespace {

std::string lower_extension(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension;
}

bool is_picture(const fs::path& path) {
  const std::string extension = lower_extension(path);
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

struct NamesInOrder {
  bool operator()(const std::string& a, const std::string& b) const { return class_before(a, b); }
};
using Names = std::set<std::string, NamesInOrder>;
using Classes = std::map<std::string, std::vector<fs::path>, NamesInOrder>;  // pictures

/// What the subfolders of a folder hold.
struct Found {
  Classes classes;
  std::vector<fs::path> skipped;  ///< in class folders or beside them, and not read
  std::vector<fs::path> ignored;  ///< subfolders that are no class
};

/// A format people keep pictures in, though it is not read here.
bool is_foreign_picture(const fs::path& path) {
  static const std::set<std::string> kFormats{".bmp",  ".gif", ".tif", ".tiff", ".webp",
                                              ".ppm",  ".pgm", ".pnm", ".jp2",  ".heic",
                                              ".avif", ".npy", ".jpe", ".jfif"};
  return kFormats.contains(lower_extension(path));
}

/// Classes are the subfolders with pictures, and empty ones: they keep their place in the order.
Found find_classes(const fs::path& folder) {
  Found found;
  for (const fs::path& path : entries(folder)) {
    if (!is_folder(path)) {
      if (is_picture(path) || is_foreign_picture(path)) found.skipped.push_back(path);
      continue;
    }
    std::vector<fs::path> pictures = entries(path);
    const bool empty = pictures.empty();
    const auto others =
        std::stable_partition(pictures.begin(), pictures.end(),
                              [](const fs::path& p) { return is_picture(p) && !is_folder(p); });
    const std::vector<fs::path> skipped(others, pictures.end());
    pictures.erase(others, pictures.end());
    if (pictures.empty() && !empty &&
        std::none_of(skipped.begin(), skipped.end(), is_foreign_picture)) {
      found.ignored.push_back(path);
      continue;
    }
    found.skipped.insert(found.skipped.end(), skipped.begin(), skipped.end());
    found.classes.emplace(path.filename().string(), std::move(pictures));
  }
  return found;
}

struct Sample {
  fs::path path;
  int label = 0;
};

struct Listing {
  std::vector<std::string> class_names;
  std::vector<Sample> samples;
  std::vector<std::string> notes;
};

/// One fifth of the pictures, whatever else is in the folder.
bool is_test(const fs::path& picture, const fs::path& folder) {
  const std::string key = picture.lexically_relative(folder).generic_string();
  return Rng(0, 0, "folder-split/" + key).below(5) == 0;
}

/// What was left out, in sentences.
void note_skipped(const fs::path& folder, const Found& found, std::vector<std::string>& notes) {
  std::size_t files = found.skipped.size();
  for (const auto& entry : found.classes) files += entry.second.size();
  const auto relative = [&](const fs::path& path) {
    return path.lexically_relative(folder).generic_string();
  };
  if (!found.skipped.empty()) {
    notes.push_back(fmt::format(
        "{} of {} files of {} are not .png, .jpg or .jpeg files in a class folder and are left "
        "out, e.g. {}.",
        found.skipped.size(), files, folder.string(), relative(found.skipped.front())));
  }
  if (!found.ignored.empty()) {
    notes.push_back(fmt::format("{} of {} holds no pictures and is not taken as a class{}.",
                                relative(found.ignored.front()), folder.string(),
                                found.ignored.size() == 1
                                    ? std::string()
                                    : fmt::format("; nor are {} more", found.ignored.size() - 1)));
  }
}

/// The order of the classes, unless the names are the labels.
void note_order(const fs::path& folder, const std::vector<std::string>& names,
                std::vector<std::string>& notes) {
  bool numbers = true;
  bool labels = true;
  for (std::size_t c = 0; c < names.size(); ++c) {
    const auto number = number_in(names[c]);
    numbers = numbers && number.has_value();
    labels = labels && number == c;
  }
  if (!labels && numbers) {
    notes.push_back(fmt::format(
        "The folders of {} are not numbered from 0 on: classes are counted in their order ({}), or "
        "are these numbers for a model of more classes.",
        folder.string(), class_order(names)));
  } else if (!labels) {
    notes.push_back(
        fmt::format("The classes of {} are its folders in the order of their names: {}. A model "
                    "trained with another order is judged wrongly.",
                    folder.string(), class_order(names)));
  } else if (!std::is_sorted(names.begin(), names.end())) {
    notes.push_back(fmt::format(
        "The folders of {} are ordered as numbers, 2 before 10; torchvision's ImageFolder orders "
        "them as texts, 10 before 2.",
        folder.string()));
  }
}

/// Classes without a picture in this split.
void note_empty(const Listing& listing, const fs::path& folder, const std::string& split,
                std::vector<std::string>& notes) {
  std::vector<std::string> empty;
  for (std::size_t c = 0; c < listing.class_names.size(); ++c) {
    if (std::none_of(listing.samples.begin(), listing.samples.end(),
                     [&](const Sample& sample) { return sample.label == static_cast<int>(c); })) {
      empty.push_back(listing.class_names[c]);
    }
  }
  if (empty.empty()) return;
  notes.push_back(fmt::format("{} of the {} classes of {} have no picture in the {} split: {}.",
                              empty.size(), listing.class_names.size(), folder.string(), split,
                              fmt::join(empty, ", ")));
}

Listing list_split(const fs::path& folder, const std::string& split) {
  const bool divided = is_folder(folder / "train") || is_folder(folder / "test");
  if (divided && !is_folder(folder / split)) {
    fail_input("{}: has no subfolder {}/ for that split; add it, or take the other split",
               folder.string(), split);
  }
  Names names;  // of both splits, so that labels mean the same in both
  Found found;
  for (const char* part : {"train", "test"}) {
    if (divided && !is_folder(folder / part)) continue;
    Found there = find_classes(divided ? folder / part : folder);
    for (const auto& entry : there.classes) names.insert(entry.first);
    if (!divided || split == part) found = std::move(there);
  }
  if (names.empty()) {
    fail_input(
        "{}: no subfolder with pictures; each class needs one, as {}/class-name/*.png, *.jpg or "
        "*.jpeg; move the pictures there",
        folder.string(), divided ? split : "folder");
  }
  Listing listing{.class_names = {names.begin(), names.end()}};
  std::size_t pictures = 0;
  for (const auto& [name, paths] : found.classes) {
    const auto label = std::distance(names.begin(), names.find(name));
    pictures += paths.size();
    for (const fs::path& picture : paths) {
      if (!divided && is_test(picture, folder) != (split == "test")) continue;
      listing.samples.push_back({.path = picture, .label = static_cast<int>(label)});
    }
  }
  if (listing.samples.empty()) {
    fail_input("{}: the split '{}' is empty: no pictures; add some, or take the other split",
               folder.string(), split);
  }
  note_skipped(folder, found, listing.notes);
  if (!divided) {
    listing.notes.push_back(fmt::format(
        "{} has no train/ and test/: one picture in five, by a hash of its name, is the test "
        "split. The {} split has {} of {}.",
        folder.string(), split, listing.samples.size(), pictures));
  }
  note_order(folder, listing.class_names, listing.notes);
  note_empty(listing, folder, split, listing.notes);
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
          .sha256 = std::move(sha256),
          .notes = std::move(listing.notes),
          .named_by_folders = true};
}

}  // namespace gibbon::datasets
