#include "eval/gallery.hpp"

#include <array>

#include <nlohmann/json.hpp>

#include "datasets/error.hpp"
#include "datasets/files.hpp"
#include "datasets/image_io.hpp"
#include "eval/judge.hpp"
#include "eval/quantise.hpp"

namespace gibbon::eval {
namespace {

using reports::GalleryItem;
using reports::SampleRecord;

constexpr std::size_t kBudgets =
    31;  // of a sample: enough for ε to be moved as if it were continuous

std::string file_safe(std::string text) {
  for (char& c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    if (!plain) c = '_';
  }
  return text;
}

std::string clean_file(std::uint64_t id) { return fmt::format("gallery/clean_{:05}.png", id); }

/// Up to kBudgets evenly spread rows of the ε list, none of them ε = 0.
std::vector<std::size_t> pick_budgets(std::span<const double> epsilons) {
  const std::size_t first = !epsilons.empty() && epsilons.front() == 0.0 ? 1 : 0;
  const std::size_t count = epsilons.size() - first;
  const std::size_t picked = std::min(kBudgets, count);
  std::vector<std::size_t> rows;
  for (std::size_t k = 1; k <= picked; ++k) rows.push_back(first + k * count / picked - 1);
  return rows;
}

/// Per class the samples that the smallest budgets break; ties by place. Right when clean, all of
/// them.
std::vector<std::size_t> pick_samples(std::span<const SampleRecord> records, std::size_t n,
                                      std::size_t classes, std::size_t per_class) {
  const std::size_t budgets = records.size() / n;
  std::vector<std::vector<std::pair<std::size_t, std::size_t>>> by_class(classes);
  for (std::size_t k = 0; k < n; ++k) {
    const SampleRecord& r = records[k];
    if (r.clean_label != r.label || r.label == r.target) continue;
    std::size_t e = 0;
    while (e < budgets && records[e * n + k].broken == 0) ++e;
    by_class[static_cast<std::size_t>(r.label)].emplace_back(e, k);
  }
  std::vector<std::size_t> picked;
  for (auto& samples : by_class) {
    std::ranges::sort(samples);
    // Of those broken at all the middle ones: the typical sample, not the one on the fence.
    const auto broken = static_cast<std::size_t>(
        std::ranges::count_if(samples, [&](const auto& s) { return s.first < budgets; }));
    const std::size_t begin = broken > per_class ? (broken - per_class) / 2 : 0;
    for (std::size_t k = begin; k < std::min(begin + per_class, samples.size()); ++k) {
      picked.push_back(samples[k].second);
    }
  }
  return picked;
}

datasets::Picture to_picture(const datasets::Shape& shape, std::span<const std::uint8_t> levels) {
  return {.height = shape.height,
          .width = shape.width,
          .channels = shape.channels,
          .pixels = {levels.begin(), levels.end()}};
}

reports::Pixels to_pixels(const datasets::Picture& picture) {
  return {.height = static_cast<std::uint32_t>(picture.height),
          .width = static_cast<std::uint32_t>(picture.width),
          .channels = static_cast<std::uint32_t>(picture.channels),
          .values = picture.pixels};
}

/// adversarial - clean in input units, of the pictures as saved.
std::vector<float> difference(const datasets::Picture& clean,
                              const datasets::Picture& adversarial) {
  std::vector<float> out(clean.pixels.size());
  for (std::size_t d = 0; d < out.size(); ++d) {
    out[d] = static_cast<float>(int{adversarial.pixels[d]} - int{clean.pixels[d]}) / 255.0F;
  }
  return out;
}

/// Draws candidates for single samples and judges what the disk gives back.
class Painter {
 public:
  Painter(const models::Network& network, const datasets::Dataset& data, const SweepPlan& plan,
          std::filesystem::path folder)
      : data_(data),
        plan_(plan),
        folder_(std::move(folder)),
        model_(network),
        judged_(network),
        judge_(judged_, network.output, 1),
        runner_({.model = model_,
                 .judged = judged_,
                 .output = network.output,
                 .data = data,
                 .epsilons = plan.epsilons,
                 .seed = plan.seed,
                 .max_queries = plan.max_queries,
                 .exhaustive = plan.exhaustive},
                1),
        candidate_(1, data.shape.size()),
        levels_(data.shape.size()) {}

  /// Attacks one sample again, alone: the same bits as in its block.
  void attack(const Pair& pair, std::size_t sample, std::span<const std::size_t> rows) {
    std::vector<SampleRecord> records(plan_.epsilons.size());
    std::vector<Tally> tallies(pair.members.size());
    std::vector<char> keep(plan_.epsilons.size(), 0);
    for (const std::size_t row : rows) keep[row] = 1;
    runner_.begin(sample, 1);
    runner_.run(pair, records, tallies, keep, [](std::size_t, std::size_t, std::size_t) {});
  }

  /// The candidate of the last attack() at one budget.
  GalleryItem paint(const Pair& pair, std::size_t row, const SampleRecord& record,
                    std::size_t sample) {
    const attacks::Norm norm = pair.norm;
    const double epsilon = plan_.epsilons[row];
    const std::string& name = pair.entry->text;
    const attacks::ThreatModel threat{norm, epsilon, data_.range};
    const Rows x = data_.images.view().slice(sample, 1);
    std::ranges::copy(runner_.point(row, 0), candidate_.row(0).begin());
    to_8bit(threat, x.row(0), candidate_.row(0), levels_);

    GalleryItem item{.id = record.id,
                     .attack = name,
                     .norm = std::string(attacks::to_string(norm)),
                     .epsilon = epsilon,
                     .label = record.label,
                     .file = fmt::format("gallery/{}_{}_{:05}_eps{:.4g}.png", file_safe(name),
                                         attacks::to_string(norm), record.id, epsilon)};
    datasets::write_png(folder_ / item.file, to_picture(data_.shape, levels_));
    const datasets::Picture saved =
        datasets::read_picture(folder_ / item.file, data_.shape.channels);
    from_8bit(saved.pixels, candidate_.row(0));
    const Finding found = look(candidate_.view());
    constexpr double kSlack = 1e-7;  // a level k / 255 is itself rounded to float32
    item.confidences = judge_.confidences(candidate_.row(0));
    item.found_label = found.label;
    item.found_confidence = found.confidence;
    item.still_adversarial =
        found.label >= 0 && found.label != item.label &&
        measure(x.row(0), candidate_.row(0)).in(norm) <= threat.reach() + kSlack &&
        inside(data_.range, candidate_.row(0));

    to_8bit({norm, 0.0, data_.range}, x.row(0), x.row(0), levels_);
    const datasets::Picture clean = to_picture(data_.shape, levels_);
    datasets::write_png(folder_ / clean_file(record.id), clean);
    const Finding before = look(x);
    item.clean_confidences = judge_.confidences(x.row(0));
    item.clean_label = before.label;
    item.clean_confidence = before.confidence;
    item.clean = to_pixels(clean);
    item.adversarial = to_pixels(saved);
    item.perturbation = difference(clean, saved);
    return item;
  }

 private:
  Finding look(Rows x) {
    Finding finding;
    const std::array label{0};
    judge_.look(x, label, std::span(&finding, 1));
    return finding;
  }

  const datasets::Dataset& data_;
  const SweepPlan& plan_;
  std::filesystem::path folder_;
  models::Mlp model_;
  models::MlpOf<double> judged_;
  Judge judge_;
  BlockRunner runner_;
  Tensor candidate_;
  std::vector<std::uint8_t> levels_;
};

}  // namespace

reports::Gallery make_gallery(const models::Network& network, const datasets::Dataset& data,
                              const SweepPlan& plan, const SweepResult& result,
                              std::size_t per_class, const std::filesystem::path& folder) {
  reports::Gallery gallery{.class_names = data.class_names, .items = {}};
  if (!data.shape.image || per_class == 0 || result.finished == 0) return gallery;
  std::filesystem::create_directories(folder / "gallery");
  Painter painter(network, data, plan, folder);
  const std::size_t n = result.finished;
  const std::size_t row = plan.epsilons.size() * n;
  std::vector<attacks::Norm> shown;
  const std::vector<std::size_t> rows = pick_budgets(plan.epsilons);
  for (std::size_t p = 0; p < result.pairs.size(); ++p) {
    const Pair& pair = result.pairs[p];
    if (pair.is_control() || std::ranges::count(shown, pair.norm) > 0) continue;
    shown.push_back(pair.norm);
    const auto records = std::span(result.samples).subspan(p * row, row);
    for (const std::size_t sample : pick_samples(records, n, data.class_names.size(), per_class)) {
      painter.attack(pair, sample, rows);
      for (const std::size_t e : rows) {
        gallery.items.push_back(painter.paint(pair, e, records[sample], sample));
      }
    }
  }
  return gallery;
}

reports::Gallery read_gallery(const std::filesystem::path& folder,
                              const std::vector<std::string>& class_names) {
  reports::Gallery gallery{.class_names = class_names, .items = {}};
  const std::filesystem::path manifest = folder / "gallery.json";
  if (!std::filesystem::exists(manifest)) return gallery;
  try {
    for (const nlohmann::json& entry : nlohmann::json::parse(read_file(manifest))) {
      GalleryItem item{.id = entry.at("id"),
                       .attack = entry.at("attack"),
                       .norm = entry.at("norm"),
                       .epsilon = entry.at("epsilon"),
                       .label = entry.at("label"),
                       .clean_label = entry.at("clean_label"),
                       .found_label = entry.at("found_label"),
                       .clean_confidence = entry.at("clean_confidence"),
                       .found_confidence = entry.at("found_confidence"),
                       .clean_confidences = entry.value("clean_confidences", std::vector<float>()),
                       .confidences = entry.value("confidences", std::vector<float>()),
                       .still_adversarial = entry.at("still_adversarial"),
                       .file = entry.at("file")};
      const datasets::Picture clean = datasets::read_picture(folder / clean_file(item.id), 0);
      const datasets::Picture saved = datasets::read_picture(folder / item.file, clean.channels);
      item.clean = to_pixels(clean);
      item.adversarial = to_pixels(saved);
      if (clean.pixels.size() == saved.pixels.size()) item.perturbation = difference(clean, saved);
      gallery.items.push_back(std::move(item));
    }
  } catch (const nlohmann::json::exception& error) {
    fail_input("{}: not a gallery's manifest ({}); make the gallery again", manifest.string(),
               error.what());
  }
  return gallery;
}

}  // namespace gibbon::eval
