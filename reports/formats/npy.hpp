// SPDX-License-Identifier: MIT
#pragma once

#include <istream>
#include <span>
#include <string>
#include <vector>

#include "reports/record/record.hpp"

namespace gibbon::reports::formats {

/// samples.npy, NumPy format 1.0: a packed little-endian structured array whose fields are those of
/// SampleRecord by name, so that `numpy.load("samples.npy")["found_label"]` is a column.
[[nodiscard]] std::string to_npy(std::span<const record::SampleRecord> samples);

/// Reads what to_npy wrote, or numpy.save wrote of the same array; also the records of the first
/// version, without what was added since (member, forwards, backwards, nearest). Reads a piece at a
/// time, so that two million records take no more memory than they need. Throws Error on anything
/// else.
[[nodiscard]] std::vector<record::SampleRecord> from_npy(std::istream& file);

}  // namespace gibbon::reports::formats
