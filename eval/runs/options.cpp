// SPDX-License-Identifier: MIT
#include "eval/runs/options.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/parallel.hpp"
#include "models/bounds/region.hpp"

namespace gibbon::eval::runs {

std::vector<Option> DataOptions::options() {
  return {{"data", "data set by name ('gibbon list datasets') or a folder of class-name/*.png",
           &data, Effect::kContent},
          {"data-dir", "folder with <name>/<files>; before $GIBBON_DATA and ~/.cache/gibbon",
           &data_dir, Effect::kContent},
          {"split", "train or test", &split, Effect::kContent},
          {"samples", "all, a range 0:1000, or 500@7 (500 drawn with seed 7)", &samples,
           Effect::kContent}};
}

std::vector<Option> TrainOptions::options() {
  return {
      {"arch", "layer widths from input to output", &arch},
      {"activation", "after every hidden layer ('gibbon list activations')", &activation},
      {"loss", "what is minimised ('gibbon list losses')", &loss},
      {"answer",
       "what turns scores into answers: softmax, sigmoid, identity; empty: the loss's usual",
       &answer},
      {"optimizer", "how parameters move ('gibbon list optimizers')", &optimizer},
      {"lr", "learning rate α; 0: the optimizer's usual", &lr},
      {"schedule", "of the learning rate ('gibbon list schedules')", &schedule},
      {"momentum", "μ of momentum and nesterov, 0 to 1", &momentum},
      {"weight-decay", "λ: adds λ W to the gradient of weights, not of biases", &weight_decay},
      {"init", "initial weights ('gibbon list initialisers'); empty: he or xavier by activation",
       &init},
      {"epochs", "passes over the training samples", &epochs},
      {"batch", "samples per step", &batch},
      {"validation", "part of the training samples held out to choose the best epoch, 0 to 0.5",
       &validation},
      {"patience", "stop after so many epochs without a better one; 0: never", &patience},
      {"robust",
       "count the worst input near each sample: ibp, crown-ibp or pgd ('gibbon list robust'); "
       "empty: no",
       &robust},
      {"train-epsilon", "linf radius of --robust, in input units", &train_epsilon},
      {"kappa", "weight of the sample itself in the loss of --robust, 0 to 1; -1: the usual",
       &kappa},
      {"beta", "weight of linear bounds at the end of the ramp of --robust crown-ibp, 0 to 1",
       &beta},
      {"warm-up", "part of the run before the radius of --robust grows, 0 to 1", &warm_up},
      {"ramp", "part of the run in which the radius of --robust grows to its end, 0 to 1", &ramp},
      {"pgd-steps", "gradient steps of --robust pgd per sample", &pgd_steps},
      {"noise-sigma", "N(0, σ²) noise on every sample of a step, for 'gibbon smooth'; 0: none",
       &noise_sigma}};
}

std::vector<Option> SweepOptions::options() {
  static const std::string kAnyNorm = listed(kNorms) + "; repeatable";  // an Option views its help
  return {{"attack",
           "NAME, NAME:knob=value,…, worst-case(NAME,NAME,…) or autoattack; repeatable ('gibbon "
           "list attacks')",
           &attack},
          {"norm", kAnyNorm, &norm},
          {"epsilons", "budgets in input units: 0:0.3:0.025, or 0,.01,8/255", &epsilons},
          {"exhaustive", "every attack at every budget on every sample, instead of one ledger",
           &exhaustive},
          {"max-queries", "passes one attack may spend on a sample at a budget; 0: any number",
           &max_queries},
          {"save",
           "adversarial examples of the largest budget: FILE.npz for NumPy, or a folder of PNGs",
           &save, Effect::kNone},
          {"batch", "samples a worker attacks at a time, at most; changes speed, never results",
           &batch},
          {"gallery", "pictured samples per class; 0: no gallery", &gallery, Effect::kNone},
          {"crosscheck", "run every pass through LibTorch, too, and stop where they differ",
           &crosscheck, Effect::kNone}};
}

std::vector<Option> CertifyOptions::options() {
  static const std::string kBoundedNorm = listed(models::bounds::kBoundedNorms);
  return {
      {"norm", kBoundedNorm, &norm},
      {"epsilons", "budgets in input units: 0:0.1:0.01, or 0,.01,8/255", &epsilons},
      {"no-clip", "let inputs leave the data's valid range, as some published figures do",
       &no_clip},
      {"radius", "search both ends of every sample's smallest distance, too", &radius},
      {"nodes",
       "parts of the region that the search may bound per sample, budget and other class; 0: no "
       "search",
       &nodes},
      {"timeout",
       "seconds per sample and budget; 0: no limit, so that results do not depend on speed",
       &timeout},
      {"soundness",
       "what certificates hold for: real arithmetic, also the judge's pass in double, or also "
       "float32",
       &soundness}};
}

std::vector<Option> VerifyOptions::options() {
  return {
      {"timeout",
       "seconds per instance, reading included; with --instances instead of the list's own",
       &timeout},
      {"soundness",
       "what unsat holds for: real arithmetic, also the judge's pass in double, or also float32",
       &soundness}};
}

std::vector<Option> SmoothOptions::options() {
  return {{"sigma", "standard deviation of the noise, in input units", &sigma},
          {"n0", "noisy copies of a sample that choose its class", &n0},
          {"n", "further noisy copies, that bound the probability of that class", &n},
          {"alpha", "a sample's certificate may be wrong with this probability", &alpha},
          {"epsilons", "l2 radii in input units: 0:1:0.25, or 0.1,0.5", &epsilons}};
}

std::vector<Option> CommonOptions::options() {
  return {
      {"seed", "key of all randomness", &seed},
      {"threads", "workers; 0: all cores; changes speed, never results", &threads, Effect::kNone},
      {"force", "overwrite results that are already there", &force, Effect::kNone},
      {"quiet", "no progress and no diagnosis on stderr", &quiet, Effect::kNone}};
}

std::vector<Option> SweepFields::fields() {
  std::vector<Option> all = data.options();
  for (const Option& option : sweep.options()) all.push_back(option);
  for (const Option& option : common.options()) all.push_back(option);
  return all;
}

std::size_t CommonOptions::workers() const {
  constexpr std::uint64_t kMost = 256;  // each has scratch of its own
  return threads == 0 ? hardware_threads() : static_cast<std::size_t>(std::min(threads, kMost));
}

std::string to_text(const Option& option) {
  struct Visitor {
    std::string operator()(const std::string* v) const { return *v; }
    std::string operator()(const double* v) const { return fmt::format("{}", *v); }
    std::string operator()(const std::uint64_t* v) const { return fmt::format("{}", *v); }
    std::string operator()(const bool* v) const { return *v ? "true" : "false"; }
    std::string operator()(const std::vector<std::string>* v) const {
      return fmt::format("{}", fmt::join(*v, " "));
    }
  };
  return std::visit(Visitor{}, option.value);
}

}  // namespace gibbon::eval::runs
