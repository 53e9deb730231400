// SPDX-License-Identifier: MIT
// Runs an attack of one's own through gibbon's sweep, beside one of gibbon's:
// custom_attack MODEL.onnx DATA, e.g. custom_attack m.onnx moons
#include <cstdio>
#include <eval/sweep/sweep.hpp>
#include <exception>
#include <models/model_file.hpp>

#include "two_step.hpp"

int main(int argc, char** argv) {
  using namespace gibbon;  // NOLINT(google-build-using-namespace): an example
  if (argc != 3) {
    std::fprintf(stderr, "usage: custom_attack MODEL.onnx DATA\n");
    return 2;
  }
  try {
    const models::ModelFile model = models::read_model(argv[1]);
    const datasets::Dataset data =
        datasets::select(datasets::load(argv[2], {.split = "test", .data_dir = {}}), "0:200");

    const attacks::AttackInfo& mine = two_step_info();
    eval::sweep::SweepPlan plan{.norms = {attacks::Norm::kLinf}, .epsilons = {0.0, 0.05, 0.1, 0.2}};
    plan.attacks.push_back(eval::sweep::single_entry(
        {.text = std::string(mine.name), .info = &mine, .attack = mine.make()}));
    plan.attacks.push_back(eval::sweep::parse_entry("fgsm"));

    const eval::sweep::SweepResult result =
        eval::sweep::sweep(model.network, data, plan, [](const eval::sweep::SweepStatus&) {});
    for (const reports::record::CurvePoint& point : result.curve) {
      std::printf("%-10s %-5s ε = %-5g %5.1f %%\n", point.attack.c_str(), point.norm.c_str(),
                  point.epsilon, 100.0 * point.accuracy());
    }
    for (const std::string& warning : result.diagnosis)
      std::printf("warning: %s\n", warning.c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "custom_attack: %s\n", error.what());
    return 1;
  }
}
