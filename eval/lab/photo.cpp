// SPDX-License-Identifier: MIT
#include "eval/lab/photo.hpp"

#include <array>
#include <cmath>

#include "base/error.hpp"
#include "datasets/classes.hpp"
#include "datasets/image_io.hpp"
#include "datasets/pixels.hpp"
#include "eval/judge/judge.hpp"

namespace gibbon::eval::lab {
namespace {

using datasets::Picture;
using datasets::Shape;

std::size_t whole_root(std::size_t square) {
  const auto root = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(square))));
  return root * root == square ? root : 0;
}

/// The shape in which `inputs` numbers are a picture.
datasets::Shape shape_for(std::size_t inputs, const datasets::Picture& picture,
                          const std::string& name) {
  const std::size_t area = picture.height * picture.width;
  for (const std::size_t channels : {picture.channels, 4 - picture.channels}) {
    if (area * channels == inputs) return {picture.height, picture.width, channels, true};
  }
  if (const std::size_t side = whole_root(inputs); side > 0) return {side, side, 1, true};
  if (const std::size_t side = inputs % 3 == 0 ? whole_root(inputs / 3) : 0; side > 0) {
    return {side, side, 3, true};
  }
  fail_usage(
      "--image {}: the model takes {} inputs, which do not form a square image, grey or in colour; "
      "allowed is an image of exactly {} pixels, or {} in colour; crop it",
      name, inputs, inputs, inputs / 3);
}

std::string colours(std::size_t channels) { return channels == 1 ? "grey" : "colour"; }

std::string tell(const std::string& name, const datasets::Picture& picture,
                 const datasets::Shape& shape, Tones tones) {
  std::string text = fmt::format("{}: {} x {} {} pixels", name, picture.width, picture.height,
                                 colours(picture.channels));
  if (picture.height != shape.height || picture.width != shape.width) {
    const std::size_t side = std::min(picture.height, picture.width);
    if (picture.height != picture.width)
      text += fmt::format(", the middle {0} x {0} of them", side);
    text += fmt::format(", scaled to {} x {}", shape.width, shape.height);
  }
  if (picture.channels != shape.channels) text += ", turned " + colours(shape.channels);
  if (tones == Tones::kInverted) text += ", inverted";
  return text;
}

/// What was done to bring it to 8 opaque bits; "" for nothing.
std::string kind_of(const datasets::DeepPicture& read, datasets::Background background) {
  const bool white = background == datasets::Background::kWhite;
  std::string text;
  if (!read.levels.empty()) text += ", rounded from 16 bits to 8";
  if (read.transparent) text += fmt::format(", put on {}", white ? "white" : "black");
  if (read.ink_in_alpha) {
    text +=
        fmt::format(", where it is of one colour: try --background {}", white ? "black" : "white");
  }
  return text;
}

int label_of(const std::string& text, const std::vector<std::string>& class_names) {
  const std::optional<std::size_t> number = datasets::number_in(text);
  if (number && *number >= class_names.size()) {
    fail_usage("--label {}: outside [0, {}], the classes of the model", text,
               class_names.size() - 1);
  }
  return datasets::find_class("--label", text, class_names);
}

int answer(const models::Target& target, Rows x) {
  judge::Judge judge(*target.exact, target.output, 1);
  judge::Finding finding;
  const std::array label{0};
  judge.look(x, label, std::span(&finding, 1));
  return finding.label;
}

}  // namespace

Photo read_photo(const std::filesystem::path& path, const models::Target& target,
                 const PhotoOptions& options) {
  datasets::DeepPicture read = datasets::read_deep_picture(path, options.background);
  const std::string kind = kind_of(read, options.background);
  const datasets::Picture picture = datasets::to_8bit(std::move(read));
  const std::string name = path.filename().string();
  const datasets::Shape shape = target.shape ? datasets::Shape{.height = target.shape->height,
                                                               .width = target.shape->width,
                                                               .channels = target.shape->channels,
                                                               .image = true}
                                             : shape_for(target.input_dim(), picture, name);
  datasets::Picture fitted = datasets::fit(picture, shape);
  if (options.tones == Tones::kInverted) {
    for (std::uint8_t& level : fitted.pixels) level = static_cast<std::uint8_t>(255 - level);
  }
  const std::size_t classes = target.num_classes();
  if (!options.class_names.empty() && options.class_names.size() > classes) {
    fail_usage(
        "--data: it has {} classes, but the model {}; omit it, or give the data the model was "
        "trained on",
        options.class_names.size(), classes);
  }
  Photo photo{.data = {.name = name,
                       .split = "picture",
                       .images = datasets::to_unit_range(fitted.pixels, 1),
                       .ids = datasets::positions(1),
                       .shape = shape,
                       .class_names = options.class_names,
                       .range = {}},
              .told = tell(name, picture, shape, options.tones) + kind};
  for (std::size_t c = photo.data.class_names.size(); c < classes; ++c) {
    photo.data.class_names.push_back(std::to_string(c));
  }
  const int answered = answer(target, photo.data.images.view());
  photo.data.labels = {options.label ? label_of(*options.label, photo.data.class_names) : answered};
  photo.told += fmt::format("; the model predicts {}",
                            photo.data.class_names[static_cast<std::size_t>(answered)]);
  if (answered != photo.data.labels[0]) {
    fail_usage(
        "--label {}: the model predicts {} without attack; allowed is an image that it gets "
        "right; omit --label to attack its prediction{}",
        *options.label, photo.data.class_names[static_cast<std::size_t>(answered)],
        options.tones == Tones::kInverted ? "" : ", or try --invert (MNIST is white on black)");
  }
  photo.data.sha256 = datasets::content_sha256(datasets::to_text(fitted.pixels), photo.data.labels);
  return photo;
}

}  // namespace gibbon::eval::lab
