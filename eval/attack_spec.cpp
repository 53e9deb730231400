#include "eval/attack_spec.hpp"

#include <charconv>

#include "datasets/error.hpp"

namespace gibbon::eval {
namespace {

Target parse_target(const attacks::AttackInfo& info, std::string_view value) {
  if (!info.targeted)
    fail_usage("attack {}: target = {}: it cannot aim at a class", info.name, value);
  if (value == "least-likely") return {.kind = Target::Kind::kLeastLikely};
  int label = -1;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), label);
  if (error != std::errc{} || end != value.data() + value.size() || label < 0) {
    fail_usage("attack {}: target = {} is no class; allowed are 0, 1, … and least-likely",
               info.name, value);
  }
  return {.kind = Target::Kind::kFixed, .label = label};
}

}  // namespace

AttackSpec parse_attack(const std::string& text) {
  const std::size_t colon = text.find(':');
  AttackSpec spec{
      .text = text, .info = &attacks::find(text.substr(0, colon)), .attack = {}, .target = {}};
  const std::shared_ptr<attacks::Attack> attack = spec.info->make();
  std::string_view rest =
      colon == std::string::npos ? "" : std::string_view(text).substr(colon + 1);
  while (!rest.empty()) {
    const std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(item.size() + 1, rest.size()));
    const std::size_t equals = item.find('=');
    if (equals == std::string_view::npos) {
      fail_usage("attack {}: '{}' is no knob=value; write for example --attack fgsm:boxed=1", text,
                 item);
    }
    const std::string_view name = item.substr(0, equals);
    const std::string_view value = item.substr(equals + 1);
    if (name == "target") {
      spec.target = parse_target(*spec.info, value);
    } else {
      attacks::set_field(*spec.info, *attack, name, value);
    }
  }
  spec.attack = attack;
  return spec;
}

}  // namespace gibbon::eval
