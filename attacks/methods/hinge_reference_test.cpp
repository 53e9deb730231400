// SPDX-License-Identifier: MIT
// C&W and EAD step by step in double, written a second time from the papers, on a linear network:
// the distances after a few short rounds have to agree. Nothing else notices a forgotten momentum
// or a search for c that never turns round.

#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "attacks/attack.hpp"
#include "base/error.hpp"
#include "base/rng.hpp"
#include "models/mlp.hpp"

namespace gibbon::attacks {
namespace {

constexpr std::size_t kSamples = 12;
constexpr std::size_t kDim = 10;
constexpr std::size_t kClasses = 3;
constexpr int kRounds = 4;
constexpr int kSteps = 60;
constexpr double kFirst = 0.1;  // c

using Vector = std::vector<double>;

models::Network linear() {
  models::Network network;
  network.layers.push_back({.weight = {kClasses, kDim},
                            .bias = std::vector<float>(kClasses),
                            .activation = models::make_activation("identity")});
  Rng rng(21, 0, "hinge-reference-test");
  for (float& w : network.layers[0].weight.flat()) w = rng.uniform(-1.0F, 1.0F);
  return network;
}

/// max(z_y - max_{j != y} z_j, 0) of the linear network and its gradient by x.
struct HingeAt {
  double value = 0.0;
  Vector gradient = Vector(kDim);
};
HingeAt hinge_at(const models::Network& network, const Vector& x, std::size_t y) {
  const Tensor& weight = network.layers[0].weight;
  Vector z(kClasses);
  for (std::size_t k = 0; k < kClasses; ++k) {
    for (std::size_t d = 0; d < kDim; ++d) z[k] += double{weight.row(k)[d]} * x[d];
  }
  std::size_t rival = y == 0 ? 1 : 0;
  for (std::size_t k = 0; k < kClasses; ++k) {
    if (k != y && z[k] > z[rival]) rival = k;
  }
  HingeAt out;
  out.value = std::max(z[y] - z[rival], 0.0);
  if (z[y] - z[rival] > 0.0) {
    for (std::size_t d = 0; d < kDim; ++d) {
      out.gradient[d] = double{weight.row(y)[d]} - double{weight.row(rival)[d]};
    }
  }
  return out;
}

double norm_of_difference(const Vector& a, const Vector& b, double power) {
  double sum = 0.0;
  for (std::size_t d = 0; d < kDim; ++d) sum += std::pow(std::abs(a[d] - b[d]), power);
  return std::pow(sum, 1.0 / power);
}

/// Rounds with a rising, then bisected c. round(c, best) returns whether there was a success.
template <class Round>
double search_constant(Round round) {
  double best = std::numeric_limits<double>::infinity();
  double c = kFirst;
  double low = 0.0;
  double high = 0.0;  // 0: no success yet
  for (int r = 0; r < kRounds; ++r) {
    if (round(c, best)) {
      high = c;
    } else {
      low = c;
    }
    c = high == 0.0 ? 10.0 * c : (low + high) / 2.0;
  }
  return best;
}

bool at_rest(int t, double loss, double& before) {
  if (t % (kSteps / 10) != 0) return false;
  if (loss > 0.9999 * before) return true;
  before = loss;
  return false;
}

/// No early stop: crossing the flat part of tanh would take longer than all of these steps.
double carlini_wagner(const models::Network& network, const Vector& x, std::size_t y) {
  return search_constant([&](double c, double& best) {
    Vector w(kDim);
    Vector mean(kDim);
    Vector squares(kDim);
    for (std::size_t d = 0; d < kDim; ++d) w[d] = std::atanh(0.999999 * (2.0 * x[d] - 1.0));
    bool success = false;
    for (int t = 0; t < kSteps; ++t) {
      Vector point(kDim);
      for (std::size_t d = 0; d < kDim; ++d) point[d] = (std::tanh(w[d]) + 1.0) / 2.0;
      const HingeAt hinge = hinge_at(network, point, y);
      const double far = norm_of_difference(point, x, 2.0);
      if (hinge.value == 0.0) {
        success = true;
        best = std::min(best, far);
      }
      for (std::size_t d = 0; d < kDim; ++d) {
        const double tanh_w = std::tanh(w[d]);
        const double g =
            (1.0 - tanh_w * tanh_w) / 2.0 * (2.0 * (point[d] - x[d]) + c * hinge.gradient[d]);
        mean[d] = 0.9 * mean[d] + 0.1 * g;
        squares[d] = 0.999 * squares[d] + 0.001 * g * g;
        w[d] -= 0.01 * (mean[d] / (1.0 - std::pow(0.9, t + 1))) /
                (std::sqrt(squares[d] / (1.0 - std::pow(0.999, t + 1))) + 1e-8);
      }
    }
    return success;
  });
}

double elastic_net(const models::Network& network, const Vector& x, std::size_t y) {
  constexpr double kBeta = 0.01;
  return search_constant([&](double c, double& best) {
    Vector v = x;
    Vector extrapolated = x;
    double before = std::numeric_limits<double>::infinity();
    bool success = false;
    for (int k = 0; k < kSteps; ++k) {
      const double step = 0.01 * std::sqrt(1.0 - double(k) / kSteps);
      const HingeAt slope = hinge_at(network, extrapolated, y);
      Vector next(kDim);
      for (std::size_t d = 0; d < kDim; ++d) {
        const double z =
            extrapolated[d] - step * (2.0 * (extrapolated[d] - x[d]) + c * slope.gradient[d]);
        next[d] = x[d];
        if (z - x[d] > kBeta) next[d] = std::min(z - kBeta, 1.0);
        if (z - x[d] < -kBeta) next[d] = std::max(z + kBeta, 0.0);
      }
      for (std::size_t d = 0; d < kDim; ++d) {
        extrapolated[d] = next[d] + double(k) / double(k + 3) * (next[d] - v[d]);
      }
      v = next;
      const HingeAt hinge = hinge_at(network, v, y);
      const double l1 = norm_of_difference(v, x, 1.0);
      const double l2 = norm_of_difference(v, x, 2.0);
      if (hinge.value == 0.0) {
        success = true;
        best = std::min(best, l1);
      }
      if (at_rest(k, c * hinge.value + l2 * l2 + kBeta * l1, before)) break;
    }
    return success;
  });
}

void compare(std::string_view name, Norm norm,
             double (*reference)(const models::Network&, const Vector&, std::size_t)) {
  const models::Network network = linear();
  const models::Mlp model(network);
  Tensor x(kSamples, kDim);
  Rng rng(22, 0, "hinge-reference-test");
  for (float& value : x.flat()) value = rng.uniform(0.2F, 0.8F);
  auto tape = model.make_tape(kSamples);
  const Rows logits = model.forward(std::as_const(x).view(), tape);
  std::vector<int> labels;
  for (std::size_t n = 0; n < kSamples; ++n) labels.push_back(predicted_class(logits.row(n)));
  std::vector<std::uint64_t> ids(kSamples);
  std::iota(ids.begin(), ids.end(), 0U);
  const std::vector<double> unlimited(kSamples, std::numeric_limits<double>::infinity());
  const AttackInfo& info = find(name);
  const auto attack = info.make();
  set_field(info, *attack, "rounds", fmt::format("{}", kRounds));
  set_field(info, *attack, "steps", fmt::format("{}", kSteps));
  set_field(info, *attack, "c", fmt::format("{}", kFirst));
  Oracle oracle(model, info.access, kSamples);
  Workspace work;
  Tensor out(kSamples, kDim);
  attack->run(oracle,
              {.x = std::as_const(x).view(),
               .labels = labels,
               .ids = ids,
               .epsilons = unlimited,
               .norm = norm},
              work, out.view());
  std::size_t found = 0;
  for (std::size_t n = 0; n < kSamples; ++n) {
    const double wanted = reference(network, Vector(x.row(n).begin(), x.row(n).end()),
                                    static_cast<std::size_t>(labels[n]));
    const double got = distance(norm, x.row(n), out.row(n));
    if (std::isinf(wanted)) {
      EXPECT_EQ(got, 0.0) << n;
      continue;
    }
    ++found;
    // float32 against double over 240 steps.
    EXPECT_NEAR(got, wanted, 1e-4 * wanted) << n;
  }
  EXPECT_GE(found, kSamples / 2);
}

TEST(HingeReference, CarliniAndWagnerGoesTheSameWayInDouble) {
  compare("cw-l2", Norm::kL2, carlini_wagner);
}

TEST(HingeReference, ElasticNetGoesTheSameWayInDouble) { compare("ead", Norm::kL1, elastic_net); }

}  // namespace
}  // namespace gibbon::attacks
