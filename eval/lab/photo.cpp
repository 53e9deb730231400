// SPDX-License-Identifier: MIT
#include "eval/lab/photo.hpp"

#include <array>
#include <cmath>

#include "base/error.hpp"
#include "datasets/classes.hpp"
#include "datasets/image_io.hpp"
#include "datasets/pixels.hpp"
#include "eval/judge/judge.hpp"
#include "reports/gallery/picture.hpp"
#include "reports/record/text.hpp"

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

std::string size_of(const std::string& name, const datasets::Picture& picture) {
  return fmt::format("{}: {} x {} {} pixels", name, picture.width, picture.height,
                     colours(picture.channels));
}

std::string tell(const std::string& name, const datasets::Picture& picture,
                 const datasets::Shape& shape, Tones tones) {
  std::string text = size_of(name, picture);
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

constexpr std::size_t kSide = datasets::kDigitSide;

/// A network of MNIST's digits, as far as anybody can tell.
bool reads_digits(const models::Target& target, const Shape& shape) {
  if (shape.height != kSide || shape.width != kSide || shape.channels != 1) return false;
  const auto data = target.metadata.find("gibbon.data.name");
  return data == target.metadata.end() || data->second == "mnist" ||
         data->second.find("digits") != std::string::npos;
}

bool wants_digit(const PhotoOptions& options, const models::Target& target, const Shape& shape,
                 const Picture& picture) {
  if (options.preparation == Preparation::kDigit) {
    if (options.tones == Tones::kInverted)
      fail_usage("--invert: not allowed with --prepare digit, which inverts where that is needed");
    if (shape.height == kSide && shape.width == kSide && shape.channels == 1) return true;
    fail_usage(
        "--prepare digit: makes {0} x {0} grey pixels, but the model takes {1} x {2} x {3}; "
        "omit it",
        kSide, shape.width, shape.height, shape.channels);
  }
  return options.preparation == Preparation::kAuto && options.tones == Tones::kAsTheyAre &&
         (picture.height != kSide || picture.width != kSide) && reads_digits(target, shape);
}

int label_of(const std::string& text, const std::vector<std::string>& class_names) {
  const std::optional<std::size_t> number = datasets::number_in(text);
  if (number && *number >= class_names.size()) {
    fail_usage("--label {}: outside [0, {}], the classes of the model", text,
               class_names.size() - 1);
  }
  return datasets::find_class("--label", text, class_names);
}

/// In the middle of a white square: all cells of a grid have one shape.
reports::record::Pixels on_square(const Picture& picture) {
  const std::size_t side = std::max(picture.height, picture.width);
  reports::record::Pixels out{.height = static_cast<std::uint32_t>(side),
                              .width = static_cast<std::uint32_t>(side),
                              .channels = 1,
                              .values = std::vector<std::uint8_t>(side * side, 255)};
  const std::size_t top = (side - picture.height) / 2;
  const std::size_t left = (side - picture.width) / 2;
  for (std::size_t row = 0; row < picture.height; ++row) {
    std::copy_n(picture.pixels.data() + row * picture.width, picture.width,
                out.values.data() + (top + row) * side + left);
  }
  return out;
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
  const bool digit = wants_digit(options, target, shape, picture);
  std::vector<datasets::DigitStep> steps;
  if (digit) steps = datasets::prepare_digit(picture, name);
  datasets::Picture fitted = digit ? steps.back().picture : datasets::fit(picture, shape);
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
              .told = (digit ? size_of(name, picture) + ", prepared as a digit of MNIST"
                             : tell(name, picture, shape, options.tones)) +
                      kind,
              .steps = std::move(steps)};
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
        digit || options.tones == Tones::kInverted ? ""
                                                   : ", or try --invert (MNIST is white on black)");
  }
  photo.data.sha256 = datasets::content_sha256(datasets::to_text(fitted.pixels), photo.data.labels);
  return photo;
}

Preparation find_preparation(const std::string& name) {
  if (name == "auto") return Preparation::kAuto;
  if (name == "fit") return Preparation::kFit;
  if (name == "digit") return Preparation::kDigit;
  fail_usage("--prepare {}: allowed are auto, fit and digit", name);
}

std::string draw_steps(const Photo& photo) {
  namespace gallery = reports::gallery;
  std::vector<reports::record::Pixels> pictures;
  gallery::Grid grid{.title = photo.data.name,
                     .subtitle = "as MNIST's digits were made, from the picture to the input"};
  grid.rows.emplace_back();
  for (const datasets::DigitStep& step : photo.steps) {
    grid.column_heads.push_back(step.name);
    pictures.push_back(on_square(step.picture));
  }
  for (const auto& picture : pictures) grid.rows[0].push_back({.pixels = &picture, .labels = {}});
  return gallery::draw_grid(grid).png();
}

}  // namespace gibbon::eval::lab
