// SPDX-License-Identifier: MIT
// Certificates against limited adversaries: masks, shares of the budget, lattices.
#include <gtest/gtest.h>

#include "base/environment.hpp"
#include "base/parallel.hpp"
#include "eval/certify/certify.hpp"
#include "eval/judge/comparer.hpp"
#include "eval/judge/judge.hpp"
#include "eval/sweep/attack_spec.hpp"
#include "eval/sweep/sweep.hpp"
#include "models/mlp.hpp"
#include "models/model_cases.hpp"
#include "models/model_file.hpp"

namespace gibbon::eval::certify {
namespace {

using attacks::Norm;

void ignore(std::size_t /*done*/, std::size_t /*total*/) {}

// x_0 - x_1 shrinks by (s_0 + s_1) ε in linf, ||s|| ε in l2 and the larger of both times ε in l1.
TEST(CertifyLimits, RadiiOfALinearModelAreItsScaledDistances) {
  const datasets::Dataset data =
      judge::pairs(std::vector<std::array<float, 2>>{{0.75F, 0.25F}, {0.5F, 0.25F}});
  for (const auto& [s0, s1] : {std::pair{2.0F, 0.5F}, {1.0F, 0.0F}, {0.0F, 0.5F}, {3.0F, 3.0F}}) {
    for (const auto& [norm, slope] : {std::pair{Norm::kLinf, s0 + s1},
                                      {Norm::kL2, std::hypot(s0, s1)},
                                      {Norm::kL1, std::max(s0, s1)}}) {
      const CertifyResult result = certify(judge::comparer(), data,
                                           {.norm = norm,
                                            .epsilons = {0.01},
                                            .radius = Radius::kBisect,
                                            .adversary = {.scale = {s0, s1}}},
                                           ignore);
      for (const auto& [n, gap] : {std::pair{0U, 0.5}, {1U, 0.25}}) {
        const double exact = gap / static_cast<double>(slope);
        EXPECT_LE(result.samples[n].certified, exact) << to_string(norm) << " " << s0 << " " << s1;
        EXPECT_NEAR(result.samples[n].certified, exact, 1.3e-5 * exact)
            << to_string(norm) << " " << s0 << " " << s1;
      }
    }
  }
}

/// Whether a point of the lattice that the adversary may reach has another label: all of them are
/// looked at.
class EveryPoint {
 public:
  EveryPoint(const models::Network& network, std::size_t levels)
      : model_(network), points_(levels * levels * levels, 3) {
    for (std::size_t k = 0; k < points_.rows(); ++k) {
      for (std::size_t d = 0, rest = k; d < 3; ++d, rest /= levels) {
        points_.row(k)[d] =
            static_cast<float>(static_cast<double>(rest % levels) / double(levels - 1));
      }
    }
    judge::Judge judge(model_, network.output, points_.rows());
    findings_.resize(points_.rows());
    judge.look(std::as_const(points_).view(), std::vector<int>(points_.rows(), 0), findings_);
  }
  /// The nearest one, infinity when there is none.
  [[nodiscard]] double nearest(Norm norm, Row x, int label, const std::vector<float>& scale) const {
    double best = HUGE_VAL;
    for (std::size_t k = 0; k < points_.rows(); ++k) {
      if (findings_[k].label == label) continue;
      best = std::min(best, judge::measure(x, points_.row(k), scale)[norm]);
    }
    return best;
  }
  [[nodiscard]] int label(std::size_t k) const { return findings_[k].label; }
  [[nodiscard]] Row point(std::size_t k) const { return points_.row(k); }

 private:
  models::MlpOf<double> model_;
  Tensor points_;
  std::vector<judge::Finding> findings_;
};

class OnALattice : public testing::TestWithParam<Norm> {};

// On few enough points the truth is known: what is certified holds at every one, and what is
// called attacked is not.
TEST_P(OnALattice, CertificatesAgreeWithEveryPoint) {
  const Norm norm = GetParam();
  constexpr std::size_t kLevels = 17;
  const std::vector<double> epsilons{0.03, 0.0625, 0.1, 0.13, 0.2, 0.26, 0.4};
  std::size_t certified = 0;
  std::size_t attacked = 0;
  std::size_t undecided = 0;
  for (const char* activation : {"relu", "sigmoid", "tanh"}) {
    models::Network network = models::make_case({"tiny", {3, 8, 3}, activation});
    const EveryPoint all(network, kLevels);
    datasets::Dataset data;
    constexpr std::size_t kSamples = 12;
    data.images = Tensor(kSamples, 3);
    for (std::size_t n = 0; n < kSamples; ++n) {
      const std::size_t k = (n * 1009 + 77) % (kLevels * kLevels * kLevels);
      std::ranges::copy(all.point(k), data.images.row(n).begin());
      data.ids.push_back(n);
      data.labels.push_back(all.label(k));
    }
    data.shape = {.height = 1, .width = 3, .channels = 1};
    data.class_names = {"a", "b", "c"};
    for (const std::vector<float>& scale :
         {std::vector<float>{}, {1.0F, 1.0F, 0.0F}, {1.0F, 2.0F, 0.5F}, {0.0F, 0.0F, 1.5F}}) {
      const CertifyResult result = certify(network, data,
                                           {.norm = norm,
                                            .epsilons = epsilons,
                                            .adversary = {.scale = scale, .lattice = 1.0 / 16.0},
                                            .limits = {.nodes = 300}},
                                           ignore);
      for (std::size_t n = 0; n < kSamples; ++n) {
        const double nearest = all.nearest(norm, data.images.row(n), data.labels[n], scale);
        for (const double epsilon : epsilons) {
          const double reach = attacks::ThreatModel{norm, epsilon, {}}.reach();
          const bool robust = nearest > reach;
          const bool proved = result.samples[n].certified >= epsilon;
          const bool refuted = result.samples[n].attacked <= reach;
          EXPECT_FALSE(proved && !robust) << activation << " sample " << n << " ε " << epsilon;
          EXPECT_FALSE(refuted && robust) << activation << " sample " << n << " ε " << epsilon;
          certified += proved ? 1U : 0U;
          attacked += refuted ? 1U : 0U;
          undecided += !proved && !refuted ? 1U : 0U;
        }
      }
    }
  }
  EXPECT_GT(certified, 300U);
  EXPECT_GT(attacked, 100U);
  // Between the ball and the multiples in it.
  EXPECT_LT(undecided, (certified + attacked) / 10);
}

INSTANTIATE_TEST_SUITE_P(Norms, OnALattice, testing::Values(Norm::kLinf, Norm::kL2, Norm::kL1),
                         [](const auto& norm) { return std::string(to_string(norm.param)); });

class Limited : public testing::TestWithParam<Norm> {};

// What limits an adversary leaves more to certify, and none of what an attack breaks.
TEST_P(Limited, NothingThatAnAttackBreaksIsCertified) {
  if (environment("GIBBON_ORACLES").empty() || environment("GIBBON_DATA").empty()) {
    GTEST_SKIP() << "set GIBBON_ORACLES to the folder with mlp/seed_relu.onnx, GIBBON_DATA to that "
                    "with mnist/";
  }
  const Norm norm = GetParam();
  const models::Network network =
      models::read_model(environment("GIBBON_ORACLES") + "/mlp/seed_relu.onnx").network;
  const datasets::Dataset data =
      datasets::select(datasets::load("mnist", {.split = "test"}), "0:20");
  std::vector<float> half(784, 1.0F);
  std::fill(half.begin() + 392, half.end(), 0.0F);
  std::vector<float> uneven(784);
  for (std::size_t d = 0; d < 784; ++d) uneven[d] = static_cast<float>(d % 4) * 0.5F;
  const double unit = norm == Norm::kLinf ? 1.0 : norm == Norm::kL2 ? 10.0 : 60.0;
  const std::vector<double> epsilons{0.02 * unit, 0.05 * unit, 0.1 * unit};
  std::vector<std::uint64_t> sums;  // of what is certified, over the budgets
  for (const attacks::Limits& limits : {attacks::Limits{},
                                        {.scale = half},
                                        {.scale = half, .lattice = 1.0 / 255},
                                        {.scale = uneven},
                                        {.scale = {}, .lattice = 1.0 / 255}}) {
    const CertifyResult proved = certify(network, data,
                                         {.norm = norm,
                                          .epsilons = epsilons,
                                          .adversary = limits,
                                          .limits = {.nodes = 30},
                                          .threads = hardware_threads()},
                                         ignore);
    sweep::SweepPlan plan{
        .norms = {norm}, .epsilons = epsilons, .threads = hardware_threads(), .limits = limits};
    for (const char* attack : {"pgd", "apgd-ce", "apgd-t:restarts=1"})
      plan.attacks.push_back(sweep::parse_entry(attack));
    const sweep::SweepResult attacked =
        sweep::sweep(network, data, plan, [](const sweep::SweepStatus&) {});
    std::size_t broken = 0;
    for (const reports::record::SampleRecord& record : attacked.samples) {
      const double epsilon = attacked.curve[record.curve_row].epsilon;
      const auto& sample = proved.samples[static_cast<std::size_t>(record.id)];
      if (record.broken == 0) continue;
      ++broken;
      EXPECT_LT(sample.certified, epsilon) << "sample " << record.id;
    }
    EXPECT_GT(broken, 10U);
    std::uint64_t& sum = sums.emplace_back();
    for (const auto& point : proved.curve) sum += point.certified;
  }
  EXPECT_GT(sums[1], sums[0]) << "half of the features cannot move";
  EXPECT_GE(sums[2], sums[1]);
  EXPECT_GE(sums[4], sums[0]);
}

INSTANTIATE_TEST_SUITE_P(Norms, Limited, testing::Values(Norm::kLinf, Norm::kL2, Norm::kL1),
                         [](const auto& norm) { return std::string(to_string(norm.param)); });

}  // namespace
}  // namespace gibbon::eval::certify
