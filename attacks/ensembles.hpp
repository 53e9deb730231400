// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "attacks/threat_model.hpp"

namespace gibbon::attacks {

/// A fixed list of attacks, each of which gets only the samples that the ones before it left.
struct Ensemble {
  struct Version {
    std::string_view name;
    std::vector<Norm> norms;
    std::vector<std::string_view> members;  ///< in order, "name:knob=value,…"
  };
  std::string_view name;
  std::string_view aliases;  ///< as in AttackInfo
  std::string_view summary;
  std::string_view source;
  std::vector<Version> versions;  ///< the first one that has the norm is the usual one

  [[nodiscard]] bool supports(Norm norm) const;
};

/// All ensembles compiled in, ordered by name.
[[nodiscard]] std::span<const Ensemble> ensembles();

}  // namespace gibbon::attacks
