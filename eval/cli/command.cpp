#include "eval/cli/command.hpp"

#include <cmath>
#include <cstdio>
#include <unistd.h>

#include "base/error.hpp"
#include "base/printable.hpp"
#include "datasets/classes.hpp"
#include "eval/sweep/epsilons.hpp"
#include "models/train/train.hpp"

namespace gibbon::eval::cli {

void add_options(CLI::App& app, const std::vector<runs::Option>& options) {
  for (const runs::Option& option : options) {
    const std::string flag = "--" + std::string(option.name);
    const std::string help(option.help);
    std::visit(
        [&]<class Value>(Value* value) {
          if constexpr (std::is_same_v<Value, bool>) {
            app.add_flag(flag, *value, help);
          } else {
            CLI::Option* added = app.add_option(flag, *value, help)->capture_default_str();
            if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
              added->allow_extra_args(false);
            }
          }
        },
        option.value);
  }
}

std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@+";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string typed(const std::vector<runs::Option>& options,
                  const std::vector<runs::Option>& defaults) {
  std::string out;
  for (std::size_t k = 0; k < options.size(); ++k) {
    if (runs::to_text(options[k]) == runs::to_text(defaults[k])) continue;
    const std::string flag = fmt::format(" --{}", options[k].name);
    if (const auto* const* list = std::get_if<std::vector<std::string>*>(&options[k].value)) {
      for (const std::string& item : **list) out += flag + " " + shell_word(item);
    } else if (std::holds_alternative<bool*>(options[k].value)) {
      out += flag;
    } else {
      out += flag + " " + shell_word(runs::to_text(options[k]));
    }
  }
  return out;
}

datasets::Dataset load_data(const runs::DataOptions& options) {
  if (options.split != "train" && options.split != "test") {
    fail_usage("--split {}: no such split; allowed are train and test", options.split);
  }
  return datasets::select(
      datasets::load(options.data, {.split = options.split, .data_dir = options.data_dir}),
      options.samples);
}

datasets::Dataset fit_data(datasets::Dataset data, const models::Network& network) {
  models::train::require_fit(network, data);
  datasets::take_classes(data, network.num_classes());
  return data;
}

datasets::Dataset load_data(const runs::DataOptions& options, const models::Network& network,
                            const runs::CommonOptions& common) {
  datasets::Dataset data = fit_data(load_data(options), network);
  say_notes(common, data.notes);
  return data;
}

void say_notes(const runs::CommonOptions& common, std::span<const std::string> notes) {
  for (const std::string& note : notes) say(common, "note: " + note);
}

models::ModelFile load_model(const std::string& path) {
  if (path.empty()) fail_usage("--model: it is missing; give an ONNX file, --model FILE.onnx");
  return models::read_model(path);
}

models::Loss loss_of(const models::Network& network, std::string name) {
  const auto trained = network.metadata.find("gibbon.train.loss");
  if (name.empty() && trained != network.metadata.end()) name = trained->second;
  if (name.empty()) name = network.output == models::Output::kSoftmax ? "cross-entropy" : "mse";
  return models::make_loss(name, network.output);
}

sweep::SweepPlan plan_sweep(const runs::SweepOptions& options, const runs::CommonOptions& common) {
  constexpr std::uint64_t kLargestBatch = 1U << 16U;
  sweep::SweepPlan plan{.epsilons = sweep::parse_epsilons(options.epsilons),
                        .seed = common.seed,
                        .max_queries = options.max_queries,
                        .exhaustive = options.exhaustive,
                        .threads = common.workers(),
                        .batch = options.batch,
                        .crosscheck = options.crosscheck,
                        .keep_examples = !options.save.empty()};
  if (options.batch < 1 || options.batch > kLargestBatch) {
    fail_usage("--batch {}: outside [1, {}]", options.batch, kLargestBatch);
  }
  for (const std::string& attack : options.attack)
    plan.attacks.push_back(sweep::parse_entry(attack));
  for (const std::string& norm : options.norm) plan.norms.push_back(attacks::find_norm(norm));
  if (std::ranges::count(plan.norms, attacks::Norm::kL0) > 0) {
    for (const double epsilon : plan.epsilons) {
      if (epsilon == std::floor(epsilon)) continue;
      fail_usage(
          "--epsilons {}: ε = {} is no whole number; in l0 a budget is a number of input "
          "values",
          options.epsilons, epsilon);
    }
  }
  for (const attacks::Norm norm : plan.norms) {
    if (norm != attacks::Norm::kLinf || plan.epsilons.back() <= 1.0) continue;
    std::vector<std::string> meant;
    for (const double epsilon : plan.epsilons) {
      meant.push_back(epsilon > 1.0 ? fmt::format("{:g}/255", epsilon)
                                    : fmt::format("{:g}", epsilon));
    }
    constexpr std::size_t kShown = 8;
    const bool longer = meant.size() > kShown;
    if (longer) meant.resize(kShown);
    say(common, fmt::format("warning: --epsilons {}: ε = {:g} is more than the whole range [0, 1] "
                            "of a pixel, so any image is allowed; did you mean {}{}?",
                            options.epsilons, plan.epsilons.back(), fmt::join(meant, ","),
                            longer ? ",…" : ""));
  }
  return plan;
}

void load_training(const runs::DataOptions& options, const models::Network& network,
                   sweep::SweepPlan& plan) {
  const auto learns = [&](const sweep::Entry& entry) {
    return std::ranges::any_of(plan.norms, [&](attacks::Norm norm) {
      return std::ranges::any_of(entry.in(norm),
                                 [](const sweep::AttackSpec& s) { return s.info->fitted; });
    });
  };
  if (std::ranges::none_of(plan.attacks, learns)) return;
  datasets::Dataset training = fit_data(
      datasets::load(options.data, {.split = "train", .data_dir = options.data_dir}), network);
  const std::string first = fmt::format("0:{}", std::min<std::size_t>(1000, training.size()));
  plan.training = datasets::select(std::move(training), first);
}

void say(const runs::CommonOptions& common, const std::string& text) {
  if (common.quiet) return;
  std::fflush(stdout);  // both may be one file: the note belongs behind what was said before it
  // Not fmt::print, which throws: a note nobody can read must not end the work.
  std::fputs((printable(text) + "\n").c_str(), stderr);
}

runs::RunLock lock_folder(const std::filesystem::path& folder, const runs::CommonOptions& common) {
  return {folder, [&](const std::string& text) { say(common, text); }};
}

runs::RunLock lock_new_folder(const std::filesystem::path& folder,
                              const runs::CommonOptions& common) {
  std::error_code later;
  std::filesystem::create_directories(folder, later);
  return lock_folder(folder, common);
}

bool stdout_is_terminal() { return isatty(STDOUT_FILENO) != 0; }

}  // namespace gibbon::eval::cli
