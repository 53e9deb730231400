// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "attacks/attack.hpp"

namespace gibbon::eval::sweep {

/// Which class a targeted attack aims at.
struct Target {
  enum class Kind { kNone, kFixed, kLeastLikely } kind = Kind::kNone;
  int label = -1;    ///< of kFixed; -1: not known before resolve_targets()
  std::string name;  ///< of kFixed, as written
};

/// An attack with its knobs set.
struct AttackSpec {
  std::string text;  ///< as written but for other names of the attack, e.g. "fgsm:target=3"
  const attacks::AttackInfo* info = nullptr;
  std::shared_ptr<attacks::Attack> attack;
  Target target;
};

/// "NAME" or "NAME:knob=value,knob=value"; every targeted attack also knows target=CLASS, a number
/// or a name (resolve_targets()), and target=least-likely. Throws a usage Error with "did you mean"
/// for unknown names and knobs.
[[nodiscard]] AttackSpec parse_attack(const std::string& typed);

/// One --attack: a row of the curve in each norm. Its members share what they know of a sample.
struct Entry {
  std::string text;       ///< likewise, without a label: its name in curve.csv
  std::string label;      ///< what tables and figures call it; empty: as its text
  bool ensemble = false;  ///< more than one attack under one name
  bool ordered = false;   ///< members keep their order; otherwise cheap ones go first
  std::string version;    ///< of autoattack, e.g. "standard"
  /// By norm; empty where no member supports the norm.
  std::array<std::vector<AttackSpec>, attacks::kNorms.size()> members;

  [[nodiscard]] const std::vector<AttackSpec>& in(attacks::Norm norm) const {
    return members[static_cast<std::size_t>(norm)];
  }
  [[nodiscard]] bool supports(attacks::Norm norm) const { return !in(norm).empty(); }
};

/// A single attack as an entry, in the norms it supports.
[[nodiscard]] Entry single_entry(const AttackSpec& spec);

/// parse_attack()'s texts, "autoattack", "autoattack:version=standard|plus|rand", and
/// "worst-case(a,b:knob=value,c)" over any attacks; each with label=TEXT among its options, or
/// behind the brackets as ":label=TEXT".
[[nodiscard]] Entry parse_entry(const std::string& typed);

/// The text with full=1 where a targeted attack has that option and does not say it: for a single
/// picture, whose target should be reached as surely as the attack can.
[[nodiscard]] std::string with_all_steps(const std::string& text);

}  // namespace gibbon::eval::sweep
