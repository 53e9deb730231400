// SPDX-License-Identifier: MIT
// A stranger's program: makes a network, attacks one point, asks for the catalogue.
#include <array>
#include <attacks/attack.hpp>
#include <cstdio>
#include <models/mlp.hpp>
#include <models/train/initialise.hpp>

int main() {
  using namespace gibbon;  // NOLINT(google-build-using-namespace): an example
  const std::array<std::size_t, 3> widths{4, 8, 2};
  const models::Mlp model(models::train::make_network(widths, models::make_activation("relu"),
                                                      models::Output::kSoftmax,
                                                      models::train::find_initialiser("he"), 1));
  Tensor x(1, 4);
  std::fill(x.flat().begin(), x.flat().end(), 0.5F);
  Tensor adversarial(1, 4);
  const std::array label{0};
  const std::array<std::uint64_t, 1> id{0};
  const attacks::AttackInfo& fgsm = attacks::find("fgsm");
  attacks::Oracle oracle(model, fgsm.access, 1);
  attacks::Workspace workspace;
  const std::array epsilon{0.1};
  fgsm.make()->run(oracle, {.x = x.view(), .labels = label, .ids = id, .epsilons = epsilon},
                   workspace, adversarial.view());
  std::printf("%zu attacks; moved by %g\n", attacks::catalog().size(),
              attacks::distance(attacks::Norm::kLinf, x.row(0), adversarial.row(0)));
  return oracle.backwards()[0] == 1 ? 0 : 1;
}
