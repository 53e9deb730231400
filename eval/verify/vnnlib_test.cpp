// SPDX-License-Identifier: MIT
#include "eval/verify/vnnlib.hpp"

#include <fstream>
#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/environment.hpp"
#include "base/error.hpp"
#include "base/files.hpp"
#include "base/temporary_folder.hpp"

namespace gibbon::eval::verify {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

// Two inputs, two outputs; line 1.
const std::string kDeclared =
    "(declare-const X_0 Real)(declare-const X_1 Real)"
    "(declare-const Y_0 Real)(declare-const Y_1 Real)\n";
// [0, 1] × [-1, 0.5]; line 2.
const std::string kBox = "(assert (and (>= X_0 0)(<= X_0 1)(>= X_1 -1)(<= X_1 0.5)))\n";

Property parse(const std::string& text) { return parse_vnnlib(text, "p.vnnlib"); }
/// With variables and box declared; `text` begins in line 3.
Property with_box(const std::string& text) { return parse(kDeclared + kBox + text); }

void expect_refused(const std::string& text, const std::string& message) {
  EXPECT_THAT([&] { static_cast<void>(parse(text)); }, ThrowsMessage<Error>("p.vnnlib:" + message))
      << text;
}

std::vector<double> nearest(const std::vector<Decimal>& bounds) {
  std::vector<double> out;
  for (const Decimal& bound : bounds) out.push_back(bound.nearest);
  return out;
}

TEST(Vnnlib, OneBoxAndTheClausesOfADisjunction) {
  const Property p = with_box("(assert (or (and (>= Y_1 Y_0)) (and (<= Y_0 -6.7)(>= Y_1 3))))");
  EXPECT_EQ(p.inputs, 2U);
  EXPECT_EQ(p.outputs, 2U);
  ASSERT_EQ(p.sets.size(), 1U);
  EXPECT_THAT(nearest(p.sets[0].box.lower), ElementsAre(0, -1));
  EXPECT_THAT(nearest(p.sets[0].box.upper), ElementsAre(1, 0.5));
  const Query query = to_query(p.sets[0], 2);
  ASSERT_EQ(query.clauses.size(), 2U);
  ASSERT_EQ(query.clauses[0].size(), 1U);
  EXPECT_THAT(query.clauses[0][0].weights, ElementsAre(1, -1)) << "y0 - y1 > 0";
  EXPECT_EQ(query.clauses[0][0].constant, 0.0);
  ASSERT_EQ(query.clauses[1].size(), 2U) << "y0 + 6.7 > 0 or 3 - y1 > 0";
  EXPECT_THAT(query.clauses[1][0].weights, ElementsAre(1, 0));
  // -6.7 lies between two doubles: the unsafe set takes the upper one.
  EXPECT_EQ(query.clauses[1][0].constant, -std::nextafter(-6.7, 0.0));
  EXPECT_THAT(query.clauses[1][1].weights, ElementsAre(0, -1));
  EXPECT_EQ(query.clauses[1][1].constant, 3.0);
  EXPECT_FALSE(query.single_precision);
}

TEST(Vnnlib, OddTextOfRealFiles) {
  // No blanks between conjuncts, statements over lines, tabs, CRLF, comments in between and at the
  // end, the upper bound first, no final newline.
  const Property p = parse(
      "; label: 4 (not to be believed)\r\n(declare-const X_0 Real)\r\n\t(declare-const\n"
      "  Y_0 Real) ; output\n(declare-const Y_1 Real)(assert(<=\tX_0\n0.029999999329447746))"
      "(assert(>= X_0 (- 0.25)))(assert (or(and(>= Y_0 Y_1))(and(<= 1e-3 Y_1))))\n;end");
  ASSERT_EQ(p.sets.size(), 1U);
  EXPECT_EQ(p.sets[0].box.lower[0].low, -0.25);
  EXPECT_EQ(p.sets[0].box.upper[0].nearest, 0.029999999329447746);
  EXPECT_EQ(p.sets[0].conjunctions.size(), 2U);
  // Outputs may be asserted one by one: a conjunction.
  EXPECT_THAT(with_box("(assert (<= Y_0 Y_1))(assert (<= Y_1 0))").sets[0].conjunctions,
              ElementsAre(testing::SizeIs(2)));
  // And a disjunction may stand for single half-spaces, or in a conjunction.
  EXPECT_EQ(with_box("(assert (or (<= Y_0 Y_1) (<= Y_1 0)))").sets[0].conjunctions.size(), 2U);
  EXPECT_EQ(with_box("(assert (and (or (<= Y_0 0)(<= Y_0 1)) (or (<= Y_1 2)(<= Y_1 3))))")
                .sets[0]
                .conjunctions.size(),
            4U);
}

TEST(Vnnlib, TheTightestOfSeveralBoundsCounts) {
  const Property p = with_box(
      "(assert (<= X_0 0.75))(assert (<= X_0 2))(assert (>= X_0 0.5))(assert (<= -3 X_0))"
      "(assert (<= Y_0 Y_1))");
  EXPECT_EQ(p.sets[0].box.lower[0].low, 0.5);
  EXPECT_EQ(p.sets[0].box.upper[0].high, 0.75);
}

TEST(Vnnlib, UnionsOfInputBoxesBecomeAQueryEach) {
  const Property p =
      parse(kDeclared +
            "(assert (or (and (>= X_0 0)(<= X_0 1)(>= X_1 0)(<= X_1 1) (<= Y_0 Y_1))\n"
            "            (and (>= X_0 0)(<= X_0 1)(>= X_1 0)(<= X_1 1.0) (<= Y_0 5))\n"
            "            (and (>= X_0 2)(<= X_0 3)(>= X_1 0)(<= X_1 1) (<= Y_0 Y_1))))");
  ASSERT_EQ(p.sets.size(), 2U);
  EXPECT_THAT(nearest(p.sets[0].box.lower), ElementsAre(0, 0));
  EXPECT_EQ(p.sets[0].conjunctions.size(), 2U);
  EXPECT_THAT(nearest(p.sets[1].box.lower), ElementsAre(2, 0));
  EXPECT_EQ(p.sets[1].conjunctions.size(), 1U);
  // Boxes and outputs in assertions of their own; one alternative lies outside of [0, 1].
  const Property q = with_box(
      "(assert (or (<= X_0 0.25) (and (>= X_0 0.5)(<= X_1 0)) (>= X_0 4)))"
      "(assert (or (<= Y_0 Y_1) (<= Y_1 -2)))");
  ASSERT_EQ(q.sets.size(), 2U);
  EXPECT_THAT(nearest(q.sets[0].box.upper), ElementsAre(0.25, 0.5));
  EXPECT_THAT(nearest(q.sets[1].box.lower), ElementsAre(0.5, -1));
  EXPECT_THAT(nearest(q.sets[1].box.upper), ElementsAre(1, 0));
  EXPECT_EQ(q.sets[0].conjunctions.size(), 2U);
  EXPECT_EQ(q.sets[1].conjunctions.size(), 2U);
}

TEST(Vnnlib, BoxesAreRoundedOutwardAndWitnessesInward) {
  const Property p = parse(
      "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (>= X_0 0.3))(assert (<= X_0 0.7))"
      "(assert (<= Y_0 0.1))");
  const UnsafeSet& set = p.sets[0];
  const Query query = to_query(set, 1);
  // 0.3 and 0.7 as doubles lie below the decimals.
  EXPECT_EQ(query.lower[0], 0.3);
  EXPECT_EQ(query.upper[0], std::nextafter(0.7, 1.0));
  EXPECT_FALSE(contains(set.box, std::vector{0.3}));
  EXPECT_TRUE(contains(set.box, std::vector{std::nextafter(0.3, 1.0)}));
  EXPECT_TRUE(contains(set.box, std::vector{0.7}));
  EXPECT_FALSE(contains(set.box, std::vector{std::nextafter(0.7, 1.0)}));
  EXPECT_FALSE(contains(set.box, std::vector{std::nan("")}));
  EXPECT_FALSE(contains(set.box, std::vector{0.5, 0.5}));
  EXPECT_THAT(moved_inside(set.box, std::vector{0.3}), ElementsAre(std::nextafter(0.3, 1.0)));
  EXPECT_THAT(moved_inside(set.box, std::vector{9.0}), ElementsAre(0.7));
  EXPECT_THAT(moved_inside(set.box, std::vector{0.5}), ElementsAre(0.5));
  // 0.3f lies above 0.3, 0.7f below 0.7.
  EXPECT_THAT(*moved_inside(set.box, std::vector{0.1F}), ElementsAre(0.3F));
  EXPECT_THAT(*moved_inside(set.box, std::vector{0.9F}), ElementsAre(0.7F));
  // 0.1 as a double lies above the decimal: it is not unsafe, the one below is.
  EXPECT_FALSE(is_unsafe(set, std::vector{0.1}));
  EXPECT_TRUE(is_unsafe(set, std::vector{std::nextafter(0.1, 0.0)}));
  EXPECT_FALSE(is_unsafe(set, std::vector{std::nan("")}));
  EXPECT_EQ(query.clauses[0][0].constant, -0.1) << "the query asks for more than the decimal";
}

TEST(Vnnlib, AnInputWithoutFreedomMayLieBetweenTwoDoubles) {
  const Property p = parse(
      "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (>= X_0 0.1))(assert (<= X_0 0.1))"
      "(assert (<= Y_0 0))");
  EXPECT_TRUE(contains(p.sets[0].box, std::vector{0.1}));
  EXPECT_FALSE(contains(p.sets[0].box, std::vector{std::nextafter(0.1, 0.0)}));
  EXPECT_THAT(moved_inside(p.sets[0].box, std::vector{0.0}), ElementsAre(0.1));
  EXPECT_FALSE(moved_inside(p.sets[0].box, std::vector{0.1F})) << "0.1f is another number";
}

TEST(Vnnlib, EqualityIsUnsafe) {
  const Property p = with_box("(assert (or (and (>= Y_1 Y_0)(<= Y_0 2)) (and (>= Y_0 8))))");
  EXPECT_TRUE(is_unsafe(p.sets[0], std::vector{1.0, 1.0}));
  EXPECT_FALSE(is_unsafe(p.sets[0], std::vector{1.0, 0.5}));
  EXPECT_FALSE(is_unsafe(p.sets[0], std::vector{3.0, 3.0}));
  EXPECT_TRUE(is_unsafe(p.sets[0], std::vector{8.0, 0.0}));
}

TEST(RefusedVnnlib, TextThatIsNoProperty) {
  expect_refused("(declare-const X_0 Real", "1:1: '(' is never closed; the file ends in line 1");
  expect_refused("\n (assert (<= X_0 1)\n\n", "2:2: '(' is never closed; the file ends in line 4");
  expect_refused("(assert (<= X_0 1)))",
                 "1:20: ')' is outside parentheses; expected statements (…)");
  expect_refused("hello", "1:1: 'hello' is outside parentheses; expected statements (…)");
  expect_refused(std::string("\x1b[31m\0", 6),
                 "1:1: '?[31m?' is outside parentheses; expected statements (…)");
  expect_refused(std::string(20000, '('), "1:65: parentheses are nested more than 64 deep");
  expect_refused("()", "1:1: (): allowed are (declare-const X_0 Real) and (assert (…))");
  expect_refused("(check-sat)",
                 "1:1: (check-sat): allowed are (declare-const X_0 Real) and (assert (…))");
  expect_refused("(assert)", "1:1: (assert): allowed is one formula: (assert (…))");
  expect_refused("", " no input is declared; add (declare-const X_0 Real)");
}

TEST(RefusedVnnlib, Names) {
  for (const std::string text :
       {"(declare-const Z_0 Real)", "(declare-const X_0 Int)", "(declare-const X_ Real)",
        "(declare-const X_-1 Real)", "(declare-const X_0)", "(declare-const X_1x Real)"}) {
    expect_refused(text, "1:1: " + text +
                             ": allowed are inputs (declare-const X_0 Real) and outputs "
                             "(declare-const Y_0 Real)");
  }
  expect_refused("(declare-const X_0 Real)\n(declare-const X_0 Real)",
                 "2:1: (declare-const X_0 Real): X_0 is already declared");
  expect_refused("(declare-const X_0 Real)(declare-const X_2 Real)(declare-const Y_0 Real)",
                 " X_2 is declared, but X_1 is not; names count from 0 without a gap");
  expect_refused("(declare-const X_0 Real)",
                 " no output is declared; add (declare-const Y_0 Real)");
  expect_refused(kDeclared + kBox + "(assert (<= Y_0 Y_7))",
                 "3:17: Y_7: it is not declared; declare it before it is used");
  expect_refused("(assert (<= X_0 1))",
                 "1:13: X_0: it is not declared; declare it before it is used");
}

TEST(RefusedVnnlib, BoundsThatAreMissingOrLeaveNothing) {
  const std::string unsafe = "(assert (<= Y_0 Y_1))";
  expect_refused(kDeclared + "(assert (<= X_0 1))(assert (>= X_0 0))(assert (>= X_1 0))" + unsafe,
                 " X_1 has no upper bound; every input needs two; add (assert (<= X_1 …))");
  expect_refused(kDeclared + unsafe,
                 " X_0 has no lower bound; every input needs two; add (assert (>= X_0 …))");
  expect_refused(kDeclared + kBox + "(assert (>= X_1 0.75))" + unsafe,
                 "3:9: (>= X_1 0.75): no input satisfies it: X_1 is to lie in [0.75, 0.5]; the "
                 "lower bound must not be above the upper one");
  expect_refused(kDeclared + kBox + "(assert (or (and (>= X_0 1)(<= X_0 0)) (<= Y_0 Y_1)))",
                 "3:18: (>= X_0 1): no input satisfies it: X_0 is to lie in [1, 0]; the lower "
                 "bound must not be above the upper one");
  expect_refused(kDeclared + kBox,
                 " no output is constrained, so every input would be unsafe; add for example "
                 "(assert (<= Y_0 Y_1))");
}

TEST(RefusedVnnlib, Formulas) {
  const auto refused = [](const std::string& formula, const std::string& message) {
    expect_refused(kDeclared + kBox + "(assert " + formula + ")", "3:" + message);
  };
  const std::string mixed =
      ": an input may be compared with a number only; allowed are X with a number, Y with a "
      "number, Y with Y";
  refused("(<= X_0 Y_0)", "9: (<= X_0 Y_0)" + mixed);
  refused("(>= X_0 X_1)", "9: (>= X_0 X_1)" + mixed);
  refused("(<= Y_0 Y_0)", "9: (<= Y_0 Y_0): it compares Y_0 with itself");
  refused("(<= 1 2)", "9: (<= 1 2): one operand must be an X or a Y");
  refused("(< Y_0 Y_1)", "9: (< Y_0 Y_1): allowed are (<= A B), (>= A B), (and …) and (or …)");
  refused("(not (<= Y_0 Y_1))",
          "9: (not (<= Y_0 Y_1)): allowed are (<= A B), (>= A B), (and …) and (or …)");
  refused("(or)", "9: (or): allowed are (<= A B), (>= A B), (and …) and (or …)");
  refused("Y_0", "9: Y_0: allowed are (<= A B), (>= A B), (and …) and (or …)");
  refused("(<= Y_0)", "9: (<= Y_0): allowed are two operands: (<= A B)");
  const std::string operand =
      ": neither a name nor a number; allowed are X_i, Y_j and decimal numbers within ±1.8e308";
  for (const std::string number : {"nan", "inf", "-inf", "1e999", "0x10", "(+ Y_0 Y_1)", "Y_"}) {
    refused("(<= Y_0 " + number + ")", "17: " + number + operand);
  }
  std::string many = "(and";
  for (int k = 0; k < 13; ++k) many += " (or (<= Y_0 0) (<= Y_1 0))";
  expect_refused(kDeclared + kBox + "(assert " + many + "))",
                 "3:9: (and (or (<= Y_0 0) (<= Y_1 0)) (or (<= Y_0 0) (<= Y_1 0)) ( …: more than "
                 "4096 cases; split the property into several files");
}

TEST(RefusedVnnlib, APropertyOfAnotherNetwork) {
  const Property p = with_box("(assert (<= Y_0 Y_1))");
  require_fit(p, "p", 2, 2, "n");
  EXPECT_THAT([&] { require_fit(p, "p.vnnlib", 784, 2, "n.onnx"); },
              ThrowsMessage<Error>("p.vnnlib: declares 2 inputs X, but n.onnx has 784; property "
                                   "and network must agree in size"));
  EXPECT_THAT([&] { require_fit(p, "p.vnnlib", 2, 10, "n.onnx"); },
              ThrowsMessage<Error>(HasSubstr("2 outputs Y, but n.onnx has 10")));
}

TEST(RefusedVnnlib, AGzipStreamThatEndsEarly) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder.path() / "p.vnnlib.gz";
  const unsigned char header[] = {0x1f, 0x8b, 8,    0,    0,    0,    0,    0,    0,    3,
                                  0xd3, 0x48, 0x49, 0x4d, 0xce, 0x49, 0x2c, 0x4a, 0xd5, 0x4d};
  write_atomically(path, {reinterpret_cast<const char*>(header), sizeof header});
  EXPECT_THAT([&] { static_cast<void>(read_vnnlib(path)); },
              ThrowsMessage<Error>(HasSubstr("p.vnnlib.gz: the gzip stream ends early")));
}

TEST(Vnnlib, EveryBenchmarkPropertyIsReadAsItsNameSays) {
  if (environment("GIBBON_ORACLES").empty()) {
    GTEST_SKIP() << "set GIBBON_ORACLES to the folder with vnncomp/";
  }
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           std::filesystem::path(environment("GIBBON_ORACLES")) / "vnncomp")) {
    const std::string name = entry.path().filename().string();
    const std::string path = entry.path().string();
    const bool of_mnist = path.find("mnist_fc") != std::string::npos ||
                          path.find("eran_sigmoid") != std::string::npos;
    if (!of_mnist || !name.ends_with(".vnnlib.gz")) continue;
    ++count;
    const Property p = read_vnnlib(entry.path());
    EXPECT_EQ(p.inputs, 784U) << name;
    EXPECT_EQ(p.outputs, 10U) << name;
    ASSERT_EQ(p.sets.size(), 1U) << name;
    EXPECT_EQ(p.sets[0].conjunctions.size(), 9U) << name << ": one per other class";
    // prop_7_0.03, mnist_spec_idx_56_eps_0.01200: the widest interval is 2 ε.
    const std::string stem = name.substr(0, name.size() - std::string(".vnnlib.gz").size());
    const double epsilon = std::stod(stem.substr(stem.rfind('_') + 1));
    double widest = 0.0;
    for (std::size_t d = 0; d < 784; ++d) {
      widest = std::max(widest, p.sets[0].box.upper[d].high - p.sets[0].box.lower[d].low);
    }
    EXPECT_NEAR(widest, 2.0 * epsilon, 1e-6) << name;
  }
  EXPECT_EQ(count, 48U);
}

}  // namespace
}  // namespace gibbon::eval::verify
