// SPDX-License-Identifier: MIT
#include <filesystem>

#include <gtest/gtest.h>

#include "base/environment.hpp"
#include "base/parallel.hpp"
#include "eval/certify/certify.hpp"
#include "models/model_file.hpp"

// Exact robust accuracy where others have published it.
namespace gibbon::eval::verify {
namespace {

certify::CertifyResult certified(const std::string& model, const std::vector<double>& epsilons) {
  const datasets::Dataset data = datasets::load("mnist", {});
  const models::ModelFile file =
      models::read_model(std::filesystem::path(environment("GIBBON_ORACLES")) / model);
  return certify::certify(file.network, data, {.epsilons = epsilons, .threads = hardware_threads()},
                          [](std::size_t /*done*/, std::size_t /*total*/) {});
}

void expect_errors(const certify::CertifyResult& result,
                   const std::vector<std::uint64_t>& attacked) {
  ASSERT_EQ(result.curve.size(), attacked.size());
  for (std::size_t e = 0; e < attacked.size(); ++e) {
    EXPECT_EQ(result.curve[e].n, 10'000U);
    EXPECT_EQ(result.curve[e].attacked, attacked[e]) << result.curve[e].epsilon;
    EXPECT_EQ(result.curve[e].undecided(), 0U) << result.curve[e].epsilon;
  }
}

// Between 0.02 and 0.05 most is left to the search: with GIBBON_LONG_TESTS=1, half a minute more.
TEST(ExactCurves, SeedRelu) {
  if (environment("GIBBON_DATA").empty() || environment("GIBBON_ORACLES").empty()) {
    GTEST_SKIP() << "set GIBBON_DATA to a folder with mnist/, GIBBON_ORACLES to one with mlp/";
  }
  if (environment("GIBBON_LONG_TESTS") == "1") {
    expect_errors(certified("mlp/seed_relu.onnx", {0.01, 0.02, 0.03, 0.05, 0.1}),
                  {1089, 2207, 4216, 7880, 9913});
  } else {
    expect_errors(certified("mlp/seed_relu.onnx", {0.01, 0.1}), {1089, 9913});
  }
}

// Salman et al. 2019 (arXiv 1902.08722), Table 1, where mixed integer programs had settled every
// image: 14.45 and 59.85 %.
TEST(ExactCurves, PublishedErrors) {
  if (environment("GIBBON_DATA").empty() || environment("GIBBON_ORACLES").empty()) {
    GTEST_SKIP() << "set GIBBON_DATA to a folder with mnist/, GIBBON_ORACLES to one with mlp/";
  }
  expect_errors(certified("certify/lpd_mlp_b_0.1.onnx", {0.1}), {1445});
  expect_errors(certified("certify/lpd_mlp_b_0.3.onnx", {0.3}), {5985});
}

}  // namespace
}  // namespace gibbon::eval::verify
