// SPDX-License-Identifier: MIT
#include "eval/cli/choices.hpp"

#include <algorithm>

#include "attacks/attack.hpp"
#include "attacks/corruption.hpp"
#include "attacks/ensembles.hpp"
#include "datasets/dataset.hpp"
#include "eval/cli/completion.hpp"
#include "eval/lab/explain_entry.hpp"
#include "eval/verify/query.hpp"
#include "models/activation.hpp"
#include "models/loss.hpp"
#include "models/optimizer.hpp"
#include "models/published_network.hpp"
#include "models/train/initialise.hpp"
#include "models/train/robust/robust.hpp"
#include "models/train/schedule.hpp"

namespace gibbon::eval::cli {
namespace {

template <class Catalogue>
std::vector<std::string> names_of(const Catalogue& catalogue) {
  std::vector<std::string> out;
  for (const auto& entry : catalogue) out.emplace_back(entry.name);
  return out;
}

std::vector<std::string> attack_names() {
  std::vector<std::string> out = names_of(attacks::catalog());
  for (std::string& ensemble : names_of(attacks::ensembles())) out.push_back(std::move(ensemble));
  return out;
}

std::vector<std::string> corruption_names() {
  std::vector<std::string> out{"all", "rotation-translation"};
  for (std::string& name : names_of(attacks::corruptions())) out.push_back(std::move(name));
  return out;
}

std::vector<std::string> norm_names() {
  std::vector<std::string> out;
  out.reserve(attacks::kNorms.size());
  for (const attacks::Norm norm : attacks::kNorms) out.emplace_back(attacks::to_string(norm));
  return out;
}

std::vector<std::string> soundness_names() {
  std::vector<std::string> out;
  using enum verify::Soundness;
  for (const verify::Soundness level : {kReal, kDouble, kFloat32}) {
    out.emplace_back(name_of(level));
  }
  return out;
}

std::vector<std::string> output_names() {
  std::vector<std::string> out;
  using enum models::Output;
  for (const models::Output output : {kSoftmax, kSigmoid, kIdentity}) {
    out.emplace_back(to_string(output));
  }
  return out;
}

std::vector<std::string> data_names() { return names_of(datasets::sources()); }

struct Choice {
  std::string_view option;
  std::vector<std::string> (*names)();
  std::string_view command = {};  ///< empty: of every command
};

constexpr std::array kChoices{
    Choice{"--attack", attack_names},
    Choice{"NAME", lab::explained_names, "explain"},
    Choice{"--corruption", corruption_names},
    Choice{"--norm", norm_names},
    Choice{"--data", data_names},
    Choice{"NAME", data_names, "data fetch"},
    Choice{"NAME", data_names, "data show"},
    Choice{"NAME", [] { return names_of(models::published_networks()); }, "models fetch"},
    Choice{"--split",
           [] {
             return std::vector<std::string>{"train", "test"};
           }},
    Choice{"--activation", [] { return names_of(models::activations()); }},
    Choice{"--loss", [] { return names_of(models::losses()); }},
    Choice{"--answer", output_names},
    Choice{"--optimizer", [] { return names_of(models::optimizers()); }},
    Choice{"--schedule", [] { return names_of(models::train::schedules()); }},
    Choice{"--init", [] { return names_of(models::train::initialisers()); }},
    Choice{"--robust", [] { return names_of(models::train::robust::robust_methods()); }},
    Choice{"--soundness", soundness_names},
    Choice{"--order",
           [] {
             return std::vector<std::string>{"typical", "fragile", "confident", "id"};
           }},
    Choice{"TOPIC", list_topics, "list"},
    Choice{"SHELL", shell_names, "completion"},
};

}  // namespace

std::vector<std::string> choices(std::string_view command, std::string_view option) {
  const auto* const found = std::ranges::find_if(kChoices, [&](const Choice& choice) {
    return choice.option == option && (choice.command.empty() || choice.command == command);
  });
  return found == kChoices.end() ? std::vector<std::string>() : found->names();
}

}  // namespace gibbon::eval::cli
