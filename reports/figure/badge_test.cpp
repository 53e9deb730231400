// SPDX-License-Identifier: MIT
#include "reports/figure/badge.hpp"

#include <gmock/gmock.h>

#include "reports/record/record_cases.hpp"

namespace gibbon::reports::figure {
namespace {

using testing::HasSubstr;

record::CurvePoint row(double epsilon, std::uint64_t correct, record::RowKind kind) {
  return {.attack = "pgd",
          .norm = "linf",
          .kind = kind,
          .epsilon = epsilon,
          .n = 1000,
          .clean_correct = 900,
          .correct = correct};
}

TEST(Badge, SaysTheHeadline) {
  record::Run run;
  for (const auto& [epsilon, correct] :
       {std::pair(0.1, 700), std::pair(0.2, 449), std::pair(0.3, 5)})
    run.curve.push_back(
        row(epsilon, static_cast<std::uint64_t>(correct), record::RowKind::kAttack));
  const std::string svg = to_badge_svg(run);
  EXPECT_THAT(svg, HasSubstr(">44.9 % at l∞ ε = 0.2</text>"));
  EXPECT_THAT(svg, HasSubstr("aria-label=\"robust accuracy: 44.9 % at l∞ ε = 0.2\""));
  run.curve[1].correct = 450;  // half is not below half
  EXPECT_THAT(to_badge_svg(run), HasSubstr("0.5 % at l∞ ε = 0.3"));
  run.curve.resize(2);  // none halves it: the largest
  EXPECT_THAT(to_badge_svg(run), HasSubstr("45.0 % at l∞ ε = 0.2"));
  record::cases::scratch_file("badge.svg", svg);
  EXPECT_EQ(
      std::system(
          ("xmllint --noout '" + record::cases::scratch_file("badge.svg", svg) + "'").c_str()),
      0);
}

TEST(Badge, NoiseIsNoAttack) {
  record::Run run;
  run.curve.push_back(row(0.1, 800, record::RowKind::kControl));
  EXPECT_THAT(to_badge_svg(run), HasSubstr(">not measured</text>"));
}

}  // namespace
}  // namespace gibbon::reports::figure
