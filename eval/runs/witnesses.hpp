// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string_view>

#include "eval/certify/certify.hpp"

namespace gibbon::eval::runs {

/// witnesses_linf.npz in a run's folder.
[[nodiscard]] std::filesystem::path witnesses_file(const std::filesystem::path& folder,
                                                   std::string_view norm);

/// Writes the counterexamples that proofs came upon as an .npz file that 'gibbon sweep --from'
/// judges again: x and x_adv (float32, N × H × W [× C], or N × D), labels, ids, distances (in the
/// norm); and once: epsilon (the largest asked for), norm, dataset, split, class_names, range.
/// Without any, an older file is removed. Throws input Errors.
void write_witnesses(const std::filesystem::path& folder, const datasets::Dataset& data,
                     attacks::Norm norm, std::span<const certify::Witness> witnesses);

}  // namespace gibbon::eval::runs
