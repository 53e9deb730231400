// SPDX-License-Identifier: MIT
#include "eval/verify/s_expression.hpp"

#include "base/error.hpp"
#include "base/limits.hpp"

namespace gibbon::eval::verify {
namespace {

class Parser {
 public:
  Parser(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  std::vector<Expression> all() {
    std::vector<Expression> out;
    while (skip_blanks()) {
      if (text_[at_] != '(') {
        const Expression found = word();
        fail_input("{}:{}:{}: '{}' is outside parentheses; expected statements (…)", file_,
                   found.line, found.column, to_text(found));
      }
      out.push_back(list(1));
    }
    return out;
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

  void step() {
    if (text_[at_++] == '\n') {
      ++line_;
      begin_of_line_ = at_;
    }
  }
  /// False at the end of the text.
  bool skip_blanks() {
    while (at_ < text_.size() && (is_blank(text_[at_]) || text_[at_] == ';')) {
      if (text_[at_] == ';') at_ = std::min(text_.find('\n', at_), text_.size());
      if (at_ < text_.size()) step();
    }
    return at_ < text_.size();
  }
  /// A word of one letter is some fifty bytes in memory.
  [[nodiscard]] Expression here() {
    if (++count_ > file_limit / sizeof(Expression)) {
      fail_input("{}:{}: its content takes more than {} bytes; allow more with --file-limit", file_,
                 line_, file_limit.load());
    }
    return {.line = line_, .column = at_ - begin_of_line_ + 1};
  }

  Expression word() {
    Expression out = here();
    const std::size_t end = std::min(text_.find_first_of("(); \t\r\n", at_ + 1), text_.size());
    out.word = text_.substr(at_, end - at_);
    at_ = end;
    return out;
  }

  Expression list(std::size_t depth) {
    Expression out = here();
    if (depth > kDeepestNesting) {
      fail_input("{}:{}:{}: parentheses are nested more than {} deep", file_, out.line, out.column,
                 kDeepestNesting);
    }
    step();
    while (skip_blanks()) {
      if (text_[at_] == ')') {
        step();
        return out;
      }
      out.items.push_back(text_[at_] == '(' ? list(depth + 1) : word());
    }
    fail_input("{}:{}:{}: '(' is never closed; the file ends in line {}", file_, out.line,
               out.column, line_);
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::size_t begin_of_line_ = 0;
  std::size_t count_ = 0;  // expressions
};

void append(const Expression& expression, std::string& out) {
  if (out.size() > 60) return;
  if (!expression.is_list()) {
    for (const char c : expression.word) out += c >= ' ' && c != '\x7f' ? c : '?';
    return;
  }
  out += '(';
  for (std::size_t k = 0; k < expression.items.size(); ++k) {
    if (k > 0) out += ' ';
    append(expression.items[k], out);
  }
  out += ')';
}

}  // namespace

std::vector<Expression> parse_expressions(std::string_view text, const std::string& file) {
  return Parser(text, file).all();
}

std::string to_text(const Expression& expression) {
  constexpr std::size_t kLongest = 60;
  std::string out;
  append(expression, out);
  if (out.size() > kLongest) out = out.substr(0, kLongest) + " …";
  return out;
}

}  // namespace gibbon::eval::verify
