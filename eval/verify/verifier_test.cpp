// SPDX-License-Identifier: MIT
#include "eval/verify/verifier.hpp"

#include <gmock/gmock.h>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/rng.hpp"
#include "models/bounds/bounder.hpp"
#include "models/mlp.hpp"
#include "models/train/initialise.hpp"

namespace gibbon::eval::verify {
namespace {

using testing::HasSubstr;

constexpr std::size_t kInputs = 3;
constexpr std::size_t kClasses = 3;

models::Network random_network(std::string_view activation, std::uint64_t seed,
                               std::vector<std::size_t> widths = {kInputs, 8, 8, kClasses}) {
  models::Network network = models::train::make_network(
      widths, models::make_activation(activation), models::Output::kSoftmax,
      models::train::find_initialiser("xavier"), seed);
  Rng rng(seed, 0, "verifier-test");
  for (models::Dense& layer : network.layers) {
    for (float& w : layer.weight.flat()) w *= 2.0F;  // far from linear
    for (float& b : layer.bias) b = rng.uniform(-0.5F, 0.5F);
  }
  return network;
}

std::vector<double> outputs_of(const models::MlpOf<double>& model, std::span<const double> x) {
  models::TapeOf<double> tape = model.make_tape(1);
  const auto y = model.forward({x.data(), 1, x.size()}, tape).row(0);
  return {y.begin(), y.end()};
}

/// Class 0 is ahead of all others by more than `lead` around `centre`.
Query stays_first(std::span<const double> centre, double radius, double lead) {
  Query query;
  for (const double x : centre) {
    query.lower.push_back(x - radius);
    query.upper.push_back(x + radius);
  }
  for (std::size_t other = 1; other < kClasses; ++other) {
    Requirement requirement{.weights = std::vector<double>(kClasses), .constant = -lead};
    requirement.weights[0] = 1.0;
    requirement.weights[other] = -1.0;
    query.clauses.push_back({requirement});
  }
  return query;
}

double least_lead(const models::MlpOf<double>& model, const Query& query,
                  std::span<const double> x) {
  const std::vector<double> y = outputs_of(model, x);
  double least = HUGE_VAL;
  for (const Clause& clause : query.clauses) {
    double best = -HUGE_VAL;
    for (const Requirement& requirement : clause) {
      best = std::max(best, value_of(requirement, std::span<const double>(y)));
    }
    least = std::min(least, best);
  }
  return least;
}

/// Least lead over corners and random points.
double sampled_minimum(const models::MlpOf<double>& model, const Query& query, int points) {
  Rng rng(3, 0, "verifier-points");
  double least = HUGE_VAL;
  std::vector<double> x(query.lower.size());
  for (int k = 0; k < points; ++k) {
    for (std::size_t j = 0; j < x.size(); ++j) {
      const double share = k < 8 ? ((k >> j) & 1) : rng.unit();
      x[j] = query.lower[j] + share * (query.upper[j] - query.lower[j]);
    }
    least = std::min(least, least_lead(model, query, x));
  }
  return least;
}

// Near the edge of what is true: leads a little below and above the sampled minimum. Smooth
// activations have no finite leaves: a smaller region is enough work for a test.
TEST(Verifier, AgreesWithPointsOfTheRegion) {
  for (const std::string_view name : {"relu", "leaky-relu", "sigmoid", "tanh"}) {
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
      const models::Network network = random_network(name, seed);
      const models::MlpOf<double> model(network);
      const Verifier verifier(network);
      const std::vector<double> centre{0.1, -0.2, 0.3};
      const bool smooth = name == "sigmoid" || name == "tanh";
      const double radius = smooth ? 0.1 : 0.4;
      const double least = sampled_minimum(model, stays_first(centre, radius, 0.0), 20'000);
      for (const double beside : {-0.3, -0.01, 0.01, 0.3}) {
        const Query query = stays_first(centre, radius, least + beside);
        const Answer answer = verifier.decide(query, {.nodes = 20'000});
        if (beside > 0.0) {
          ASSERT_EQ(answer.verdict, Verdict::kAttacked) << name << " " << seed << " " << beside;
          EXPECT_LE(least_lead(model, query, answer.witness), 0.0);
          for (std::size_t j = 0; j < kInputs; ++j) {
            EXPECT_GE(answer.witness[j], query.lower[j]);
            EXPECT_LE(answer.witness[j], query.upper[j]);
          }
        } else if (answer.verdict == Verdict::kAttacked) {  // the points have missed it
          EXPECT_LE(least_lead(model, query, answer.witness), 0.0) << name << " " << seed;
        } else if (!smooth || beside < -0.1) {  // closer than that may take more nodes than these
          EXPECT_EQ(answer.verdict, Verdict::kRobust) << name << " " << seed << " " << beside;
        }
      }
    }
  }
}

// relu(x - a) - 2 relu(x - a - w) + relu(x - a - 2 w): a spike of height w, and nothing else.
TEST(Verifier, ANarrowSpikeIsNeverProvedAway) {
  for (const double width : {1e-2, 1e-4, 1e-6}) {
    for (const double at : {0.123, 0.5, 0.9371}) {
      models::Network network = random_network("relu", 1, {1, 3, 2});
      const auto w = static_cast<float>(width);
      const auto a = static_cast<float>(at);
      network.layers[0].weight.flat()[0] = network.layers[0].weight.flat()[1] =
          network.layers[0].weight.flat()[2] = 1.0F;
      network.layers[0].bias = {-a, -a - w, -a - 2.0F * w};
      // y_0 = half the spike's height, y_1 = the spike
      std::ranges::copy(std::vector<float>{0.0F, 0.0F, 0.0F, 1.0F, -2.0F, 1.0F},
                        network.layers[1].weight.flat().begin());
      network.layers[1].bias = {0.5F * w, 0.0F};
      Query query{.lower = {0.0}, .upper = {1.0}};
      query.clauses.push_back({{.weights = {1.0, -1.0}}});
      const Answer answer = Verifier(network).decide(query, {});
      EXPECT_EQ(answer.verdict, Verdict::kAttacked) << width << " at " << at;
      query.upper = {at - 2.0 * width};
      EXPECT_EQ(Verifier(network).decide(query, {}).verdict, Verdict::kRobust) << width;
    }
  }
}

// The lead is exactly 0 at one corner: equality does not hold, and nothing but 0 is proved.
TEST(Verifier, AnEqualityIsNotALead) {
  models::Network network = random_network("identity", 1, {2, 2});
  std::ranges::copy(std::vector<float>{1.0F, 0.0F, 0.0F, 1.0F},
                    network.layers[0].weight.flat().begin());
  network.layers[0].bias = {0.0F, 0.0F};
  Query query{.lower = {0.5, 0.0}, .upper = {1.0, 0.5}};
  query.clauses.push_back({{.weights = {1.0, -1.0}}});
  EXPECT_EQ(Verifier(network).decide(query, {}).verdict, Verdict::kAttacked);
  query.upper[1] = 0.5 - 1e-13;  // less than what the proof may be wrong by? far more
  EXPECT_EQ(Verifier(network).decide(query, {}).verdict, Verdict::kRobust);
  query.upper[1] = std::nextafter(0.5, 0.0);
  EXPECT_NE(Verifier(network).decide(query, {}).verdict, Verdict::kAttacked);
}

// |y_0 - y_1 - m| > -c holds everywhere, yet neither side of it does: m is a value in the middle.
TEST(Verifier, AClauseHoldsWhereOneOfItsRequirementsDoes) {
  const models::Network network = random_network("relu", 5);
  const models::MlpOf<double> model(network);
  Query query = stays_first(std::vector<double>{0.1, -0.2, 0.3}, 0.4, 0.0);
  query.clauses = {{{.weights = {1.0, -1.0, 0.0}}}};
  const double least = sampled_minimum(model, query, 1000);
  query.clauses = {{{.weights = {-1.0, 1.0, 0.0}}}};
  const double most = -sampled_minimum(model, query, 1000);
  const double middle = 0.5 * (least + most);
  ASSERT_GT(most - least, 0.1);
  const auto decide = [&](double slack) {
    query.clauses = {{{.weights = {1.0, -1.0, 0.0}, .constant = slack - middle},
                      {.weights = {-1.0, 1.0, 0.0}, .constant = slack + middle}}};
    return Verifier(network).decide(query, {.nodes = 100'000});
  };
  EXPECT_EQ(decide(0.02).verdict, Verdict::kRobust);
  const Answer broken = decide(-0.02);
  ASSERT_EQ(broken.verdict, Verdict::kAttacked);
  EXPECT_LE(least_lead(model, query, broken.witness), 0.0);
}

TEST(Verifier, ThreadsChangeNothing) {
  const models::Network network = random_network("relu", 7, {kInputs, 24, 24, kClasses});
  const models::MlpOf<double> model(network);
  const std::vector<double> centre{0.1, -0.2, 0.3};
  const double least = sampled_minimum(model, stays_first(centre, 0.4, 0.0), 20'000);
  const Query query = stays_first(centre, 0.4, least - 0.02);
  const Answer one = Verifier(network).decide(query, {}, 1);
  const Answer three = Verifier(network).decide(query, {}, 3);
  EXPECT_GT(one.nodes, 0U);
  EXPECT_EQ(one.verdict, three.verdict);
  EXPECT_EQ(one.nodes, three.nodes);
  EXPECT_EQ(one.bound, three.bound);
}

// Without memory for a queue the search goes depth first: another order, the same truth.
TEST(Verifier, AFullMemoryChangesTheOrderAlone) {
  for (const auto& [activation, radius] : {std::pair{"relu", 0.4}, std::pair{"sigmoid", 0.5}}) {
    const models::Network network = random_network(activation, 7, {kInputs, 24, 24, kClasses});
    const models::MlpOf<double> model(network);
    const std::vector<double> centre{0.1, -0.2, 0.3};
    const double least = sampled_minimum(model, stays_first(centre, radius, 0.0), 20'000);
    const Query query = stays_first(centre, radius, least - 0.02);
    const Answer roomy = Verifier(network).decide(query, {.nodes = 100'000});
    ASSERT_EQ(roomy.verdict, Verdict::kRobust) << activation;
    EXPECT_GT(roomy.nodes, 10U) << activation;
    for (const std::size_t memory : {std::size_t{0}, std::size_t{20'000}}) {
      const Answer full = Verifier(network).decide(query, {.nodes = 100'000, .memory = memory}, 2);
      EXPECT_EQ(full.verdict, Verdict::kRobust) << activation << ", " << memory;
    }
    const Answer cut = Verifier(network).decide(query, {.nodes = 10, .memory = 0});
    EXPECT_EQ(cut.reason, Reason::kNodes);
    EXPECT_GT(cut.open, 0U);
    EXPECT_LT(cut.bound, 0.0);
  }
}

TEST(Verifier, BudgetsEndTheSearchAndSaySo) {
  const models::Network network = random_network("sigmoid", 2, {kInputs, 16, 16, kClasses});
  const models::MlpOf<double> model(network);
  const std::vector<double> centre{0.1, -0.2, 0.3};
  const double least = sampled_minimum(model, stays_first(centre, 1.0, 0.0), 20'000);
  const Query query = stays_first(centre, 1.0, least - 1e-5);
  const Answer none = Verifier(network).decide(query, {.nodes = 0});
  EXPECT_EQ(none.verdict, Verdict::kUndecided);
  EXPECT_EQ(none.reason, Reason::kNodes);
  EXPECT_EQ(none.nodes, 0U);
  const Answer few = Verifier(network).decide(query, {.nodes = 10});
  EXPECT_EQ(few.reason, Reason::kNodes);
  EXPECT_GE(few.nodes, 10U);
  EXPECT_GT(few.open, 0U);
  EXPECT_LT(few.bound, 0.0);
  EXPECT_EQ(Verifier(network).decide(query, {.seconds = 1e-6}).reason, Reason::kTime);
}

TEST(Verifier, StricterLevelsProveLess) {
  const models::Network network = random_network("relu", 3);
  const models::MlpOf<double> model(network);
  const std::vector<double> centre{0.1, -0.2, 0.3};
  const double least = sampled_minimum(model, stays_first(centre, 0.0, 0.0), 1);
  // One point: the bound is the lead itself, to within rounding.
  const Query query = stays_first(centre, 0.0, least - 1e-9);
  const auto verdict = [&](Soundness soundness) {
    return Verifier(network).decide(query, {.soundness = soundness}).verdict;
  };
  EXPECT_EQ(verdict(Soundness::kReal), Verdict::kRobust);
  EXPECT_EQ(verdict(Soundness::kDouble), Verdict::kRobust);
  EXPECT_EQ(verdict(Soundness::kFloat32), Verdict::kUndecided);
}

// Both outputs are one and the same hidden value, a difference of large ones: they cancel, so the
// lead is exactly the constant, and what has to be exceeded is the rounding of two outputs in
// float32. That is a sum in double: a lead that is only nearly beyond its last bits is not beyond
// it.
TEST(Verifier, ALeadMustExceedTheRoundingOfAllOutputsBeyondThatOfTheirSum) {
  models::Network network = random_network("relu", 1, {2, 1, 2});
  std::ranges::copy(std::vector<float>{1000.0F, -1000.0F}, network.layers[0].weight.flat().begin());
  network.layers[0].bias = {1.0F};
  std::ranges::fill(network.layers[1].weight.flat(), 1.0F);
  network.layers[1].bias = {0.0F, 0.0F};
  Query query{.lower = {0.5, 0.5}, .upper = {0.5, 0.5}};
  const models::bounds::Bounder bounder(network);
  models::bounds::BoundTape tape = bounder.make_tape(1);
  bounder.enclose(models::bounds::BoxRegion{.lower = query.lower, .upper = query.upper}, tape);
  std::vector<double> error(2);
  bounder.rounding(tape, 0, unit_of(Soundness::kFloat32), error);
  ASSERT_GT(error[0], 1e-4);
  const auto verdict = [&](double lead) {
    query.clauses = {{{.weights = {1.0, -1.0}, .constant = lead}}};
    return Verifier(network).decide(query, {.nodes = 0, .soundness = Soundness::kFloat32}).verdict;
  };
  EXPECT_EQ(verdict((error[0] + error[1]) * (1.0 + 2e-9)), Verdict::kRobust);
  EXPECT_EQ(verdict((error[0] + error[1]) * (1.0 + 5e-10)), Verdict::kUndecided);
  EXPECT_EQ(verdict(1.5 * error[0]), Verdict::kUndecided) << "both outputs are rounded";
}

TEST(Verifier, RefusesWhatMakesNoSense) {
  const Verifier verifier(random_network("relu", 1));
  Query query = stays_first(std::vector<double>{0.1, -0.2, 0.3}, 0.4, 0.0);
  const auto refused = [&](const Query& asked, const char* why) {
    EXPECT_THAT([&] { static_cast<void>(verifier.decide(asked, {})); },
                testing::ThrowsMessage<Error>(HasSubstr(why)));
  };
  Query other = query;
  other.lower[1] = other.upper[1] + 1.0;
  refused(other, "rising");
  other = query;
  other.upper[0] = std::numeric_limits<double>::quiet_NaN();
  refused(other, "finite");
  other = query;
  other.lower.pop_back();
  refused(other, "3 inputs");
  other = query;
  other.clauses[0][0].weights.push_back(1.0);
  refused(other, "4 outputs");
  other = query;
  other.clauses.emplace_back();
  refused(other, "empty clause");
  models::Network broken = random_network("relu", 1);
  broken.layers[0].weight.flat()[2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(Verifier{broken}, Error);
  EXPECT_THROW(Verifier{random_network("gelu", 1)}, Error);
}

}  // namespace
}  // namespace gibbon::eval::verify
