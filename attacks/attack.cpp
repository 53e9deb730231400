// SPDX-License-Identifier: MIT
#include "attacks/attack.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/suggest.hpp"

namespace gibbon::attacks {

namespace {

constexpr std::array kKinds{
    KindInfo{.kind = Kind::kSingleStep, .name = "single step", .each_budget = true},
    KindInfo{.kind = Kind::kFixedBudget, .name = "fixed budget", .each_budget = false},
    KindInfo{.kind = Kind::kMinimalDistance,
             .name = "minimal distance",
             .each_budget = false,
             .nearest = true},
    KindInfo{.kind = Kind::kControl, .name = "control", .each_budget = true, .noise = true}};

}  // namespace

std::span<const KindInfo> kinds() { return kKinds; }

const KindInfo& info_of(Kind kind) { return *std::ranges::find(kKinds, kind, &KindInfo::kind); }

std::string_view to_string(Kind kind) { return info_of(kind).name; }

Observations& Observations::operator+=(const Observations& other) {
  exhausted += other.exhausted;
  unconverged += other.unconverged;
  first_run += other.first_run;
  restarts += other.restarts;
  return *this;
}

Nearest::Nearest(const Problem& problem, Workspace& work, MutableRows candidate)
    : problem_(problem), candidate_(candidate), distance_(work.take<double>(problem.size())) {
  std::ranges::fill(distance_, std::numeric_limits<double>::infinity());
  std::ranges::copy(problem.x.flat(), candidate.data);
}

bool Nearest::offer(std::size_t sample, Row point) {
  const double far = attacks::distance(problem_.norm, problem_.x.row(sample), point);
  if (!(far < distance_[sample])) return false;
  distance_[sample] = far;
  if (far <= problem_.threat(sample).reach()) {
    std::ranges::copy(point, candidate_.row(sample).begin());
  }
  return true;
}

void Attack::fit(Oracle& /*oracle*/, const Problem& /*training*/,
                 std::span<const double> /*budgets*/, Workspace& /*work*/) {
  throw std::logic_error("Attack::fit: this attack learns nothing");
}

void Attack::run(Oracle& oracle, const Problem& problem, Workspace& work,
                 MutableRows candidate) const {
  expect_size("Attack::run: number of labels", problem.labels.size(), problem.size());
  expect_size("Attack::run: number of ids", problem.ids.size(), problem.size());
  expect_size("Attack::run: number of epsilons", problem.epsilons.size(), problem.size());
  expect_size("Attack::run: rows of candidate", candidate.rows, problem.size());
  if (problem.starts.rows != 0) {
    expect_size("Attack::run: rows of starts", problem.starts.rows, problem.size());
  }
  work.reset();
  oracle.begin(problem.size(), problem.max_queries);
  const auto zero = [](double epsilon) { return epsilon == 0.0; };
  if (!std::ranges::all_of(problem.epsilons, zero)) search(oracle, problem, work, candidate);
  for (std::size_t n = 0; n < problem.size(); ++n) {
    if (zero(problem.epsilons[n])) {
      std::ranges::copy(problem.x.row(n), candidate.row(n).begin());
    }
  }
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
      fail_usage("attack {}: unknown option '{}'; this attack has no options; write --attack {}",
                 info.name, name, info.name);
    }
    throw Error(ErrorKind::kUsage,
                fmt::format("attack {}: {}", info.name, unknown_name("option", name, known)));
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
