// SPDX-License-Identifier: MIT
#include "datasets/array_set.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "datasets/labels.hpp"
#include "datasets/layout.hpp"
#include "datasets/pixels.hpp"
#include "datasets/split.hpp"
#include "datasets/units.hpp"

namespace gibbon::datasets {

void note_one_set(Dataset& data) {
  data.split = "all";
  data.one_set = true;
  data.notes.push_back(
      fmt::format("{} has one set of {} samples, which is taken for training and for tests: what a "
                  "model has learned from it says nothing of new samples.",
                  data.name, data.size()));
}

void take_samples(Dataset& data, std::span<const float> values) {
  const std::size_t count = data.labels.size();
  data.images = Tensor(count, values.size() / count);
  std::ranges::copy(values, data.images.flat().begin());
  data.ids = positions(count);
  data.sha256 = content_sha256({reinterpret_cast<const char*>(values.data()), values.size_bytes()},
                               data.labels);
}

Dataset array_set(const std::filesystem::path& path, const ArrayPair& arrays,
                  const std::optional<std::string>& split, const Request& request) {
  require_split(path.string(), request.split);
  Dataset data{.name = path.string(), .split = split.value_or("all")};
  const arrays::NpyArray& x = arrays.x;
  std::vector<float> values = arrays::floats(x, arrays.x_where);
  data.shape = arrange(x.shape, request.layout, arrays.x_where, values, data.notes);
  to_unit(values,
          {.where = arrays.x_where,
           .kind = x.kind(),
           .bytes = x.element_size(),
           .each = data.shape.size(),
           .image = data.shape.image},
          request.range, data.notes);
  ClassLabels classes = array_labels(arrays.labels, x.shape[0], arrays.labels_where, data.notes);
  data.labels = std::move(classes.labels);
  data.class_names = std::move(classes.class_names);
  data.naming = classes.naming;
  take_samples(data, values);
  if (!split) note_one_set(data);
  return data;
}

}  // namespace gibbon::datasets
