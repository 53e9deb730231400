// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <functional>
#include <gmock/gmock.h>
#include <limits>
#include <map>
#include <numbers>
#include <ostream>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/rng.hpp"
#include "models/activation.hpp"

namespace gibbon::models {
namespace {

using testing::ThrowsMessage;

constexpr double kAlpha =
    0.125;  // exact in float32, so that both precisions mean the same function

struct Formula {
  std::function<double(double)> value;
  std::function<double(double)> slope;
};

/// Written from the definitions with std:: functions alone; shares no code with what is tested.
const std::map<std::string_view, Formula>& formulas() {
  static const std::map<std::string_view, Formula> all{
      {"elu",
       {[](double z) {
          if (z < -100.0) return -kAlpha;
          return z > 0.0 ? z : 2.0 * kAlpha * std::exp(z / 2.0) * std::sinh(z / 2.0);
        },
        [](double z) { return z > 0.0 ? 1.0 : kAlpha * std::exp(z); }}},
      {"erf",
       {[](double z) { return std::erf(z); },
        [](double z) { return 2.0 * std::numbers::inv_sqrtpi * std::exp(-z * z); }}},
      {"gelu",
       {[](double z) { return 0.5 * z * std::erfc(-z * std::numbers::sqrt2 / 2.0); },
        [](double z) {
          return 0.5 * std::erfc(-z * std::numbers::sqrt2 / 2.0) +
                 z * std::exp(-z * z / 2.0) / std::sqrt(2.0 * std::numbers::pi);
        }}},
      {"identity", {[](double z) { return z; }, [](double) { return 1.0; }}},
      {"leaky-relu",
       {[](double z) { return std::fmax(z, 0.0) + kAlpha * std::fmin(z, 0.0); },
        [](double z) { return z > 0.0 ? 1.0 : kAlpha; }}},
      {"relu",
       {[](double z) { return std::fmax(z, 0.0); }, [](double z) { return z > 0.0 ? 1.0 : 0.0; }}},
      {"sigmoid",
       {[](double z) { return 1.0 / (1.0 + std::exp(-z)); },
        [](double z) { return 1.0 / (2.0 + std::exp(z) + std::exp(-z)); }}},
      {"silu",
       {[](double z) { return z / (1.0 + std::exp(-kAlpha * z)); },
        [](double z) {
          const double s = 1.0 / (1.0 + std::exp(-kAlpha * z));
          return s + kAlpha * z * s / (1.0 + std::exp(kAlpha * z));
        }}},
      {"softplus",
       {[](double z) { return z > 30.0 ? z + std::exp(-z) : std::log1p(std::exp(z)); },
        [](double z) { return 1.0 / (1.0 + std::exp(-z)); }}},
      {"step", {[](double z) { return z > 0.0 ? 1.0 : 0.0; }, [](double) { return 0.0; }}},
      {"tanh",
       {[](double z) { return std::tanh(z); },
        [](double z) { return 1.0 / (std::cosh(z) * std::cosh(z)); }}},
  };
  return all;
}

struct ActivationCase {
  const ActivationInfo* info;
  friend std::ostream& operator<<(std::ostream& out, const ActivationCase& c) {
    std::string name(c.info->name);
    std::ranges::replace(name, '-', '_');
    return out << name;
  }
};

class ActivationTest : public testing::TestWithParam<ActivationCase> {
 protected:
  ActivationTest() {
    const auto found = formulas().find(info_.name);
    if (found == formulas().end()) {
      throw std::logic_error("write the formula of this activation into activations_test.cpp");
    }
    formula_ = found->second;
    Rng rng(5, 0, "activations-test");
    for (int k = 0; k < 4001; ++k) z_.push_back(rng.uniform(-20.0F, 20.0F));
    for (const float z : {1e-3F, 1e-6F, 1e-20F, 0.5F, 0.49999997F, 5.0F, 40.0F, 80.0F, 87.0F}) {
      z_.push_back(z);
      z_.push_back(-z);
    }
  }

  template <class Float>
  Float value(Float z) const {
    Float a{};
    activation_.forward(std::span<const Float>(&z, 1), std::span(&a, 1));
    return a;
  }
  /// `factor` arrives from above.
  template <class Float>
  Float slope(Float z, Float factor = 1) const {
    const Float a = value(z);
    activation_.backward(std::span<const Float>(&z, 1), std::span<const Float>(&a, 1),
                         std::span(&factor, 1));
    return factor;
  }

  const ActivationInfo& info_ = *GetParam().info;
  Activation activation_{&info_, kAlpha};
  Formula formula_;
  std::vector<float> z_;
};

// In double both sides are a few roundings apart; GELU's z Φ(z) additionally multiplies the
// rounding of z / √2 by the z² that is the slope of log Φ.
TEST_P(ActivationTest, DoubleIsTheFormula) {
  for (const float z32 : z_) {
    const double z = z32;
    const double slack = 8.0 * std::numeric_limits<double>::epsilon() * (1.0 + z * z);
    EXPECT_NEAR(value(z), formula_.value(z), slack * std::abs(formula_.value(z))) << z;
    EXPECT_NEAR(slope(z), formula_.slope(z), slack) << z;
  }
}

// The same in float32. Below -87 the exponential is held at e^-87: hence the absolute 1e-37. Slopes
// are differences like 1 - a, so their error is absolute.
TEST_P(ActivationTest, FloatAgreesWithTheFormula) {
  for (const float z : z_) {
    const double exact = formula_.value(double{z});
    const double slack = 4.0 * double{std::numeric_limits<float>::epsilon()};
    const double steep = info_.name == "gelu" ? 1.0 + double{z} * double{z} / 4.0 : 1.0;
    EXPECT_NEAR(double{value(z)}, exact, slack * steep * std::abs(exact) + 1e-37) << z;
    EXPECT_NEAR(double{slope(z)}, formula_.slope(double{z}), slack) << z;
  }
}

// h = 1e-5: the truncation h² σ'''/6 and the rounding 2^-53 |σ| / h are both below 1e-8 for |z|
// <= 20.
TEST_P(ActivationTest, SlopeIsTheCentralDifference) {
  constexpr double kStep = 1e-5;
  std::size_t kinks = 0;
  for (int k = -200; k <= 200; ++k) {
    const double z = 0.1 * k;
    const double left = (value(z) - value(z - kStep)) / kStep;
    const double right = (value(z + kStep) - value(z)) / kStep;
    if (std::abs(left - right) > 1e-3) {
      ++kinks;
      EXPECT_EQ(k, 0);
    } else {
      EXPECT_NEAR(slope(z), (left + right) / 2.0, 1e-8) << z;
      EXPECT_NEAR(slope(z, -2.5), -2.5 * slope(z), 1e-15) << "the factor from above at " << z;
    }
  }
  EXPECT_EQ(kinks, info_.kink == "none" ? 0U : 1U) << "the catalogue says: " << info_.kink;
}

TEST_P(ActivationTest, TheKinkIsWhereTheCatalogueSays) {
  for (const float zero : {0.0F, -0.0F}) {
    EXPECT_EQ(slope(zero), static_cast<float>(formula_.slope(0.0)));
    EXPECT_EQ(slope(double{zero}), formula_.slope(0.0));
  }
  if (info_.name == "relu" || info_.name == "step") {
    EXPECT_EQ(slope(0.0F), 0.0F);
    EXPECT_EQ(value(0.0F), 0.0F);
  }
  if (info_.name == "leaky-relu") {
    EXPECT_EQ(slope(0.0F), static_cast<float>(kAlpha));
  }
}

TEST_P(ActivationTest, ExtremeInputsStayFinite) {
  for (const float size : {88.0F, 89.0F, 1e4F, 1e30F}) {
    for (const float z : {size, -size}) {
      EXPECT_TRUE(std::isfinite(value(z))) << z;
      EXPECT_TRUE(std::isfinite(slope(z))) << z;
      EXPECT_TRUE(std::isfinite(value(double{z}))) << z;
      EXPECT_TRUE(std::isfinite(slope(double{z}))) << z;
      // the limits: 0 or the asymptote, a line or 1
      const double limit = formula_.value(double{z});
      EXPECT_NEAR(double{value(z)}, limit, 1e-6 * std::abs(limit) + 1e-37) << z;
      EXPECT_NEAR(double{slope(z)}, formula_.slope(double{z}), 1e-6) << z;
    }
  }
}

// Lengths around every vector width and unaligned starts against one element at a time, bit for
// bit.
TEST_P(ActivationTest, LoopsGiveTheBitsOfSingleElements) {
  for (const std::size_t length : {0U, 1U, 3U, 7U, 8U, 9U, 15U, 16U, 17U, 130U}) {
    for (const std::size_t offset : {0U, 1U, 3U}) {
      const auto z = std::span<const float>(z_).subspan(offset, length);
      std::vector<float> a(length + 1, -7.0F);
      activation_.forward(z, std::span(a).first(length));
      std::vector<float> d(length + 1, 3.0F);
      activation_.backward(z, std::span<const float>(a).first(length), std::span(d).first(length));
      for (std::size_t k = 0; k < length; ++k) {
        ASSERT_EQ(a[k], value(z[k]));
        ASSERT_EQ(d[k], slope(z[k], 3.0F));
      }
      ASSERT_EQ(a[length], -7.0F);
      ASSERT_EQ(d[length], 3.0F);
      std::vector<float> in_place(z.begin(), z.end());
      activation_.forward(std::span<const float>(in_place), std::span(in_place));
      ASSERT_TRUE(std::ranges::equal(in_place, std::span(a).first(length)));
    }
  }
}

std::vector<ActivationCase> every_activation() {
  std::vector<ActivationCase> out;
  for (const ActivationInfo& info : activations()) out.push_back({&info});
  return out;
}

INSTANTIATE_TEST_SUITE_P(Every, ActivationTest, testing::ValuesIn(every_activation()),
                         testing::PrintToStringParamName());

TEST(ActivationCatalogue, IsSortedNamedAndDocumented) {
  std::set<std::string_view> names;
  std::set<std::string_view> operators;
  std::string_view before;
  for (const ActivationInfo& info : activations()) {
    EXPECT_LT(before, info.name);
    before = info.name;
    EXPECT_EQ(info.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), info.name.npos);
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_TRUE(operators.insert(info.onnx_op).second)
        << info.onnx_op << " would read back as another";
    EXPECT_FALSE(info.formula.empty() || info.derivative.empty() || info.kink.empty()) << info.name;
    EXPECT_EQ(make_activation(info.name).info, &info);
    EXPECT_EQ(make_activation(info.name).alpha, info.alpha);
    EXPECT_EQ(info.trainable, info.name != "step");
  }
  EXPECT_EQ(names.size(), formulas().size());
}

TEST(ActivationCatalogue, UnknownNamesAreAnsweredWithTheNearest) {
  EXPECT_THAT(
      [] { static_cast<void>(find_activation("sigmiod")); },
      ThrowsMessage<Error>("unknown activation 'sigmiod'; did you mean 'sigmoid'? known are elu, "
                           "erf, gelu, identity, leaky-relu, relu, sigmoid, silu, softplus, step, "
                           "tanh"));
}

}  // namespace
}  // namespace gibbon::models
