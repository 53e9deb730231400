// SPDX-License-Identifier: MIT
#include "eval/runs/options.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/parallel.hpp"
#include "models/bounds/region.hpp"

namespace gibbon::eval::runs {

std::vector<Option> DataOptions::options() {
  return {{"data",
           "data set by name ('gibbon list datasets'), or the path of a file or folder ('gibbon "
           "list formats'): FILE.npz, FILE.csv, class-name/*.png",
           &data, Effect::kContent},
          {"data-dir", "folder with <name>/<files>; before $GIBBON_DATA and ~/.cache/gibbon",
           &data_dir, Effect::kContent},
          {"split", "train or test", &split, Effect::kContent},
          {"samples", "all, a range 0:1000, or 500@7 (500 drawn with seed 7)", &samples,
           Effect::kContent},
          {"layout",
           "axes of an array in a file: nd (points), nhw, nchw or nhwc; empty: told by its shape",
           &layout, Effect::kContent, true},
          {"data-range",
           "LOW,HIGH, the numbers of a file that mean 0 and 1, such as 0,255 or -1,1; empty: told "
           "by type and values",
           &data_range, Effect::kContent, true},
          {"background", "black or white, what stands behind transparent pixels", &background,
           Effect::kContent, true}};
}

std::vector<Option> InputOptions::options() {
  return {{"mean",
           "normalisation outside the model file: it sees (x - mean) / std of x in [0, 1]; one "
           "number for all channels or one each, 0.485,0.456,0.406; empty: 0",
           &mean, Effect::kResults, true},
          {"std", "its standard deviations, as --mean; empty: 1", &std, Effect::kResults, true},
          {"input-range",
           "LOW,HIGH that the model takes for 0 and 1, before --mean and --std: 0,255 or -1,1",
           &input_range, Effect::kResults, true}};
}

std::vector<Option> TrainOptions::options() {
  return {
      {"arch",
       "layer widths from input to output, or layers with commas, such as "
       "conv16:4s2p1,relu,dense100,relu, or their name ('gibbon list architectures')",
       &arch},
      {"activation",
       "activation after every hidden layer of --arch with widths ('gibbon list activations')",
       &activation},
      {"loss", "loss to minimize ('gibbon list losses')", &loss},
      {"answer", "output activation: softmax, sigmoid or identity; empty: the default of the loss",
       &answer},
      {"optimizer", "update rule ('gibbon list optimizers')", &optimizer},
      {"lr", "learning rate α; 0: the default of the optimizer", &lr},
      {"schedule",
       "learning rate schedule ('gibbon list schedules'); empty: constant for widths, cosine for "
       "layers",
       &schedule},
      {"momentum", "μ of momentum and nesterov, 0 to 1", &momentum},
      {"weight-decay", "λ: adds λ W to the gradient of weights, not of biases", &weight_decay},
      {"init", "initial weights ('gibbon list initialisers'); empty: he or xavier by activation",
       &init},
      {"epochs", "passes over the training samples", &epochs},
      {"batch", "samples per step", &batch},
      {"validation", "fraction of the training samples held out to choose the best epoch, 0 to 0.5",
       &validation},
      {"patience", "early stopping: epochs without improvement before training stops; 0: never",
       &patience},
      {"robust",
       "adversarial or certified training: pgd, ibp or crown-ibp ('gibbon list robust'); empty: "
       "ordinary training",
       &robust},
      {"train-epsilon", "linf radius of --robust, in input units", &train_epsilon},
      {"kappa", "weight of the clean loss in --robust, 0 to 1; -1: the default of the method",
       &kappa},
      {"beta", "final weight of linear bounds in --robust crown-ibp, 0 to 1", &beta},
      {"warm-up", "fraction of training before ε of --robust starts to grow, 0 to 1", &warm_up},
      {"ramp", "fraction of training during which ε of --robust grows to its final value, 0 to 1",
       &ramp},
      {"pgd-steps", "gradient steps of --robust pgd per sample", &pgd_steps},
      {"noise-sigma",
       "standard deviation of the smoothing noise added to training samples, for 'gibbon smooth'; "
       "0: none",
       &noise_sigma},
      {"augment",
       "random changes to training images: shift:<pixels>, flip, cutout:<pixels>, joined by "
       "commas; "
       "empty: none",
       &augment}};
}

std::vector<Option> LimitOptions::options() {
  return {
      {"mask",
       "FILE of what may change: a grey picture (black: nothing may), or numbers (0: may not) "
       "as text, .npy or .npz",
       &mask, Effect::kContent, true},
      {"epsilon-scale", "FILE of numbers: how far each feature may go, in shares of ε; 0: nowhere",
       &epsilon_scale, Effect::kContent, true},
      {"lattice",
       "step that adversarial examples are multiples of: 1/255 for what an 8-bit file can hold; "
       "empty: any number",
       &lattice, Effect::kContent, true}};
}

std::vector<Option> SweepOptions::options() {
  static const std::string kAnyNorm =  // an Option views its help
      listed(kNorms) + "; repeatable; without it linf, or the first that every attack supports";
  std::vector<Option> all{
      {"attack",
       "NAME, NAME:option=value,…, worst-case(NAME,NAME,…) or autoattack; repeatable ('gibbon list "
       "attacks'); NAME:label=TEXT: its name in tables and figures",
       &attack},
      {"norm", kAnyNorm, &norm},
      {"epsilons",
       "budgets in input units: 0:0.3:0.025, or 0,.01,8/255; empty: as usual in the norm, for the "
       "size of the data",
       &epsilons},
      {"exhaustive",
       "run every attack at every budget on every sample instead of sharing results between them",
       &exhaustive},
      {"max-queries", "query budget: passes an attack may spend on a sample at one ε; 0: unlimited",
       &max_queries},
      {"save",
       "adversarial examples of the largest budget: FILE.npz for NumPy, or a folder of PNGs", &save,
       Effect::kNone},
      {"batch",
       "maximum number of samples a worker attacks at a time; affects speed, never results",
       &batch},
      {"gallery", "samples per class in the gallery; 0: no gallery", &gallery, Effect::kNone},
      {"crosscheck", "also run every pass through LibTorch and stop if they differ", &crosscheck,
       Effect::kNone},
      {"classes",
       "FILE with a name for every class of the model, one a line or as JSON; else as the model's "
       "metadata, else as the data call them",
       &classes, Effect::kNone},
      {"input-shape",
       "input of a TorchScript module: channels,rows,columns such as 1,28,28, or one number; "
       "empty: as the data",
       &input_shape, Effect::kModel, true}};
  for (const Option& option : limits.options()) all.push_back(option);
  return all;
}

std::vector<Option> CertifyOptions::options() {
  static const std::string kBoundedNorm = listed(models::bounds::kBoundedNorms);
  std::vector<Option> all{
      {"norm", kBoundedNorm, &norm},
      {"epsilons",
       "budgets in input units: 0:0.1:0.01, or 0,.01,8/255; empty: as usual in the norm, for the "
       "size of the data",
       &epsilons},
      {"no-clip", "let inputs leave the data's valid range, as some published figures do",
       &no_clip},
      {"radius", "also search the certified radius of every sample", &radius},
      {"nodes", "branch-and-bound nodes per sample, budget and other class; 0: bounds only",
       &nodes},
      {"timeout",
       "seconds per sample and budget (or 5m, 1h); 0: no limit, so results do not depend on the "
       "machine",
       &timeout, Effect::kResults, false, true},
      {"soundness",
       "arithmetic that certificates cover: real, double (also the judge's forward pass) or "
       "float32",
       &soundness}};
  for (const Option& option : limits.options()) all.push_back(option);
  return all;
}

std::vector<Option> VerifyOptions::options() {
  return {{"timeout",
           "seconds per instance (or 5m, 1h), reading included; overrides the times of --instances",
           &timeout, Effect::kResults, false, true},
          {"soundness",
           "arithmetic that unsat covers: real, double (also the judge's forward pass) or float32",
           &soundness}};
}

std::vector<Option> SmoothOptions::options() {
  return {{"sigma", "standard deviation of the noise, in input units", &sigma},
          {"n0", "noisy copies per sample to choose the class", &n0},
          {"n", "further noisy copies per sample to bound the probability of that class", &n},
          {"alpha", "probability that the certificate of a sample is wrong", &alpha},
          {"epsilons", "l2 radii in input units: 0:1:0.25, or 0.1,0.5", &epsilons}};
}

std::vector<Option> CommonOptions::options() {
  return {{"seed", "random seed", &seed},
          {"threads", "worker threads; 0: all cores; affects speed, never results", &threads,
           Effect::kNone},
          {"force", "replace existing results", &force, Effect::kNone},
          {"quiet", "print neither progress nor diagnostics to stderr", &quiet, Effect::kNone}};
}

std::vector<Option> SweepFields::fields() {
  std::vector<Option> all = data.options();
  for (const Option& option : input.options()) all.push_back(option);
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
