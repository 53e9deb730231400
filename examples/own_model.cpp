// SPDX-License-Identifier: MIT
// A model that gibbon does not know, attacked: two functions are all it takes. Here a classifier of
// points by their distance to two centres, whose true distances to the boundary are known.
#include <array>
#include <cstdio>
#include <eval/sweep/sweep.hpp>
#include <models/target.hpp>

int main() {
  using namespace gibbon;  // NOLINT(google-build-using-namespace): an example
  constexpr std::array<std::array<float, 2>, 2> kCentres{{{0.25F, 0.5F}, {0.75F, 0.5F}}};
  const models::Target target(models::OwnModel{
      .name = "nearest centre",
      .inputs = 2,
      .classes = 2,
      // score_c = -|x - centre_c|²
      .forward =
          [&](Rows x, MutableRows scores) {
            for (std::size_t n = 0; n < x.rows; ++n) {
              for (std::size_t c = 0; c < 2; ++c) {
                const float dx = x.row(n)[0] - kCentres[c][0];
                const float dy = x.row(n)[1] - kCentres[c][1];
                scores.row(n)[c] = -(dx * dx + dy * dy);
              }
            }
          },
      // ∂score_c/∂x = -2 (x - centre_c)
      .backward =
          [&](Rows x, Rows dscores, MutableRows dx) {
            for (std::size_t n = 0; n < x.rows; ++n) {
              for (std::size_t d = 0; d < 2; ++d) {
                dx.row(n)[d] = 0.0F;
                for (std::size_t c = 0; c < 2; ++c)
                  dx.row(n)[d] += dscores.row(n)[c] * -2.0F * (x.row(n)[d] - kCentres[c][d]);
              }
            }
          }});

  datasets::Dataset data{.name = "points", .split = "test"};
  data.images = Tensor(5, 2);
  data.shape = {.height = 1, .width = 2, .channels = 1};
  data.class_names = {"left", "right"};
  for (std::size_t n = 0; n < 5; ++n) {  // 0.05, 0.15, … 0.45 from the boundary at x_0 = 0.5
    data.images.row(n)[0] = 0.45F - 0.1F * static_cast<float>(n);
    data.images.row(n)[1] = 0.5F;
    data.ids.push_back(n);
    data.labels.push_back(0);
  }

  eval::sweep::SweepPlan plan{.norms = {attacks::Norm::kLinf}, .epsilons = {0.0, 0.1, 0.2, 0.4}};
  plan.attacks.push_back(eval::sweep::parse_entry("pgd"));
  const eval::sweep::SweepResult result =
      eval::sweep::sweep(target, data, plan, [](const eval::sweep::SweepStatus&) {});
  const std::array<std::uint64_t, 4> expected{5, 4, 3, 1};
  int wrong = 0;
  for (std::size_t k = 0; k < expected.size(); ++k) {
    std::printf("epsilon %g: %llu of %llu robust\n", result.curve[k].epsilon,
                static_cast<unsigned long long>(result.curve[k].correct),
                static_cast<unsigned long long>(result.curve[k].n));
    if (result.curve[k].correct != expected[k]) ++wrong;
  }
  return wrong;
}
