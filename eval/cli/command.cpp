// SPDX-License-Identifier: MIT
#include "eval/cli/command.hpp"

#include <algorithm>
#include <cstdio>
#include <unistd.h>

#include "base/error.hpp"
#include "base/files.hpp"
#include "base/phase.hpp"
#include "base/printable.hpp"
#include "eval/cli/work.hpp"
#include "eval/runs/input_scaling.hpp"
#include "reports/record/text.hpp"

namespace gibbon::eval::cli {

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

datasets::Dataset load_data(const runs::DataOptions& options, const models::Target& target,
                            const runs::CommonOptions& common) {
  datasets::Dataset data = runs::fit_data(runs::load_data(options), target);
  say_notes(common, data.notes);
  return data;
}

void say_notes(const runs::CommonOptions& common, std::span<const std::string> notes) {
  for (const std::string& note : notes) say(common, "note: " + note);
}

models::ModelFile load_model(const std::string& path, const runs::InputOptions& input) {
  if (path.empty()) fail_usage("--model is required; give an ONNX file: --model FILE.onnx");
  const Phase phase("model " + path);
  return models::read_model(path, runs::input_scaling(input));
}

models::Loss loss_of(const models::Target& target, std::string name) {
  const auto trained = target.metadata.find("gibbon.train.loss");
  if (name.empty() && trained != target.metadata.end()) name = trained->second;
  if (name.empty()) name = target.output == models::Output::kSoftmax ? "cross-entropy" : "mse";
  return models::make_loss(name, target.output);
}

sweep::SweepPlan plan_sweep(const runs::SweepOptions& options, const runs::CommonOptions& common) {
  return runs::plan_sweep(options, common, [&](const std::string& text) { say(common, text); });
}

void say(const runs::CommonOptions& common, const std::string& text) {
  if (common.quiet) return;
  std::fflush(stdout);  // both may be one file: the note belongs behind what was said before it
  // Not fmt::print, which throws: a note nobody can read must not end the work.
  std::string lines = printable(text);
  if (const std::size_t width = columns_of(STDERR_FILENO, 0); width > 0)
    lines = fmt::format("{}", fmt::join(reports::record::wrapped(lines, width), "\n"));
  std::fputs((lines + "\n").c_str(), stderr);
}

runs::RunLock lock_folder(const std::filesystem::path& folder, const runs::CommonOptions& common) {
  return {folder, [&](const std::string& text) { say(common, text); }};
}

std::string fresh_folder(const std::string& standard,
                         std::initializer_list<std::string_view> results) {
  constexpr int kMost = 10000;
  for (int number = 1; number < kMost; ++number) {
    std::string folder = number == 1 ? standard : fmt::format("{}-{}", standard, number);
    const auto holds = [&](std::string_view name) {
      return is_there(std::filesystem::path(folder) / name);
    };
    if (std::ranges::none_of(results, holds) || holds(kJournal)) return folder;
  }
  return standard;
}

runs::RunLock lock_new_folder(const std::filesystem::path& folder,
                              const runs::CommonOptions& common) {
  std::error_code later;
  std::filesystem::path made;
  for (std::filesystem::path up = folder.lexically_normal(); !up.empty() && !is_there(up);
       up = up.parent_path()) {
    made = up;
  }
  std::filesystem::create_directories(folder, later);
  return {folder, [&](const std::string& text) { say(common, text); }, made};
}

}  // namespace gibbon::eval::cli
