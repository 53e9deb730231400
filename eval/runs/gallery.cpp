// SPDX-License-Identifier: MIT
#include "eval/runs/gallery.hpp"

#include <array>
#include <cmath>
#include <set>

#include <nlohmann/json.hpp>

#include "attacks/losses.hpp"
#include "attacks/oracle.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/parallel.hpp"
#include "base/phase.hpp"
#include "base/sha256.hpp"
#include "base/suggest.hpp"
#include "datasets/image_io.hpp"
#include "eval/judge/judge.hpp"
#include "eval/judge/quantise.hpp"
#include "reports/formats/parse_json.hpp"
#include "reports/gallery/colour_map.hpp"
#include "reports/gallery/slide.hpp"

namespace gibbon::eval::runs {
namespace {

using reports::record::SampleRecord;

constexpr std::size_t kBudgets =
    31;  // of a sample: enough for ε to be moved as if it were continuous
constexpr std::size_t kLongestPart = 80;  // of a file name, which may have 255

std::string file_safe(std::string text) {
  text.resize(std::min(text.size(), kLongestPart));
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

/// What all shown attacks of a norm know about a sample.
struct Candidate {
  std::size_t sample = 0;
  std::size_t first_broken = 0;  ///< row of the ε list; its length: none
  bool wanders = false;          ///< fooled at one ε and right again at a larger one
  double nearest = std::numeric_limits<double>::infinity();
  float confidence = 0.0F;  ///< the highest in a wrong class
};

using Records =
    std::vector<std::span<const reports::record::SampleRecord>>;  // per attack, K × n each

Candidate candidate_of(const Records& records, std::size_t n, std::size_t sample) {
  const std::size_t budgets = records.front().size() / n;
  Candidate candidate{.sample = sample, .first_broken = budgets};
  for (const auto& rows : records) {
    bool larger = true;  // fooled at all larger ε
    for (std::size_t e = budgets; e-- > 0;) {
      const reports::record::SampleRecord& r = rows[e * n + sample];
      candidate.wanders = candidate.wanders || (r.fooled != 0 && !larger);
      larger = larger && r.fooled != 0;
      if (r.broken != 0) candidate.first_broken = std::min(candidate.first_broken, e);
      if (r.fooled != 0) candidate.confidence = std::max(candidate.confidence, r.confidence);
      candidate.nearest = std::min(candidate.nearest, r.nearest);
    }
  }
  return candidate;
}

void sort(std::vector<Candidate>& samples, GalleryOrder order) {
  const auto by = [&](auto key) { std::ranges::stable_sort(samples, {}, key); };
  switch (order) {
    case GalleryOrder::kTypical:
      return by([](const Candidate& c) { return std::pair(c.wanders, c.first_broken); });
    case GalleryOrder::kFragile: return by(&Candidate::nearest);
    case GalleryOrder::kConfident: return by([](const Candidate& c) { return -c.confidence; });
    case GalleryOrder::kId: return;
  }
}

/// Samples of a norm, class after class; right when clean, all of them.
std::vector<std::size_t> pick_samples(const Records& records, std::size_t n, std::size_t classes,
                                      const GalleryChoice& choice) {
  std::vector<std::vector<Candidate>> by_class(classes);
  for (std::size_t k = 0; k < n; ++k) {
    const reports::record::SampleRecord& r = records.front()[k];
    const bool aimed_at = std::ranges::all_of(
        records, [&](const auto& rows) { return rows[k].label == rows[k].target; });
    if (r.clean_label != r.label || aimed_at) continue;
    if (!choice.classes.empty() && std::ranges::count(choice.classes, int{r.label}) == 0) continue;
    by_class[static_cast<std::size_t>(r.label)].push_back(candidate_of(records, n, k));
  }
  const std::size_t budgets = records.front().size() / n;
  std::vector<std::size_t> picked;
  for (auto& samples : by_class) {
    sort(samples, choice.order);
    std::size_t begin = 0;
    if (choice.order == GalleryOrder::kTypical) {
      // Of those broken for good the middle ones: the typical sample, not the one on the fence.
      const auto broken = static_cast<std::size_t>(std::ranges::count_if(
          samples, [&](const Candidate& c) { return c.first_broken < budgets && !c.wanders; }));
      begin = broken > choice.per_class ? (broken - choice.per_class) / 2 : 0;
    }
    for (std::size_t k = begin; k < std::min(begin + choice.per_class, samples.size()); ++k) {
      picked.push_back(samples[k].sample);
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

reports::record::Pixels to_pixels(const datasets::Picture& picture) {
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

/// Samples attacked at a time: a block costs hardly more than one, but keeps a candidate for every
/// budget.
std::size_t block_size(const models::Target& target, const datasets::Dataset& data,
                       std::size_t budgets) {
  constexpr std::size_t kMostFloats = 16'000'000;
  constexpr std::size_t kMostSamples = 64;
  const std::size_t room = kMostFloats / std::max<std::size_t>(1, budgets * data.shape.size());
  return std::max<std::size_t>(1, std::min({room, kMostSamples, data.size(), target.most_rows()}));
}

/// Draws candidates for single samples and judges what the disk gives back.
class Painter {
 public:
  Painter(const models::Target& target, const datasets::Dataset& data, const sweep::SweepPlan& plan,
          std::filesystem::path folder, std::size_t block)
      : data_(data),
        plan_(plan),
        folder_(std::move(folder)),
        target_(target),
        judge_(*target_.exact, target_.output, 1),
        runner_({.model = *target_.fast,
                 .judged = *target_.exact,
                 .output = target_.output,
                 .data = data,
                 .epsilons = plan.epsilons,
                 .seed = plan.seed,
                 .max_queries = plan.max_queries,
                 .exhaustive = plan.exhaustive,
                 .limits = sweep::fit_limits(plan.limits, data)},
                block),
        candidate_(1, data.shape.size()),
        levels_(data.shape.size()) {}

  /// Attacks `count` samples from `first` on again: the same bits as in any other block.
  void attack(const sweep::Pair& pair, std::size_t first, std::size_t count,
              std::span<const std::size_t> rows) {
    first_ = first;
    count_ = count;
    records_.assign(plan_.epsilons.size() * count, {});
    std::vector<sweep::Tally> tallies(pair.members.size());
    std::vector<char> keep(plan_.epsilons.size(), 0);
    for (const std::size_t row : rows) keep[row] = 1;
    runner_.begin(first, count);
    runner_.run(pair, records_, tallies, keep, [](std::size_t, std::size_t, std::size_t) {});
  }

  /// The candidate of the last attack() at one budget; `sample` is one of those.
  reports::record::GalleryItem paint(const sweep::Pair& pair, std::size_t row, std::size_t sample) {
    const attacks::Norm norm = pair.norm;
    const attacks::ThreatModel threat{norm, plan_.epsilons[row], data_.range};
    const std::size_t place = sample - first_;
    const reports::record::SampleRecord& record = records_[row * count_ + place];
    const Rows x = data_.images.view().slice(sample, 1);
    std::ranges::copy(runner_.point(row, place), candidate_.row(0).begin());
    std::vector<float> direction = direction_of(pair, x, data_.labels[sample]);
    std::optional<reports::record::Slide> slide;
    if (reports::gallery::is_photograph(data_.shape.height, data_.shape.width)) {
      slide = make_slide(threat, x, direction);
    }
    judge::to_8bit(threat, x.row(0), candidate_.row(0), levels_);

    reports::record::GalleryItem item{.id = record.id,
                                      .attack = pair.entry->text,
                                      .norm = std::string(attacks::to_string(norm)),
                                      .epsilon = threat.epsilon,
                                      .label = record.label,
                                      .target = record.target,
                                      .nearest = record.nearest,
                                      .forwards = record.forwards,
                                      .backwards = record.backwards,
                                      .file = file_name(pair, record.id, threat.epsilon),
                                      .clean_file = clean_file(record.id)};
    const datasets::Picture saved = save(item.file, item.sha256);
    judge::from_8bit(saved.pixels, candidate_.row(0));
    const judge::Finding found = look(candidate_.view());
    const PerNorm moved =
        judge::measure(x.row(0), candidate_.row(0), sweep::fit_limits(plan_.limits, data_).scale);
    constexpr double kSlack = 1e-7;  // a level k / 255 is itself rounded to float32
    item.confidences = judge_.confidences(candidate_.row(0));
    item.found_label = found.label;
    item.found_confidence = found.confidence;
    item.distances = moved;
    item.still_adversarial = found.label >= 0 && found.label != item.label &&
                             moved[norm] <= threat.reach() + kSlack &&
                             judge::inside(data_.range, candidate_.row(0));

    judge::to_8bit({norm, 0.0, data_.range}, x.row(0), x.row(0), levels_);
    const datasets::Picture clean = save(item.clean_file, item.clean_sha256);
    const judge::Finding before = look(x);
    item.clean_confidences = judge_.confidences(x.row(0));
    item.clean_label = before.label;
    item.clean_confidence = before.confidence;
    item.clean = to_pixels(clean);
    item.adversarial = to_pixels(saved);
    item.perturbation = difference(clean, saved);
    item.direction = std::move(direction);
    item.slide = std::move(slide);
    return item;
  }

 private:
  /// sign(∇ₓJ) at x under untargeted FGSM without further limits, where each value may change by ε:
  /// what x + ε · sign(∇ₓJ) is made of. Empty for other attacks, which do more.
  std::vector<float> direction_of(const sweep::Pair& pair, Rows x, int label) {
    const sweep::AttackSpec& spec = *pair.members.front();
    const bool is_sign = !pair.entry->ensemble && spec.info->name == "fgsm" &&
                         spec.target.kind == sweep::Target::Kind::kNone &&
                         gibbon::info_of(pair.norm).each_value && !plan_.limits.any();
    if (!is_sign) return {};
    attacks::Oracle oracle(*target_.fast, attacks::Access::kGradients, 1);
    oracle.begin(1, 0);
    const std::array<std::uint32_t, 1> owner{0};
    const std::array labels{label};
    const Rows dx = oracle.gradient(x, labels, attacks::scale_free_seed<float>, owner).dx;
    std::vector<float> signs;
    for (const float slope : dx.row(0))
      signs.push_back(slope > 0.0F ? 1.0F : slope < 0.0F ? -1.0F : 0.0F);
    return signs;
  }

  /// What the model says to the candidate itself, and to its perturbation as a picture: the signs
  /// where these are what it is made of.
  reports::record::Slide make_slide(const attacks::ThreatModel& threat, Rows x,
                                    std::span<const float> direction) {
    const judge::Finding found = look(candidate_.view());
    reports::record::Slide slide{.label = found.label,
                                 .confidence = found.confidence,
                                 .confidences = judge_.confidences(candidate_.row(0))};
    Tensor change(1, data_.shape.size());
    for (std::size_t d = 0; d < change.cols(); ++d)
      change.flat()[d] = candidate_.flat()[d] - x.row(0)[d];
    slide.scale = info_of(threat.norm).each_value
                      ? threat.epsilon
                      : reports::gallery::largest_magnitude(change.flat());
    std::size_t clipped = 0;
    for (std::size_t d = 0; d < change.cols(); ++d) {
      const float value = candidate_.flat()[d];
      const bool at_end = value == data_.range.lower || value == data_.range.upper;
      clipped += at_end && std::abs(double{change.flat()[d]}) < 0.99 * slide.scale ? 1U : 0U;
    }
    slide.clipped = static_cast<double>(clipped) / static_cast<double>(change.cols());
    const std::vector<std::uint8_t> levels =
        direction.empty() ? reports::gallery::noise_levels(change.flat(), slide.scale)
                          : reports::gallery::noise_levels(direction, 1.0);
    slide.noise = to_pixels(to_picture(data_.shape, levels));
    judge::from_8bit(levels, change.row(0));
    const judge::Finding said = look(change.view());
    slide.noise_label = said.label;
    slide.noise_confidence = said.confidence;
    return slide;
  }

  judge::Finding look(Rows x) {
    judge::Finding finding;
    const std::array label{0};
    judge_.look(x, label, std::span(&finding, 1));
    return finding;
  }

  /// Writes levels_ and returns what the disk gives back.
  datasets::Picture save(const std::string& file, std::string& sha256) {
    datasets::write_png(folder_ / file, to_picture(data_.shape, levels_));
    sha256 = sha256_hex(read_file(folder_ / file));
    return datasets::read_picture(folder_ / file, data_.shape.channels);
  }

  /// Short where that is unique.
  std::string file_name(const sweep::Pair& pair, std::uint64_t id, double epsilon) {
    const std::string stem = fmt::format("gallery/{}_{}_{:05}_eps", file_safe(pair.entry->text),
                                         attacks::to_string(pair.norm), id);
    std::string name = fmt::format("{}{:.4g}", stem, epsilon);
    if (taken_.contains(name)) name = fmt::format("{}{}", stem, epsilon);
    while (!taken_.insert(name).second) name += "-2";
    return name + ".png";
  }

  const datasets::Dataset& data_;
  const sweep::SweepPlan& plan_;
  std::filesystem::path folder_;
  std::set<std::string> taken_;
  std::vector<reports::record::SampleRecord> records_;  // of the last attack()
  std::size_t first_ = 0;                               // likewise
  std::size_t count_ = 0;
  models::Target target_;
  judge::Judge judge_;
  sweep::BlockRunner runner_;
  Tensor candidate_;
  std::vector<std::uint8_t> levels_;
};

/// A picture of the manifest, if it lies in the gallery and is the one that was saved there.
datasets::Picture read_checked(const std::filesystem::path& folder, const std::string& file,
                               const std::string& sha256, std::size_t channels) {
  const std::filesystem::path path = folder / file;
  if (!file.starts_with("gallery/") || file.find("..") != std::string::npos) {
    fail_input("{}: the manifest names {}; allowed are files in gallery/; make the gallery again",
               (folder / "gallery.json").string(), file);
  }
  if (!sha256.empty() && sha256_hex(read_file(path)) != sha256) {
    fail_input(
        "{}: not the image that was saved and judged (SHA-256 differs); make the "
        "gallery again",
        path.string());
  }
  return datasets::read_picture(path, channels);
}

/// An item of the manifest, without its pictures.
reports::record::GalleryItem read_item(const reports::formats::JsonPart& entry) {
  using Floats = std::vector<float>;
  reports::record::GalleryItem item{.id = entry.get<std::uint64_t>("id"),
                                    .attack = entry.get<std::string>("attack"),
                                    .norm = entry.get<std::string>("norm"),
                                    .epsilon = entry.get<double>("epsilon"),
                                    .label = entry.get<int>("label"),
                                    .target = entry.get("target", -1),
                                    .clean_label = entry.get<int>("clean_label"),
                                    .found_label = entry.get<int>("found_label"),
                                    .clean_confidence = entry.get<double>("clean_confidence"),
                                    .found_confidence = entry.get<double>("found_confidence"),
                                    .clean_confidences = entry.get("clean_confidences", Floats()),
                                    .confidences = entry.get("confidences", Floats()),
                                    .still_adversarial = entry.get<bool>("still_adversarial"),
                                    .forwards = entry.get("forwards", std::uint32_t{0}),
                                    .backwards = entry.get("backwards", std::uint32_t{0}),
                                    .file = entry.get<std::string>("file"),
                                    .sha256 = entry.get("sha256", std::string()),
                                    .clean_sha256 = entry.get("clean_sha256", std::string())};
  item.clean_file = entry.get("clean_file", clean_file(item.id));
  if (entry.has("distances")) {
    const reports::formats::JsonPart moved = entry["distances"];
    for (std::size_t i = 0; i < kStoredNorms.size(); ++i) {
      const std::string name(to_string(kStoredNorms[i]));
      item.distances.values[i] =
          i < kFirstStored ? moved.get<double>(name.c_str())
                           : moved.get(name.c_str(), std::numeric_limits<double>::quiet_NaN());
    }
  }
  if (entry.has("nearest"))
    item.nearest = entry["nearest"].number_or(std::numeric_limits<double>::infinity());
  return item;
}

/// The pairs of one norm that the choice names.
std::vector<std::size_t> pick_pairs(const std::vector<sweep::Pair>& pairs, attacks::Norm norm,
                                    const GalleryChoice& choice) {
  std::vector<std::size_t> picked;
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    const std::string& attack = pairs[p].entry->text;
    const bool named = std::ranges::count(choice.attacks, attack) > 0;
    if (pairs[p].norm != norm) continue;
    if (choice.attacks.empty() ? !pairs[p].is_control() : named) picked.push_back(p);
  }
  return picked;
}

}  // namespace

GalleryOrder parse_order(const std::string& name) {
  if (name == "typical") return GalleryOrder::kTypical;
  if (name == "fragile") return GalleryOrder::kFragile;
  if (name == "confident") return GalleryOrder::kConfident;
  if (name == "id") return GalleryOrder::kId;
  const std::vector<std::string> known{"typical", "fragile", "confident", "id"};
  fail_usage("--order: {}", unknown_name("order", name, known));
}

reports::record::Gallery make_gallery(const models::Target& target, const datasets::Dataset& data,
                                      const sweep::SweepPlan& plan,
                                      const sweep::SweepResult& result, const GalleryChoice& choice,
                                      const std::filesystem::path& folder) {
  const Phase phase("gallery: examples");
  reports::record::Gallery gallery{.class_names = data.class_names,
                                   .items = {},
                                   .labels = {},
                                   .labels_are_answers = choice.labels_are_answers};
  if (!data.shape.image || choice.per_class == 0 || result.finished == 0) return gallery;
  make_folders(folder / "gallery");
  const std::size_t n = result.finished;
  const std::size_t row = plan.epsilons.size() * n;
  const std::vector<std::size_t> rows = pick_budgets(plan.epsilons);
  for (const attacks::Norm norm : plan.norms) {
    if (!choice.norms.empty() && std::ranges::count(choice.norms, norm) == 0) continue;
    const std::vector<std::size_t> pairs = pick_pairs(result.pairs, norm, choice);
    if (pairs.empty()) continue;
    Records records;
    for (const std::size_t p : pairs) {
      records.push_back(std::span(result.samples).subspan(p * row, row));
    }
    const auto samples = pick_samples(records, n, data.class_names.size(), choice);
    if (samples.empty()) continue;
    const datasets::Dataset shown = datasets::take_rows(data, samples);
    const std::size_t block = block_size(target, shown, rows.size());
    Painter painter(target, shown, plan, folder, block);
    for (std::size_t k = 0; k < pairs.size(); ++k) {
      const sweep::Pair& pair = result.pairs[pairs[k]];
      if (!pair.entry->label.empty()) gallery.labels[pair.entry->text] = pair.entry->label;
      for (std::size_t first = 0; first < samples.size(); first += block) {
        if (interrupted) {
          remove_tree(folder / "gallery");
          return {};
        }
        const std::size_t count = std::min(block, samples.size() - first);
        painter.attack(pair, first, count, rows);
        for (std::size_t s = first; s < first + count; ++s) {
          const SampleRecord& record = records[k][samples[s]];
          if (record.label == record.target) continue;
          for (const std::size_t e : rows) gallery.items.push_back(painter.paint(pair, e, s));
        }
      }
    }
  }
  return gallery;
}

nlohmann::ordered_json gallery_counts(const reports::record::Gallery& gallery) {
  const auto still =
      std::ranges::count_if(gallery.items, &reports::record::GalleryItem::still_adversarial);
  return {{"images", gallery.items.size()}, {"adversarial_as_8bit_png", still}};
}

reports::record::Gallery read_gallery(const std::filesystem::path& folder,
                                      const std::vector<std::string>& class_names) {
  reports::record::Gallery gallery{.class_names = class_names, .items = {}, .labels = {}};
  const std::filesystem::path manifest = folder / "gallery.json";
  if (!is_there(manifest)) return gallery;
  const std::string name = manifest.string();
  constexpr std::string_view kRemedy = "not the manifest of a gallery; make the gallery again";
  const nlohmann::ordered_json json =
      reports::formats::parse_json(read_file(manifest), name, kRemedy);
  const reports::formats::JsonPart entries(json, name, kRemedy);
  for (std::size_t k = 0; k < entries.size(); ++k) {
    reports::record::GalleryItem item = read_item(entries[k]);
    const datasets::Picture clean = read_checked(folder, item.clean_file, item.clean_sha256, 0);
    const datasets::Picture saved = read_checked(folder, item.file, item.sha256, clean.channels);
    item.clean = to_pixels(clean);
    item.adversarial = to_pixels(saved);
    if (clean.pixels.size() == saved.pixels.size()) item.perturbation = difference(clean, saved);
    gallery.items.push_back(std::move(item));
  }
  return gallery;
}

}  // namespace gibbon::eval::runs
