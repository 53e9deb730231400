// SPDX-License-Identifier: MIT
// What the benchmarks of verification competitions show (benchmark_test.cpp, vnnlib_test.cpp), on
// properties whose answer follows from a formula.
#include "models/known_answers.hpp"

#include <gtest/gtest.h>

#include "eval/verify/instance.hpp"
#include "eval/verify/verifier.hpp"
#include "eval/verify/vnnlib.hpp"

namespace gibbon::eval::verify {
namespace {

using models::known::kRadius;

/// "Some point within ε of x is not of class 0", as such files say it.
std::string text_of(Row x, double epsilon, std::size_t classes) {
  std::string text;
  for (std::size_t j = 0; j < x.size(); ++j) text += fmt::format("(declare-const X_{} Real)\n", j);
  for (std::size_t c = 0; c < classes; ++c) text += fmt::format("(declare-const Y_{} Real)\n", c);
  for (std::size_t j = 0; j < x.size(); ++j) {
    text +=
        fmt::format("(assert (>= X_{} {:.17f}))\n(assert (<= X_{} {:.17f}))\n", j,
                    static_cast<double>(x[j]) - epsilon, j, static_cast<double>(x[j]) + epsilon);
  }
  text += "(assert (or";
  for (std::size_t c = 1; c < classes; ++c) text += fmt::format(" (and (>= Y_{} Y_0))", c);
  return text + "))\n";
}

Outcome outcome_of(const models::Network& network, Row x, double epsilon) {
  const Property property =
      parse_vnnlib(text_of(x, epsilon, network.num_classes()), "known.vnnlib");
  const Verifier verifier(network);
  return verify(network, property, {.nodes = 2000}, [&](const Query& query, const Limits& limits) {
    return verifier.decide(query, limits, 1);
  });
}

TEST(KnownProperties, AreReadAsTheyAreWritten) {
  const datasets::Dataset data = models::known::pictures(5, 0.01F, 0.16F, 4);
  for (const double epsilon : {0.01, 0.03, 0.05}) {
    for (std::size_t n = 0; n < data.size(); ++n) {
      const Property p = parse_vnnlib(text_of(data.images.row(n), epsilon, 4), "known.vnnlib");
      EXPECT_EQ(p.inputs, 16U);
      EXPECT_EQ(p.outputs, 4U);
      ASSERT_EQ(p.sets.size(), 1U);
      EXPECT_EQ(p.sets[0].conjunctions.size(), 3U) << "one per other class";
      for (std::size_t j = 0; j < 16; ++j) {
        EXPECT_NEAR(p.sets[0].box.upper[j].high - p.sets[0].box.lower[j].low, 2.0 * epsilon, 1e-15);
      }
    }
  }
}

/// unsat a little inside the distance, sat a little beyond it, with a point that is one.
void expect_answers(const models::Network& network, Row x, double distance, double beside) {
  EXPECT_EQ(outcome_of(network, x, distance * (1.0 - beside)).result, Result::kUnsat) << distance;
  const Outcome beyond = outcome_of(network, x, distance * (1.0 + beside));
  ASSERT_EQ(beyond.result, Result::kSat) << distance;
  for (std::size_t j = 0; j < x.size(); ++j) {
    EXPECT_LE(std::abs(beyond.inputs[j] - static_cast<double>(x[j])),
              distance * (1.0 + beside) * (1.0 + 1e-12));
  }
  EXPECT_GE(*std::max_element(beyond.outputs.begin() + 1, beyond.outputs.end()), beyond.outputs[0]);
}

TEST(KnownProperties, OfPiecewiseLinearNetworksAreDecided) {
  const models::Network network = models::known::diamond(16, kRadius);
  const datasets::Dataset data = models::known::pictures(10, 0.01F, 0.16F, 4);
  for (std::size_t n = 0; n < data.size(); ++n) {
    const Row x = data.images.row(n);
    expect_answers(network, x, (kRadius - models::known::spread(x)) / 16.0, 1e-3);
  }
}

TEST(KnownProperties, OfSigmoidNetworksAreDecided) {
  constexpr double kLevel = 9.5;
  const models::Network network = models::known::slope(16, kLevel);
  const datasets::Dataset data = models::known::pictures(10, 0.0F, 0.1F, 2);
  for (std::size_t n = 0; n < data.size(); ++n) {
    const Row x = data.images.row(n);
    const double distance = models::known::slope_distance(x, kLevel);
    ASSERT_GT(distance, 0.01);
    expect_answers(network, x, distance, 1e-3);
  }
}

}  // namespace
}  // namespace gibbon::eval::verify
