// SPDX-License-Identifier: MIT
#include "models/bounds/row_sums.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.hpp"

namespace gibbon::models::bounds {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> drawn(std::size_t size, std::string_view purpose) {
  Rng rng(3, size, purpose);
  std::vector<double> out(size);
  for (double& value : out) value = static_cast<double>(rng.uniform(-1.0F, 1.0F));
  return out;
}

/// Lengths around the sixteen lanes.
class RowSums : public testing::TestWithParam<std::size_t> {
 protected:
  std::size_t size_ = GetParam();
  std::vector<double> c_ = drawn(size_, "c");
  std::vector<double> a_ = drawn(size_, "a");
  std::vector<double> b_ = drawn(size_, "b");
  std::vector<double> d_ = drawn(size_, "d");
  std::vector<double> e_ = drawn(size_, "e");
  double slack_ = 1e-15 * static_cast<double>(size_);
};

// volatile: the oracle's loop must not be vectorised in the way that is under suspicion.
TEST_P(RowSums, AreThoseOfAPlainLoop) {
  volatile double box = 0.0;
  volatile double product = 0.0;
  volatile double square = 0.0;
  double largest = 0.0;
  for (std::size_t j = 0; j < size_; ++j) {
    if (c_[j] > 0.0) {
      box = box + c_[j] * a_[j];
    } else {
      box = box + c_[j] * (a_[j] + 1.0);
    }
    product = product + c_[j] * d_[j];
    square = square + c_[j] * c_[j] / 4.0;
    largest = std::max(largest, std::abs(c_[j]) / 2.0);
  }
  std::vector<double> high = a_;
  for (double& value : high) value += 1.0;
  const std::vector<double> two(size_, -2.0);
  EXPECT_NEAR(least_in_box(c_, a_, high), box, slack_);
  EXPECT_NEAR(dot(c_, d_), product, slack_);
  EXPECT_NEAR(euclidean_length(c_, two), std::sqrt(square), slack_);
  EXPECT_EQ(largest_size(c_, two), largest);
}

TEST_P(RowSums, AnActivationIsCrossedByTheLineOfTheSign) {
  std::vector<double> weight(size_, 0.25);
  volatile double constant = 0.0;
  volatile double magnitude = 0.0;
  volatile double error = 0.0;
  std::vector<double> want = c_;
  for (std::size_t j = 0; j < size_; ++j) {
    const double t = c_[j] >= 0.0 ? c_[j] * b_[j] : c_[j] * d_[j];
    want[j] = c_[j] >= 0.0 ? c_[j] * a_[j] : c_[j] * e_[j];
    constant = constant + t + want[j] * a_[j];
    magnitude = magnitude + std::abs(t) + std::abs(want[j] * a_[j]);
    error = error + std::abs(want[j]) * weight[j];
  }
  std::vector<double> row = c_;
  const Added added = cross_activation({a_, b_, e_, d_}, a_, weight, row);
  EXPECT_EQ(row, want);
  EXPECT_NEAR(added.constant, constant, slack_);
  EXPECT_NEAR(added.magnitude, magnitude, slack_);
  EXPECT_NEAR(added.error, error, slack_);
}

TEST_P(RowSums, KeepNaN) {
  std::vector<double> row = c_;
  row.back() = kNan;
  EXPECT_TRUE(std::isnan(least_in_box(row, a_, b_)));
  EXPECT_TRUE(std::isnan(cross_activation({a_, b_, e_, d_}, a_, b_, row).constant));
  row = c_;
  a_.back() = e_.back() = kNan;  // both slopes unknown
  EXPECT_TRUE(std::isnan(cross_activation({a_, b_, e_, d_}, b_, b_, row).constant));
}

INSTANTIATE_TEST_SUITE_P(Lengths, RowSums, testing::Values(1, 3, 15, 16, 17, 31, 100, 784));

}  // namespace
}  // namespace gibbon::models::bounds
