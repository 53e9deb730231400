// SPDX-License-Identifier: MIT
#include "reports/formats/webp.hpp"

#include <fmt/format.h>
#include <memory>
#include <webp/encode.h>
#include <webp/mux.h>

#include "reports/record/error.hpp"

namespace gibbon::reports::formats {
namespace {

// 0 … 9: 3 makes drawn pictures a fifth smaller and takes twice the time; 0 makes them twenty times
// as large.
constexpr int kEffort = 1;

using Encoder = std::unique_ptr<WebPAnimEncoder, decltype(&WebPAnimEncoderDelete)>;

// What libwebp allocates for one frame.
class Picture {
 public:
  explicit Picture(const record::Pixels& pixels) {
    if (WebPPictureInit(&picture_) == 0) return;
    picture_.use_argb = 1;
    picture_.width = static_cast<int>(pixels.width);
    picture_.height = static_cast<int>(pixels.height);
    ready_ = WebPPictureImportRGB(&picture_, pixels.values.data(), 3 * picture_.width) != 0;
  }
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;
  ~Picture() { WebPPictureFree(&picture_); }

  /// Null when there is not enough memory.
  [[nodiscard]] WebPPicture* get() { return ready_ ? &picture_ : nullptr; }

 private:
  WebPPicture picture_{};
  bool ready_ = false;
};

[[noreturn]] void fail(const WebPAnimEncoder* encoder) {
  const char* words =
      encoder == nullptr ? nullptr : WebPAnimEncoderGetError(const_cast<WebPAnimEncoder*>(encoder));
  throw record::Error(
      fmt::format("animation: libwebp reports \"{}\"; memory may be short; draw fewer budgets",
                  words == nullptr ? "out of memory" : words));
}

}  // namespace

std::string to_webp(std::span<const Frame> frames) {
  WebPAnimEncoderOptions options;
  WebPConfig config;
  if (WebPAnimEncoderOptionsInit(&options) == 0 || WebPConfigInit(&config) == 0) fail(nullptr);
  options.anim_params.loop_count = 0;  // for ever
  if (WebPConfigLosslessPreset(&config, kEffort) == 0) fail(nullptr);
  const record::Pixels& first = frames.front().pixels;
  const Encoder encoder(
      WebPAnimEncoderNew(static_cast<int>(first.width), static_cast<int>(first.height), &options),
      WebPAnimEncoderDelete);
  if (encoder == nullptr) fail(nullptr);
  int time = 0;
  for (const Frame& frame : frames) {
    Picture picture(frame.pixels);
    if (picture.get() == nullptr) fail(nullptr);
    if (WebPAnimEncoderAdd(encoder.get(), picture.get(), time, &config) == 0) fail(encoder.get());
    time += frame.milliseconds;
  }
  if (WebPAnimEncoderAdd(encoder.get(), nullptr, time, nullptr) == 0) fail(encoder.get());
  WebPData data{};
  const bool assembled = WebPAnimEncoderAssemble(encoder.get(), &data) != 0;
  const std::string bytes(reinterpret_cast<const char*>(data.bytes), data.size);
  WebPDataClear(&data);
  if (!assembled) fail(encoder.get());
  return bytes;
}

}  // namespace gibbon::reports::formats
