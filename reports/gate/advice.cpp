// SPDX-License-Identifier: MIT
#include <algorithm>
#include <fmt/format.h>

#include "reports/gate/gate.hpp"

namespace gibbon::reports::gate {
namespace {

/// How the two environments differ; empty where they do not.
std::string environment_of(const GateResult& result) {
  std::string text;
  for (const Finding& f : result.findings)
    if (f.subject == "environment")
      text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", f.what, f.text);
  return text;
}

std::vector<Advice::Step> steps_for(const GateResult& result, const std::string& what) {
  const Advice::Step see{
      .text =
          "See which samples, and what the model says to them now (and what it said then, "
          "with the folder of the baseline's run in place of its file):",
      .command = fmt::format("gibbon compare {} {} -o changes.html", result.places.run,
                             result.places.baseline)};
  const Advice::Step accept{
      .text = "If it is meant, accept the new outcomes, and commit the file with the reason:",
      .command = fmt::format("gibbon baseline {} -o {} --force", result.places.run,
                             result.places.baseline)};
  const std::string environment = environment_of(result);
  if (what == "worse" && result.same_model) {
    return {
        {.text = fmt::format("The model is that of the baseline, so the attacks became stronger "
                             "or the machine computes differently ({}). Measure again as the "
                             "baseline was measured.",
                             environment.empty() ? "both report the same" : environment),
         .command = ""},
        accept};
  }
  if (what == "worse") {
    return {
        see,
        {.text = fmt::format("The model is another file{}. If that is not meant, take back what "
                             "changed it, and attack it again.",
                             result.models.empty() ? "" : ", " + result.models),
         .command = ""},
        accept};
  }
  if (what == "attack weaker") {
    return {{.text = "A network that did not change withstands more than before, so the attack "
                     "finds less.",
             .command = ""},
            {.text = environment.empty()
                         ? "Revision, kernels and instruction set are those of the baseline: take "
                           "back what changed the attack's code since, or measure again, if the "
                           "run's files were touched."
                         : "What is not as it was: " + environment +
                               ". Attack with what the baseline had, or take back what changed the "
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
