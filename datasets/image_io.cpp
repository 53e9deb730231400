#include "datasets/image_io.hpp"

#include <algorithm>
#include <string_view>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "datasets/error.hpp"
#include "datasets/files.hpp"
#include "datasets/pixels.hpp"

namespace gibbon::datasets {
namespace {

constexpr std::string_view kPng = "\x89PNG\r\n";
constexpr std::string_view kJpeg = "\xFF\xD8\xFF";
constexpr std::string_view kEndOfJpeg = "\xFF\xD9";

/// OpenCV fills the missing part of a JPEG with grey and says nothing.
bool is_cut_off(std::string_view bytes) {
  return bytes.starts_with(kJpeg) && bytes.rfind(kEndOfJpeg) == std::string_view::npos;
}

cv::Mat decode(const std::string& bytes, int flags) {
  try {
    const cv::Mat view(1, static_cast<int>(bytes.size()), CV_8U, const_cast<char*>(bytes.data()));
    return cv::imdecode(view, flags);
  } catch (const cv::Exception&) {  // e.g. more pixels than OpenCV accepts
    return {};
  }
}

/// OpenCV's order is BGR, ours RGB; the exchange is its own inverse.
void swap_red_and_blue(cv::Mat& image) {
  if (image.channels() == 3) cv::cvtColor(image, image, cv::COLOR_BGR2RGB);
}

/// A view, which must not outlive the picture.
cv::Mat to_mat(const Picture& picture) {
  expect_size("bytes of a picture", picture.pixels.size(),
              picture.height * picture.width * picture.channels);
  return {static_cast<int>(picture.height), static_cast<int>(picture.width),
          CV_8UC(static_cast<int>(picture.channels)),
          const_cast<std::uint8_t*>(picture.pixels.data())};
}

Picture to_picture(const cv::Mat& image) {
  Picture picture{.height = static_cast<std::size_t>(image.rows),
                  .width = static_cast<std::size_t>(image.cols),
                  .channels = static_cast<std::size_t>(image.channels())};
  const std::size_t row_size = picture.width * picture.channels;
  picture.pixels.resize(picture.height * row_size);
  for (std::size_t row = 0; row < picture.height; ++row) {
    std::copy_n(image.ptr(static_cast<int>(row)), row_size, picture.pixels.data() + row * row_size);
  }
  return picture;
}

}  // namespace

Picture read_picture(const std::filesystem::path& path, std::size_t channels) {
  const int flags = channels == 0   ? cv::IMREAD_ANYCOLOR
                    : channels == 1 ? cv::IMREAD_GRAYSCALE
                                    : cv::IMREAD_COLOR;
  const std::string bytes = read_file(path);
  if (!bytes.starts_with(kPng) && !bytes.starts_with(kJpeg)) {
    fail_input("{}: is not an image; PNG and JPEG are read; remove or convert it", path.string());
  }
  cv::Mat image = decode(bytes, flags);
  if (image.empty() || is_cut_off(bytes)) {
    fail_input("{}: the image is damaged or cut off; restore or remove it", path.string());
  }
  swap_red_and_blue(image);
  return to_picture(image);
}

void write_png(const std::filesystem::path& path, const Picture& picture) {
  cv::Mat image = to_mat(picture).clone();
  swap_red_and_blue(image);
  std::vector<std::uint8_t> bytes;
  if (!cv::imencode(".png", image, bytes)) {
    fail_input("{}: a picture of {} x {} cannot be encoded as PNG", path.string(), picture.height,
               picture.width);
  }
  write_atomically(path, to_text(bytes));
}

}  // namespace gibbon::datasets
