// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/suggest.hpp"

namespace gibbon::datasets {

/// Every data set has the splits "train" and "test"; throws a usage Error for another name.
inline void require_split(std::string_view dataset, std::string_view split) {
  const std::array<std::string, 2> known{"test", "train"};
  if (split == known[0] || split == known[1]) return;
  throw Error(ErrorKind::kUsage,
              fmt::format("{}: {}", dataset, unknown_name("split", split, known)));
}

}  // namespace gibbon::datasets
