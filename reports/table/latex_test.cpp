// SPDX-License-Identifier: MIT
#include "reports/table/latex.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <sstream>

#include "reports/record/record_cases.hpp"

namespace gibbon::reports::table {
namespace {

// Depth of braces at the end and the smallest on the way; an escaped brace is text.
std::pair<int, int> braces(const std::string& text) {
  int depth = 0;
  int least = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
      continue;
    }
    depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
    least = std::min(least, depth);
  }
  return {depth, least};
}

/// What pdfLaTeX with the packages that report.tex names would stop at; "" for nothing. A TeX
/// itself is too large for a test.
class LatexCheck {
 public:
  explicit LatexCheck(const std::string& text) : text_(text) {}

  std::string problem() {
    while (at_ < text_.size() && problem_.empty()) step();
    if (problem_.empty() && math_) problem_ = "a $ is open at the end";
    if (problem_.empty() && !open_.empty()) problem_ = open_.back() + " is open at the end";
    return problem_;
  }

 private:
  void step() {
    const char c = text_[at_++];
    const bool in_table = std::ranges::count(open_, "tabular") > 0;
    if (c == '\\') return command();
    if (c == '%') {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (c == '{') {
      open_.emplace_back("{");
    } else if (c == '}') {
      close("{");
    } else if (c == '$') {
      math_ = !math_;
    } else if (c == '\n' && text_.substr(at_, 1) == "\n" && math_) {
      problem_ = "a paragraph ends inside $";
    } else if ((c == '_' || c == '^') && !math_) {
      problem_ = std::string("a bare ") + c;
    } else if ((c == '&' && !in_table) || c == '#') {
      problem_ = std::string("a bare ") + c;
    } else if (static_cast<unsigned char>(c) >= 0xC6U) {  // from U+0180 on: beyond T1 and textcomp
      problem_ = "a character that its fonts do not have: " + text_.substr(at_ - 1, 4);
    }
  }

  void command() {
    if (std::isalpha(static_cast<unsigned char>(text_[at_])) == 0) {
      ++at_;  // an escaped character, or the end of a row
      return;
    }
    std::string name;
    while (std::isalpha(static_cast<unsigned char>(text_[at_])) != 0) name += text_[at_++];
    static const std::set<std::string> kKnown{"begin",
                                              "end",
                                              "centering",
                                              "caption",
                                              "label",
                                              "toprule",
                                              "midrule",
                                              "bottomrule",
                                              "multicolumn",
                                              "shortstack",
                                              "scriptsize",
                                              "varepsilon",
                                              "ell",
                                              "infty",
                                              "textbackslash",
                                              "textless",
                                              "textgreater",
                                              "textasciitilde",
                                              "textasciicircum",
                                              "textbar",
                                              "textquotedbl",
                                              "textquotesingle",
                                              "textasciigrave"};
    if (!kKnown.contains(name)) problem_ = "\\" + name + " is not known";
    if (name != "begin" && name != "end") return;
    const std::size_t end = text_.find('}', at_);
    const std::string environment = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    if (name == "begin") open_.push_back(environment);
    if (name == "end") close(environment);
  }

  void close(const std::string& what) {
    if (open_.empty() || open_.back() != what)
      problem_ = what + " closes " + (open_.empty() ? "nothing" : open_.back());
    else
      open_.pop_back();
  }

  const std::string& text_;
  std::size_t at_ = 0;
  std::vector<std::string> open_;
  bool math_ = false;
  std::string problem_;
};

std::string latex_problem(const std::string& text) { return LatexCheck(text).problem(); }

TEST(Latex, ItsCheckFindsWhatTexStopsAt) {
  for (const char* text : {"{", "}", "$x", "\\begin{table}", "\\begin{table}\\end{tabular}",
                           "a & b", "a_b", "\\foo", "#1", "$a\n\nb$", "ε"})
    EXPECT_NE(latex_problem(text), "") << text;
  EXPECT_EQ(latex_problem("% _ & {\n\\begin{table}\\_ \\& ä $\\ell_2$ {}\\\\ \\end{table}\n"), "");
}

TEST(Latex, CompilesAsFarAsACheckCanTell) {
  record::Run run = record::cases::run();
  for (int i = 0; i < 7; ++i)
    run.curve.push_back(
        record::cases::point("attack_" + std::to_string(i) + "{&#^~$%", "attack", 0.1, 9));
  for (const char* norm : {"l2", "l1", "l0", "of_my {own}"}) {
    run.curve.push_back(record::cases::point("pgd", "attack", 0.1, 9));
    run.curve.back().norm = norm;
  }
  record::Certificates proved{.norm = "linf", .level = "R", .clean_correct = 180};
  proved.curve = {{.epsilon = 0.1, .n = 200, .certified = 100, .attacked = 100}};
  run.certificates.push_back(proved);
  run.provenance["model"] = "net_1 (784-16) #2 & 50% <ü> ~^\\";
  EXPECT_EQ(latex_problem(to_latex(run)), "") << to_latex(run);
}

TEST(Latex, IsTheGoldenFile) {
  record::cases::expect_golden("report.tex", to_latex(record::cases::run()));
}

TEST(Latex, EscapesWhatItActsOn) {
  EXPECT_EQ(latex_escaped(R"(a\b{c}$d&e#f%g_h~i^j<k>l|m"n'o`p)"),
            "a\\textbackslash{}b\\{c\\}\\$d\\&e\\#f\\%g\\_h\\textasciitilde{}i\\textasciicircum{}j"
            "\\textless{}k\\textgreater{}l\\textbar{}m\\textquotedbl{}n\\textquotesingle{}o"
            "\\textasciigrave{}p");
  EXPECT_EQ(latex_escaped("one\ntwo"), "one two") << "a blank line would end the caption";
}

TEST(Latex, NamesAreTextNotCommands) {
  record::Run run = record::cases::run();
  run.provenance["model"] = "}\\input{/etc/passwd}%";
  for (record::CurvePoint& point : run.curve) point.attack += "\\end{tabular}&\\\\{";
  const std::string tex = to_latex(run);
  EXPECT_EQ(tex.find("\\input"), std::string::npos);
  EXPECT_EQ(tex.find("\\end{tabular}&"), std::string::npos);
  EXPECT_EQ(braces(tex), std::pair(0, 0));
}

TEST(Latex, EveryLineHasAsManyCellsAsTheTableColumns) {
  record::Run run = record::cases::run();
  for (int i = 0; i < 7; ++i)
    run.curve.push_back(record::cases::point("attack-" + std::to_string(i), "attack", 0.1, 9));
  std::istringstream lines(to_latex(run));
  std::size_t tables = 0;
  std::size_t columns = 0;
  for (std::string line; std::getline(lines, line);) {
    if (const auto at = line.find("{l*{"); at != std::string::npos) {
      columns = 2 * std::stoul(line.substr(at + 4)) + 1;
      EXPECT_LE(columns, 9U);
      ++tables;
    }
    if (!line.starts_with("    0")) continue;
    EXPECT_EQ(std::ranges::count(line, '&'), static_cast<std::ptrdiff_t>(columns - 1)) << line;
  }
  EXPECT_EQ(tables, 3U);
}

}  // namespace
}  // namespace gibbon::reports::table
