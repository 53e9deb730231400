// SPDX-License-Identifier: MIT
#include "datasets/opencv/digit.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace gibbon::datasets {
namespace {

constexpr int kSmallest = 224;
constexpr int kLargest = 512;  // pixels of the longer side to work on; strokes are wider than one
constexpr int kInk = 20;       // pixels of the digit's longer side
constexpr int kField = static_cast<int>(kDigitSide);
constexpr int kCentre = 14;         // where MNIST has the centre of mass, counted from 0
constexpr int kLeastContrast = 24;  // of 255 between ink and paper

/// Longer side within these bounds. Shrunk, each pixel is the mean of the area it covers; small
/// pictures grow smoothly, or strokes of two pixels would not outlive the steps.
cv::Mat in_size(const cv::Mat& image, int shortest, int longest) {
  const int side = std::max(image.rows, image.cols);
  cv::Mat out;
  if (side < shortest) {
    const double grow = static_cast<double>(shortest) / side;
    cv::resize(image, out, {}, grow, grow, cv::INTER_CUBIC);
    return out;
  }
  const double factor = static_cast<double>(longest) / side;
  if (factor >= 1.0) return image.clone();
  cv::resize(image, out, {}, factor, factor, cv::INTER_AREA);
  return out;
}

/// The level that `share` of the pixels do not exceed.
int level_at(const cv::Mat& image, double share) {
  std::array<std::size_t, 256> count{};
  for (const auto level : cv::Mat_<std::uint8_t>(image)) ++count[level];
  auto left = static_cast<std::size_t>(share * static_cast<double>(image.total()));
  int level = 0;
  for (; level < 255 && left >= count[static_cast<std::size_t>(level)]; ++level)
    left -= count[static_cast<std::size_t>(level)];
  return level;
}

/// Most of a picture is paper, and ink is what is farthest from it.
bool is_dark_on_light(const cv::Mat& grey) {
  const int paper = level_at(grey, 0.5);
  return paper - level_at(grey, 0.005) > level_at(grey, 0.995) - paper;
}

/// Takes away what varies slowly: light that falls from a side. Strokes are narrower than a third
/// of the picture, so that an opening (the lowest, then the highest in the neighbourhood) leaves
/// the paper alone.
cv::Mat without_paper(const cv::Mat& light_on_dark) {
  const int reach = std::max(3, std::max(light_on_dark.rows, light_on_dark.cols) / 3) | 1;
  cv::Mat smooth;
  cv::medianBlur(light_on_dark, smooth, 3);
  // The edge is continued: paper does not end there.
  const int border = reach / 2;
  cv::Mat wide;
  cv::copyMakeBorder(smooth, wide, border, border, border, border, cv::BORDER_REPLICATE);
  const cv::Mat box = cv::getStructuringElement(cv::MORPH_RECT, {reach, reach});
  cv::morphologyEx(wide, wide, cv::MORPH_OPEN, box);
  cv::blur(wide, wide, {reach / 2 | 1, reach / 2 | 1});
  const cv::Mat paper = wide(cv::Rect(border, border, smooth.cols, smooth.rows));
  cv::Mat out;
  cv::subtract(smooth, paper, out);  // saturates at 0
  return out;
}

/// Paper to 0, ink to 255; empty when they are too near.
cv::Mat stretch(const cv::Mat& ink) {
  cv::Mat mask;
  const double split = cv::threshold(ink, mask, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
  if (cv::countNonZero(mask) == 0) return {};
  cv::Scalar paper;
  cv::Scalar grain;
  cv::meanStdDev(ink, paper, grain, ~mask);
  const double full =
      cv::mean(ink, mask)[0];  // of a stroke with its soft edge: what is above is full
  const double low = std::min(split, paper[0] + 3.0 * grain[0]);
  if (full - paper[0] < kLeastContrast || full - paper[0] < 6.0 * grain[0]) return {};
  cv::Mat out;
  ink.convertTo(out, CV_8U, 255.0 / (full - low), -255.0 * low / (full - low));
  return out;
}

/// Only the digit: the largest connected piece of ink and those not much smaller, for a pen may
/// have been lifted. Specks, and shadows that come in from the edge, become paper.
cv::Mat without_specks(const cv::Mat& image) {
  constexpr double kShare = 0.08;
  cv::Mat labels;
  cv::Mat stats;
  cv::Mat centres;
  const int count =
      cv::connectedComponentsWithStats(image >= 64, labels, stats, centres, 8, CV_32S);
  const auto at_edge = [&](int k) {
    const int left = stats.at<int>(k, cv::CC_STAT_LEFT);
    const int top = stats.at<int>(k, cv::CC_STAT_TOP);
    return left == 0 || top == 0 || left + stats.at<int>(k, cv::CC_STAT_WIDTH) == image.cols ||
           top + stats.at<int>(k, cv::CC_STAT_HEIGHT) == image.rows;
  };
  const auto area = [&](int k) { return stats.at<int>(k, cv::CC_STAT_AREA); };
  const auto largest = [&](bool edges) {
    int best = 0;  // the paper
    for (int k = 1; k < count; ++k)
      if ((edges || !at_edge(k)) && (best == 0 || area(k) > area(best))) best = k;
    return best;
  };
  const bool edges = largest(false) == 0;  // a digit that fills the picture
  const int digit = largest(edges);
  cv::Mat out = cv::Mat::zeros(image.size(), CV_8U);
  for (int k = 1; k < count; ++k) {
    if ((at_edge(k) && !edges) || area(k) < kShare * area(digit)) continue;
    cv::Mat around;  // the soft edge belongs to it
    cv::dilate(labels == k, around, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}));
    image.copyTo(out, around);
  }
  return out;
}

/// The digit's box with its longer side of kInk pixels.
cv::Mat in_ink_box(const cv::Mat& image) {
  const cv::Rect box = cv::boundingRect(image >= 64);
  const double factor = static_cast<double>(kInk) / std::max(box.width, box.height);
  const cv::Size size(std::max(1, static_cast<int>(std::lround(factor * box.width))),
                      std::max(1, static_cast<int>(std::lround(factor * box.height))));
  cv::Mat out;
  cv::resize(image(box), out, size, 0, 0, factor < 1.0 ? cv::INTER_AREA : cv::INTER_LINEAR);
  return out;
}

/// On 28 × 28, moved by whole pixels until the centre of mass is nearest to (14, 14), as far as the
/// digit stays inside.
cv::Mat centred(const cv::Mat& digit) {
  const cv::Moments mass = cv::moments(digit);
  const auto place = [](double centre, int size) {
    return std::clamp(kCentre - static_cast<int>(std::lround(centre)), 0, kField - size);
  };
  cv::Mat out = cv::Mat::zeros(kField, kField, CV_8U);
  digit.copyTo(out(cv::Rect(place(mass.m10 / mass.m00, digit.cols),
                            place(mass.m01 / mass.m00, digit.rows), digit.cols, digit.rows)));
  return out;
}

}  // namespace

namespace {

/// Steps up to the ink alone, of a grey picture; empty when there is none.
std::vector<DigitStep> ink_steps(cv::Mat image) {
  std::vector<DigitStep> steps;
  if (is_dark_on_light(image)) {
    image = 255 - image;
    steps.push_back({"inverted", to_picture(image)});
  }
  image = stretch(without_paper(image));
  if (image.empty()) return {};
  steps.push_back({"contrast", to_picture(image)});
  image = without_specks(image);
  if (cv::countNonZero(image >= 64) == 0) return {};
  steps.push_back({"ink alone", to_picture(image)});
  return steps;
}

/// A sheet of paper on a dark desk: the part of the picture inside of it; empty where there is
/// none.
cv::Mat sheet_in(const cv::Mat& grey) {
  constexpr double kLeastSide = 0.4;   // of the picture's
  constexpr double kLeastShare = 0.7;  // of its box: what is missing are ink, and a turned sheet
  cv::Mat light;
  cv::threshold(grey, light, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
  cv::Mat labels;
  cv::Mat stats;
  cv::Mat centres;
  const int count = cv::connectedComponentsWithStats(light, labels, stats, centres, 8, CV_32S);
  for (int k = 1; k < count; ++k) {
    const cv::Rect box(stats.at<int>(k, cv::CC_STAT_LEFT), stats.at<int>(k, cv::CC_STAT_TOP),
                       stats.at<int>(k, cv::CC_STAT_WIDTH), stats.at<int>(k, cv::CC_STAT_HEIGHT));
    const bool whole = box.width == grey.cols || box.height == grey.rows;  // no desk around it
    if (whole || box.width < kLeastSide * grey.cols || box.height < kLeastSide * grey.rows ||
        stats.at<int>(k, cv::CC_STAT_AREA) < kLeastShare * box.area()) {
      continue;
    }
    const int inset = std::max(box.width, box.height) / 16;  // its edge, and a little turn
    return grey(cv::Rect(box.x + inset, box.y + inset, box.width - 2 * inset,
                         box.height - 2 * inset))
        .clone();
  }
  return {};
}

}  // namespace

std::vector<DigitStep> digit_steps(const Picture& picture) {
  cv::Mat grey = in_size(to_mat(picture), kSmallest, kLargest);
  if (grey.channels() == 3) cv::cvtColor(grey, grey, cv::COLOR_RGB2GRAY);
  std::vector<DigitStep> steps{{"grey", to_picture(grey)}};
  if (const cv::Mat sheet = sheet_in(grey); !sheet.empty()) {
    grey = sheet;
    steps.push_back({"sheet", to_picture(grey)});
  }
  const std::vector<DigitStep> ink = ink_steps(grey);
  if (ink.empty()) return {};
  steps.insert(steps.end(), ink.begin(), ink.end());
  const Picture alone = steps.back().picture;
  const cv::Mat digit = in_ink_box(to_mat(alone));
  steps.push_back({"20 pixels", to_picture(digit)});
  steps.push_back({"centre of mass", to_picture(centred(digit))});
  return steps;
}

}  // namespace gibbon::datasets
