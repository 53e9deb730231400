// SPDX-License-Identifier: MIT
#include "datasets/folder.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/rng.hpp"
#include "datasets/classes.hpp"
#include "datasets/image_io.hpp"
#include "datasets/paths.hpp"
#include "datasets/pixels.hpp"
#include "datasets/split.hpp"

namespace fs = std::filesystem;

namespace gibbon::datasets {
namespace {

bool is_picture(const fs::path& path) {
  static const std::set<std::string> kFormats{".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp",
                                              ".bmp", ".tif", ".tiff", ".ppm", ".pgm",  ".pnm"};
  return kFormats.contains(lower_extension(path));
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
  static const std::set<std::string> kFormats{".gif", ".jp2", ".heic", ".avif", ".svg", ".npy"};
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
    notes.push_back(
        fmt::format("{} of {} files of {} are not PNG, JPEG, WebP, BMP, TIFF or PNM files in a "
                    "class folder and "
                    "are left out, e.g. {}.",
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
        "{}: no subfolder with pictures; each class needs one, as {}/class-name/*.png, *.jpg, "
        "…; move the pictures there",
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

/// Every value three times over, of a grey picture.
template <class Level>
void triple(std::vector<Level>& levels) {
  std::vector<Level> out;
  out.reserve(3 * levels.size());
  for (const Level grey : levels) out.insert(out.end(), 3, grey);
  levels = std::move(out);
}

/// Every third value, of a picture with three equal channels.
template <class Level>
void thin(std::vector<Level>& levels) {
  for (std::size_t k = 0; 3 * k < levels.size(); ++k) levels[k] = levels[3 * k];
  levels.resize(levels.size() / 3);
}

template <class Level>
bool are_grey(const std::vector<Level>& levels) {
  for (std::size_t k = 0; k + 2 < levels.size(); k += 3)
    if (levels[k] != levels[k + 1] || levels[k] != levels[k + 2]) return false;
  return true;
}

/// One channel for all where no picture has colour, else three for all.
void equalise_channels(std::vector<DeepPicture>& pictures, const fs::path& folder,
                       std::vector<std::string>& notes) {
  const auto in_colour =
      std::ranges::count_if(pictures, [](const DeepPicture& p) { return p.picture.channels == 3; });
  if (in_colour == 0) return;
  const bool grey = std::ranges::all_of(pictures, [](const DeepPicture& p) {
    return p.picture.channels == 1 || (are_grey(p.picture.pixels) && are_grey(p.levels));
  });
  for (DeepPicture& p : pictures) {
    if ((p.picture.channels == 1) == grey) continue;
    if (grey) {
      thin(p.picture.pixels);
      thin(p.levels);
    } else {
      triple(p.picture.pixels);
      triple(p.levels);
    }
    p.picture.channels = grey ? 1 : 3;
  }
  if (grey) {
    notes.push_back(fmt::format(
        "{} of {} pictures of {} are stored in colour, and red, green and blue are equal in all of "
        "them: taken as grey.",
        in_colour, pictures.size(), folder.string()));
  }
}

/// What transparency and depth made of them.
void note_kinds(const std::vector<DeepPicture>& pictures, const fs::path& folder,
                Background background, std::vector<std::string>& notes) {
  const auto transparent = std::ranges::count_if(pictures, &DeepPicture::transparent);
  if (transparent > 0) {
    const bool white = background == Background::kWhite;
    notes.push_back(
        fmt::format("{} of {} pictures of {} have transparent pixels: put on {} (--background {} "
                    "for the other).",
                    transparent, pictures.size(), folder.string(), white ? "white" : "black",
                    white ? "black" : "white"));
  }
  const auto hidden = std::ranges::count_if(pictures, &DeepPicture::ink_in_alpha);
  if (hidden > 0) {
    notes.push_back(
        fmt::format("{} of {} pictures of {} are of one colour on this background: what "
                    "they show lies "
                    "in their transparency; try --background {}.",
                    hidden, pictures.size(), folder.string(),
                    background == Background::kWhite ? "black" : "white"));
  }
  const auto deep =
      std::ranges::count_if(pictures, [](const DeepPicture& p) { return !p.levels.empty(); });
  if (deep > 0) {
    notes.push_back(fmt::format(
        "{} of {} pictures of {} have levels of 16 bits, which are kept: level / 65535.", deep,
        pictures.size(), folder.string()));
  }
}

std::vector<DeepPicture> read_all(const std::vector<Sample>& samples, const fs::path& folder,
                                  Background background, std::vector<std::string>& notes) {
  std::vector<DeepPicture> pictures;
  for (const Sample& sample : samples) {
    pictures.push_back(read_deep_picture(sample.path, background));
    const Picture& first = pictures.front().picture;
    const Picture& last = pictures.back().picture;
    if (last.height != first.height || last.width != first.width) {
      fail_input(
          "{}: {} x {} pixels, but {} has {} x {}; all pictures must have one size; scale "
          "or remove it",
          sample.path.string(), last.height, last.width, samples.front().path.string(),
          first.height, first.width);
    }
  }
  note_kinds(pictures, folder, background, notes);
  equalise_channels(pictures, folder, notes);
  return pictures;
}

/// Pixels in [0, 1], and their SHA-256 with the labels: of 8-bit levels where all have them.
void take_pixels(Dataset& data, const std::vector<DeepPicture>& pictures) {
  const bool deep =
      std::ranges::any_of(pictures, [](const DeepPicture& p) { return !p.levels.empty(); });
  data.ids = positions(pictures.size());
  if (!deep) {
    std::vector<std::uint8_t> pixels;
    for (const DeepPicture& p : pictures)
      pixels.insert(pixels.end(), p.picture.pixels.begin(), p.picture.pixels.end());
    data.sha256 = content_sha256(to_text(pixels), data.labels);
    data.images = to_unit_range(pixels, pictures.size());
    return;
  }
  data.images = Tensor(pictures.size(), data.shape.size());
  for (std::size_t n = 0; n < pictures.size(); ++n) {
    const MutableRow row = data.images.row(n);
    const DeepPicture& p = pictures[n];
    for (std::size_t d = 0; d < row.size(); ++d) {
      row[d] = p.levels.empty() ? static_cast<float>(p.picture.pixels[d]) / 255.0F
                                : static_cast<float>(p.levels[d]) / 65535.0F;
    }
  }
  const auto values = std::as_const(data.images).flat();
  data.sha256 = content_sha256({reinterpret_cast<const char*>(values.data()), values.size_bytes()},
                               data.labels);
}

}  // namespace

Dataset load_folder(const fs::path& folder, const Request& request) {
  require_split(folder.string(), request.split);
  if (!is_folder(folder)) {
    fail_input("{}: is not a folder that exists; name one that holds class-name/*.png",
               folder.string());
  }
  Listing listing = list_split(folder, request.split);
  const std::vector<DeepPicture> pictures =
      read_all(listing.samples, folder, request.background, listing.notes);
  const Picture& first = pictures.front().picture;
  Dataset data{.name = folder.string(),
               .split = request.split,
               .shape = {.height = first.height,
                         .width = first.width,
                         .channels = first.channels,
                         .image = true},
               .class_names = std::move(listing.class_names),
               .range = {},
               .notes = std::move(listing.notes),
               .naming = Naming::kFolders};
  for (const Sample& sample : listing.samples) data.labels.push_back(sample.label);
  take_pixels(data, pictures);
  return data;
}

}  // namespace gibbon::datasets
