// SPDX-License-Identifier: MIT
#include "base/error.hpp"
#include "base/fuzz.hpp"
#include "datasets/image_io.hpp"

// A picture in a folder.
GIBBON_FUZZ("datasets", folder) {
  try {
    auto deep = gibbon::datasets::decode_deep_picture(std::string(bytes), "fuzz.png",
                                                      gibbon::datasets::Background::kBlack);
    static_cast<void>(gibbon::datasets::to_8bit(std::move(deep)));
  } catch (const gibbon::Error&) {
  }
  for (const std::size_t channels : {std::size_t{0}, std::size_t{1}}) {
    try {
      const auto picture =
          gibbon::datasets::decode_picture(std::string(bytes), "fuzz.png", channels);
      static_cast<void>(
          fit(picture, {.height = 7, .width = 5, .channels = picture.channels, .image = true}));
    } catch (const gibbon::Error&) {  // what a reader is for
    }
  }
}
