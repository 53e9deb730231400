// SPDX-License-Identifier: MIT
#include "attacks/attack.hpp"
#include "attacks/corruption.hpp"
#include "attacks/ensembles.hpp"
#include "base/suggest.hpp"
#include "eval/cli/choices.hpp"
#include "eval/cli/command.hpp"
#include "models/optimizer.hpp"
#include "models/train/architecture.hpp"
#include "models/train/initialise.hpp"
#include "models/train/robust/robust.hpp"
#include "models/train/schedule.hpp"

namespace gibbon::eval::cli {
namespace {

using Line = std::pair<std::string, std::string>;

std::vector<Line> attack_lines() {
  std::vector<Line> lines;
  for (const attacks::AttackInfo& info : attacks::catalog()) {
    std::vector<std::string_view> norms;
    for (const attacks::Norm norm : info.norms) norms.push_back(attacks::to_string(norm));
    lines.emplace_back(
        info.name,
        fmt::format("{} [{}; access: {}{}]", info.summary, fmt::join(norms, ", "),
                    attacks::to_string(info.access), info.targeted ? "; targeted too" : ""));
  }
  for (const attacks::Ensemble& ensemble : attacks::ensembles()) {
    std::vector<std::string_view> versions;
    for (const auto& v : ensemble.versions) {
      if (std::ranges::count(versions, v.name) == 0) versions.push_back(v.name);
    }
    lines.emplace_back(ensemble.name, fmt::format("{} [versions {}]", ensemble.summary,
                                                  fmt::join(versions, ", ")));
  }
  lines.emplace_back("worst-case(…)",
                     "Any attacks as one row: cheap ones first, each only on the survivors.");
  return lines;
}

template <class Catalogue, class Text>
std::vector<Line> lines_of(const Catalogue& catalogue, const Text& text) {
  std::vector<Line> lines;
  for (const auto& info : catalogue) lines.emplace_back(info.name, text(info));
  return lines;
}

struct Topic {
  std::string name;
  std::vector<Line> (*lines)();
};

const std::vector<Topic>& topics() {
  static const std::vector<Topic> all{
      {"attacks", attack_lines},
      {"norms",
       [] {
         return lines_of(norms(), [](const NormInfo& i) {
           return fmt::format("{}: {}; {}", i.symbol, i.summary, i.ball);
         });
       }},
      {"corruptions",
       [] {
         return lines_of(attacks::corruptions(), [](const attacks::CorruptionInfo& i) {
           return fmt::format("{} [{}; {}; {}]", i.summary, i.group, i.parameters, i.source);
         });
       }},
      {"datasets",
       [] {
         return lines_of(datasets::sources(), [](const auto& i) { return std::string(i.summary); });
       }},
      {"formats",
       [] {
         return lines_of(datasets::formats(), [](const auto& i) { return std::string(i.summary); });
       }},
      {"architectures",
       [] {
         return lines_of(models::train::architectures(),
                         [](const models::train::ArchitectureInfo& i) {
                           return fmt::format("{} ({})", i.layers, i.source);
                         });
       }},
      {"activations",
       [] {
         return lines_of(models::activations(), [](const models::ActivationInfo& i) {
           return fmt::format("σ(z) = {}; σ'(z) = {}; kink: {}; ONNX {}{}", i.formula, i.derivative,
                              i.kink, i.onnx_op, i.trainable ? "" : "; cannot be trained");
         });
       }},
      {"losses",
       [] {
         return lines_of(models::losses(), [](const models::LossInfo& i) {
           return fmt::format("{} (usually on {}; {})", i.formula,
                              models::to_string(i.usual_output), i.source);
         });
       }},
      {"optimizers",
       [] {
         return lines_of(models::optimizers(), [](const models::OptimizerInfo& i) {
           return fmt::format("{} (usual α {}; {})", i.formula, i.usual_learning_rate, i.source);
         });
       }},
      {"robust",
       [] {
         return lines_of(models::train::robust::robust_methods(),
                         [](const models::train::robust::RobustInfo& i) {
                           return fmt::format("{} (usual κ {}; {})", i.formula, i.usual_kappa,
                                              i.source);
                         });
       }},
      {"schedules",
       [] {
         return lines_of(models::train::schedules(), [](const models::train::ScheduleInfo& i) {
           return fmt::format("α · ({}), p: finished part of the training", i.formula);
         });
       }},
      {"initialisers", [] {
         return lines_of(models::train::initialisers(),
                         [](const models::train::InitialiserInfo& i) {
                           return fmt::format("{} ({})", i.formula, i.source);
                         });
       }}};
  return all;
}

void print(const Topic& topic) {
  fmt::print("{}\n", topic.name);
  const std::vector<Line> lines = topic.lines();
  std::size_t width = 16;
  for (const Line& line : lines) width = std::max(width, line.first.size());
  for (const auto& [name, text] : lines) fmt::print("  {:<{}} {}\n", name, width, text);
}

}  // namespace

std::string listed_entry(const std::string& name) {
  for (const Topic& topic : topics())
    for (const auto& [entry, text] : topic.lines())
      if (is_called(entry, name))
        return fmt::format("{}\n  of the {}: {}\n", entry, topic.name, text);
  return {};
}

std::vector<std::string> list_topics() {
  std::vector<std::string> out;
  for (const Topic& topic : topics()) out.push_back(topic.name);
  return out;
}

void add_list(Parser root) {
  const auto wanted = std::make_shared<std::string>();
  Parser app = root.command(
      "list",
      "List attacks, norms, corruptions, datasets, formats, architectures, activations, losses, "
      "optimizers, schedules, initialisers and robust training methods");
  app.option("TOPIC", *wanted, "topic; default: all");
  app.run([wanted] {
    if (!wanted->empty()) return print(find_entry("topic", topics(), *wanted));
    for (const Topic& topic : topics()) print(topic);
  });
}

}  // namespace gibbon::eval::cli
