// SPDX-License-Identifier: MIT
// Reads the folder of a finished run and prints its curves: read_run FOLDER
#include <cstdio>
#include <eval/runs/run_folder.hpp>
#include <exception>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: read_run FOLDER\n");
    return 2;
  }
  try {
    // Checks the files against each other and throws where one is missing or damaged.
    const gibbon::reports::record::Run run = gibbon::eval::runs::read_run_folder(argv[1]);
    std::printf("%-16s %-6s %8s %10s  %s\n", "attack", "norm", "epsilon", "accuracy",
                "95 % interval");
    for (const gibbon::reports::record::CurvePoint& point : run.curve) {
      const auto [low, high] = gibbon::reports::record::wilson95(point.correct, point.n);
      std::printf("%-16s %-6s %8g %8.1f %%  %.1f-%.1f %%\n", point.attack.c_str(),
                  point.norm.c_str(), point.epsilon, 100.0 * point.accuracy(), 100.0 * low,
                  100.0 * high);
    }
    // run.samples has a record of every sample under every point, run.provenance the whole
    // run.json.
    std::printf("%zu records; model %s\n", run.samples.size(),
                run.provenance["model"]["path"].get_ref<const std::string&>().c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "read_run: %s\n", error.what());
    return 1;
  }
}
