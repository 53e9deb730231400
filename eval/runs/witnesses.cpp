// SPDX-License-Identifier: MIT
#include "eval/runs/witnesses.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "datasets/arrays/npz.hpp"
#include "eval/runs/examples.hpp"

namespace gibbon::eval::runs {

using datasets::arrays::array_of;

std::filesystem::path witnesses_file(const std::filesystem::path& folder, std::string_view norm) {
  return folder / fmt::format("witnesses_{}.npz", norm);
}

void write_witnesses(const std::filesystem::path& folder, const datasets::Dataset& data,
                     attacks::Norm norm, std::span<const certify::Witness> witnesses) {
  const std::filesystem::path file = witnesses_file(folder, attacks::to_string(norm));
  if (witnesses.empty()) {
    remove_file(file);
    return;
  }
  std::vector<float> x;
  std::vector<float> found;
  std::vector<std::int64_t> labels;
  std::vector<std::int64_t> ids;
  std::vector<double> distances;
  double epsilon = 0.0;
  for (const certify::Witness& witness : witnesses) {
    const Row origin = data.images.row(witness.sample);
    x.insert(x.end(), origin.begin(), origin.end());
    found.insert(found.end(), witness.x.begin(), witness.x.end());
    labels.push_back(data.labels[witness.sample]);
    ids.push_back(static_cast<std::int64_t>(data.ids[witness.sample]));
    distances.push_back(witness.distance);
    epsilon = std::max(epsilon, witness.epsilon);
  }
  const std::size_t n = witnesses.size();
  const std::vector<std::size_t> shape = examples_shape(data.shape, n);
  const std::array<double, 2> range{data.range.lower, data.range.upper};
  using Texts = std::vector<std::string>;
  const std::vector<datasets::arrays::NpyArray> arrays{
      datasets::arrays::array_of("x", shape, x),
      datasets::arrays::array_of("x_adv", shape, found),
      datasets::arrays::array_of("labels", {n}, std::span<const std::int64_t>(labels)),
      datasets::arrays::array_of("ids", {n}, std::span<const std::int64_t>(ids)),
      datasets::arrays::array_of("distances", {n}, std::span<const double>(distances)),
      datasets::arrays::array_of("epsilon", {1}, std::span<const double>(&epsilon, 1)),
      datasets::arrays::array_of("norm", Texts{std::string(attacks::to_string(norm))}),
      datasets::arrays::array_of("dataset", Texts{data.name}),
      datasets::arrays::array_of("split", Texts{data.split}),
      datasets::arrays::array_of("class_names", data.class_names),
      datasets::arrays::array_of("range", {2}, std::span<const double>(range))};
  write_atomically(file, datasets::arrays::to_npz(arrays));
}

}  // namespace gibbon::eval::runs
