// SPDX-License-Identifier: MIT
#include "eval/sweep/targets.hpp"

#include <map>

#include "base/error.hpp"
#include "datasets/classes.hpp"

namespace gibbon::eval::sweep {

void resolve_targets(SweepPlan& plan, const std::vector<std::string>& class_names) {
  for (Entry& entry : plan.attacks) {
    for (std::vector<AttackSpec>& members : entry.members) {
      for (AttackSpec& spec : members) {
        Target& target = spec.target;
        // A number that is none of the classes is for require_runnable() to refuse.
        const bool far =
            target.label >= 0 && static_cast<std::size_t>(target.label) >= class_names.size();
        if (target.kind != Target::Kind::kFixed || target.name.empty() || far) continue;
        target.label = datasets::find_class(fmt::format("attack {}: target", spec.text),
                                            target.name, class_names);
      }
    }
  }
}

bool aims_only_at(const Pair& pair, int label) {
  return std::ranges::all_of(pair.members, [&](const AttackSpec* member) {
    return member->target.kind == Target::Kind::kFixed && member->target.label == label;
  });
}

void leave_out_targets(const SweepPlan& plan, datasets::Dataset& data) {
  std::map<int, std::string> aimed_at;  // class, and the entry that aims at it
  for (const Pair& pair : pairs_of(plan, data.class_names.size())) {
    const int label = pair.members.front()->target.label;
    if (aims_only_at(pair, label)) aimed_at.emplace(label, pair.entry->text);
  }
  std::vector<std::size_t> kept;
  std::map<int, std::size_t> left_out;
  for (std::size_t n = 0; n < data.size(); ++n) {
    if (aimed_at.contains(data.labels[n])) {
      ++left_out[data.labels[n]];
    } else {
      kept.push_back(n);
    }
  }
  if (left_out.empty()) return;
  if (kept.empty()) {
    fail_usage(
        "attack {}: all {} samples are of class {}, the target; choose another target, or "
        "other --samples",
        aimed_at.at(left_out.begin()->first), data.size(), left_out.begin()->first);
  }
  for (const auto& [label, count] : left_out) {
    data.notes.push_back(
        fmt::format("{} of {} samples are of class {}, the target of {}: they are excluded from "
                    "every row, so n = {}.",
                    count, data.size(), label, aimed_at.at(label), kept.size()));
  }
  data = datasets::take_rows(std::move(data), kept);
}

}  // namespace gibbon::eval::sweep
