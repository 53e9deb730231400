// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "eval/sweep/sweep.hpp"

namespace gibbon::eval::runs {

/// What --save names, FILE.npz or a folder of PNGs, fits data and plan and can be written: found
/// out before the work. Throws usage and input Errors.
void require_savable(const std::filesystem::path& path, const datasets::Dataset& data,
                     const sweep::SweepPlan& plan);

/// Of N samples as NumPy has them: N × H × W [× C] for images, else N × D.
[[nodiscard]] std::vector<std::size_t> examples_shape(const datasets::Shape& shape, std::size_t n);

/// save_examples() for FILE.npz, save_pictures() for anything else.
void save(const std::filesystem::path& path, const datasets::Dataset& data,
          const sweep::SweepPlan& plan, const sweep::SweepResult& result);

/// Writes what a sweep kept as an .npz file for NumPy, N rows each: x and x_adv (N × H × W [× C],
/// or N × D), labels, clean_predictions, predictions (of x_adv), ids, distances (in the norm), l0,
/// l1, l2, linf, broken (1 or 0), attack (what broke each; "" for none); and once: epsilon, norm,
/// dataset, split, class_names, range. Throws usage and input Errors.
void save_examples(const std::filesystem::path& path, const datasets::Dataset& data,
                   const sweep::SweepPlan& plan, const sweep::SweepResult& result);

/// Writes the broken ones of what a sweep kept as 8-bit PNGs, <id>_<label>_as_<prediction>.png, and
/// examples.csv: file, id, label, prediction and whether it is adversarial still as an 8-bit image,
/// attack, distance. Images only. Throws usage and input Errors.
void save_pictures(const std::filesystem::path& folder, const datasets::Dataset& data,
                   const sweep::SweepPlan& plan, const sweep::SweepResult& result);

}  // namespace gibbon::eval::runs
