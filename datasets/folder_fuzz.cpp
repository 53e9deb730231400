// SPDX-License-Identifier: MIT
#include "base/error.hpp"
#include "base/fuzz.hpp"
#include "datasets/image_io.hpp"

// A picture in a folder.
GIBBON_FUZZ("datasets", folder) {
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
