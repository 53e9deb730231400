#include "attacks/attack.hpp"

#include <charconv>
#include <cmath>

#include "datasets/suggest.hpp"

namespace gibbon::attacks {

void Attack::run(Oracle& oracle, const Problem& problem, Workspace& work,
                 MutableRows candidate) const {
  expect_size("Attack::run: number of labels", problem.labels.size(), problem.x.rows);
  expect_size("Attack::run: number of ids", problem.ids.size(), problem.x.rows);
  expect_size("Attack::run: rows of candidate", candidate.rows, problem.x.rows);
  work.reset();
  if (problem.threat.epsilon > 0.0) return search(oracle, problem, work, candidate);
  std::copy(problem.x.data, problem.x.data + problem.x.flat().size(), candidate.data);
}

void set_field(const AttackInfo& info, Attack& attack, std::string_view name,
               std::string_view value) {
  const std::vector<Field> fields = attack.fields();
  const auto found = std::ranges::find(fields, name, &Field::name);
  if (found == fields.end()) {
    std::vector<std::string> known;
    known.reserve(fields.size() + 1);
    for (const Field& field : fields) known.emplace_back(field.name);
    if (info.targeted) known.emplace_back("target");
    if (known.empty()) {
      fail_usage("attack {}: unknown knob '{}'; it has none; write --attack {}", info.name, name,
                 info.name);
    }
    throw Error(ErrorKind::kUsage,
                fmt::format("attack {}: {}", info.name, unknown_name("knob", name, known)));
  }
  double number = 0.0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool whole = !std::holds_alternative<int*>(found->value) || number == std::trunc(number);
  if (error != std::errc{} || end != value.data() + value.size() || !whole ||
      !(found->low <= number && number <= found->high)) {
    fail_usage("attack {}: {} = {} is outside [{}, {}]{}; {}", info.name, name, value, found->low,
               found->high, std::holds_alternative<int*>(found->value) ? ", whole numbers" : "",
               found->help);
  }
  if (int* const* slot = std::get_if<int*>(&found->value)) {
    **slot = static_cast<int>(number);
  } else {
    *std::get<double*>(found->value) = number;
  }
}

}  // namespace gibbon::attacks
