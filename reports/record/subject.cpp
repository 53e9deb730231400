// SPDX-License-Identifier: MIT
#include "reports/record/subject.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/norm.hpp"
#include "reports/record/certified.hpp"
#include "reports/record/series.hpp"
#include "reports/record/text.hpp"

namespace gibbon::reports::record {
namespace {

using Json = nlohmann::ordered_json;

const Json& child(const Json& parent, const char* key) {
  static const Json nothing;
  if (!parent.is_object()) return nothing;
  const auto found = parent.find(key);
  return found == parent.end() ? nothing : *found;
}

std::string text_or(const Json& value, const std::string& otherwise) {
  return value.is_string() ? printable(value.get<std::string>()) : otherwise;
}

std::string name_or(const Json& value, const std::string& otherwise) {
  return text_or(value.is_object() ? child(value, "name") : value, otherwise);
}

/// The run's own, then those of its certificates, each once.
std::vector<std::string> commands_of(const Run& run) {
  std::vector<std::string> commands{text_or(child(run.provenance, "command"), "")};
  for (const Certificates& certificates : run.certificates)
    commands.push_back(text_or(child(certificates.provenance, "command"), ""));
  std::vector<std::string> all;
  for (const std::string& command : commands)
    if (!command.empty() && std::ranges::find(all, command) == all.end()) all.push_back(command);
  return all;
}

std::vector<std::string> texts(const Json& value) {
  if (value.is_string()) return {text_or(value, "")};
  std::vector<std::string> list;
  if (value.is_array())
    for (const Json& item : value) list.push_back(text_or(item, item.dump()));
  return list;
}

double clean_accuracy(const CurvePoint& point) {
  return static_cast<double>(point.clean_correct) /
         static_cast<double>(std::max<std::uint64_t>(1, point.n));
}

std::string outcome(const CurvePoint& point) {
  const Interval interval = wilson95(point.correct, point.n);
  return fmt::format("{} ({} of {}; 95 % interval {}–{} %); clean accuracy {}.",
                     percent(point.accuracy()), grouped(point.correct), grouped(point.n),
                     low_end(interval.low), high_end(interval.high),
                     percent(clean_accuracy(point)));
}

std::string answer(const Panel& panel) {
  const Series* series = panel.strongest();
  if (series == nullptr)
    return fmt::format(
        "In {}, only noise was tried; this says nothing about robustness to attacks.",
        norm_symbol(panel.norm));
  const std::string attack =
      series->kind == RowKind::kWorstCase ? "the strongest attack per image" : series->name;
  const CurvePoint& point = *panel.headline();
  return fmt::format(
      "At ε = {} ({}, {}), robust accuracy under {} is {}", epsilon_text(point.epsilon),
      norm_symbol(panel.norm),
      is_halved(point)
          ? "the smallest ε tested at which robust accuracy is below half of clean accuracy"
          : "the largest ε tested",
      attack, outcome(point));
}

}  // namespace

std::string Subject::data_and_split() const { return split.empty() ? data : data + " " + split; }

std::string Subject::title() const {
  return fmt::format("{} on {}, n = {}{}", model, data_and_split(), grouped(n),
                     limited ? ", limited adversary" : "");
}

Subject subject_of(const Run& run) {
  const Json& data = child(run.provenance, "data");
  Subject subject{.model = name_or(child(run.provenance, "model"), "unnamed model"),
                  .data = name_or(data, "unnamed data"),
                  .split = text_or(child(data, "split"), ""),
                  .units = text_or(child(data, "units"), "input units"),
                  .commands = commands_of(run),
                  .class_names = texts(child(data, "classes")),
                  .not_comparable = texts(child(run.provenance, "not_comparable_with")),
                  .limited = child(run.provenance, "limits").is_object()};
  subject.classes = subject.class_names.size();
  for (const CurvePoint& point : run.curve) {
    subject.n = std::max(subject.n, point.n);
    subject.classes = std::max(subject.classes, point.class_n.size());
  }
  for (const Certificates& certificates : run.certificates)
    for (const CertifiedPoint& point : certificates.curve) subject.n = std::max(subject.n, point.n);
  return subject;
}

std::string question(const Run& run) {
  const Subject subject = subject_of(run);
  const auto moves_each = [](const auto& measured) {
    const NormInfo* norm = known_norm(measured.norm);
    return norm != nullptr && norm->each_value;
  };
  const bool each = std::ranges::all_of(run.curve, moves_each) &&
                    std::ranges::all_of(run.certificates, moves_each);
  return fmt::format("How large a {} {} images does {} withstand?",
                     each ? "change of each input value of" : "perturbation of",
                     subject.data_and_split(), subject.model);
}

std::vector<std::string> answers(const Run& run) {
  std::vector<std::string> sentences;
  for (const Panel& panel : panels_of(run)) {
    if (!panel.series.empty()) sentences.push_back(answer(panel));
    if (panel.band != nullptr) sentences.push_back(certified_answer(*panel.band));
  }
  if (!subject_of(run).limited) return sentences;
  for (std::string& sentence : sentences) {
    if (sentence.starts_with("At ")) sentence.replace(0, 1, "Against a limited adversary, a");
  }
  return sentences;
}

}  // namespace gibbon::reports::record
