// SPDX-License-Identifier: MIT
#include "eval/sweep/clean_doubts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <limits>
#include <span>
#include <utility>

#include "attacks/losses.hpp"
#include "reports/gate/paired.hpp"
#include "reports/record/record.hpp"

namespace gibbon::eval::sweep {
namespace {

using datasets::Dataset;
using datasets::Shape;
using Sentences = std::vector<std::string>;

constexpr std::size_t kLooked = 2000;       // samples
constexpr std::size_t kTried = 200;         // samples that other inputs are tried on
constexpr std::size_t kMostAssigned = 256;  // classes: the assignment takes their cube

// A model that answers this many right has seen its inputs as they are; below, a few passes are
// cheap.
constexpr double kBeyondDoubt = 0.8;
// Classifiers of ten classes that somebody attacks are right more often than not, also those
// trained for certificates; of two classes guessing alone gets half.
double barely_better_than_guessing(std::size_t classes) {
  return std::max(0.5, 1.0 / static_cast<double>(classes) + 0.1);
}
constexpr double kMuchBetter = 0.2;  // of the samples, to half of all at least, and significant at:
constexpr double kHalf = 0.5;
constexpr double kLevel = 0.001;     // a dozen inputs are tried
constexpr double kExplained = 0.8;   // of the answers, by a permutation found on other samples
constexpr std::size_t kFewest = 20;  // samples, to look for a permutation

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// A cause, and the share of samples or answers it explains.
struct Doubt {
  double explains = 0.0;
  std::string sentence;  ///< empty: none
};

/// "12.5 % (25 of 200; 95 % interval 8.6-17.8 %)"
std::string rate(std::size_t part, std::size_t whole) {
  const auto interval = reports::record::wilson95(part, whole);
  return fmt::format("{:.1f} % ({} of {}; 95 % interval {:.1f}-{:.1f} %)",
                     100.0 * share(part, whole), part, whole, 100.0 * interval.low,
                     100.0 * interval.high);
}

/// `count` places of `size`, spread evenly: data may be ordered by class.
std::vector<std::size_t> spread(std::size_t size, std::size_t count) {
  std::vector<std::size_t> places;
  const std::size_t n = std::min(size, count);
  for (std::size_t k = 0; k < n; ++k) places.push_back(k * size / n);
  return places;
}

/// Writes another input for a sample.
using Change = std::function<void(Row x, MutableRow out)>;

struct Other {
  std::string text;   ///< what x becomes
  std::string cause;  ///< what the model seems to expect
  Change change;
  std::string options;  ///< that make the step a part of the model; empty: there are none
};

/// Mean and standard deviation per channel that training scripts copy from each other.
struct Constants {
  const char* name;
  std::array<float, 3> mean;
  std::array<float, 3> deviation;
  bool colour;
};
constexpr std::array kConstants{
    Constants{"MNIST", {0.1307F}, {0.3081F}, false},
    Constants{"Fashion-MNIST", {0.2860F}, {0.3530F}, false},
    Constants{"CIFAR-10", {0.4914F, 0.4822F, 0.4465F}, {0.2470F, 0.2435F, 0.2616F}, true},
    Constants{"ImageNet", {0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}, true}};

Change by_value(std::function<float(float)> change) {
  return [change = std::move(change)](Row x, MutableRow out) {
    std::ranges::transform(x, out.begin(), change);
  };
}

Change by_channel(const Constants& constants, std::size_t channels) {
  return [&constants, channels](Row x, MutableRow out) {
    for (std::size_t d = 0; d < x.size(); ++d) {
      const std::size_t c = d % channels;
      out[d] = (x[d] - constants.mean[c]) / constants.deviation[c];
    }
  };
}

Change back_by_channel(const Constants& constants, std::size_t channels) {
  return [&constants, channels](Row x, MutableRow out) {
    for (std::size_t d = 0; d < x.size(); ++d) {
      const std::size_t c = d % channels;
      out[d] = x[d] * constants.deviation[c] + constants.mean[c];
    }
  };
}

/// "--mean 0.1307 --std 0.3081"
std::string options_of(const Constants& constants) {
  const std::size_t channels = constants.colour ? 3 : 1;
  return fmt::format("--mean {} --std {}",
                     fmt::join(std::span(constants.mean).first(channels), ","),
                     fmt::join(std::span(constants.deviation).first(channels), ","));
}

void add_scales(const datasets::Dataset& data, std::vector<Other>& others) {
  if (data.range.upper > 1.5F) {
    others.push_back({"x / 255", "inputs in [0, 1]", by_value([](float v) { return v / 255.0F; })});
  }
  if (data.range.lower < 0.0F) {
    others.push_back(
        {"(x + 1) / 2", "inputs in [0, 1]", by_value([](float v) { return 0.5F * v + 0.5F; })});
    for (const Constants& constants : kConstants) {
      if (constants.colour != (data.shape.channels == 3)) continue;
      others.push_back({fmt::format("mean + std x with {}'s constants", constants.name),
                        "inputs in [0, 1]", back_by_channel(constants, data.shape.channels)});
    }
  }
  if (data.range.lower != 0.0F || data.range.upper != 1.0F) return;
  others.push_back({"255 x", "inputs in 0 … 255", by_value([](float v) { return 255.0F * v; }),
                    "--input-range 0,255"});
  others.push_back({"2 x - 1", "inputs in [-1, 1]",
                    by_value([](float v) { return 2.0F * v - 1.0F; }), "--input-range -1,1"});
  others.push_back({"1 - x", "inverted images, dark where these are bright",
                    by_value([](float v) { return 1.0F - v; }), "--input-range 1,0"});
  for (const Constants& constants : kConstants) {
    if (constants.colour != (data.shape.channels == 3)) continue;
    others.push_back({fmt::format("(x - mean) / std with {}'s constants", constants.name),
                      "normalised inputs, without doing it itself",
                      by_channel(constants, data.shape.channels), options_of(constants)});
  }
}

void add_layouts(const datasets::Shape& shape, std::vector<Other>& others) {
  if (!shape.image) return;
  const auto [height, width, channels, image] = shape;
  if (height == width && height > 1) {
    others.push_back({"x with rows and columns exchanged", "transposed images",
                      [side = height, count = channels](Row x, MutableRow out) {
                        for (std::size_t d = 0; d < x.size(); ++d) {
                          const std::size_t pixel = d / count;
                          const std::size_t from = pixel % side * side + pixel / side;
                          out[d] = x[from * count + d % count];
                        }
                      }});
  }
  if (channels != 3) return;
  others.push_back(
      {"x with red and blue exchanged", "colours in the order BGR", [](Row x, MutableRow out) {
         for (std::size_t d = 0; d < x.size(); ++d) out[d] = x[d - d % 3 + 2 - d % 3];
       }});
  others.push_back({"x with the channels first", "inputs in the order C × H × W",
                    [area = height * width](Row x, MutableRow out) {
                      for (std::size_t d = 0; d < x.size(); ++d)
                        out[d] = x[d % area * 3 + d / area];
                    }});
}

/// The model's answers.
class Answers {
 public:
  Answers(const models::Classifier& model, const datasets::Dataset& data)
      : model_(model),
        block_(std::min(kMostRows, model.most_rows())),
        tape_(model_.make_tape(block_)),
        x_(block_, model.input_dim()),
        data_(data) {}

  std::vector<int> of(std::span<const std::size_t> places, const Change* change = nullptr) {
    std::vector<int> answers;
    for (std::size_t first = 0; first < places.size(); first += block_) {
      const std::size_t count = std::min(block_, places.size() - first);
      for (std::size_t n = 0; n < count; ++n) {
        const Row x = data_.images.row(places[first + n]);
        if (change == nullptr) {
          std::ranges::copy(x, x_.row(n).begin());
        } else {
          (*change)(x, x_.row(n));
        }
      }
      const Rows logits = model_.forward(std::as_const(x_).view().slice(0, count), tape_);
      for (std::size_t n = 0; n < count; ++n)
        answers.push_back(attacks::predicted_class(logits.row(n)));
    }
    return answers;
  }

  /// 1 for every sample that is answered right.
  std::vector<std::uint8_t> right(std::span<const std::size_t> places,
                                  const Change* change = nullptr) {
    const std::vector<int> answers = of(places, change);
    std::vector<std::uint8_t> right;
    for (std::size_t k = 0; k < places.size(); ++k)
      right.push_back(answers[k] == data_.labels[places[k]] ? 1 : 0);
    return right;
  }

 private:
  static constexpr std::size_t kMostRows = 64;
  const models::Classifier& model_;
  std::size_t block_;
  models::Tape tape_;
  Tensor x_;
  const datasets::Dataset& data_;
};

std::size_t count(const std::vector<std::uint8_t>& right) {
  return static_cast<std::size_t>(std::ranges::count(right, std::uint8_t{1}));
}

/// The input that helps most, if one does.
Doubt doubt_inputs(Answers& answers, const datasets::Dataset& data) {
  std::vector<Other> others;
  constexpr std::size_t kPicture = 64;  // input values, from which on points may be pictures
  if (data.shape.image || data.shape.size() >= kPicture) add_scales(data, others);
  add_layouts(data.shape, others);
  const std::vector<std::size_t> places = spread(data.size(), kTried);
  const std::vector<std::uint8_t> before = answers.right(places);
  std::vector<std::uint8_t> best = before;
  const Other* found = nullptr;
  for (const Other& other : others) {
    std::vector<std::uint8_t> now = answers.right(places, &other.change);
    if (count(now) <= count(best)) continue;
    best = std::move(now);
    found = &other;
  }
  if (found == nullptr) return {};
  const auto paired = reports::gate::count_paired(before, best);
  const double explains = share(count(best), places.size());
  if (-paired.drop() < kMuchBetter || explains < kHalf) return {};
  if (reports::gate::mcnemar_p(paired) > kLevel) return {};
  return {explains, fmt::format("Clean accuracy is {}, but {} on the same samples when x is "
                                "replaced by {}: the model seems "
                                "to expect {}. The figures are of the inputs as they are. Make "
                                "that step a part of the model {}, or give data that have it.",
                                rate(count(before), places.size()),
                                rate(count(best), places.size()), found->text, found->cause,
                                found->options.empty() ? "file" : "with " + found->options)};
}

/// How often label and answer come together, of every step-th sample from `first` on.
std::vector<double> confusion(std::span<const int> labels, std::span<const int> answers,
                              std::size_t classes, std::size_t first, std::size_t step) {
  std::vector<double> counts(classes * classes, 0.0);
  for (std::size_t k = first; k < labels.size(); k += step) {
    counts[static_cast<std::size_t>(labels[k]) * classes + static_cast<std::size_t>(answers[k])] +=
        1.0;
  }
  return counts;
}

/// The permutation that turns labels into answers, if one does: found on every other
/// sample and counted on the rest, so that chance finds none.
Doubt doubt_order(std::span<const int> labels, std::span<const int> answers, std::size_t classes,
                  const datasets::Dataset& data) {
  if (classes < 2 || classes > kMostAssigned || labels.size() < kFewest) return {};
  const auto counts = confusion(labels, answers, classes, 0, 2);
  const std::vector<std::size_t> answer_of = best_assignment(counts, classes);
  std::size_t explained = 0;
  std::size_t held_out = 0;
  for (std::size_t k = 1; k < labels.size(); k += 2) {
    ++held_out;
    explained +=
        answer_of[static_cast<std::size_t>(labels[k])] == static_cast<std::size_t>(answers[k]) ? 1U
                                                                                               : 0U;
  }
  if (share(explained, held_out) < kExplained) return {};
  constexpr std::size_t kShown = 10;
  std::size_t moved = 0;
  std::string list;
  for (std::size_t c = 0; c < classes; ++c) {
    if (answer_of[c] == c || std::ranges::count(labels, static_cast<int>(c)) == 0) continue;
    if (moved++ < kShown) list += fmt::format("{}{}→{}", moved == 1 ? "" : ", ", c, answer_of[c]);
  }
  if (moved == 0) return {};
  return {
      share(explained, held_out),
      fmt::format(
          "Class order: clean accuracy is low, but {} of the predictions are the labels under the "
          "permutation {}{} (label→prediction), which was found on other samples. The model "
          "numbers the "
          "classes in another order than {}. Reorder the labels, or the outputs of the model.",
          rate(explained, held_out), list, moved > kShown ? ", …" : "", data.name)};
}

}  // namespace

std::vector<std::size_t> best_assignment(const std::vector<double>& gains, std::size_t size) {
  // Shortest augmenting paths over reduced costs; row 0 and column 0 are the algorithm's own.
  const double far = std::numeric_limits<double>::infinity();
  std::vector<double> row_price(size + 1, 0.0);
  std::vector<double> column_price(size + 1, 0.0);
  std::vector<std::size_t> row_of(size + 1, 0);
  std::vector<std::size_t> before(size + 1, 0);
  for (std::size_t row = 1; row <= size; ++row) {
    row_of[0] = row;
    std::size_t column = 0;
    std::vector<double> least(size + 1, far);
    std::vector<char> used(size + 1, 0);
    do {
      used[column] = 1;
      const std::size_t current = row_of[column];
      double step = far;
      std::size_t next = 0;
      for (std::size_t j = 1; j <= size; ++j) {
        if (used[j] != 0) continue;
        const double cost =
            -gains[(current - 1) * size + j - 1] - row_price[current] - column_price[j];
        if (cost < least[j]) {
          least[j] = cost;
          before[j] = column;
        }
        if (least[j] < step) {
          step = least[j];
          next = j;
        }
      }
      for (std::size_t j = 0; j <= size; ++j) {
        if (used[j] != 0) {
          row_price[row_of[j]] += step;
          column_price[j] -= step;
        } else {
          least[j] -= step;
        }
      }
      column = next;
    } while (row_of[column] != 0);
    while (column != 0) {
      row_of[column] = row_of[before[column]];
      column = before[column];
    }
  }
  std::vector<std::size_t> column_of(size, 0);
  for (std::size_t j = 1; j <= size; ++j) column_of[row_of[j] - 1] = j - 1;
  return column_of;
}

Sentences doubt_clean_accuracy(const models::Classifier& model, const datasets::Dataset& data) {
  const std::vector<std::size_t> places = spread(data.size(), kLooked);
  if (places.empty()) return {};
  Answers answers(model, data);
  const std::vector<int> given = answers.of(places);
  std::vector<int> labels;
  std::size_t right = 0;
  for (std::size_t k = 0; k < places.size(); ++k) {
    labels.push_back(data.labels[places[k]]);
    right += given[k] == labels[k] ? 1U : 0U;
  }
  const double most = reports::record::wilson95(right, places.size()).high;
  if (most >= kBeyondDoubt) return {};
  const std::size_t classes = model.num_classes();
  const Doubt inputs = doubt_inputs(answers, data);
  const bool all_answered = std::ranges::none_of(given, [](int answer) { return answer < 0; });
  const Doubt order = all_answered ? doubt_order(labels, given, classes, data) : Doubt{};
  if (!inputs.sentence.empty() && inputs.explains >= order.explains) return {inputs.sentence};
  if (!order.sentence.empty()) return {order.sentence};
  if (most >= barely_better_than_guessing(classes)) return {};
  return {fmt::format(
      "Clean accuracy is {}; chance level with {} classes is {:.1f} %. A model that is wrong "
      "without attack says nothing about attacks. Likely causes: inputs in another scale (0 … 255, "
      "[-1, 1], or normalised outside the model file: --input-range, --mean and --std say it), "
      "inverted images, another order of the classes, or other data. Try 'gibbon data show', and "
      "'gibbon explain' on a sample.",
      rate(right, places.size()), classes, 100.0 / static_cast<double>(classes))};
}

}  // namespace gibbon::eval::sweep
