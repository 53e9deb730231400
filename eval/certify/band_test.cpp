// SPDX-License-Identifier: MIT
#include "eval/certify/band.hpp"

#include <gmock/gmock.h>
#include <limits>

#include <gtest/gtest.h>

namespace gibbon::eval::certify {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

datasets::Dataset three() {
  datasets::Dataset data;
  data.images = Tensor(3, 1);
  data.labels = {0, 1, 2};
  data.ids = {40, 41, 42};
  return data;
}

TEST(Band, EverySampleIsCertifiedAttackedOrUndecided) {
  Band band(attacks::Norm::kLinf, three());
  for (std::size_t n = 0; n < 3; ++n) band.predict(n, 1);
  band.certify(1, 0.1, "crown");
  band.certify(1, 0.05, "alpha");
  band.attack(1, 0.3, "pgd");
  band.attack(1, 0.4, "fgsm");
  band.attack(1, std::numeric_limits<double>::infinity(), "nothing");
  const auto& sample = band.samples()[1];
  EXPECT_EQ(sample.certified, 0.1);
  EXPECT_EQ(sample.method, "crown");
  EXPECT_EQ(sample.attacked, 0.3);
  EXPECT_EQ(band.samples()[0].attacked, 0.0) << "wrong when clean";
  EXPECT_TRUE(band.undecided(1, 0.2));

  const auto curve = band.curve(std::vector<double>{0.1, 0.2, 0.3});
  std::vector<std::vector<std::uint64_t>> counts;
  for (const reports::record::CertifiedPoint& point : curve) {
    counts.push_back({point.certified, point.attacked, point.undecided()});
    EXPECT_EQ(point.n, 3U);
  }
  EXPECT_THAT(counts, testing::ElementsAre(std::vector<std::uint64_t>{1, 2, 0},
                                           std::vector<std::uint64_t>{0, 2, 1},
                                           std::vector<std::uint64_t>{0, 3, 0}));
}

TEST(Band, SidesThatContradictEachOtherAreABug) {
  const auto message = [](auto write) {
    Band band(attacks::Norm::kLinf, three());
    band.predict(2, 2);
    write(band);
  };
  const auto both = testing::AllOf(HasSubstr("image 42"), HasSubstr("ε = 0.2 (linf) by crown"),
                                   HasSubstr("pgd changes the prediction at distance 0.2"));
  EXPECT_THAT(([&] {
                message([](Band& band) {
                  band.certify(2, 0.2, "crown");
                  band.attack(2, 0.2, "pgd");
                });
              }),
              ThrowsMessage<std::logic_error>(both));
  EXPECT_THAT(([&] {
                message([](Band& band) {
                  band.attack(2, 0.2, "pgd");
                  band.certify(2, 0.2, "crown");
                });
              }),
              ThrowsMessage<std::logic_error>(both));
  EXPECT_NO_THROW(message([](Band& band) {
    band.certify(2, 0.19, "crown");
    band.attack(2, 0.2, "pgd");
  }));
  EXPECT_THROW(message([](Band& band) {
                 band.predict(2, 1);
                 band.certify(2, 0.0, "crown");
               }),
               std::logic_error);
}

// Judge and bounds go as far as the threat model reaches, in l2 a millionth beyond ε.
TEST(Band, EndsAreComparedAtTheReach) {
  Band band(attacks::Norm::kL2, three());
  band.predict(2, 2);
  band.attack(2, 0.5 * (1.0 + 5e-7), "pgd");
  EXPECT_TRUE(band.attacked(2, 0.5));
  EXPECT_THROW(band.certify(2, 0.5, "crown"), std::logic_error);
}

}  // namespace
}  // namespace gibbon::eval::certify
