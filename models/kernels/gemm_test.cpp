// SPDX-License-Identifier: MIT
#include "models/kernels/gemm.hpp"

#include <array>
#include <cstdio>
#include <filesystem>
#include <gmock/gmock.h>
#include <ostream>
#include <utility>

#include <gtest/gtest.h>

#include "base/environment.hpp"
#include "base/rng.hpp"

namespace gibbon::models::kernels {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

constexpr std::size_t kRows = 70;  // a whole block of 64, and a rest

template <class Float>
TensorOf<Float> random(std::size_t rows, std::size_t cols, std::uint64_t key) {
  TensorOf<Float> out(rows, cols);
  Rng rng(key, rows * 10007 + cols, "gemm-test");
  for (Float& value : out.flat()) value = static_cast<Float>(2.0 * rng.unit() - 1.0);
  return out;
}

/// Compares c(n, o) with Σ_i left(n, i) · right(i, o), `inner` terms, in long double. A sum of I
/// products in any order is off by at most I · u · Σ|left · right| to first order, u = half of
/// epsilon (Higham 2002, section 3.1); twice that covers the higher orders.
template <class Float, class Left, class Right>
void expect_product(RowsOf<const Float> c, std::size_t inner, Left left, Right right) {
  const auto slack = static_cast<long double>(inner) *
                     static_cast<long double>(std::numeric_limits<Float>::epsilon());
  for (std::size_t n = 0; n < c.rows; ++n) {
    for (std::size_t o = 0; o < c.cols; ++o) {
      long double sum = 0.0L;
      long double size = 0.0L;
      for (std::size_t i = 0; i < inner; ++i) {
        const auto term =
            static_cast<long double>(left(n, i)) * static_cast<long double>(right(i, o));
        sum += term;
        size += std::abs(term);
      }
      ASSERT_LE(std::abs(static_cast<long double>(c.row(n)[o]) - sum), slack * size)
          << "row " << n << " column " << o;
    }
  }
}

template <class Float>
auto at(const TensorOf<Float>& matrix) {
  return [&](std::size_t row, std::size_t col) { return matrix.row(row)[col]; };
}
template <class Float>
auto turned(const TensorOf<Float>& matrix) {
  return [&](std::size_t row, std::size_t col) { return matrix.row(col)[row]; };
}

struct Shape {
  std::size_t inner;
  std::size_t outer;
  friend std::ostream& operator<<(std::ostream& out, const Shape& s) {
    return out << s.inner << "_by_" << s.outer;
  }
};

class Gemm : public testing::TestWithParam<Shape> {
 protected:
  template <class Float>
  void multiply_is_the_product() const {
    const auto [inner, outer] = GetParam();
    const auto a = random<Float>(kRows, inner, 1);
    const auto b = random<Float>(inner, outer, 2);
    auto all = random<Float>(kRows, outer, 3);  // what it held before must not matter
    multiply(a.view(), b.view(), all.view());
    expect_product<Float>(std::as_const(all).view(), inner, at(a), at(b));
    // The double loops are the same for every row: around a tile of four rows is enough.
    const std::size_t most = sizeof(Float) == sizeof(float) ? kRows : 9;
    for (std::size_t rows = 0; rows <= most; ++rows) {
      auto some = random<Float>(rows, outer, 4);
      multiply(a.view().slice(kRows - rows, rows), b.view(), some.view());
      ASSERT_TRUE(std::ranges::equal(some.flat(),
                                     std::as_const(all).view().slice(kRows - rows, rows).flat()))
          << "last bits differ for " << rows << " rows";
    }
  }

  template <class Float>
  void training_products_are_products(std::size_t rows) const {
    const auto [inner, outer] = GetParam();
    const auto a = random<Float>(rows, inner, 1);
    const auto b = random<Float>(inner, outer, 2);
    const auto b_turned = random<Float>(outer, inner, 3);
    const auto d = random<Float>(rows, outer, 4);
    auto c = random<Float>(rows, outer, 5);
    multiply_any(a.view(), b.view(), c.view());
    expect_product<Float>(std::as_const(c).view(), inner, at(a), at(b));
    c = random<Float>(rows, outer, 5);
    multiply_bt(a.view(), b_turned.view(), c.view());
    expect_product<Float>(std::as_const(c).view(), inner, at(a), turned(b_turned));
    auto sums = random<Float>(outer, inner, 6);
    multiply_at(d.view(), a.view(), sums.view());
    expect_product<Float>(std::as_const(sums).view(), rows, turned(d), at(a));
  }

  template <class Float>
  void plain_is_one_rising_sum() const {
    const auto [inner, outer] = GetParam();
    const auto a = random<Float>(kRows, inner, 1);
    const auto b = random<Float>(inner, outer, 2);
    auto c = random<Float>(kRows, outer, 3);
    multiply_plain(a.view(), b.view(), c.view());
    for (std::size_t n = 0; n < kRows; ++n) {
      for (std::size_t o = 0; o < outer; ++o) {
        Float sum{0};
        for (std::size_t i = 0; i < inner; ++i) sum += a.row(n)[i] * b.row(i)[o];
        ASSERT_EQ(c.row(n)[o], sum) << "row " << n << " column " << o;
      }
    }
  }
};

TEST_P(Gemm, MultiplyIsTheProductWithTheSameBitsForAnyNumberOfRows) {
  multiply_is_the_product<float>();
}
TEST_P(Gemm, InDoubleMultiplyIsTheProductWithTheSameBitsForAnyNumberOfRows) {
  multiply_is_the_product<double>();
}

TEST_P(Gemm, TrainingProductsAreProducts) {
  for (const std::size_t rows : {1U, 3U, 20U}) training_products_are_products<float>(rows);
}
TEST_P(Gemm, InDoubleTrainingProductsAreProducts) {
  for (const std::size_t rows : {1U, 3U, 20U}) training_products_are_products<double>(rows);
}

TEST_P(Gemm, PlainProductsAreOneSumInRisingOrderBitForBit) {
  plain_is_one_rising_sum<float>();
  plain_is_one_rising_sum<double>();
}

// A small digit classifier in both directions, and sizes that fit no vector width.
INSTANTIATE_TEST_SUITE_P(Shapes, Gemm,
                         testing::Values(Shape{784, 16}, Shape{16, 784}, Shape{257, 10},
                                         Shape{3, 1}, Shape{1, 1}, Shape{17, 33}, Shape{12, 65}),
                         testing::PrintToStringParamName());

TEST(GemmTranspose, SwapsRowsAndColumns) {
  const auto matrix = random<float>(3, 5, 1);
  Tensor out(5, 3);
  transpose(matrix.view(), out.view());
  for (std::size_t o = 0; o < 3; ++o) {
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(out.row(i)[o], matrix.row(o)[i]);
  }
}

TEST(GemmShapes, MismatchesAreOurMistakeAndRefused) {
  const Tensor a(2, 3);
  const Tensor b(3, 4);
  const Tensor b_turned(4, 3);
  Tensor c(2, 4);
  Tensor wide(2, 5);
  Tensor tall(3, 4);
  const auto refuses = [](const char* name, auto product) {
    EXPECT_THAT(product,
                ThrowsMessage<std::logic_error>(std::string(name) + ": shapes do not fit"));
  };
  refuses("multiply", [&] { multiply(a.view(), b_turned.view(), c.view()); });
  refuses("multiply", [&] { multiply(a.view(), b.view(), wide.view()); });
  refuses("multiply", [&] { multiply(a.view(), b.view(), tall.view()); });
  refuses("multiply_any", [&] { multiply_any(a.view(), b_turned.view(), c.view()); });
  refuses("multiply_any", [&] { multiply_any(a.view(), b.view(), tall.view()); });
  refuses("multiply_bt", [&] { multiply_bt(a.view(), b.view(), c.view()); });
  refuses("multiply_bt", [&] { multiply_bt(a.view(), b_turned.view(), wide.view()); });
  refuses("multiply_at", [&] { multiply_at(a.view(), b.view(), c.view()); });
  refuses("multiply_at", [&] { multiply_at(b.view(), b.view(), wide.view()); });
}

TEST(GemmKernels, TheEnvironmentPicksThePlainLoops) {
  EXPECT_EQ(reference_kernels(), environment("GIBBON_KERNELS") == "reference");
  if (!reference_kernels()) return;
  const auto a = random<float>(5, 784, 1);
  const auto b = random<float>(784, 16, 2);
  Tensor picked(5, 16);
  Tensor plain(5, 16);
  multiply(a.view(), b.view(), picked.view());
  multiply_plain(a.view(), b.view(), plain.view());
  EXPECT_TRUE(std::ranges::equal(picked.flat(), plain.flat()));
}

// oneDNN reads its variable once per process, so each instruction set is a process of its own.
TEST(GemmFused, IsTheProductRowByRow) {
  for (const auto& [inner, outer] :
       {std::pair{1U, 8U}, std::pair{784U, 16U}, std::pair{16U, 784U}, std::pair{37U, 104U},
        std::pair{5U, 3U}, std::pair{256U, 10U}, std::pair{16U, 47U}}) {
    const auto a = random<double>(kRows, inner, 1);
    const auto b = random<double>(inner, outer, 2);
    auto all = random<double>(kRows, outer, 3);
    multiply_fused(a.view(), b.view(), all.view());
    expect_product<double>(std::as_const(all).view(), inner, at(a), at(b));
    TensorOf<double> one(1, outer);
    for (std::size_t n = 0; n < kRows; ++n) {
      multiply_fused(a.view().slice(n, 1), b.view(), one.view());
      ASSERT_TRUE(std::ranges::equal(one.flat(), all.row(n))) << n;
    }
  }
  TensorOf<double> wide(1, 9);
  EXPECT_THROW(
      multiply_fused(random<double>(1, 2, 1).view(), random<double>(2, 8, 2).view(), wide.view()),
      std::logic_error);
}

struct Setting {
  const char* variable;
  const char* value;
  friend std::ostream& operator<<(std::ostream& out, const Setting& s) { return out << s.value; }
};
class GemmProcess : public testing::TestWithParam<Setting> {};

TEST_P(GemmProcess, TheSuitesHoldOnEveryInstructionSet) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command =
      std::string("env -u GTEST_TOTAL_SHARDS -u GTEST_OUTPUT ") + GetParam().variable + "=" +
      GetParam().value + " '" + self +
      "' '--gtest_filter=Shapes/Gemm.M*:Shapes/Gemm.T*:GemmKernels.*:MlpBatching.*' 2>&1";
  std::FILE* pipe = popen(command.c_str(), "r");  // NOLINT(cert-env33-c): our own program
  ASSERT_NE(pipe, nullptr);
  std::string output;
  std::array<char, 4096> buffer{};
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.append(buffer.data(), got);
  }
  EXPECT_EQ(pclose(pipe), 0) << output;
  EXPECT_THAT(output, HasSubstr("[  PASSED  ]"));
  EXPECT_THAT(output, Not(HasSubstr("[  PASSED  ] 0 tests")));
}

INSTANTIATE_TEST_SUITE_P(Every, GemmProcess,
                         testing::Values(Setting{"DNNL_MAX_CPU_ISA", "SSE41"},
                                         Setting{"DNNL_MAX_CPU_ISA", "AVX"},
                                         Setting{"DNNL_MAX_CPU_ISA", "AVX2"},
                                         Setting{"DNNL_MAX_CPU_ISA", "AVX512_CORE"},
                                         Setting{"GIBBON_KERNELS", "reference"}),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace gibbon::models::kernels
