// SPDX-License-Identifier: MIT
#include "eval/verify/vnnlib.hpp"

#include <charconv>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/files.hpp"
#include "eval/verify/s_expression.hpp"

namespace gibbon::eval::verify {
namespace {

constexpr std::size_t kMostCases = 4096;  // of the disjunctive form; competitions have 500 at most

struct Bound {
  Decimal value;
  const Expression* where = nullptr;  ///< null: there is none
};

struct Bounds {
  Bound lower;
  Bound upper;

  [[nodiscard]] bool empty() const {
    if (lower.where == nullptr || upper.where == nullptr) return false;
    return lower.value.low > upper.value.low || lower.value.high > upper.value.high;
  }
};

/// A conjunction: bounds of some inputs and half-spaces of outputs.
struct Case {
  std::map<std::size_t, Bounds> inputs;
  std::vector<HalfSpace> outputs;

  /// The first input without a point; the end: none.
  [[nodiscard]] auto first_empty() const {
    return std::ranges::find_if(inputs, [](const auto& entry) { return entry.second.empty(); });
  }
};
using Cases = std::vector<Case>;  ///< their disjunction

struct Variable {
  char kind;  ///< 'X' or 'Y'
  std::size_t index;
};

/// Both hold: of two bounds the tighter one.
void join(Case& into, const Case& other) {
  for (const auto& [index, bounds] : other.inputs) {
    Bounds& known = into.inputs[index];
    const auto above = [](const Decimal& a, const Decimal& b) {
      return a.low > b.low || a.high > b.high;
    };
    if (bounds.lower.where != nullptr &&
        (known.lower.where == nullptr || above(bounds.lower.value, known.lower.value))) {
      known.lower = bounds.lower;
    }
    if (bounds.upper.where != nullptr &&
        (known.upper.where == nullptr || above(known.upper.value, bounds.upper.value))) {
      known.upper = bounds.upper;
    }
  }
  into.outputs.insert(into.outputs.end(), other.outputs.begin(), other.outputs.end());
}

class Parser {
 public:
  explicit Parser(const std::string& file) : file_(file) {}

  Property parse(std::string_view text) {
    const std::vector<Expression> statements = parse_expressions(text, file_);
    Cases cases(1);
    for (const Expression& statement : statements) {
      if (statement.starts_with("declare-const")) {
        declare(statement);
      } else if (statement.starts_with("assert")) {
        if (statement.items.size() != 2) refuse(statement, "allowed is one formula: (assert (…))");
        const Cases asserted = formula(statement.items[1]);
        for (const Case& one : asserted) {
          if (const auto empty = one.first_empty(); empty != one.inputs.end()) refuse_empty(*empty);
        }
        multiply(cases, asserted, statement);
      } else {
        refuse(statement, "allowed are (declare-const X_0 Real) and (assert (…))");
      }
    }
    require_declared('X', inputs_);
    require_declared('Y', outputs_);
    drop_empty(cases);
    return to_property(cases);
  }

 private:
  template <class... Args>
  [[noreturn]] void refuse(const Expression& where, fmt::format_string<Args...> format,
                           Args&&... args) const {
    fail_input("{}:{}:{}: {}: {}", file_, where.line, where.column, to_text(where),
               fmt::format(format, std::forward<Args>(args)...));
  }
  [[noreturn]] void refuse_empty(const std::pair<const std::size_t, Bounds>& input) const {
    const auto& [index, bounds] = input;
    const bool lower_first = bounds.lower.where->line < bounds.upper.where->line;
    refuse(lower_first ? *bounds.upper.where : *bounds.lower.where,
           "no input satisfies it: X_{} is to lie in [{}, {}]; the lower bound must not be above "
           "the upper one",
           index, bounds.lower.value.nearest, bounds.upper.value.nearest);
  }

  /// X_12 or Y_3; none for other words.
  static std::optional<Variable> variable(std::string_view word) {
    if (!word.starts_with("X_") && !word.starts_with("Y_")) return std::nullopt;
    Variable out{.kind = word[0], .index = 0};
    const auto [end, error] =
        std::from_chars(word.data() + 2, word.data() + word.size(), out.index);
    if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
    return out;
  }

  void declare(const Expression& statement) {
    const auto& items = statement.items;
    const auto declared = items.size() == 3 ? variable(items[1].word) : std::nullopt;
    if (!declared || items[2].word != "Real") {
      refuse(statement,
             "allowed are inputs (declare-const X_0 Real) and outputs (declare-const Y_0 Real)");
    }
    if (!(declared->kind == 'X' ? inputs_ : outputs_).insert(declared->index).second) {
      refuse(statement, "{} is already declared", items[1].word);
    }
  }

  void require_declared(char kind, const std::set<std::size_t>& indices) const {
    if (indices.empty()) {
      fail_input("{}: no {} is declared; add (declare-const {}_0 Real)", file_,
                 kind == 'X' ? "input" : "output", kind);
    }
    std::size_t expected = 0;
    for (const std::size_t index : indices) {
      if (index != expected++) {
        fail_input("{}: {}_{} is declared, but {}_{} is not; names count from 0 without a gap",
                   file_, kind, index, kind, expected - 1);
      }
    }
  }

  Cases formula(const Expression& e) const {
    if (e.starts_with("<=") || e.starts_with(">=")) {
      if (e.items.size() != 3) refuse(e, "allowed are two operands: ({} A B)", e.items[0].word);
      const bool turned = e.items[0].word == ">=";
      return {comparison(e, e.items[turned ? 2 : 1], e.items[turned ? 1 : 2])};
    }
    const bool all = e.starts_with("and");
    if ((!all && !e.starts_with("or")) || e.items.size() < 2) {
      refuse(e, "allowed are (<= A B), (>= A B), (and …) and (or …)");
    }
    Cases out(all ? 1 : 0);
    for (std::size_t k = 1; k < e.items.size(); ++k) {
      Cases part = formula(e.items[k]);
      if (all) {
        multiply(out, part, e);
      } else {
        std::ranges::move(part, std::back_inserter(out));
        require_few(out.size(), e);
      }
    }
    return out;
  }

  void require_few(std::size_t cases, const Expression& where) const {
    if (cases > kMostCases) {
      refuse(where, "more than {} cases; split the property into several files", kMostCases);
    }
  }

  /// Both disjunctions hold.
  void multiply(Cases& into, const Cases& other, const Expression& where) const {
    require_few(into.size() * other.size(), where);
    if (other.size() == 1) {
      for (Case& one : into) join(one, other.front());
      return;
    }
    Cases out;
    for (const Case& a : into) {
      for (const Case& b : other) join(out.emplace_back(a), b);
    }
    into = std::move(out);
  }

  struct Side {
    std::optional<Variable> variable;
    Decimal number;
  };

  /// small <= large
  Case comparison(const Expression& whole, const Expression& small, const Expression& large) const {
    const Side left = side(small);
    const Side right = side(large);
    if (!left.variable && !right.variable) refuse(whole, "one operand must be an X or a Y");
    const auto kind = [](const Side& s) { return s.variable ? s.variable->kind : '0'; };
    Case out;
    if (kind(left) != 'X' && kind(right) != 'X') {
      if (left.variable && right.variable && left.variable->index == right.variable->index) {
        refuse(whole, "it compares {} with itself", small.word);
      }
      out.outputs.push_back({operand(left), operand(right)});
    } else if (!right.variable) {
      out.inputs[left.variable->index].upper = {right.number, &whole};
    } else if (!left.variable) {
      out.inputs[right.variable->index].lower = {left.number, &whole};
    } else {
      refuse(whole,
             "an input may be compared with a number only; allowed are X with a number, Y with a "
             "number, Y with Y");
    }
    return out;
  }

  static Operand operand(const Side& s) {
    Operand out{.output = std::nullopt, .number = s.number};
    if (s.variable) out.output = s.variable->index;
    return out;
  }

  Side side(const Expression& e) const {
    if (const auto found = variable(e.word)) {
      if (!(found->kind == 'X' ? inputs_ : outputs_).contains(found->index)) {
        refuse(e, "it is not declared; declare it before it is used");
      }
      return {.variable = found, .number = {}};
    }
    // SMT-LIB has no negative numbers and writes (- 0.5).
    const bool negated = e.starts_with("-") && e.items.size() == 2 && !e.items[1].is_list();
    const std::string text = negated ? "-" + std::string(e.items[1].word) : std::string(e.word);
    const auto number = parse_decimal(text);
    if (!number) {
      refuse(e,
             "neither a name nor a number; allowed are X_i, Y_j and decimal numbers within "
             "±1.8e308");
    }
    return {.variable = std::nullopt, .number = *number};
  }

  /// Alternatives that other assertions make impossible go; one must be left.
  void drop_empty(Cases& cases) const {
    const auto is_empty = [](const Case& one) { return one.first_empty() != one.inputs.end(); };
    if (std::ranges::all_of(cases, is_empty)) refuse_empty(*cases.front().first_empty());
    std::erase_if(cases, is_empty);
  }

  [[nodiscard]] InputBox box_of(const Case& one) const {
    InputBox box;
    for (const std::size_t index : inputs_) {
      const auto found = one.inputs.find(index);
      const Bounds bounds = found == one.inputs.end() ? Bounds{} : found->second;
      if (bounds.lower.where == nullptr || bounds.upper.where == nullptr) {
        const bool lower = bounds.lower.where == nullptr;
        fail_input("{}: X_{} has no {} bound; every input needs two; add (assert ({} X_{} …))",
                   file_, index, lower ? "lower" : "upper", lower ? ">=" : "<=", index);
      }
      box.lower.push_back(bounds.lower.value);
      box.upper.push_back(bounds.upper.value);
    }
    return box;
  }

  [[nodiscard]] Property to_property(const Cases& cases) const {
    Property out{.inputs = inputs_.size(), .outputs = outputs_.size(), .sets = {}};
    std::map<std::vector<double>, std::size_t> known;  // by the doubles around every bound
    for (const Case& one : cases) {
      if (one.outputs.empty()) {
        fail_input(
            "{}: no output is constrained, so every input would be unsafe; add for "
            "example (assert (<= Y_0 Y_1))",
            file_);
      }
      InputBox box = box_of(one);
      std::vector<double> key;
      for (const std::vector<Decimal>* bounds : {&box.lower, &box.upper}) {
        for (const Decimal& bound : *bounds) {
          key.insert(key.end(), {bound.low, bound.high, bound.nearest});
        }
      }
      const auto [place, fresh] = known.try_emplace(std::move(key), out.sets.size());
      if (fresh) out.sets.push_back({.box = std::move(box), .conjunctions = {}});
      out.sets[place->second].conjunctions.push_back(one.outputs);
    }
    return out;
  }

  const std::string& file_;
  std::set<std::size_t> inputs_;
  std::set<std::size_t> outputs_;
};

}  // namespace

Property parse_vnnlib(std::string_view text, const std::string& name) {
  return Parser(name).parse(text);
}

Property read_vnnlib(const std::filesystem::path& path) {
  constexpr std::size_t kLargest = std::size_t{1} << 30U;
  return parse_vnnlib(read_file(path, kLargest), path.string());
}

}  // namespace gibbon::eval::verify
