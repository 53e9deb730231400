// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "eval/sweep/sweep.hpp"
#include "reports/record/record.hpp"

namespace gibbon::eval::runs {

/// Which samples of a class are pictured first.
enum class GalleryOrder {
  kTypical,    ///< of those that break, the middle ones by the budget that breaks them
  kFragile,    ///< the smallest distance that breaks them
  kConfident,  ///< the highest confidence in a wrong class
  kId,         ///< as the data have them
};

/// "typical", "fragile", "confident" or "id". Throws a usage Error with "did you mean" for others.
[[nodiscard]] GalleryOrder parse_order(const std::string& name);

/// What a gallery shows of a sweep.
struct GalleryChoice {
  std::size_t per_class = 2;  ///< samples
  GalleryOrder order = GalleryOrder::kTypical;
  std::vector<int> classes;          ///< empty: all
  std::vector<std::string> attacks;  ///< as in the curve; empty: all but noise
  std::vector<attacks::Norm> norms;  ///< empty: all
  bool labels_are_answers = false;   ///< see record::Gallery
};

/// Pictures of the sweep: per class the chosen samples that are right when clean, the same ones for
/// all attacks of a norm, at up to 31 budgets. Each adversarial image is rounded to 8 bits, written
/// as PNG below folder/gallery/, read back, hashed and judged again; what is shown and counted is
/// what came back. Empty for data that are no images; after Ctrl-C, too, and nothing is left
/// behind.
[[nodiscard]] reports::record::Gallery make_gallery(const models::Target& target,
                                                    const datasets::Dataset& data,
                                                    const sweep::SweepPlan& plan,
                                                    const sweep::SweepResult& result,
                                                    const GalleryChoice& choice,
                                                    const std::filesystem::path& folder);

/// What run.json says about a gallery.
[[nodiscard]] nlohmann::ordered_json gallery_counts(const reports::record::Gallery& gallery);

/// The gallery that lies in a run folder (gallery.json and the PNGs it names), to be drawn again;
/// empty when there is none. Throws an input Error naming the file that is not what the manifest
/// says.
[[nodiscard]] reports::record::Gallery read_gallery(const std::filesystem::path& folder,
                                                    const std::vector<std::string>& class_names);

}  // namespace gibbon::eval::runs
