// SPDX-License-Identifier: MIT
// What minimal-distance attacks promise beyond the contract: closed forms on linear models, when
// they stop, and how they get away from points without a gradient.

#include <array>
#include <limits>
#include <numeric>
#include <ostream>
#include <vector>

#include <gtest/gtest.h>

#include "attacks/search/successes.hpp"
#include "base/rng.hpp"
#include "models/mlp.hpp"

namespace gibbon::attacks {
namespace {

constexpr std::size_t kSamples = 16;
constexpr std::size_t kDim = 20;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

models::Network linear(std::size_t classes) {
  models::Network network;
  network.layers.push_back({.weight = {classes, kDim},
                            .bias = std::vector<float>(classes),
                            .activation = models::make_activation("identity")});
  Rng rng(11, 0, "minimal-distance-test");
  for (float& w : network.layers[0].weight.flat()) w = rng.uniform(-1.0F, 1.0F);
  return network;
}

/// Relu features that are all off around the middle of the box: class 0 wins there by its bias, and
/// no gradient says where class 1 is.
models::Network plateau() {
  models::Network network;
  network.layers.push_back({.weight = {2 * kDim, kDim},
                            .bias = std::vector<float>(2 * kDim),
                            .activation = models::make_activation("relu")});
  network.layers.push_back({.weight = {2, 2 * kDim},
                            .bias = {0.1F, 0.0F},
                            .activation = models::make_activation("identity")});
  for (std::size_t d = 0; d < kDim; ++d) {
    network.layers[0].weight.row(d)[d] = 1.0F;
    network.layers[0].bias[d] = -0.7F;
    network.layers[0].weight.row(kDim + d)[d] = -1.0F;
    network.layers[0].bias[kDim + d] = 0.3F;
  }
  for (float& w : network.layers[1].weight.row(1)) w = 1.0F;
  return network;
}

/// Samples near the middle of the box, labelled as the network answers.
class MinimalDistance : public testing::Test {
 protected:
  MinimalDistance() {
    std::iota(ids_.begin(), ids_.end(), 0U);
    Rng rng(12, 0, "minimal-distance-test");
    for (float& value : x_.flat()) value = rng.uniform(0.4F, 0.6F);
  }

  void label_by(const models::Network& network) {
    const models::Mlp model(network);
    auto tape = model.make_tape(kSamples);
    const Rows logits = model.forward(std::as_const(x_).view(), tape);
    for (std::size_t n = 0; n < kSamples; ++n) labels_[n] = predicted_class(logits.row(n));
  }

  Problem problem(Norm norm, double epsilon) {
    std::ranges::fill(epsilons_, epsilon);
    return {.x = std::as_const(x_).view(),
            .labels = labels_,
            .ids = ids_,
            .epsilons = epsilons_,
            .norm = norm,
            .seed = 1};
  }

  struct Run {
    std::vector<double> distances;
    std::vector<std::uint64_t> forwards;
    std::vector<std::uint64_t> backwards;
  };
  Run run(std::string_view name, const models::Network& network, const Problem& p) {
    const models::Mlp model(network);
    const AttackInfo& info = find(name);
    Oracle oracle(model, info.access, kSamples);
    Workspace work;
    Tensor out(p.size(), kDim);
    info.make()->run(oracle, p, work, out.view());
    Run result;
    for (std::size_t n = 0; n < p.size(); ++n) {
      result.distances.push_back(distance(p.norm, p.x.row(n), out.row(n)));
      result.forwards.push_back(oracle.forwards()[n]);
      result.backwards.push_back(oracle.backwards()[n]);
    }
    return result;
  }

  Tensor x_{kSamples, kDim};
  std::vector<int> labels_ = std::vector<int>(kSamples);
  std::vector<std::uint64_t> ids_ = std::vector<std::uint64_t>(kSamples);
  std::vector<double> epsilons_ = std::vector<double>(kSamples);
};

/// min over k of (z_y - z_k) / ||w_y - w_k||_dual: the distance to the nearest of all boundaries.
double nearest_boundary(const models::Network& network, Norm norm, Row x, int label) {
  const auto& weight = network.layers[0].weight;
  const auto y = static_cast<std::size_t>(label);
  double nearest = kInfinity;
  for (std::size_t k = 0; k < weight.rows(); ++k) {
    if (k == y) continue;
    double lead = 0.0;
    std::vector<float> slope;
    for (std::size_t d = 0; d < kDim; ++d) {
      slope.push_back(weight.row(y)[d] - weight.row(k)[d]);
      lead += double{slope.back()} * double{x[d]};
    }
    nearest = std::min(nearest, lead / dual_length(norm, slope));
  }
  return nearest;
}

// The nearest boundary need not be that of the second most probable class.
TEST_F(MinimalDistance, DeepFoolGoesToTheNearestOfManyBoundariesInOneStep) {
  const models::Network network = linear(5);
  label_by(network);
  for (const Norm norm : {Norm::kLinf, Norm::kL2}) {
    const Run got = run("deepfool", network, problem(norm, kInfinity));
    for (std::size_t n = 0; n < kSamples; ++n) {
      const double wanted = nearest_boundary(network, norm, x_.row(n), labels_[n]);
      EXPECT_GE(got.distances[n], wanted * (1.0 - 1e-6));
      // Halving ten times leaves a thousandth; some samples of this set meet the box.
      EXPECT_LE(got.distances[n], wanted * 1.002 + 1e-6) << to_string(norm) << ' ' << n;
      // The success costs its Jacobian too: it is asked for before the labels are looked at.
      EXPECT_LE(got.backwards[n], 2U * 4U);
      EXPECT_LE(got.forwards[n], 2U + 10U);
    }
  }
}

struct Stopping {
  std::string_view attack;
  Norm norm;
};

TEST_F(MinimalDistance, ABudgetThatIsMetEndsTheSearch) {
  const models::Network network = linear(3);
  label_by(network);
  for (const auto& [attack, norm] :
       {Stopping{"fmn", Norm::kLinf}, Stopping{"fmn", Norm::kL2}, Stopping{"fmn", Norm::kL1},
        Stopping{"fmn", Norm::kL0}, Stopping{"ddn", Norm::kL2}, Stopping{"cw-l2", Norm::kL2},
        Stopping{"ead", Norm::kL1}, Stopping{"deepfool", Norm::kLinf}}) {
    const Run all = run(attack, network, problem(norm, kInfinity));
    const Run some = run(attack, network, problem(norm, double{kDim}));
    for (std::size_t n = 0; n < kSamples; ++n) {
      EXPECT_LT(2 * some.forwards[n], all.forwards[n]) << attack << ' ' << to_string(norm);
      EXPECT_GT(some.distances[n], 0.0) << attack << ' ' << to_string(norm);
    }
  }
}

TEST_F(MinimalDistance, SamplesThatAreWrongAlreadyCostOnePassOfEach) {
  const models::Network network = linear(3);
  label_by(network);
  for (int& label : labels_) label = (label + 1) % 3;
  for (const auto& [attack, norm] :
       {Stopping{"fmn", Norm::kLinf}, Stopping{"ddn", Norm::kL2}, Stopping{"cw-l2", Norm::kL2},
        Stopping{"ead", Norm::kL1}, Stopping{"deepfool", Norm::kLinf}}) {
    const Run got = run(attack, network, problem(norm, kInfinity));
    for (std::size_t n = 0; n < kSamples; ++n) {
      EXPECT_EQ(got.distances[n], 0.0) << attack;
      EXPECT_EQ(got.forwards[n], 1U) << attack;
      EXPECT_LE(got.backwards[n], 2U) << attack;
    }
  }
}

TEST_F(MinimalDistance, DdnLeavesAPlateauAtRandomAndTheOthersStay) {
  const models::Network network = plateau();
  label_by(network);
  EXPECT_EQ(labels_, std::vector<int>(kSamples, 0));
  const Run ddn = run("ddn", network, problem(Norm::kL2, kInfinity));
  for (const double far : ddn.distances) EXPECT_GT(far, 0.1);
  for (const std::string_view attack : {"fmn", "deepfool"}) {
    const Run stuck = run(attack, network, problem(Norm::kL2, kInfinity));
    for (const double far : stuck.distances) EXPECT_EQ(far, 0.0) << attack;
  }
}

// The draw belongs to the sample, wherever it stands in a block.
TEST_F(MinimalDistance, DdnLeavesAPlateauInTheSameDirectionAlone) {
  const models::Network network = plateau();
  const Problem together = problem(Norm::kL2, kInfinity);
  const Run all = run("ddn", network, together);
  EXPECT_NE(all.distances[2], all.distances[3]);
  Problem alone = together;
  alone.x = together.x.slice(3, 1);
  alone.labels = together.labels.subspan(3, 1);
  alone.ids = together.ids.subspan(3, 1);
  alone.epsilons = together.epsilons.subspan(3, 1);
  EXPECT_EQ(run("ddn", network, alone).distances[0], all.distances[3]);
}

// At 0 and 1 tanh is flat; without a little room there w would be infinite and stay so.
TEST_F(MinimalDistance, CarliniAndWagnerMovesFeaturesOffTheSidesOfTheBox) {
  const models::Network network = linear(2);
  for (float& value : x_.flat()) value = value > 0.5F ? 1.0F : 0.0F;
  label_by(network);
  const Run got = run("cw-l2", network, problem(Norm::kL2, kInfinity));
  const Run near = run("ddn", network, problem(Norm::kL2, kInfinity));
  for (std::size_t n = 0; n < kSamples; ++n) {
    EXPECT_GT(got.distances[n], 0.0) << n;
    EXPECT_LT(got.distances[n], 1.1 * near.distances[n]) << n;
  }
}

TEST_F(MinimalDistance, ShrinkDrawsASuccessToTheBoundaryAndNeverAway) {
  const models::Network network = linear(2);
  label_by(network);
  const models::Mlp model(network);
  for (const Norm norm : kNorms) {
    const Problem p = problem(norm, kInfinity);
    Oracle oracle(model, Access::kLabels, kSamples);
    oracle.begin(kSamples, 0);
    Workspace work;
    Tensor out(kSamples, kDim);
    search::Successes successes(p, work, out.view());
    // Samples 0 and 1 have no success; the others have one far away, straight to the corner.
    std::vector<double> before(kSamples, kInfinity);
    for (std::size_t n = 2; n < kSamples; ++n) {
      std::vector<float> corner;
      for (std::size_t d = 0; d < kDim; ++d) {
        const auto y = static_cast<std::size_t>(labels_[n]);
        const float slope =
            network.layers[0].weight.row(y)[d] - network.layers[0].weight.row(1 - y)[d];
        corner.push_back(slope > 0.0F ? 0.0F : 1.0F);
      }
      successes.offer(n, corner);
      before[n] = successes.distance(n);
    }
    search::shrink(oracle, p, work, successes);
    EXPECT_EQ(oracle.forwards()[0], 0U);
    EXPECT_FALSE(successes.found(1));
    for (std::size_t n = 2; n < kSamples; ++n) {
      EXPECT_LT(successes.distance(n), before[n]) << to_string(norm);
      EXPECT_LE(oracle.forwards()[n], 10U);
      EXPECT_EQ(distance(norm, x_.row(n), out.row(n)), successes.distance(n));
      EXPECT_TRUE(std::ranges::equal(out.row(n), successes.best(n)));
      // A little nearer, by a 500th of the way or by one feature, is a failure.
      std::vector<float> nearer(kDim);
      if (norm == Norm::kL0) {
        std::ranges::copy(out.row(n), nearer.begin());
        project({norm, successes.distance(n) - 1.0, p.domain}, x_.row(n), nearer);
      } else {
        const double share = 1.0 - before[n] / successes.distance(n) / 500.0;
        for (std::size_t d = 0; d < kDim; ++d) {
          nearer[d] = static_cast<float>(double{x_.row(n)[d]} +
                                         share * (double{out.row(n)[d]} - double{x_.row(n)[d]}));
        }
      }
      const auto owner = static_cast<std::uint32_t>(n);
      EXPECT_EQ(oracle.succeeded({nearer.data(), 1, kDim}, labels_, false, {&owner, 1})[0], 0)
          << to_string(norm) << ' ' << n;
    }
  }
}

}  // namespace
}  // namespace gibbon::attacks
