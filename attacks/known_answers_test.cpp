// SPDX-License-Identifier: MIT
// What published networks show of the attacks (apgd_test.cpp, methods/*_test.cpp), on a network
// whose distances are known in every norm: s(x) = Σ |x_j - 1/2| rises at most by D, √D and 1 per
// unit of linf, l2 and l1, and moving outward does it.
#include "models/known_answers.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "attacks/attack.hpp"
#include "models/mlp.hpp"

namespace gibbon::attacks {
namespace {

using models::known::kRadius;

constexpr std::size_t kCount = 64;
constexpr double kUnlimited = std::numeric_limits<double>::infinity();

class KnownDistances : public testing::Test {
 protected:
  [[nodiscard]] double truth(std::size_t n, Norm norm) const {
    const double gap = kRadius - models::known::spread(data_.images.row(n));
    return gap / (norm == Norm::kLinf ? 16.0 : norm == Norm::kL2 ? 4.0 : 1.0);
  }

  /// Runs an attack on all samples with budgets[n]; true where the candidate is of another class in
  /// double. `points` receives the candidates.
  std::vector<bool> broken(std::string_view name, Norm norm, const std::vector<double>& budgets) {
    const AttackInfo& info = find(name);
    const auto attack = info.make();
    Oracle oracle(model_, info.access, kCount);
    Workspace work;
    attack->run(oracle,
                {.x = std::as_const(data_.images).view(),
                 .labels = data_.labels,
                 .ids = data_.ids,
                 .epsilons = budgets,
                 .norm = norm,
                 .domain = data_.range,
                 .shape = data_.shape},
                work, points_.view());
    TensorOf<double> exact(kCount, 16);
    std::ranges::copy(points_.flat(), exact.flat().begin());
    models::TapeOf<double> tape = judge_.make_tape(kCount);
    const auto logits = judge_.forward(std::as_const(exact).view(), tape);
    std::vector<bool> out;
    for (std::size_t n = 0; n < kCount; ++n) out.push_back(predicted_class(logits.row(n)) != 0);
    return out;
  }

  /// Candidates of all samples at this share of their distance to the boundary: how many break.
  std::ptrdiff_t broken_at(std::string_view name, Norm norm, double share) {
    std::vector<double> budgets;
    for (std::size_t n = 0; n < kCount; ++n) budgets.push_back(share * truth(n, norm));
    return std::ranges::count(broken(name, norm, budgets), true);
  }

  /// Distances that an attack without a budget finds, each over the true one; rising.
  std::vector<double> shares(std::string_view name, Norm norm) {
    const std::vector<bool> found = broken(name, norm, std::vector<double>(kCount, kUnlimited));
    std::vector<double> out;
    for (std::size_t n = 0; n < kCount; ++n) {
      const double moved = distance(norm, data_.images.row(n), std::as_const(points_).row(n));
      out.push_back(found[n] ? moved / truth(n, norm) : kUnlimited);
    }
    std::ranges::sort(out);
    return out;
  }

  models::Network network_ = models::known::diamond(16, kRadius);
  models::Mlp model_{network_};
  models::MlpOf<double> judge_{network_};
  datasets::Dataset data_ = models::known::pictures(kCount, 0.01F, 0.16F, 4);
  Tensor points_{kCount, 16};
};

// Attacks with a budget break a sample just beyond its distance, and none before it. All values are
// farther from 1/2 than a ball reaches: where it reaches across, climbing may end on the wrong
// side.
TEST_F(KnownDistances, GradientAttacksBreakWhatCanBeBroken) {
  data_ = models::known::pictures(kCount, 0.1F, 0.12F, 4);
  for (const char* name : {"fgsm", "pgd", "apgd-ce", "apgd-t", "fab-t"}) {
    for (const Norm norm : {Norm::kLinf, Norm::kL2}) {
      EXPECT_EQ(broken_at(name, norm, 0.999), 0) << name << ' ' << to_string(norm);
      // 40 steps of 1/30 do not bring every start into the right corner of the ball.
      const double enough = std::string_view(name) == "pgd" ? 1.5 : 1.02;
      EXPECT_EQ(broken_at(name, norm, enough), 64) << name << ' ' << to_string(norm);
    }
  }
}

TEST_F(KnownDistances, SquareBreaksMostWithoutGradients) {
  data_ = models::known::pictures(kCount, 0.1F, 0.12F, 4);
  for (const Norm norm : {Norm::kLinf, Norm::kL2}) {
    EXPECT_EQ(broken_at("square", norm, 0.999), 0) << to_string(norm);
    EXPECT_GE(broken_at("square", norm, norm == Norm::kLinf ? 1.02 : 2.5), 60) << to_string(norm);
  }
}

// Nothing is nearer than the boundary, and half of what is found is within 2 % of it.
TEST_F(KnownDistances, MinimalDistanceAttacksFindTheBoundary) {
  for (const auto& [name, norm] : {std::pair{"deepfool", Norm::kLinf},
                                   {"deepfool", Norm::kL2},
                                   {"fmn", Norm::kLinf},
                                   {"ddn", Norm::kL2},
                                   {"fab", Norm::kLinf},
                                   {"fab", Norm::kL2},
                                   {"fab-t", Norm::kLinf},
                                   {"fab-t", Norm::kL2},
                                   {"fab", Norm::kL1}}) {
    const std::vector<double> found = shares(name, norm);
    EXPECT_GE(found.front(), 1.0 - 1e-6) << name << ' ' << to_string(norm);
    EXPECT_LE(found[kCount / 2], 1.02) << name << ' ' << to_string(norm);
    EXPECT_LE(found.back(), 1.2) << name << ' ' << to_string(norm);
  }
}

TEST_F(KnownDistances, DecisionsAloneComeNear) {
  for (const auto& [name, norm] : {std::pair{"hopskipjump", Norm::kLinf},
                                   {"hopskipjump", Norm::kL2},
                                   {"boundary", Norm::kL2}}) {
    const std::vector<double> found = shares(name, norm);
    EXPECT_GE(found.front(), 1.0 - 1e-6) << name << ' ' << to_string(norm);
    EXPECT_LE(found[kCount / 2], 1.3) << name << ' ' << to_string(norm);
  }
}

}  // namespace
}  // namespace gibbon::attacks
