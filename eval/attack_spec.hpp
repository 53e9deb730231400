#pragma once

#include <memory>
#include <string>

#include "attacks/attack.hpp"

namespace gibbon::eval {

/// Which class a targeted attack aims at.
struct Target {
  enum class Kind { kNone, kFixed, kLeastLikely } kind = Kind::kNone;
  int label = -1;  ///< of kFixed
};

/// An attack with its knobs set, as named on the command line.
struct AttackSpec {
  std::string text;  ///< as written, e.g. "fgsm:target=3": its name in curve.csv
  const attacks::AttackInfo* info = nullptr;
  std::shared_ptr<const attacks::Attack> attack;
  Target target;
};

/// "NAME" or "NAME:knob=value,knob=value"; every targeted attack also knows target=CLASS and
/// target=least-likely. Throws a usage Error with "did you mean" for unknown names and knobs.
[[nodiscard]] AttackSpec parse_attack(const std::string& text);

}  // namespace gibbon::eval
