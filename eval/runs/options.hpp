// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// What a user can set. Each option is described once, in options.cpp: the command line, the TOML
// keys of 'gibbon run', --dry-run and the records of a run all walk the same lists.
namespace gibbon::eval::runs {

/// What another value of an option changes.
enum class Effect {
  kResults,  ///< the results, or the parts a journal keeps: it is part of a run's identity
  kModel,    ///< how a model is opened; what came of it is part of the identity
  kContent,  ///< the samples or files it names, whose SHA-256 is part of the identity
  kNone,     ///< speed, or what is written and said
};

/// One option: "--name" on the command line, `name = value` in an experiment file.
struct Option {
  std::string_view name;
  std::string_view help;  ///< one line, with unit, and what is allowed
  std::variant<std::string*, double*, std::uint64_t*, bool*, std::vector<std::string>*> value;
  Effect effect = Effect::kResults;
  bool later = false;     ///< runs of earlier versions do not store it: it had its default
  bool duration = false;  ///< in seconds; the command line also takes 90s, 5m and 1.5h
};

struct DataOptions {
  std::string data = "mnist";
  std::string data_dir;
  std::string split = "test";
  std::string samples = "all";
  std::string layout;      ///< empty: told by shape
  std::string data_range;  ///< empty: told by type and values
  std::string background = "black";
  std::vector<Option> options();
};

/// What a model file leaves to whoever feeds it.
struct InputOptions {
  std::string mean;  ///< empty: 0
  std::string std;   ///< empty: 1
  std::string input_range = "0,1";
  std::vector<Option> options();
};

struct TrainOptions {
  std::string arch = "784-16-16-10";
  std::string activation = "sigmoid";
  std::string loss = "cross-entropy";
  std::string answer;  ///< empty: the loss's usual one
  std::string optimizer = "adam";
  double lr = 0.0;  ///< 0: the optimizer's usual one
  std::string schedule;
  double momentum = 0.9;
  double weight_decay = 0.0;
  std::string init;  ///< empty: he for relu-like activations, xavier otherwise
  std::uint64_t epochs = 10;
  std::uint64_t batch = 64;
  double validation = 0.05;
  std::uint64_t patience = 0;
  std::string robust;  ///< empty: ordinary training
  double train_epsilon = 0.1;
  double kappa = -1.0;  ///< -1: the method's usual one
  double beta = 0.0;
  double warm_up = 0.02;
  double ramp = 0.2;
  std::uint64_t pgd_steps = 7;
  double noise_sigma = 0.0;
  std::string augment;  ///< empty: none
  std::vector<Option> options();
};

/// What an adversary may do beside ball and range.
struct LimitOptions {
  std::string mask;  ///< empty: everything may change
  std::string epsilon_scale;
  std::string lattice;  ///< empty: any number
  std::vector<Option> options();
};

struct SweepOptions {
  std::vector<std::string> attack{"fgsm", "noise-uniform", "noise-sign"};
  std::vector<std::string> norm;  ///< empty: linf, or what the attacks support
  std::string epsilons;           ///< empty: the usual ones of the norm
  bool exhaustive = false;
  std::uint64_t max_queries = 0;
  std::string save;  ///< empty: nowhere
  std::uint64_t batch = 256;
  std::uint64_t gallery = 2;
  bool crosscheck = false;
  std::string classes;      ///< empty: as model or data call them
  std::string input_shape;  ///< of a TorchScript module; empty: that of the data
  LimitOptions limits;
  std::vector<Option> options();
};

struct CertifyOptions {
  std::string norm = "linf";
  std::string epsilons;  ///< empty: the usual ones of the norm
  bool no_clip = false;
  bool radius = false;
  std::uint64_t nodes = 5000;
  double timeout = 0.0;
  std::string soundness = "double";
  LimitOptions limits;
  std::vector<Option> options();
};

struct VerifyOptions {
  double timeout = 300.0;
  std::string soundness = "double";
  std::vector<Option> options();
};

struct SmoothOptions {
  double sigma = 0.25;
  std::uint64_t n0 = 100;
  std::uint64_t n = 100000;
  double alpha = 0.001;
  std::string epsilons = "0.1,0.25,0.5,0.75,1";
  std::vector<Option> options();
};

struct CommonOptions {
  std::uint64_t seed = 0;
  std::uint64_t threads = 0;  ///< 0: all cores
  bool force = false;
  bool quiet = false;
  std::vector<Option> options();

  [[nodiscard]] std::size_t workers() const;
};

/// A sweep as users describe it. Whoever reads, writes, prints, stores or compares one walks
/// fields().
struct SweepFields {
  DataOptions data;
  InputOptions input;
  SweepOptions sweep;
  CommonOptions common;
  std::vector<Option> fields();
};

/// The value as text, as it would be typed.
[[nodiscard]] std::string to_text(const Option& option);

}  // namespace gibbon::eval::runs
