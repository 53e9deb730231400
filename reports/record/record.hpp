// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/norm.hpp"
#include "reports/record/certificates.hpp"
#include "reports/record/row_kind.hpp"

// Plain data: this folder depends on nothing of gibbon, so a stored run can be drawn, compared and
// tested without a model, an attack or a dataset in the link.
namespace gibbon::reports::record {

/// One sample under one attack at one budget: what the bench measured, not what the attack claimed.
struct SampleRecord {
  std::uint32_t curve_row = 0;  ///< 0-based row of curve.csv this belongs to
  std::uint64_t id = 0;         ///< dataset index
  std::int16_t label = -1;
  std::int16_t target = -1;         ///< class aimed at; -1: untargeted
  std::int16_t clean_label = -1;    ///< predicted on the untouched input
  std::int16_t found_label = -1;    ///< predicted on the candidate
  std::int16_t rounded_label = -1;  ///< predicted on the candidate rounded to 8 bits; -1: no pixels
  std::uint8_t inside_ball = 0;
  std::uint8_t inside_box = 0;
  std::uint8_t fooled = 0;      ///< found_label != label, inside ball and box, at this very budget
  std::uint8_t broken = 0;      ///< fooled here or at a smaller budget, or wrong when clean
  float confidence = 0.0F;      ///< the model's probability of found_label
  PerNorm distances;            ///< from the clean input
  std::int16_t member = -1;     ///< of an ensemble: which of its attacks broke the sample; -1: none
  std::uint32_t forwards = 0;   ///< passes spent on the sample until this verdict
  std::uint32_t backwards = 0;  ///< likewise
  double nearest = 0.0;  ///< smallest distance in the row's norm at which this row's attack broke
                         ///< the sample at any budget; 0: wrong when clean; infinity: never broken
};

/// Wilson score interval of k of n at 95 %.
struct Interval {
  double low = 0.0;
  double high = 1.0;
};
[[nodiscard]] Interval wilson95(std::uint64_t k, std::uint64_t n);

/// The q-quantile of sorted values, between two of them in proportion, as NumPy's default has it.
[[nodiscard]] double quantile(std::span<const double> sorted, double q);

/// One point of a curve: one attack in one norm at one budget, over all samples.
struct CurvePoint {
  std::string attack;  ///< with its knobs, e.g. "fgsm" or "fgsm:target=3"
  std::string norm;
  RowKind kind = RowKind::kAttack;
  double epsilon = 0.0;
  std::uint64_t n = 0;
  std::uint64_t clean_correct = 0;
  std::uint64_t correct = 0;          ///< of n; clean errors count as not correct
  std::uint64_t correct_rounded = 0;  ///< of n, when saved as 8-bit images
  bool has_rounded = false;           ///< false when the data are not 8-bit images
  std::uint64_t target_reached = 0;   ///< of targeted_n: found_label == target
  std::uint64_t targeted_n = 0;       ///< samples whose label is not the target; 0: untargeted
  std::uint64_t carried =
      0;  ///< samples this budget's own step leaves standing, a smaller one broke
  double mean_wrong_confidence = 0.0;    ///< over fooled samples; NaN when there are none
  double median_wrong_confidence = 0.0;  ///< likewise
  PerNorm mean_distance;                 ///< likewise
  std::vector<std::uint64_t> class_n;    ///< per true class
  std::vector<std::uint64_t> class_correct;

  [[nodiscard]] double accuracy() const;
  [[nodiscard]] double accuracy_on_clean_correct() const;
};

/// Distribution over all samples of the smallest distance at which one attack in one norm breaks
/// them: 0 for samples that are wrong when clean, infinity for those it never broke.
struct DistanceSummary {
  std::string attack;
  std::string norm;
  RowKind kind = RowKind::kAttack;
  std::uint64_t n = 0;
  std::uint64_t found = 0;  ///< finite ones
  double lower_quartile = 0.0;
  double median = 0.0;
  double upper_quartile = 0.0;
};

/// 8-bit pixels of one sample, row-major, channels last.
struct Pixels {
  std::uint32_t height = 0;
  std::uint32_t width = 0;
  std::uint32_t channels = 1;
  std::vector<std::uint8_t> values;
};

/// What the slide of a photograph shows beside the two pictures of its item.
struct Slide {
  int label = -1;                  ///< of the adversarial image before it was rounded to 8 bits
  double confidence = 0.0;         ///< likewise
  std::vector<float> confidences;  ///< likewise, in every class
  double scale = 0.0;              ///< change of a value that the noise shows as black or white
  double clipped = 0.0;            ///< share of values that the range of pixels keeps from it
  Pixels noise;                    ///< the perturbation as a picture, grey for no change
  int noise_label = -1;            ///< what the model says to that picture
  double noise_confidence = 0.0;   ///< likewise
};

/// clean | signed direction | adversarial, as the course shows the panda.
struct GalleryItem {
  std::uint64_t id = 0;
  std::string attack;
  std::string norm;
  double epsilon = 0.0;
  int label = 0;
  int target = -1;  ///< class aimed at; -1: untargeted
  int clean_label = 0;
  int found_label = 0;  ///< of the 8-bit file, re-read and re-judged
  double clean_confidence = 0.0;
  double found_confidence = 0.0;
  std::vector<float> clean_confidences;  ///< in every class, without attack; empty: not stored
  std::vector<float> confidences;        ///< in every class, of the 8-bit file; likewise
  bool still_adversarial = false;        ///< the saved file, re-read: inside ball and box and wrong
  PerNorm distances;                     ///< from the clean picture to the file; NaN: not stored
  double nearest = std::numeric_limits<double>::quiet_NaN();  ///< smallest distance in `norm` at
                                                              ///< which the attack breaks the
                                                              ///< sample; infinity: none; NaN: not
                                                              ///< stored
  std::uint32_t forwards = 0;   ///< passes spent on the sample until its verdict at this budget
  std::uint32_t backwards = 0;  ///< likewise
  Pixels clean;
  std::vector<float> perturbation;  ///< adversarial - clean, input units, same layout
  std::vector<float> direction;  ///< sign(∇ₓJ) at the clean input, same layout, where x + ε times
                                 ///< it is all that the attack does; else empty. Not stored
  Pixels adversarial;
  std::string file;            ///< of the adversarial image, relative to the run folder
  std::string sha256;          ///< of that file; empty: not stored
  std::string clean_file;      ///< likewise, of the clean image
  std::string clean_sha256;    ///< likewise
  std::optional<Slide> slide;  ///< of photographs
};

struct Gallery {
  std::vector<std::string> class_names;
  std::vector<GalleryItem> items;
  std::map<std::string, std::string> labels;  ///< what pictures call attacks that have one
  /// The items' labels are what the model says to the clean pictures: nobody knows the true ones.
  bool labels_are_answers = false;
};

/// A finished run. `provenance` holds the whole run.json that is not the curve: schema version,
/// configuration, model and data hashes, revision, compiler, CPU, kernels, seeds, seconds.
struct Run {
  nlohmann::ordered_json provenance;
  std::vector<CurvePoint> curve;
  std::vector<SampleRecord> samples;  ///< curve-row-major: all samples of row 0, then of row 1, …
  std::vector<DistanceSummary> distances;
  std::vector<std::string> diagnosis;
  std::vector<Certificates> certificates;  ///< one per norm; its curve has at least a point

  /// The records of one row of the curve; empty where there are none, as for the worst case.
  [[nodiscard]] std::span<const SampleRecord> records(std::size_t row) const;
};

}  // namespace gibbon::reports::record
