// SPDX-License-Identifier: MIT
#include <algorithm>
#include <fmt/format.h>

#include "reports/gate/gate.hpp"

namespace gibbon::reports::gate {
namespace {

/// How the two environments differ, a part of a sentence.
std::string environment_of(const GateResult& result) {
  std::string text;
  for (const Finding& f : result.findings)
    if (f.subject == "environment")
      text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", f.what, f.text);
  return text.empty() ? "gibbon, kernels and instruction set are those of the baseline" : text;
}

std::vector<Advice::Step> steps_for(const GateResult& result, const std::string& what) {
  const Advice::Step see{.text = "See which samples, and what both models say:",
                         .command = fmt::format("gibbon compare {} {} -o changes.html",
                                                result.places.run, result.places.baseline)};
  const Advice::Step accept{
      .text = "If it is meant, accept the new outcomes, and commit the file with the reason:",
      .command = fmt::format("gibbon baseline {} -o {} --force", result.places.run,
                             result.places.baseline)};
  const std::string environment = environment_of(result);
  if (what == "worse" && result.same_model) {
    return {{.text = "The model is that of the baseline, so the attacks became stronger or the "
                     "machine computes differently (" +
                     environment + "). Measure again as the baseline was measured.",
             .command = ""},
            accept};
  }
  if (what == "worse") {
    return {see,
            {.text = "If it is not meant, take back what changed the model, and attack it again.",
             .command = ""},
            accept};
  }
  if (what == "attack weaker") {
    return {{.text = "A network that did not change withstands more than before, so the attack "
                     "finds less (" +
                     environment +
                     "). Attack with the gibbon of the baseline, or take back what changed the "
                     "attack.",
             .command = ""},
            accept};
  }
  if (what == "fewer certified") {
    return {see,
            {.text = "Give 'gibbon certify' the options and the time that it had for the baseline, "
                     "or take back what changed the model.",
             .command = ""},
            accept};
  }
  if (what == "missed") {
    return {{.text = "--require asks for more than the model reaches: improve the model, or lower "
                     "the rate where it is asked for.",
             .command = ""}};
  }
  if (what == "slower") {
    return {{.text = "Measure again on a quiet machine of the baseline's kind. If it stays, the "
                     "attack became slower: find out why, or raise --max-slowdown.",
             .command = ""},
            accept};
  }
  return {{.text = "--strict asks for a decision, and there are too few samples for one: attack "
                   "more of them (--samples) for baseline and run, widen --margin, or leave "
                   "--strict out.",
           .command = ""}};
}

}  // namespace

std::vector<Advice> advice(const GateResult& result) {
  std::vector<Advice> all;
  for (const Finding& f : result.findings) {
    if (f.level != Finding::Level::kFailure) continue;
    if (std::ranges::find(all, f.what, &Advice::what) != all.end()) continue;
    all.push_back({.what = f.what, .steps = steps_for(result, f.what)});
  }
  return all;
}

}  // namespace gibbon::reports::gate
