// SPDX-License-Identifier: MIT
#include "eval/sweep/attack_spec.hpp"

#include <algorithm>

#include "attacks/ensembles.hpp"
#include "base/printable.hpp"
#include "base/suggest.hpp"
#include "datasets/classes.hpp"

namespace gibbon::eval::sweep {
namespace {

constexpr std::string_view kWorstCase = "worst-case";

Target parse_target(const attacks::AttackInfo& info, std::string_view value) {
  if (!info.targeted)
    fail_usage("attack {}: target = {}: this attack has no targeted form", info.name, value);
  if (value == "least-likely") return {.kind = Target::Kind::kLeastLikely};
  const bool negative = value.size() > 1 && value[0] == '-' && datasets::number_in(value.substr(1));
  if (value.empty() || negative) {
    fail_usage(
        "attack {}: target = {} is not a class; allowed are 0, 1, … and least-likely, and names of "
        "classes",
        info.name, value);
  }
  const std::optional<std::size_t> number = datasets::number_in(value);
  return {.kind = Target::Kind::kFixed,
          .label = number ? static_cast<int>(*number) : -1,
          .name = std::string(value)};
}

/// The items of a comma-separated list.
std::vector<std::string_view> items_of(std::string_view list) {
  std::vector<std::string_view> items;
  while (!list.empty()) {
    items.push_back(list.substr(0, list.find(',')));
    list.remove_prefix(std::min(items.back().size() + 1, list.size()));
  }
  return items;
}

/// "a,b:x=1,y=2,c" -> a | b:x=1,y=2 | c: an item that is a mere knob=value belongs to the attack
/// before it.
std::vector<std::string> members_of(std::string_view list) {
  std::vector<std::string> members;
  for (const std::string_view item : items_of(list)) {
    const std::size_t equals = item.find('=');
    const bool knob = equals != std::string_view::npos && item.find(':') > equals;
    if (knob && !members.empty()) {
      members.back().append(",").append(item);
    } else {
      members.emplace_back(item);
    }
  }
  return members;
}

/// The text with the catalogue's own name for the attack that is meant: "PGD:steps=9" is
/// pgd:steps=9.
std::string canonical(const std::string& text) {
  const std::size_t end = std::min(text.find(':'), text.size());
  const std::string_view name = std::string_view(text).substr(0, end);
  for (const attacks::AttackInfo& info : attacks::catalog()) {
    if (is_meant(info, name)) return std::string(info.name) + text.substr(end);
  }
  for (const attacks::Ensemble& ensemble : attacks::ensembles()) {
    if (is_meant(ensemble, name)) return std::string(ensemble.name) + text.substr(end);
  }
  return text;
}

struct Labelled {
  std::string text;
  std::string label;
};

/// What is typed for one --attack, and its label=TEXT.
Labelled without_label(const std::string& typed) {
  const bool brackets = typed.starts_with(kWorstCase) && typed.find(')') != std::string::npos;
  const std::size_t colon = typed.find(':', brackets ? typed.find(')') : 0);
  if (colon == std::string::npos) return {typed, ""};
  constexpr std::string_view kLabel = "label=";
  std::vector<std::string_view> kept;
  std::vector<std::string_view> labels;
  for (const std::string_view item : items_of(std::string_view(typed).substr(colon + 1)))
    (item.starts_with(kLabel) ? labels : kept).push_back(item);
  if (labels.empty()) return {typed, ""};
  std::string label(labels.front().substr(kLabel.size()));
  if (labels.size() > 1 || label.empty() || printable(label) != label) {
    fail_usage(
        "attack {}: needs one label, of printable characters; write for example --attack "
        "pgd:steps=100,label=PGD-100",
        printable(typed));
  }
  std::string text = typed.substr(0, colon);
  if (!kept.empty()) text += fmt::format(":{}", fmt::join(kept, ","));
  return {std::move(text), std::move(label)};
}

/// Adds the member in every norm of `norms` that it supports.
void add_member(Entry& entry, const std::string& text, std::span<const attacks::Norm> norms) {
  for (const attacks::Norm norm : norms) {
    AttackSpec spec = parse_attack(text);
    if (spec.info->supports(norm)) {
      entry.members[static_cast<std::size_t>(norm)].push_back(std::move(spec));
    }
  }
}

Entry parse_worst_case(const std::string& text) {
  const std::string_view inside =
      std::string_view(text).substr(kWorstCase.size() + 1, text.size() - kWorstCase.size() - 2);
  Entry entry{.ensemble = true};
  std::vector<std::string> members;
  for (const std::string& member : members_of(inside)) {
    members.push_back(canonical(member));
    add_member(entry, member, attacks::kNorms);
  }
  if (members.empty()) {
    fail_usage("attack {}: empty ensemble; write for example worst-case(fgsm,pgd,fmn)", text);
  }
  entry.text = fmt::format("{}({})", kWorstCase, fmt::join(members, ","));
  return entry;
}

Entry parse_ensemble(const attacks::Ensemble& ensemble, const std::string& text) {
  std::string version(ensemble.versions.front().name);
  const std::size_t colon = text.find(':');
  for (const std::string_view item :
       items_of(colon == std::string::npos ? "" : std::string_view(text).substr(colon + 1))) {
    const std::string_view name = item.substr(0, item.find('='));
    if (name != "version") {
      const std::vector<std::string> known{"version"};
      throw Error(ErrorKind::kUsage,
                  fmt::format("attack {}: {}", ensemble.name, unknown_name("option", name, known)));
    }
    version = item.substr(std::min(item.size(), name.size() + 1));
    if (std::ranges::count(ensemble.versions, version, &attacks::Ensemble::Version::name) > 0) {
      continue;
    }
    std::vector<std::string> known;
    for (const attacks::Ensemble::Version& v : ensemble.versions) {
      if (std::ranges::count(known, v.name) == 0) known.emplace_back(v.name);
    }
    throw Error(ErrorKind::kUsage, fmt::format("attack {}: {}", ensemble.name,
                                               unknown_name("version", version, known)));
  }
  Entry entry{.text = text, .ensemble = true, .ordered = true, .version = version};
  for (const attacks::Ensemble::Version& v : ensemble.versions) {
    if (v.name != version) continue;
    for (const std::string_view member : v.members) add_member(entry, std::string(member), v.norms);
  }
  return entry;
}

}  // namespace

AttackSpec parse_attack(const std::string& typed) {
  const std::string text = canonical(typed);
  const std::size_t colon = text.find(':');
  AttackSpec spec{
      .text = text, .info = &attacks::find(text.substr(0, colon)), .attack = {}, .target = {}};
  spec.attack = spec.info->make();
  for (const std::string_view item :
       items_of(colon == std::string::npos ? "" : std::string_view(text).substr(colon + 1))) {
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) {
      fail_usage(
          "attack {}: expected option=value, got '{}'; write for example --attack fgsm:boxed=1",
          text, item);
    }
    const std::string_view name = item.substr(0, equals);
    const std::string_view value = item.substr(equals + 1);
    if (name == "target") {
      spec.target = parse_target(*spec.info, value);
    } else {
      attacks::set_field(*spec.info, *spec.attack, name, value);
    }
  }
  return spec;
}

Entry single_entry(const AttackSpec& spec) {
  Entry entry{.text = spec.text};
  for (const attacks::Norm norm : spec.info->norms) {
    entry.members[static_cast<std::size_t>(norm)].push_back(spec);
  }
  return entry;
}

namespace {

/// parse_entry() of a text with the catalogue's names and without a label.
Entry parse_unlabelled(const std::string& text) {
  const std::string name = text.substr(0, text.find(':'));
  if (text.starts_with(std::string(kWorstCase) + "(") && text.ends_with(")")) {
    return parse_worst_case(text);
  }
  if (name.starts_with(kWorstCase)) {
    fail_usage("attack {}: give its attacks in parentheses, e.g. 'worst-case(fgsm,pgd,fmn)'", text);
  }
  const auto ensembles = attacks::ensembles();
  const auto found = std::ranges::find(ensembles, name, &attacks::Ensemble::name);
  if (found != ensembles.end()) return parse_ensemble(*found, text);
  if (std::ranges::count(attacks::catalog(), name, &attacks::AttackInfo::name) == 0) {
    std::vector<std::string> known;
    for (const attacks::AttackInfo& info : attacks::catalog()) known.emplace_back(info.name);
    for (const attacks::Ensemble& ensemble : ensembles) known.emplace_back(ensemble.name);
    known.emplace_back(kWorstCase);
    throw Error(ErrorKind::kUsage, unknown_name("attack", name, known));
  }
  return single_entry(parse_attack(text));
}

}  // namespace

Entry parse_entry(const std::string& typed) {
  const Labelled labelled = without_label(typed);
  Entry entry = parse_unlabelled(canonical(labelled.text));
  entry.label = labelled.label;
  return entry;
}

std::string with_all_steps(const std::string& text) {
  const Entry entry = parse_entry(text);
  if (entry.ensemble) return text;
  const AttackSpec spec = parse_attack(entry.text);
  const auto fields = spec.attack->fields();
  const bool has = std::ranges::any_of(fields, [](const auto& f) { return f.name == "full"; });
  if (!has || spec.target.kind == Target::Kind::kNone || text.find("full=") != std::string::npos) {
    return text;
  }
  return text + ",full=1";
}

}  // namespace gibbon::eval::sweep
