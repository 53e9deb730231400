// SPDX-License-Identifier: MIT
#include "eval/runs/examples.hpp"

#include <cctype>

#include "base/error.hpp"
#include "base/files.hpp"
#include "datasets/arrays/npz.hpp"
#include "datasets/image_io.hpp"
#include "eval/judge/quantise.hpp"
#include "reports/formats/csv.hpp"

namespace gibbon::eval::runs {
namespace {

using datasets::arrays::array_of;
using reports::record::SampleRecord;

attacks::Norm only_norm(const sweep::SweepPlan& plan) {
  if (plan.norms.size() != 1) {
    fail_usage("--save: examples have one norm, not {}; choose one with --norm", plan.norms.size());
  }
  return plan.norms.front();
}

/// The record whose candidate was kept of sample k: of the entry that broke it, else of the first.
const reports::record::SampleRecord& kept_record(const sweep::SweepPlan& plan,
                                                 const sweep::SweepResult& result, std::size_t k) {
  const std::size_t budgets = plan.epsilons.size();
  const reports::record::SampleRecord* record = nullptr;
  for (std::size_t p = 0; p < result.pairs.size(); ++p) {
    if (result.pairs[p].is_control()) continue;
    const reports::record::SampleRecord& r =
        result.samples[((p + 1) * budgets - 1) * result.finished + k];
    if (record == nullptr || (record->fooled == 0 && r.fooled != 0)) record = &r;
  }
  return record != nullptr ? *record : result.samples[(budgets - 1) * result.finished + k];
}

/// Whether a path that is no folder yet ends as file names do: .npy, .pt, .NPZ, .h5, .json.
bool looks_like_file(const std::filesystem::path& path) {
  constexpr std::size_t kLongest = 9;  // ".safetens" is no file type, ".parquet" is one
  const std::string suffix = path.extension().string();
  if (suffix.size() < 2 || suffix.size() > kLongest) return false;
  if (std::filesystem::is_directory(path)) return false;
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  const auto plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  return std::ranges::any_of(suffix, letter) && std::ranges::all_of(suffix.substr(1), plain);
}

}  // namespace

std::vector<std::size_t> examples_shape(const datasets::Shape& shape, std::size_t n) {
  if (!shape.image) return {n, shape.size()};
  if (shape.channels == 1) return {n, shape.height, shape.width};
  return {n, shape.height, shape.width, shape.channels};
}

void require_savable(const std::filesystem::path& path, const datasets::Dataset& data,
                     const sweep::SweepPlan& plan) {
  static_cast<void>(only_norm(plan));
  if (path.extension() == ".npz") {
    return require_writable_folder(path.has_parent_path() ? path.parent_path() : ".");
  }
  if (looks_like_file(path)) {
    fail_usage(
        "--save {}: unknown file type '{}'; allowed are FILE.npz and a folder for PNGs; write "
        "{}.npz, or {}/ for a folder of that name",
        path.string(), path.extension().string(), (path.parent_path() / path.stem()).string(),
        path.string());
  }
  if (!data.shape.image) {
    fail_usage("--save {}: {} holds points, not images; give a FILE.npz", path.string(), data.name);
  }
  require_writable_folder(path);
}

void save(const std::filesystem::path& path, const datasets::Dataset& data,
          const sweep::SweepPlan& plan, const sweep::SweepResult& result) {
  if (path.extension() == ".npz") return save_examples(path, data, plan, result);
  save_pictures(path, data, plan, result);
}

void save_examples(const std::filesystem::path& path, const datasets::Dataset& data,
                   const sweep::SweepPlan& plan, const sweep::SweepResult& result) {
  const std::string norm(attacks::to_string(only_norm(plan)));
  const std::size_t n = result.finished;
  std::vector<std::int64_t> labels;
  std::vector<std::int64_t> clean;
  std::vector<std::int64_t> predictions;
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> broken;
  std::vector<double> in_norm;
  std::array<std::vector<double>, kStoredNorms.size()> distances;
  const attacks::Limits limits = sweep::fit_limits(plan.limits, data);
  for (std::size_t k = 0; k < n; ++k) {
    const reports::record::SampleRecord* record = &kept_record(plan, result, k);
    labels.push_back(record->label);
    clean.push_back(record->clean_label);
    predictions.push_back(record->found_label);
    ids.push_back(static_cast<std::int64_t>(record->id));
    broken.push_back(record->fooled != 0 || record->clean_label != record->label ? 1 : 0);
    const PerNorm moved =
        judge::measure(data.images.row(k), result.examples.points.row(k), limits.scale);
    for (std::size_t i = 0; i < distances.size(); ++i) distances[i].push_back(moved.values[i]);
    in_norm.push_back(moved[plan.norms.front()]);
  }
  const std::array<double, 2> range{data.range.lower, data.range.upper};
  const std::array<double, 1> epsilon{plan.epsilons.back()};
  const std::vector<std::size_t> shape = examples_shape(data.shape, n);
  const std::vector<std::string> norm_text{norm};
  const std::vector<std::string> dataset{data.name};
  const std::vector<std::string> split{data.split};
  using Integers = std::span<const std::int64_t>;
  using Doubles = std::span<const double>;
  std::vector<datasets::arrays::NpyArray> arrays{
      datasets::arrays::array_of("x", shape, data.images.flat().first(n * data.shape.size())),
      datasets::arrays::array_of("x_adv", shape, result.examples.points.flat()),
      datasets::arrays::array_of("labels", {n}, Integers(labels)),
      datasets::arrays::array_of("clean_predictions", {n}, Integers(clean)),
      datasets::arrays::array_of("predictions", {n}, Integers(predictions)),
      datasets::arrays::array_of("ids", {n}, Integers(ids)),
      datasets::arrays::array_of("distances", {n}, Doubles(in_norm))};
  for (std::size_t i = 0; i < distances.size(); ++i) {
    arrays.push_back(datasets::arrays::array_of(std::string(to_string(kStoredNorms[i])), {n},
                                                Doubles(distances[i])));
  }
  arrays.insert(arrays.end(), {datasets::arrays::array_of("broken", {n}, Integers(broken)),
                               datasets::arrays::array_of("attack", result.examples.broken_by),
                               datasets::arrays::array_of("epsilon", {1}, Doubles(epsilon)),
                               datasets::arrays::array_of("norm", norm_text),
                               datasets::arrays::array_of("dataset", dataset),
                               datasets::arrays::array_of("split", split),
                               datasets::arrays::array_of("class_names", data.class_names),
                               datasets::arrays::array_of("range", {2}, Doubles(range))});
  write_atomically(path, datasets::arrays::to_npz(arrays));
}

void save_pictures(const std::filesystem::path& folder, const datasets::Dataset& data,
                   const sweep::SweepPlan& plan, const sweep::SweepResult& result) {
  require_writable_folder(folder);
  const attacks::ThreatModel threat{only_norm(plan), plan.epsilons.back(), data.range};
  const attacks::Limits limits = sweep::fit_limits(plan.limits, data);
  std::vector<std::uint8_t> levels(data.shape.size());
  std::string csv = "file,id,label,prediction,adversarial_as_8bit,attack,distance\n";
  for (std::size_t k = 0; k < result.finished; ++k) {
    const reports::record::SampleRecord& r = kept_record(plan, result, k);
    if (r.fooled == 0) continue;
    const Row point = result.examples.points.row(k);
    judge::to_8bit(threat, data.images.row(k), point, levels);
    const std::string file =
        fmt::format("{:05}_{}_as_{}.png", r.id, int{r.label}, int{r.found_label});
    datasets::write_png(folder / file, {.height = data.shape.height,
                                        .width = data.shape.width,
                                        .channels = data.shape.channels,
                                        .pixels = levels});
    csv += fmt::format("{},{},{},{},{},{},{}\n", file, r.id, int{r.label}, int{r.found_label},
                       r.rounded_label >= 0 && r.rounded_label != r.label ? 1 : 0,
                       reports::formats::csv_field(result.examples.broken_by[k]),
                       judge::measure(data.images.row(k), point, limits.scale)[threat.norm]);
  }
  write_atomically(folder / "examples.csv", csv);
}

}  // namespace gibbon::eval::runs
