// SPDX-License-Identifier: MIT
// Trained networks with numbers that another program worked out in float64. They lie outside the
// source tree: $GIBBON_ORACLES names their folder, $GIBBON_DATA that of the data sets.

#include <fstream>
#include <numeric>
#include <utility>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/environment.hpp"
#include "datasets/dataset.hpp"
#include "models/mlp.hpp"
#include "models/model_file.hpp"

namespace gibbon::models {
namespace {

namespace fs = std::filesystem;

class PublishedModels : public testing::Test {
 protected:
  void SetUp() override {
    if (environment("GIBBON_ORACLES").empty()) {
      GTEST_SKIP() << "set GIBBON_ORACLES to the folder with mlp/expected.json and its models";
    }
    folder_ = environment("GIBBON_ORACLES");
  }

  /// Sets up digits_ and expected_; false: the test has been skipped.
  void load_digits() {
    if (environment("GIBBON_DATA").empty()) {
      GTEST_SKIP() << "set GIBBON_DATA to the folder with mnist/";
    }
    digits_ = datasets::load("mnist", {.split = "test"});
    expected_ =
        nlohmann::json::parse(std::ifstream(folder_ / "mlp" / "expected.json")).at("models");
  }

  [[nodiscard]] Network network(const nlohmann::json& entry) const {
    return read_model(folder_ / "mlp" / entry.at("file").get<std::string>()).network;
  }

  /// The first `count` images in double: the float32 next to k / 255, as the numbers were made.
  [[nodiscard]] TensorOf<double> images(std::size_t count) const {
    TensorOf<double> out(count, digits_.images.cols());
    std::ranges::copy(digits_.images.view().slice(0, count).flat(), out.flat().begin());
    return out;
  }

  fs::path folder_;
  datasets::Dataset digits_;
  nlohmann::json expected_;
};

void expect_close(double got, const nlohmann::json& want, double relative,
                  const std::string& what) {
  EXPECT_NEAR(got, want.get<double>(), relative * std::abs(want.get<double>())) << what;
}

TEST_F(PublishedModels, LogitsOfTheFirstImageInDouble) {
  load_digits();
  if (IsSkipped()) return;
  for (const auto& [name, entry] : expected_.items()) {
    const MlpOf<double> model(network(entry));
    const TensorOf<double> x = images(1);
    TapeOf<double> tape = model.make_tape(1);
    const auto logits = model.forward(x.view(), tape);
    const nlohmann::json& want = entry.at("logits_of_test_image_0_float64");
    ASSERT_EQ(want.size(), logits.cols);
    for (std::size_t k = 0; k < want.size(); ++k)
      expect_close(logits.row(0)[k], want[k], 1e-12, name);
  }
}

// Norms of ∂J/∂W^1, ∂J/∂b^1, ∂J/∂W^2, … of the mean loss over the first 100 test images. A sum of
// 100 × 784 terms in another order may differ by 1e-11 of itself.
TEST_F(PublishedModels, ParameterGradientsOfBothLossesInDouble) {
  load_digits();
  if (IsSkipped()) return;
  constexpr std::size_t kCount = 100;
  const TensorOf<double> x = images(kCount);
  for (const auto& [name, entry] : expected_.items()) {
    const MlpOf<double> model(network(entry));
    TapeOf<double> tape = model.make_tape(kCount);
    const auto logits = model.forward(x.view(), tape);
    std::vector<double> gradient(model.parameters().size());
    const auto& all = entry.at("parameter_gradient_l2_norms_W1_b1_W2_b2_W3_b3");
    for (const auto& [key, loss_name] :
         {std::pair{"mean_cross_entropy_over_first_100", "cross-entropy"},
          std::pair{"mse_of_softmax_against_one_hot_mean_over_1000_entries_first_100", "mse"}}) {
      const Loss loss = make_loss(loss_name, Output::kSoftmax);
      TensorOf<double> dlogits(kCount, 10);
      for (std::size_t n = 0; n < kCount; ++n) {
        loss.evaluate(logits.row(n), static_cast<std::size_t>(digits_.labels[n]), dlogits.row(n));
        for (double& d : dlogits.row(n)) d /= static_cast<double>(kCount);
      }
      model.backward_parameters(tape, std::as_const(dlogits).view(), gradient);
      const auto length = [](std::span<const double> part) {
        return std::sqrt(std::inner_product(part.begin(), part.end(), part.begin(), 0.0));
      };
      const std::span<const double> flat = gradient;
      ASSERT_EQ(all.at(key).size(), 2 * model.depth());
      for (std::size_t l = 0; l < model.depth(); ++l) {
        expect_close(length(model.weight(flat, l).flat()), all.at(key)[2 * l], 1e-11,
                     name + " " + key);
        expect_close(length(model.bias(flat, l)), all.at(key)[2 * l + 1], 1e-11, name + " " + key);
      }
    }
  }
}

// Means over all 10,000 test images, in float32: its rounding is far below the 1e-6 of a mean of
// thousands of independent terms.
TEST_F(PublishedModels, MeanLossAndMeanInputGradientOfTheWholeTestSet) {
  load_digits();
  if (IsSkipped()) return;
  constexpr std::size_t kBlock = 500;
  for (const auto& [name, entry] : expected_.items()) {
    const Mlp model(network(entry));
    const Loss loss = make_loss("cross-entropy", Output::kSoftmax);
    Tape tape = model.make_tape(kBlock);
    Tensor dlogits(kBlock, 10);
    Tensor dx(kBlock, 784);
    double total = 0.0;
    double lengths = 0.0;
    for (std::size_t begin = 0; begin < digits_.size(); begin += kBlock) {
      const Rows logits =
          model.forward(std::as_const(digits_.images).view().slice(begin, kBlock), tape);
      for (std::size_t n = 0; n < kBlock; ++n) {
        total += loss.evaluate(logits.row(n), static_cast<std::size_t>(digits_.labels[begin + n]),
                               dlogits.row(n));
      }
      model.backward(tape, std::as_const(dlogits).view(), dx.view());
      for (std::size_t n = 0; n < kBlock; ++n) {
        const Row row = std::as_const(dx).row(n);
        lengths += std::sqrt(std::inner_product(
            row.begin(), row.end(), row.begin(), 0.0, std::plus<>{},
            [](float a, float b) { return static_cast<double>(a) * static_cast<double>(b); }));
      }
    }
    const auto count = static_cast<double>(digits_.size());
    expect_close(total / count, entry.at("mean_cross_entropy"), 1e-6, name);
    expect_close(lengths / count, entry.at("mean_l2_norm_of_input_gradient"), 1e-6, name);
  }
}

TEST_F(PublishedModels, NetworksOfOtherProducersLoad) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder_ / "certify")) {
    if (entry.path().extension() != ".onnx") continue;
    const Network network = read_model(entry.path()).network;
    EXPECT_EQ(network.input_dim(), 784U) << entry.path();
    EXPECT_EQ(network.num_classes(), 10U) << entry.path();
    EXPECT_GE(network.layers.size(), 2U) << entry.path();
    ++count;
  }
  EXPECT_GT(count, 0U) << "no .onnx file in " << folder_ / "certify";
}

}  // namespace
}  // namespace gibbon::models
