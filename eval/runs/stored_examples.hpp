// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "eval/sweep/sweep.hpp"

namespace gibbon::eval::runs {

/// A stored set of examples: clean samples as data, and what was made of them.
struct StoredExamples {
  std::string file;        ///< its path
  datasets::Dataset data;  ///< x, labels, ids; notes of what was converted
  Tensor points;           ///< N × D: x_adv
  attacks::Norm norm = attacks::Norm::kLinf;
  double epsilon = 0.0;         ///< the largest budget they were made for
  bool epsilon_stated = false;  ///< by the file; otherwise the largest distance
};

/// Reads what save_examples() wrote, or any .npz with x, x_adv and labels of equal length; ids,
/// norm (linf), epsilon (the largest distance), range (0, 1) and class_names may be missing.
/// Integers 0 … 255 are divided by 255 where the range is [0, 1]. Throws input Errors that name
/// file, array, value and what is allowed: for clean samples outside the range, labels that are no
/// integers, ids that are not unique, …
[[nodiscard]] StoredExamples load_examples(const std::filesystem::path& path);

/// Brings the points exactly into range and balls that only rounding took out of them, and notes
/// how many these were, and how many lie outside for other reasons, by how much: the judge will not
/// count them. Throws an input Error when these are all, or more than three and one in twenty that
/// contradict the ε or the range which the file states. `epsilons` rising, of the sweep to come.
///
/// Rounding: x' = x + δ in float32 rounds x, ε (as part of δ) and x' by at most u = 2^-24 of
/// themselves each. Two such steps, as in x' = x + clip((x + δ) - x), double that, and a detour by
/// another scale (0 … 255, or mean and std) doubles it again: 4 u (|x| + |x'| + ε) per value, about
/// four units in the last place of the largest of them.
void settle_examples(StoredExamples& stored, std::span<const double> epsilons);

/// The stored examples as an entry of a sweep over stored.data: an "attack" that hands over what is
/// stored, without looking at the model. `stored` outlives it.
[[nodiscard]] sweep::Entry stored_entry(const StoredExamples& stored, const std::string& name);

}  // namespace gibbon::eval::runs
