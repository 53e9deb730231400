#pragma once

#include <filesystem>

#include "eval/sweep.hpp"
#include "reports/record.hpp"

namespace gibbon::eval {

/// Pictures of the sweep: per class up to `per_class` samples that are right when clean (those that
/// some budget breaks first), at up to 31 budgets, for the first attack of every norm. Each
/// adversarial image is rounded to 8 bits, written as PNG below folder/gallery/, read back and
/// judged again; what is shown and counted is what came back. Empty for data that are no images.
[[nodiscard]] reports::Gallery make_gallery(const models::Network& network,
                                            const datasets::Dataset& data, const SweepPlan& plan,
                                            const SweepResult& result, std::size_t per_class,
                                            const std::filesystem::path& folder);

/// The gallery that lies in a run folder (gallery.json and the PNGs it names), to be drawn again;
/// empty when there is none.
[[nodiscard]] reports::Gallery read_gallery(const std::filesystem::path& folder,
                                            const std::vector<std::string>& class_names);

}  // namespace gibbon::eval
