// SPDX-License-Identifier: MIT
#include "datasets/points.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "datasets/pixels.hpp"
#include "datasets/split.hpp"

namespace gibbon::datasets {

Dataset make_points(const std::string& name, const Request& request,
                    std::vector<std::string> class_names, Point (*draw)(std::size_t, Rng&)) {
  require_split(name, request.split);
  const std::size_t count = request.split == "train" ? 1000 : 500;
  Tensor points(count, 2);
  std::vector<int> labels;
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t label = n % class_names.size();
    Rng rng(0, n, name + "/" + request.split);
    const Point point = draw(label, rng);
    std::transform(point.begin(), point.end(), points.row(n).begin(), [](double coordinate) {
      return static_cast<float>(std::clamp(coordinate, 0.0, 1.0));
    });
    labels.push_back(static_cast<int>(label));
  }
  const std::string_view bytes(reinterpret_cast<const char*>(points.flat().data()),
                               points.flat().size_bytes());
  std::string sha256 = content_sha256(bytes, labels);
  return {.name = name,
          .split = request.split,
          .images = std::move(points),
          .labels = std::move(labels),
          .ids = positions(count),
          .shape = {.height = 1, .width = 2, .channels = 1, .image = false},
          .class_names = std::move(class_names),
          .range = {},
          .sha256 = std::move(sha256)};
}

}  // namespace gibbon::datasets
