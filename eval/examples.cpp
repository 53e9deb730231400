#include "eval/examples.hpp"

#include <cmath>

#include "datasets/error.hpp"
#include "datasets/files.hpp"
#include "datasets/image_io.hpp"
#include "datasets/sha256.hpp"
#include "eval/quantise.hpp"
#include "reports/csv.hpp"
#include "reports/error.hpp"
#include "reports/npz.hpp"

namespace gibbon::eval {
namespace {

using reports::array_of;
using reports::SampleRecord;

datasets::Shape sample_shape(std::span<const std::size_t> shape) {
  if (shape.size() == 3) return {shape[1], shape[2], 1, true};
  if (shape.size() == 4) return {shape[1], shape[2], shape[3], true};
  std::size_t size = 1;
  for (const std::size_t s : shape.subspan(1)) size *= s;
  return {1, size, 1, false};
}

attacks::Norm only_norm(const SweepPlan& plan) {
  if (plan.norms.size() != 1) {
    fail_usage("--save: examples have one norm, not {}; name one with --norm", plan.norms.size());
  }
  return plan.norms.front();
}

/// The record whose candidate was kept of sample k: of the entry that broke it, else of the first.
const SampleRecord& kept_record(const SweepPlan& plan, const SweepResult& result, std::size_t k) {
  const std::size_t budgets = plan.epsilons.size();
  const SampleRecord* record = nullptr;
  for (std::size_t p = 0; p < result.pairs.size(); ++p) {
    if (result.pairs[p].is_control()) continue;
    const SampleRecord& r = result.samples[((p + 1) * budgets - 1) * result.finished + k];
    if (record == nullptr || (record->fooled == 0 && r.fooled != 0)) record = &r;
  }
  return record != nullptr ? *record : result.samples[(budgets - 1) * result.finished + k];
}

/// Hands over what is stored, by dataset index.
class Stored final : public attacks::Attack {
 public:
  explicit Stored(const StoredExamples& stored) : stored_(stored) {
    for (std::size_t n = 0; n < stored.data.size(); ++n)
      places_.emplace_back(stored.data.ids[n], n);
    std::ranges::sort(places_);
  }
  [[nodiscard]] double passes(std::size_t /*classes*/) const override { return 0.0; }

 private:
  void search(attacks::Oracle& /*oracle*/, const attacks::Problem& problem,
              attacks::Workspace& /*work*/, MutableRows candidate) const override {
    for (std::size_t n = 0; n < problem.size(); ++n) {
      const auto place = std::ranges::lower_bound(places_, problem.ids[n], {},
                                                  &std::pair<std::uint64_t, std::size_t>::first);
      std::ranges::copy(stored_.points.row(place->second), candidate.row(n).begin());
    }
  }

  const StoredExamples& stored_;
  std::vector<std::pair<std::uint64_t, std::size_t>> places_;  // id, row
};

const attacks::AttackInfo& stored_info() {
  static const attacks::AttackInfo info{
      .name = "stored",
      .summary = "Adversarial examples from a file, made for whatever model.",
      .formula = "x' = x_adv",
      .source = "a file",
      .kind = attacks::Kind::kMinimalDistance,
      .access = attacks::Access::kNone,
      .norms = {attacks::kNorms.begin(), attacks::kNorms.end()},
      .targeted = false,
      .make = nullptr,
  };
  return info;
}

/// Reads and checks one file.
class Loader {
 public:
  explicit Loader(const std::filesystem::path& path) : path_(path), file_(path) {}

  StoredExamples load() {
    StoredExamples out;
    const auto& x = file_.at("x");
    if (x.shape.size() < 2)
      fail("x", fmt::format("has {} dimensions", x.shape.size()), "N × D or N × H × W [× C]");
    const std::size_t n = x.shape[0];
    datasets::Dataset& data = out.data;
    data.name = file_.has("dataset") ? file_.texts("dataset").at(0) : path_.filename().string();
    data.split = file_.has("split") ? file_.texts("split").at(0) : "stored";
    data.shape = sample_shape(x.shape);
    data.sha256 = sha256_hex(read_file(path_));
    if (file_.has("range")) {
      const std::vector<double> range = sized("range", 2);
      data.range = {static_cast<float>(range[0]), static_cast<float>(range[1])};
    }
    data.images = points("x", n);
    out.points = points("x_adv", n);
    const std::vector<double> labels = sized("labels", n);
    double largest = 0.0;
    for (std::size_t k = 0; k < n; ++k) {
      if (!(labels[k] >= 0.0 && labels[k] < 1024.0 && labels[k] == std::floor(labels[k]))) {
        fail("labels", fmt::format("[{}] is {}", k, labels[k]), "a class 0, 1, …");
      }
      largest = std::max(largest, labels[k]);
      data.labels.push_back(static_cast<int>(labels[k]));
    }
    for (const double id : file_.has("ids") ? sized("ids", n) : counted(n)) {
      data.ids.push_back(static_cast<std::uint64_t>(id));
    }
    if (file_.has("class_names")) {
      data.class_names = file_.texts("class_names");
    } else {
      for (int c = 0; c <= static_cast<int>(largest); ++c)
        data.class_names.push_back(std::to_string(c));
    }
    if (largest >= static_cast<double>(data.class_names.size())) {
      fail("labels", fmt::format("has class {}", largest),
           fmt::format("at most {} by class_names", data.class_names.size() - 1));
    }
    if (file_.has("norm")) out.norm = attacks::find_norm(file_.texts("norm").at(0));
    if (file_.has("epsilon")) {
      out.epsilon = sized("epsilon", 1)[0];
    } else {
      for (std::size_t k = 0; k < n; ++k) {
        out.epsilon = std::max(out.epsilon,
                               attacks::distance(out.norm, data.images.row(k), out.points.row(k)));
      }
    }
    return out;
  }

 private:
  [[noreturn]] void fail(std::string_view array, const std::string& what,
                         const std::string& allowed) const {
    fail_input("{}: {} {}; allowed is {}; save the examples again with 'gibbon sweep --save'",
               path_.string(), array, what, allowed);
  }

  [[nodiscard]] std::vector<double> sized(std::string_view name, std::size_t count) const {
    std::vector<double> values = file_.numbers(name);
    if (values.size() != count) {
      fail(name, fmt::format("has {} values", values.size()), fmt::format("{}", count));
    }
    return values;
  }

  [[nodiscard]] static std::vector<double> counted(std::size_t n) {
    std::vector<double> out;
    for (std::size_t k = 0; k < n; ++k) out.push_back(static_cast<double>(k));
    return out;
  }

  [[nodiscard]] Tensor points(std::string_view name, std::size_t n) const {
    const auto& reference = file_.at("x");
    const auto& array = file_.at(name);
    if (array.shape != reference.shape) {
      fail(name, fmt::format("is {}", fmt::join(array.shape, " × ")),
           fmt::format("{}, the shape of x", fmt::join(reference.shape, " × ")));
    }
    const std::vector<double> values = file_.numbers(name);
    Tensor out(n, n == 0 ? 0 : values.size() / n);
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (!std::isfinite(values[k])) {
        fail(name, fmt::format("has {} in sample {}", values[k], k / out.cols()), "finite numbers");
      }
      out.flat()[k] = static_cast<float>(values[k]);
    }
    return out;
  }

  std::filesystem::path path_;
  reports::NpzFile file_;
};

}  // namespace

std::vector<std::size_t> examples_shape(const datasets::Shape& shape, std::size_t n) {
  if (!shape.image) return {n, shape.size()};
  if (shape.channels == 1) return {n, shape.height, shape.width};
  return {n, shape.height, shape.width, shape.channels};
}

void require_savable(const std::filesystem::path& path, const datasets::Dataset& data,
                     const SweepPlan& plan) {
  static_cast<void>(only_norm(plan));
  if (path.extension() == ".npz") {
    return require_writable_folder(path.has_parent_path() ? path.parent_path() : ".");
  }
  if (!data.shape.image) {
    fail_usage("--save {}: {} holds points, not images; give a FILE.npz", path.string(), data.name);
  }
  require_writable_folder(path);
}

void save(const std::filesystem::path& path, const datasets::Dataset& data, const SweepPlan& plan,
          const SweepResult& result) {
  if (path.extension() == ".npz") return save_examples(path, data, plan, result);
  save_pictures(path, data, plan, result);
}

void save_examples(const std::filesystem::path& path, const datasets::Dataset& data,
                   const SweepPlan& plan, const SweepResult& result) {
  const std::string norm(attacks::to_string(only_norm(plan)));
  const std::size_t n = result.finished;
  std::vector<std::int64_t> labels;
  std::vector<std::int64_t> clean;
  std::vector<std::int64_t> predictions;
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> broken;
  std::array<std::vector<double>, 4> distances;
  for (std::size_t k = 0; k < n; ++k) {
    const SampleRecord* record = &kept_record(plan, result, k);
    labels.push_back(record->label);
    clean.push_back(record->clean_label);
    predictions.push_back(record->found_label);
    ids.push_back(static_cast<std::int64_t>(record->id));
    broken.push_back(record->fooled != 0 || record->clean_label != record->label ? 1 : 0);
    const Distances moved = measure(data.images.row(k), result.examples.points.row(k));
    distances[0].push_back(moved.l0);
    distances[1].push_back(moved.l1);
    distances[2].push_back(moved.l2);
    distances[3].push_back(moved.linf);
  }
  const auto in_norm = [&]() -> const std::vector<double>& {
    switch (plan.norms.front()) {
      case attacks::Norm::kL0: return distances[0];
      case attacks::Norm::kL1: return distances[1];
      case attacks::Norm::kL2: return distances[2];
      case attacks::Norm::kLinf: return distances[3];
    }
    throw std::logic_error("save_examples: no such norm");
  };
  const std::array<double, 2> range{data.range.lower, data.range.upper};
  const std::array<double, 1> epsilon{plan.epsilons.back()};
  const std::vector<std::size_t> shape = examples_shape(data.shape, n);
  const std::vector<std::string> norm_text{norm};
  const std::vector<std::string> dataset{data.name};
  const std::vector<std::string> split{data.split};
  using Integers = std::span<const std::int64_t>;
  using Doubles = std::span<const double>;
  const std::vector<reports::NpyArray> arrays{
      array_of("x", shape, data.images.flat().first(n * data.shape.size())),
      array_of("x_adv", shape, result.examples.points.flat()),
      array_of("labels", {n}, Integers(labels)),
      array_of("clean_predictions", {n}, Integers(clean)),
      array_of("predictions", {n}, Integers(predictions)),
      array_of("ids", {n}, Integers(ids)),
      array_of("distances", {n}, Doubles(in_norm())),
      array_of("l0", {n}, Doubles(distances[0])),
      array_of("l1", {n}, Doubles(distances[1])),
      array_of("l2", {n}, Doubles(distances[2])),
      array_of("linf", {n}, Doubles(distances[3])),
      array_of("broken", {n}, Integers(broken)),
      array_of("attack", result.examples.broken_by),
      array_of("epsilon", {1}, Doubles(epsilon)),
      array_of("norm", norm_text),
      array_of("dataset", dataset),
      array_of("split", split),
      array_of("class_names", data.class_names),
      array_of("range", {2}, Doubles(range))};
  try {
    write_atomically(path, reports::to_npz(arrays));
  } catch (const reports::Error& error) {
    fail_input("{}", error.what());
  }
}

void save_pictures(const std::filesystem::path& folder, const datasets::Dataset& data,
                   const SweepPlan& plan, const SweepResult& result) {
  require_writable_folder(folder);
  const attacks::ThreatModel threat{only_norm(plan), plan.epsilons.back(), data.range};
  std::vector<std::uint8_t> levels(data.shape.size());
  std::string csv = "file,id,label,prediction,adversarial_as_8bit,attack,distance\n";
  for (std::size_t k = 0; k < result.finished; ++k) {
    const SampleRecord& r = kept_record(plan, result, k);
    if (r.fooled == 0) continue;
    const Row point = result.examples.points.row(k);
    to_8bit(threat, data.images.row(k), point, levels);
    const std::string file =
        fmt::format("{:05}_{}_as_{}.png", r.id, int{r.label}, int{r.found_label});
    datasets::write_png(folder / file, {.height = data.shape.height,
                                        .width = data.shape.width,
                                        .channels = data.shape.channels,
                                        .pixels = levels});
    csv += fmt::format("{},{},{},{},{},{},{}\n", file, r.id, int{r.label}, int{r.found_label},
                       r.rounded_label >= 0 && r.rounded_label != r.label ? 1 : 0,
                       reports::csv_field(result.examples.broken_by[k]),
                       measure(data.images.row(k), point).in(threat.norm));
  }
  write_atomically(folder / "examples.csv", csv);
}

StoredExamples load_examples(const std::filesystem::path& path) {
  try {
    return Loader(path).load();
  } catch (const reports::Error& error) {
    fail_input("{}", error.what());
  }
}

Entry stored_entry(const StoredExamples& stored, const std::string& name) {
  return single_entry({.text = name,
                       .info = &stored_info(),
                       .attack = std::make_shared<Stored>(stored),
                       .target = {}});
}

}  // namespace gibbon::eval
