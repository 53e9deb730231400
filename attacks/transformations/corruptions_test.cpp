// SPDX-License-Identifier: MIT
// What is true of every corruption, and what each of them is known to do.
#include <algorithm>
#include <cmath>
#include <gmock/gmock.h>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "attacks/corruption.hpp"
#include "base/error.hpp"

namespace gibbon::attacks {
namespace {

using testing::HasSubstr;

struct Pictures {
  datasets::Shape shape;
  std::vector<std::vector<float>> rows;
};

/// White strokes on black, as digits are.
Pictures strokes() {
  Pictures out{.shape = {28, 28, 1, true}};
  for (std::uint64_t n = 0; n < 24; ++n) {
    Rng rng(1, n, "strokes");
    std::vector<float>& row = out.rows.emplace_back(28 * 28);
    for (int stroke = 0; stroke < 3; ++stroke) {
      const double slope = 2.0 * rng.unit() - 1.0;
      const double start = 8.0 + 12.0 * rng.unit();
      for (std::size_t t = 6; t < 22; ++t) {
        const double across = start + slope * (static_cast<double>(t) - 14.0);
        for (std::size_t c = 0; c < 28; ++c) {
          const double light =
              std::clamp(1.6 - std::abs(across - static_cast<double>(c)), 0.0, 1.0);
          float& value = stroke == 1 ? row[c * 28 + t] : row[t * 28 + c];
          value = std::max(value, static_cast<float>(light));
        }
      }
    }
  }
  return out;
}

/// Coloured waves, not square, with a sharp edge.
Pictures photographs() {
  Pictures out{.shape = {36, 30, 3, true}};
  for (std::uint64_t n = 0; n < 24; ++n) {
    Rng rng(2, n, "photographs");
    std::vector<float>& row = out.rows.emplace_back();
    const double a = 0.2 + 0.4 * rng.unit();
    const double b = 0.2 + 0.4 * rng.unit();
    const double edge = 30.0 * rng.unit();
    for (std::size_t r = 0; r < 36; ++r) {
      for (std::size_t c = 0; c < 30; ++c) {
        for (std::size_t k = 0; k < 3; ++k) {
          const double wave = std::sin(a * static_cast<double>(r) + static_cast<double>(k)) *
                              std::cos(b * static_cast<double>(c));
          const double side = static_cast<double>(c) > edge ? 0.15 : -0.15;
          row.push_back(static_cast<float>(std::clamp(0.5 + 0.3 * wave + side, 0.0, 1.0)));
        }
      }
    }
  }
  return out;
}

std::vector<float> corrupted(const CorruptionInfo& info, std::size_t severity, Draw draw,
                             const datasets::Shape& shape, Row x, Box range = {}) {
  std::vector<float> out(x.size(), -7.0F);
  corrupt(info, severity, draw, shape, range, x, out);
  return out;
}

class EveryCorruption : public testing::TestWithParam<std::string> {
 protected:
  const CorruptionInfo& info_ = find_corruption(GetParam());
};

TEST_P(EveryCorruption, GrowsWithSeverityAndStaysInRange) {
  for (const Pictures& pictures : {strokes(), photographs()}) {
    double before = 0.0;
    for (std::size_t severity = 1; severity <= kSeverities; ++severity) {
      double square = 0.0;
      for (std::size_t n = 0; n < pictures.rows.size(); ++n) {
        const auto& x = pictures.rows[n];
        const auto out = corrupted(info_, severity, {3, n}, pictures.shape, x);
        for (std::size_t d = 0; d < x.size(); ++d) {
          ASSERT_TRUE(Box{}.contains(out[d])) << severity;
          square += static_cast<double>((out[d] - x[d]) * (out[d] - x[d]));
        }
      }
      EXPECT_GT(square, before) << "severity " << severity << ", " << pictures.shape.channels;
      before = square;
    }
  }
}

TEST_P(EveryCorruption, IsKeyedBySeedAndSample) {
  const Pictures pictures = photographs();
  const auto& x = pictures.rows.front();
  const auto at = [&](Draw draw) { return corrupted(info_, 3, draw, pictures.shape, x); };
  EXPECT_EQ(at({3, 8}), at({3, 8}));
  const std::set<std::string_view> without_chance{"defocus-blur", "zoom-blur",        "brightness",
                                                  "contrast",     "jpeg-compression", "pixelate"};
  const bool by_chance = !without_chance.contains(info_.name);
  EXPECT_EQ(at({3, 8}) != at({3, 9}), by_chance);
  EXPECT_EQ(at({3, 8}) != at({4, 8}), by_chance);
}

TEST_P(EveryCorruption, TakesAnyRange) {
  const Pictures pictures = strokes();
  const auto& x = pictures.rows.front();
  std::vector<float> wide(x.size());
  std::ranges::transform(x, wide.begin(), [](float value) { return 2.0F * value - 1.0F; });
  const auto plain = corrupted(info_, 2, {}, pictures.shape, x);
  const auto other = corrupted(info_, 2, {}, pictures.shape, wide, {-1.0F, 1.0F});
  std::size_t apart = 0;
  for (std::size_t d = 0; d < x.size(); ++d) {
    // The transformed input is rounded to float32, which may tip a value over a threshold.
    if (std::abs(2.0F * plain[d] - 1.0F - other[d]) > 1e-5F) ++apart;
  }
  EXPECT_LE(apart, 8U);
}

TEST_P(EveryCorruption, RefusesOtherSeveritiesAndWhatIsNoPicture) {
  const Pictures pictures = strokes();
  const auto& x = pictures.rows.front();
  for (const std::size_t severity : {std::size_t{0}, std::size_t{6}}) {
    try {
      static_cast<void>(corrupted(info_, severity, {}, pictures.shape, x));
      FAIL() << severity;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("outside [1, 5]"));
    }
  }
  EXPECT_THROW(static_cast<void>(corrupted(info_, 1, {}, {1, 784, 1, false}, x)), std::logic_error);
  EXPECT_THROW(static_cast<void>(corrupted(info_, 1, {}, {28, 14, 2, true}, x)), std::logic_error);
}

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const CorruptionInfo& info : corruptions()) out.emplace_back(info.name);
  return out;
}

INSTANTIATE_TEST_SUITE_P(Catalogue, EveryCorruption, testing::ValuesIn(names()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(Corruptions, AreFifteenInFourGroups) {
  EXPECT_EQ(corruptions().size(), 15U);
  for (const CorruptionInfo& info : corruptions()) {
    EXPECT_EQ(std::ranges::count(kGroups, info.group), 1) << info.name;
    EXPECT_FALSE(info.parameters.empty() || info.source.empty()) << info.name;
  }
  EXPECT_EQ(corruptions().front().name, "gaussian-noise");
  try {
    static_cast<void>(find_corruption("gausian-noise"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'gaussian-noise'?"));
  }
}

struct Moments {
  double mean = 0.0;
  double variance = 0.0;
};

Moments moments_of(std::span<const float> values) {
  Moments out;
  const auto count = static_cast<double>(values.size());
  for (const float value : values) out.mean += static_cast<double>(value) / count;
  for (const float value : values) {
    const double off = static_cast<double>(value) - out.mean;
    out.variance += off * off / count;
  }
  return out;
}

constexpr datasets::Shape kLarge{128, 128, 1, true};

TEST(Corruptions, GaussianNoiseHasItsSigma) {
  const std::vector<float> grey(kLarge.size(), 0.5F);
  const Moments found =
      moments_of(corrupted(find_corruption("gaussian-noise"), 1, {1, 2}, kLarge, grey));
  // Nothing is clipped at 6 σ. Standard errors over 16,384 values: 0.08 / 128 and 0.08 / 181.
  EXPECT_NEAR(found.mean, 0.5, 5 * 0.000625);
  EXPECT_NEAR(std::sqrt(found.variance), 0.08, 5 * 0.00044);
}

TEST(Corruptions, ShotNoiseCountsPhotons) {
  const std::vector<float> grey(kLarge.size(), 0.25F);
  const auto out = corrupted(find_corruption("shot-noise"), 1, {1, 2}, kLarge, grey);
  for (const float value : out) {
    EXPECT_NEAR(60.0F * value, std::round(60.0F * value), 1e-4F);
  }
  // Poisson of mean 15: mean and variance of the count are 15; errors 3.87 / 128 and 21.6 / 128.
  const Moments found = moments_of(out);
  EXPECT_NEAR(60.0 * found.mean, 15.0, 5 * 0.0303);
  EXPECT_NEAR(3600.0 * found.variance, 15.0, 5 * 0.169);
  EXPECT_EQ(
      corrupted(find_corruption("shot-noise"), 5, {}, kLarge, std::vector<float>(kLarge.size())),
      std::vector<float>(kLarge.size()))
      << "no light, no photons";
}

TEST(Corruptions, ImpulseNoiseHitsItsShareAndKeepsWhatItHit) {
  const std::vector<float> grey(kLarge.size(), 0.5F);
  std::vector<float> before = grey;
  for (const auto& [severity, share] :
       {std::pair{1, 0.03}, {2, 0.06}, {3, 0.09}, {4, 0.17}, {5, 0.27}}) {
    const auto out = corrupted(find_corruption("impulse-noise"), static_cast<std::size_t>(severity),
                               {1, 2}, kLarge, grey);
    const auto hit =
        static_cast<double>(std::ranges::count_if(out, [](float v) { return v != 0.5F; }));
    const double count = static_cast<double>(out.size());
    EXPECT_NEAR(hit / count, share, 5.0 * std::sqrt(share * (1.0 - share) / count));
    for (std::size_t d = 0; d < out.size(); ++d) {
      ASSERT_TRUE(before[d] == 0.5F || out[d] == before[d]) << severity;
    }
    before = out;
  }
}

TEST(Corruptions, BlursKeepWhatIsFlatAndTheLightInTheMiddle) {
  std::vector<float> point(kLarge.size());
  point[64 * 128 + 64] = 1.0F;
  const std::vector<float> flat(kLarge.size(), 0.25F);
  for (const char* name : {"defocus-blur", "motion-blur", "glass-blur"}) {
    for (const float value : corrupted(find_corruption(name), 5, {}, kLarge, flat)) {
      ASSERT_NEAR(value, 0.25F, 1e-6F) << name;
    }
    const auto out = corrupted(find_corruption(name), 5, {}, kLarge, point);
    EXPECT_NEAR(std::accumulate(out.begin(), out.end(), 0.0), 1.0, 1e-5) << name;
    EXPECT_LT(*std::ranges::max_element(out), 0.9F) << name;
  }
}

TEST(Corruptions, GaussianBlurHasItsVariance) {
  Image point(41, 41, 1);
  point.at(20, 20, 0) = 1.0;
  const Image out = gaussian_blur(point, 2.0);
  double variance = 0.0;
  for (std::size_t r = 0; r < 41; ++r) {
    for (std::size_t c = 0; c < 41; ++c) {
      variance +=
          out.at(r, c, 0) * (static_cast<double>(r) - 20.0) * (static_cast<double>(r) - 20.0);
    }
  }
  EXPECT_NEAR(variance, 4.0, 0.02);  // cut at 4 σ: 0.1 % of it is missing
}

TEST(Corruptions, ContrastAndBrightnessAreWhatTheySay) {
  const datasets::Shape shape{1, 2, 3, true};
  const std::vector<float> x{0.2F, 0.4F, 0.6F, 0.4F, 0.0F, 0.2F};
  const auto flat = corrupted(find_corruption("contrast"), 4, {}, shape, x);
  EXPECT_NEAR(flat[0], 0.3F + 0.1F * -0.1F, 1e-6F);
  EXPECT_NEAR(flat[4], 0.2F + 0.1F * -0.2F, 1e-6F);
  const auto bright = corrupted(find_corruption("brightness"), 3, {}, shape, x);
  EXPECT_NEAR(bright[2], 0.9F, 1e-6F);
  EXPECT_NEAR(bright[0], 0.3F, 1e-6F) << "a third of the largest channel, as before";
  EXPECT_NEAR(bright[3], 0.7F, 1e-6F);
  EXPECT_EQ(bright[4], 0.0F);
}

TEST(Corruptions, PixelateMakesBlocks) {
  const datasets::Shape shape{4, 4, 1, true};
  std::vector<float> x(16);
  std::iota(x.begin(), x.end(), 0.0F);
  for (float& value : x) value /= 16.0F;
  const auto out = corrupted(find_corruption("pixelate"), 2, {}, shape, x);  // to 2 × 2
  EXPECT_NEAR(out[0], (0.0F + 1.0F + 4.0F + 5.0F) / 64.0F, 1e-6F);
  EXPECT_EQ(out[0], out[5]);
  EXPECT_NEAR(out[15], (10.0F + 11.0F + 14.0F + 15.0F) / 64.0F, 1e-6F);
}

// A horizontal cosine of the second basis function is one coefficient: it comes back as the nearest
// multiple of that coefficient's step.
TEST(Corruptions, JpegQuantisesCoefficients) {
  const datasets::Shape shape{8, 8, 1, true};
  std::vector<float> x;
  for (std::size_t i = 0; i < 64; ++i) {
    const double wave = std::cos((2.0 * static_cast<double>(i % 8) + 1.0) * 0.19634954084936207);
    x.push_back(static_cast<float>(std::round(128.0 + 40.0 * wave) / 255.0));
  }
  const auto out = corrupted(find_corruption("jpeg-compression"), 5, {}, shape, x);
  // The coefficient is 40 · (8 · √(1/8)) · (4 · 1/2) = 226, the step at quality 7 (11 · 714 + 50) /
  // 100 = 79: it becomes three steps.
  for (std::size_t c = 0; c < 8; ++c) {
    const double wave = std::cos((2.0 * static_cast<double>(c) + 1.0) * 0.19634954084936207);
    const double amplitude = 3.0 * 79.0 * std::sqrt(0.125) * 0.5;
    EXPECT_EQ(std::lround(255.0F * out[c]), std::lround(128.0 + amplitude * wave)) << c;
  }
}

}  // namespace
}  // namespace gibbon::attacks
