// SPDX-License-Identifier: MIT
// Median distances over the first 1000 MNIST test images against those another program found with
// attacks of the same names (../oracles/mlp/expected.json). Judged in double.

#include <fstream>
#include <limits>
#include <ostream>
#include <utility>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "attacks/attack.hpp"
#include "base/environment.hpp"
#include "models/mlp.hpp"
#include "models/model_file.hpp"

namespace gibbon::attacks {
namespace {

constexpr std::size_t kImages = 1000;
constexpr std::size_t kBlock = 64;

struct MedianCase {
  const char* attack;
  Norm norm;
  const char* model;
  friend std::ostream& operator<<(std::ostream& out, const MedianCase& c) {
    return out << c.attack << '_' << to_string(c.norm) << '_' << c.model;
  }
};

class Medians : public testing::TestWithParam<MedianCase> {};

/// Distances of the candidates that fool the network in double; infinity where none does.
std::vector<double> distances(const MedianCase& c, const models::Network& network,
                              const datasets::Dataset& digits) {
  const AttackInfo& info = find(c.attack);
  const auto attack = info.make();
  const models::Mlp model(network);
  const models::MlpOf<double> judge(network);
  auto tape = judge.make_tape(kBlock);
  Oracle oracle(model, info.access, kBlock);
  Workspace work;
  Tensor candidate;
  TensorOf<double> points;
  const std::vector<double> unlimited(kBlock, std::numeric_limits<double>::infinity());
  std::vector<double> out;
  for (std::size_t begin = 0; begin < kImages; begin += kBlock) {
    const std::size_t count = std::min(kBlock, kImages - begin);
    const Problem problem{.x = digits.images.view().slice(begin, count),
                          .labels = std::span(digits.labels).subspan(begin, count),
                          .ids = std::span(digits.ids).subspan(begin, count),
                          .epsilons = std::span(unlimited).first(count),
                          .norm = c.norm,
                          .domain = digits.range,
                          .shape = digits.shape};
    candidate.reshape(count, digits.images.cols());
    points.reshape(count, digits.images.cols());
    attack->run(oracle, problem, work, candidate.view());
    std::ranges::copy(candidate.flat(), points.flat().begin());
    const auto logits = judge.forward(std::as_const(points).view(), tape);
    for (std::size_t n = 0; n < count; ++n) {
      const bool fooled = predicted_class(logits.row(n)) != problem.labels[n];
      out.push_back(fooled ? distance(c.norm, problem.x.row(n), candidate.row(n))
                           : std::numeric_limits<double>::infinity());
    }
  }
  return out;
}

TEST_P(Medians, AreNotAboveTheReferences) {
  if (environment("GIBBON_ORACLES").empty() || environment("GIBBON_DATA").empty()) {
    GTEST_SKIP() << "set GIBBON_ORACLES and GIBBON_DATA to the folders with mlp/ and mnist/";
  }
  const MedianCase& c = GetParam();
  const std::filesystem::path folder = std::filesystem::path(environment("GIBBON_ORACLES")) / "mlp";
  const auto entry =
      nlohmann::json::parse(std::ifstream(folder / "expected.json")).at("models").at(c.model);
  const double reference =
      entry
          .at("median_distance_found_by_reference_minimal_norm_attacks_first_1000_clean_errors_"
              "count_as_0")
          .at(std::string(c.attack) + "_" + std::string(to_string(c.norm)));
  const models::Network network =
      models::read_model(folder / entry.at("file").get<std::string>()).network;
  std::vector<double> found = distances(c, network, datasets::load("mnist", {.split = "test"}));
  std::ranges::sort(found);
  const double median = 0.5 * (found[kImages / 2 - 1] + found[kImages / 2]);
  EXPECT_LE(median, 1.01 * reference);
  // Much nearer would mean that the judge is wrong, or that points leave the box.
  EXPECT_GE(median, 0.95 * reference);
  EXPECT_TRUE(std::isfinite(found.back())) << "an image without a success";
}

constexpr std::array kCases{
    MedianCase{"deepfool", Norm::kLinf, "seed_relu"}, MedianCase{"deepfool", Norm::kLinf, "mlp256"},
    MedianCase{"deepfool", Norm::kL2, "seed_relu"},   MedianCase{"deepfool", Norm::kL2, "mlp256"},
    MedianCase{"fmn", Norm::kLinf, "seed_relu"},      MedianCase{"fmn", Norm::kLinf, "mlp256"},
    MedianCase{"ddn", Norm::kL2, "seed_relu"},        MedianCase{"ddn", Norm::kL2, "mlp256"}};

INSTANTIATE_TEST_SUITE_P(Every, Medians, testing::ValuesIn(kCases),
                         testing::PrintToStringParamName());

}  // namespace
}  // namespace gibbon::attacks
